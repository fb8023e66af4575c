"""A TCP proxy that cuts a PostgreSQL connection in the moment it commits."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Literal

from sqlalchemy import make_url

Moment = Literal["before", "sent", "answered"]
"""COMMIT is not passed on; is passed on and its answer not awaited; is answered, unheard."""

_COMMITS = b"COMMIT\x00", b'{"mark":'
"""A transaction's end, and the only statement of a commit in one trip."""


class Proxy:
    """Passes everything on until it is armed; then the next COMMIT cuts its connection, once."""

    def __init__(self, host: str, port: int):
        self._server = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._moment: Moment | None = None
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    @property
    def port(self) -> int:
        """Where it listens, on 127.0.0.1."""
        return int(self._listener.getsockname()[1])

    def arm(self, moment: Moment) -> None:
        """Cut the next connection that commits."""
        self._moment = moment

    def disarm(self) -> Moment | None:
        """What it was armed for; it no longer is."""
        with self._lock:
            moment, self._moment = self._moment, None
            return moment

    def close(self) -> None:
        """Cut everything and wait for all threads."""
        for each in [self._listener, *self._open]:
            _cut(each)
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._server)
                self._open += [client, server]
                pair = _Pair(self, client, server)
                for passing in (pair.pass_to_server, pair.pass_to_client):
                    thread = threading.Thread(target=passing)
                    self._threads.append(thread)
                    thread.start()


class _Pair:
    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket):
        self._proxy = proxy
        self._client = client
        self._server = server
        self._unheard = threading.Event()

    def pass_to_server(self) -> None:
        for data in _chunks(self._client):
            moment = self._proxy.disarm() if any(one in data for one in _COMMITS) else None
            if moment == "before":
                break
            if moment is not None:
                self._unheard.set()  # before it is sent, or the answer may be faster
            _send(self._server, data)
            if moment == "sent":
                break
            if moment == "answered":
                return
        self._cut()

    def pass_to_client(self) -> None:
        for data in _chunks(self._server):
            if self._unheard.is_set():
                break
            _send(self._client, data)
        self._cut()

    def _cut(self) -> None:
        _cut(self._client)
        _cut(self._server)


@contextlib.contextmanager
def proxied(url: str) -> Iterator[tuple[str, Proxy]]:
    """The same database's address through a proxy, and the proxy."""
    address = make_url(url)
    assert address.host
    proxy = Proxy(address.host, address.port or 5432)
    through = address.set(host="127.0.0.1", port=proxy.port)
    try:
        yield through.render_as_string(hide_password=False), proxy
    finally:
        proxy.close()


def _chunks(source: socket.socket) -> Iterator[bytes]:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            yield data


def _send(target: socket.socket, data: bytes) -> None:
    with contextlib.suppress(OSError):
        target.sendall(data)


def _cut(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
