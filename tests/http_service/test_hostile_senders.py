"""Who sends too much, too slowly or no HTTP is answered or cut off, and others go on."""

import select
import socket
from base64 import b64encode
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import httpx
import pytest

from http_service.serving import Served, served
from http_service.spending_cpu import serving_cpu_s
from loyalty_ledger.domain.api_key import Scope
from loyalty_ledger.http import bodies
from loyalty_ledger.keys import Terms
from offers.till import shop_on

PATH = "/api/2.0/send_transaction"
HUNDRED_MB = 100 * 1_000_000
PART = b"x" * 65_536


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def attacked(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """One shop for all of them."""
    folder: Path = tmp_path_factory.mktemp("senders")
    with shop_on(request.param, folder) as shop, served(shop) as made:
        yield made


@cache
def credentials(service: Served) -> str:
    """Those of one key of a till."""
    made = service.shop.ledger.keys.create(Terms("raw", Scope.POS))
    return b64encode(f"{made.key.key_id}:{made.secret}".encode()).decode()


def head(service: Served, *lines: str) -> bytes:
    """The head of a request by a till whose key is good."""
    basic = f"Authorization: Basic {credentials(service)}"
    known = (f"POST {PATH} HTTP/1.1", "Host: x", basic, *lines)
    return ("\r\n".join(known) + "\r\n\r\n").encode()


def exchange(service: Served, first: bytes, more: Iterator[bytes]) -> bytes:
    """What is answered, to whoever goes on sending until there is an answer."""
    url = httpx.URL(service.url)
    with socket.create_connection((url.host, url.port or 80), timeout=20) as line:
        line.sendall(first)
        for part in more:
            if select.select([line], [], [], 0)[0]:
                break
            try:
                line.sendall(part)
            except ConnectionError:  # cut off, and the answer is there to be read
                break
        return line.recv(65_536)


def parts(chunked: bool) -> Iterator[bytes]:
    for _ in range(HUNDRED_MB // len(PART)):
        yield b"%x\r\n%s\r\n" % (len(PART), PART) if chunked else PART


@pytest.mark.parametrize("chunked", [False, True])
def test_a_hundred_megabytes_are_not_read(attacked: Served, chunked: bool) -> None:
    how = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {HUNDRED_MB}"
    first, before = head(attacked, how), attacked.events()
    spent = serving_cpu_s()
    answer = exchange(attacked, first, parts(chunked))
    assert serving_cpu_s() - spent <= 0.2
    assert answer.startswith(b"HTTP/1.1 413 "), answer[:100]
    assert b"connection: close" in answer.lower()
    assert attacked.events() == before


def test_a_slow_body_is_not_waited_for(attacked: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "WAIT_S", 0.3)
    answer = exchange(attacked, head(attacked, "Content-Length: 10"), iter([b"{"]))
    assert answer.startswith(b"HTTP/1.1 408 "), answer[:100]
    assert b"connection: close" in answer.lower()


@pytest.mark.parametrize(
    "lines",
    [
        ["Transfer-Encoding: chunked", "", "zz", "x"],
        ["Transfer-Encoding: chunked", "", "-1", "x"],
        ["Transfer-Encoding: chunked", "", "fffffffffffffffff", "x"],
        ["Content-Length: 2", "Content-Length: 3", "", "{}"],
        ["Content-Length: 2", "Transfer-Encoding: chunked", "", "{}"],
        ["Content-Length: -1", "", "{}"],
        ["Content-Length: 1e3", "", "{}"],
        ["Content-Length: 0x2", "", "{}"],
        ["X: a\rb", "", ""],
        ["X\x00: a", "", ""],
    ],
)
def test_what_is_no_http_is_no_fault(attacked: Served, lines: list[str]) -> None:
    raw = head(attacked)[:-2] + "\r\n".join(lines).encode() + b"\r\n\r\n"
    answer = exchange(attacked, raw, iter([]))
    assert answer[9:12] in (b"400", b"401", b"413", b""), answer[:200]
    assert httpx.get(attacked.url + "/healthz").status_code == 200
