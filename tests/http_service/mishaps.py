"""What goes wrong between a caller and the service: answers get lost, or it is too busy."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

import httpx

Mishap = Literal["lost", "busy"]
"""The service does it, but its answer is lost on the way; or it says 503 and does nothing."""


class _Passing(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, url: str, mishaps: list[Mishap]):
        super().__init__(("127.0.0.1", 0), _Passed)
        self.behind = httpx.Client(base_url=url, timeout=30)
        self.mishaps = mishaps
        self.passed = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Passed(BaseHTTPRequestHandler):
    server: _Passing

    def _pass(self) -> None:
        self.close_connection = True
        mishap = self.server.mishaps.pop(0) if self.server.mishaps else None
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        self.server.passed += 1
        if mishap == "busy":
            self.send_response(503)
            self.send_header("Retry-After", "0")
            self.end_headers()
            return
        headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
        answer = self.server.behind.request(self.command, self.path, content=body, headers=headers)
        if mishap == "lost":
            return
        self.send_response(answer.status_code)
        for name, value in answer.headers.items():
            if name not in ("date", "transfer-encoding", "connection"):
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.content)

    do_GET = do_POST = do_PUT = do_DELETE = _pass  # noqa: N815 - the names of its caller

    def log_message(self, *_what: object) -> None:
        """Nothing is said."""


@contextmanager
def mishaps_before(url: str, *mishaps: Mishap) -> Iterator[_Passing]:
    """A way to the service on which these happen, one a request; then all goes well."""
    passing = _Passing(url, list(mishaps))
    thread = threading.Thread(target=passing.serve_forever)
    thread.start()
    try:
        yield passing
    finally:
        passing.shutdown()
        thread.join()
        passing.server_close()
        passing.behind.close()
