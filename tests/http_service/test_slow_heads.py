"""Who does not come to the point is cut off; who is being answered, or rests between, is not."""

import select
import socket
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from http_service.middleware import nobody_commits
from http_service.serving import POS, SALE, Served, pos_body
from loyalty_ledger.http import deadlines

ALIVE = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
WITH_A_BODY = b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"
PACE_S = 0.02
ENDLESS = 500

SLOW = {
    "nothing at all": (b"", b""),
    "a head a byte at a time": (b"", b"GET /healthz HTTP/1.1\r\nX: " + b"x" * ENDLESS),
    "ends of lines at first": (b"", b"\r\n" * ENDLESS),
    "a head after an answer": (ALIVE, b"GET /healthz HTTP/1.1\r\nX: " + b"x" * ENDLESS),
    "ends of lines after an answer": (ALIVE, b"\r\n" * ENDLESS),
    "a body that nobody waits for": (WITH_A_BODY, b"x" * ENDLESS),
    "half a head with an answered request": (ALIVE + b"GET /he", b""),
}


@pytest.fixture
def hurried(service: Served, monkeypatch: pytest.MonkeyPatch) -> Served:
    monkeypatch.setattr(deadlines, "HEAD_S", 0.2)
    return service


@contextmanager
def line_to(service: Served) -> Iterator[socket.socket]:
    url = httpx.URL(service.url)
    with socket.create_connection((url.host, url.port or 80), timeout=20) as line:
        yield line


def answered(line: socket.socket) -> bytes:
    """An answer of the service to who asks whether it lives."""
    told = b""
    while not told.endswith(b"}"):
        more = line.recv(65_536)
        assert more, told
        told += more
    return told


def is_cut_off(line: socket.socket, drip: bytes) -> bool:
    """Whether the other end closes, while it is sent a byte at a time."""
    for byte in drip:
        if select.select([line], [], [], PACE_S)[0]:
            break
        try:
            line.sendall(bytes([byte]))
        except ConnectionError:
            return True
    try:
        return line.recv(65_536) == b""
    except ConnectionError:
        return True


@pytest.mark.parametrize("how", SLOW)
def test_a_head_that_takes_too_long_is_not_waited_for(hurried: Served, how: str) -> None:
    first, drip = SLOW[how]
    with line_to(hurried) as line:
        line.sendall(first)
        if first:
            assert answered(line).startswith(b"HTTP/1.1 200 ")
        assert is_cut_off(line, drip)


def test_who_rests_between_requests_may_ask_again(hurried: Served) -> None:
    with line_to(hurried) as resting, line_to(hurried) as silent:
        resting.sendall(ALIVE)
        answered(resting)
        assert is_cut_off(silent, b"")
        resting.sendall(ALIVE)
        assert answered(resting).startswith(b"HTTP/1.1 200 ")


def test_what_is_being_answered_is_not_cut_off(
    hurried: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    expired, expires = threading.Event(), deadlines.Deadlines._expired

    def noted(self: deadlines.Deadlines) -> None:
        expires(self)
        expired.set()

    monkeypatch.setattr(deadlines.Deadlines, "_expired", noted)
    basic, body = b64encode(":".join(hurried.credentials).encode()).decode(), pos_body(SALE)
    head = (
        f"POST {POS}send_transaction HTTP/1.1",
        "Host: x",
        f"Content-Length: {len(body)}",
        f"Authorization: Basic {basic}",
    )
    sent = "\r\n".join((*head, "", "")).encode() + body
    with line_to(hurried) as line:
        with nobody_commits(hurried.shop.ledger):
            line.sendall(sent + b"POST /half")
            assert expired.wait(20)
        assert answered(line).startswith(b"HTTP/1.1 200 ")
        assert is_cut_off(line, b"")
