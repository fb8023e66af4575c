"""Running the service: a socket, an application behind it, and an end in good order."""

import logging
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
import structlog
import uvicorn
from starlette.types import ASGIApp

from loyalty_ledger.http.deadlines import Deadlines
from loyalty_ledger.http.whole_answers import WholeAnswers

BACKLOG = 512
GRACE_S = 8
IDLE_S = 30
STARTS_WITHIN_S = 30


class _Connection(Deadlines, WholeAnswers):
    """How this service speaks HTTP."""


class Serving(uvicorn.Server):
    """A server that tells when it is ready."""

    def __init__(self, app: ASGIApp, ready: Callable[[], None]):
        self._ready = ready
        super().__init__(
            uvicorn.Config(
                app,
                http=_Connection,
                log_config=None,
                access_log=False,
                server_header=False,
                date_header=True,
                timeout_keep_alive=IDLE_S,
                timeout_graceful_shutdown=GRACE_S,
            )
        )

    async def startup(self, sockets: Sequence[socket.socket] | None = None) -> None:
        """Begin to answer."""
        await super().startup(list(sockets) if sockets is not None else None)
        if self.started:
            self._ready()


@contextmanager
def answering(app: ASGIApp) -> Iterator[str]:
    """The address, at a free port of this machine, where a thread serves the application."""
    ready = threading.Event()
    with bound("127.0.0.1", 0) as at:
        server = Serving(app, ready.set)
        thread = threading.Thread(target=lambda: server.run(sockets=[at]))
        thread.start()
        try:
            if not ready.wait(STARTS_WITHIN_S):
                raise TimeoutError("the service does not start")
            yield f"http://127.0.0.1:{at.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens at that address; OSError when it cannot be had. Port 0 takes any."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError:
        listening.close()
        raise
    listening.listen(BACKLOG)
    return listening


def _as_json(entry: Any, **_options: Any) -> str:
    return msgspec.json.encode(entry, enc_hook=str).decode()


def log_as_json(least: int = logging.INFO) -> None:
    """One JSON object a line, on standard error; from this level on."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(_as_json),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
