"""More is asked than can be answered soon: the rest is told to come again, and nothing is lost."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import closing
from itertools import islice
from types import ModuleType
from typing import cast

import httpx
import pytest

from http_service.middleware import nobody_commits
from http_service.serving import SALE, Served, binding
from loyalty_ledger.domain.api_key import Scope
from loyalty_ledger.http import arriving, pool
from loyalty_ledger.ledger import Ledger

TOO_MANY = 60
MOST = 20
Ask = Callable[[int], httpx.Response]


def overload(
    service: Served, monkeypatch: pytest.MonkeyPatch, line: ModuleType, ask: Ask
) -> list[httpx.Response]:
    """The answers, where three times as many ask as are let wait while nothing is committed.

    All that are too many are answered before any commit is.
    """
    monkeypatch.setattr(line, "MOST_WAITING", MOST)
    service.caller(Scope.POS)
    with ThreadPoolExecutor(TOO_MANY) as threads:
        with nobody_commits(service.shop.ledger):
            asked: list[Future[httpx.Response]] = [
                threads.submit(ask, number) for number in range(TOO_MANY)
            ]
            for one in islice(as_completed(asked, timeout=60), TOO_MANY - MOST):
                assert one.result().status_code == 503
                assert one.result().headers["Retry-After"] == "1"
        return [one.result() for one in asked]


def test_sales_beyond_what_can_wait_are_to_come_again_and_the_others_settled(
    service: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    def send(number: int) -> httpx.Response:
        name = f"S{number}"
        return service.pos("send_transaction", SALE | {"transaction_id": name}, request_id=name)

    answers = overload(service, monkeypatch, arriving, send)
    accepted = {f"S{number}" for number, one in enumerate(answers) if one.status_code == 200}
    assert len(accepted) == MOST
    log = service.shop.ledger.log
    assert {f"S{n}" for n in range(TOO_MANY) if list(log.stream(f"sale/main/S{n}"))} == accepted
    service.shop.work()
    for name in accepted:
        facts = [type(one.event).__name__ for one in log.stream(f"sale/main/{name}")]
        assert facts == ["TransactionReceived", "TransactionSettled"]
    refused = next(n for n in range(TOO_MANY) if f"S{n}" not in accepted)
    assert send(refused).json()["status"] == "OK"


def test_tills_beyond_those_that_can_wait_are_to_come_again_and_the_others_hold_their_offers(
    service: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    offers = [service.shop.give("euro") for _ in range(TOO_MANY)]

    def lock(number: int) -> httpx.Response:
        return service.pos("lock", binding(offers[number], f"T{number}"), request_id=f"L{number}")

    answers = overload(service, monkeypatch, pool, lock)
    locked = {offers[n] for n, one in enumerate(answers) if one.status_code == 200}
    assert len(locked) == MOST
    held = {offer for offer in offers if service.shop.state(offer) == "LOCKED"}
    assert held == locked
    refused = next(n for n, offer in enumerate(offers) if offer not in locked)
    assert lock(refused).json()["status"] == "OK"


def test_a_search_that_finds_nothing_leaves_nobody_waiting() -> None:
    def finds_nothing(_ledger: Ledger) -> int:
        return next(iter(()))

    with closing(pool.Pool(lambda: cast(Ledger, None), threads=1)) as threads:
        with pytest.raises(RuntimeError, match="found nothing"):
            asyncio.run(asyncio.wait_for(threads.run(finds_nothing), timeout=30))
        assert threads.waiting == 0
