"""Running the service: a socket, an application behind it, and an end in good order."""

import logging
import socket
import sys
from collections.abc import Callable, Sequence

import structlog
import uvicorn
from starlette.types import ASGIApp

BACKLOG = 512
GRACE_S = 8
IDLE_S = 30


class Serving(uvicorn.Server):
    """A server that tells when it is ready."""

    def __init__(self, app: ASGIApp, ready: Callable[[], None]):
        self._ready = ready
        super().__init__(
            uvicorn.Config(
                app,
                http="httptools",
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


def log_as_json() -> None:
    """One JSON object a line, on standard error."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
