"""Sales taken in by a process of its own, which may die."""

import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import httpx
import msgspec
import pytest

from http_service.serving import SALE, Served, pos_body, served
from loyalty_ledger.domain.api_key import Scope
from loyalty_ledger.domain.events.sales import TransactionReceived
from loyalty_ledger.domain.values import Reason
from loyalty_ledger.http.intake_process import IntakeProcess
from loyalty_ledger.http.names import read_names
from loyalty_ledger.http.refusals import Turned
from loyalty_ledger.http.taking_in import Came, Taken, TakingIn
from loyalty_ledger.intake import Receipt, Sent
from loyalty_ledger.ledger import Ledger
from offers.till import NOW, Shop, shop_on
from sample_ledger import SECRET

TILLS, SALES_EACH, KILLS = 4, 25, 5


@pytest.fixture(params=["sqlite", "postgresql"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    """The coffee shop."""
    with shop_on(request.param, tmp_path) as made:
        yield made


@pytest.fixture
def intake(shop: Shop) -> Iterator[IntakeProcess]:
    """The process beside it."""
    url = shop.ledger.log.engine.url
    with closing(IntakeProcess(url, SECRET.encode(), read_names())) as made:
        yield made


def came(sale: str, request_id: str = "", **changes: object) -> Came:
    """A sale on its way in."""
    body = pos_body(SALE | {"transaction_id": sale} | changes, request_id=request_id or sale)
    return Came(body, NOW, {"actor": "key", "request": f"request-{sale}"})


def receipts(results: Sequence[Receipt | Turned]) -> list[Receipt]:
    """The same, where none was turned away."""
    found = [one for one in results if isinstance(one, Receipt)]
    assert len(found) == len(results)
    return found


def test_it_takes_in_and_refuses_as_the_service_itself_would(
    shop: Shop, intake: IntakeProcess
) -> None:
    group = [came("T1"), came("T2", items=7), came("T3", open_time="2027-01-01T00:00:00Z")]
    first, invalid, future = receipts(intake(group).results)
    assert first.outcome == "accepted"
    assert msgspec.json.decode(first.answer)["transaction_id"] == "T1"
    assert invalid.refusal is not None and future.refusal is not None
    assert invalid.refusal.code == Reason.VALIDATION
    assert invalid.refusal.details["problems"][0]["field"] == "items"
    assert (future.refusal.code, future.refusal.details) == (
        Reason.TIME_IN_FUTURE,
        {"hours_ahead_at_most": 24},
    )
    taken = intake([came("T1"), came("T1", request_id="R2"), Came(b"{", NOW, {"request": "r"})])
    same, later, broken = taken.results
    assert same == Receipt("repeated", first.answer)
    assert later == Receipt("repeated", first.answer)
    assert isinstance(broken, Turned)
    assert (broken.status, broken.what) == (400, "unreadable")
    assert taken.position == shop.ledger.log.head().position
    assert [one.meta for one in shop.ledger.log.stream("sale/main/T1")] == [
        {"actor": "key", "request": "request-T1", "sent_as": "T1"}
    ]


def test_when_it_dies_another_takes_its_place(shop: Shop, intake: IntakeProcess) -> None:
    before = intake.pid
    os.kill(before, signal.SIGKILL)
    (lost,) = intake([came("T1")]).results
    assert isinstance(lost, Turned)
    assert (lost.status, lost.headers) == (503, {"Retry-After": "1"})
    assert intake.pid != before
    (receipt,) = receipts(intake([came("T1")]).results)
    assert receipt.outcome == "accepted"


def test_it_does_not_end_before_the_service_has_told_it_to(
    shop: Shop, intake: IntakeProcess
) -> None:
    intake([came("T1")])
    for one in (signal.SIGTERM, signal.SIGINT):  # as a terminal or a supervisor tells them all
        os.kill(intake.pid, one)
    (receipt,) = receipts(intake([came("T2")]).results)
    assert receipt.outcome == "accepted"


def test_tills_lose_and_double_nothing_when_it_dies_again_and_again(
    shop: Shop, intake: IntakeProcess
) -> None:
    done = threading.Semaphore(0)

    def sell(service: Served, till: int) -> int:
        """How often the till had to send again."""
        again = 0
        with service.with_key_of(Scope.POS) as caller:
            for number in range(SALES_EACH):
                name = f"S{till}-{number}"
                body = pos_body(SALE | {"transaction_id": name}, request_id=name)
                while (answer := _sent(caller, body)).status_code == 503:
                    again += 1
                assert answer.json()["transaction_id"] == name, answer.text
                done.release()
        return again

    with served(shop, take=intake) as service, ThreadPoolExecutor(TILLS) as tills:
        sold = [tills.submit(sell, service, till) for till in range(TILLS)]
        for _ in range(KILLS):
            for _ in range(TILLS * SALES_EACH // KILLS - 1):
                done.acquire()
            os.kill(intake.pid, signal.SIGKILL)
        assert sum(one.result() for one in sold) >= KILLS
    read = shop.ledger.log.read(0, 10_000, names=("TransactionReceived",))
    sales = [one.event for one in read if isinstance(one.event, TransactionReceived)]
    names = [one.transaction_id for one in sales if one.transaction_id.startswith("S")]
    assert sorted(names) == sorted(
        f"S{till}-{number}" for till in range(TILLS) for number in range(SALES_EACH)
    )


def _sent(caller: httpx.Client, body: bytes) -> httpx.Response:
    return caller.post("/api/2.0/send_transaction", content=body)


def test_a_fault_of_ours_takes_no_other_sale_with_it(shop: Shop) -> None:
    def make() -> Ledger:
        ledger = shop.another().ledger
        take = ledger.intake.take

        def faulty(sent: Sequence[Sent]) -> list[Receipt]:
            if any(one.request.request_id == "T2" for one in sent):
                raise ZeroDivisionError
            return take(sent)

        ledger.intake.take = faulty  # type: ignore[assignment, method-assign]
        return ledger

    taken = TakingIn(make, read_names())([came("T1"), came("T2"), came("T3")])
    first, fault, third = taken.results
    assert isinstance(first, Receipt) and isinstance(third, Receipt)
    assert (first.outcome, third.outcome) == ("accepted", "accepted")
    assert isinstance(fault, Turned)
    assert (fault.status, fault.what, "request-T2" in fault.message) == (500, "internal", True)
    assert list(shop.ledger.log.stream("sale/main/T3"))


def test_when_nothing_can_be_taken_in_the_next_sales_are_all_the_same(shop: Shop) -> None:
    take, failures = TakingIn(lambda: shop.another().ledger, read_names()), iter([OSError()])

    def failing_once(group: Sequence[Came]) -> Taken:
        for failure in failures:
            raise failure
        return take(group)

    with served(shop, take=failing_once) as service:
        body = pos_body(SALE, request_id="R1")
        with service.with_key_of(Scope.POS) as caller:
            assert _sent(caller, body).status_code == 500
            assert _sent(caller, body).json()["status"] == "OK"
