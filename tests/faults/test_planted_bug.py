"""A bug in the settlement of one sale: its customers wait, everybody else is served, a retry heals.

The bug is planted: a settlement function that raises for some sales as long as it is told to.
"""

from collections.abc import Collection
from pathlib import Path
from typing import Any

import msgspec
import pytest

from loyalty_ledger.domain import policies
from loyalty_ledger.domain.arrivals import Arrived, Knowledge
from loyalty_ledger.domain.events.program import Store
from loyalty_ledger.domain.events.settlement import TransactionSettled
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.status import status_of
from loyalty_ledger.verification import verify
from sample_ledger import GROCER, YEAR_ENDS, both_databases, digests, ledger_on, read_program

ANN, BOB, CID = "ANN", "BOB", "CID"
STORE = "319"


class Planted:
    """Settles, but for sales that it stumbles over."""

    def __init__(self, *transactions: str, message: str = "planted") -> None:
        self.over: Collection[str] = transactions
        self.message = message

    def __call__(
        self, arrived: Arrived, knowledge: Knowledge, draft: Any, *, retried: bool = False
    ) -> None:
        policies.settle(arrived, knowledge, draft, retried=retried)
        settles = any(isinstance(one.event, TransactionSettled) for one in draft.outcomes)
        if settles and arrived.stream.rpartition("/")[2] in self.over:
            raise ZeroDivisionError(self.message)

    def mend(self) -> None:
        self.over = ()


def sale(transaction: str, day: int, *payers: str, **more: Any) -> bytes:
    """Forty dollars of bananas, paid in equal parts."""
    payments = [{"amount": 40 // len(payers), "user_id": payer} for payer in payers]
    at = f"2017-06-{day:02}T12:00:00Z"
    payload = {
        "transaction_id": transaction,
        "open_time": at,
        "modified_time": at,
        "items": [{"line_id": "1", "item_id": "1082185", "subtotal": 40}],
        "payments": payments or [{"amount": 40}],
    }
    return msgspec.json.encode(
        {
            "store_id": STORE,
            "client_id": "till",
            "request_id": f"{transaction}-{len(more)}-{day}",
            "request_payload": payload | more,
        }
    )


SALES = [
    sale("a1", 1, ANN),
    sale("b1", 2, BOB),
    sale("a2", 3, ANN),
    sale("a3", 4, ANN),
    sale("b2", 5, BOB),
    sale("c1", 6, CID),
]


def told(url: str, sales: list[bytes], settle: Any = policies.settle) -> dict[str, str]:
    with ledger_on(url, settle=settle) as ledger:
        ledger.administration.load_stores([Store(store_id=STORE, name="One", time_zone="UTC")])
        ledger.administration.publish(read_program(GROCER))
        ledger.intake.receive(sales)
        ledger.worker.work(lambda: YEAR_ENDS, once=True)
        return digests(ledger)


def settled(ledger: Ledger) -> list[str]:
    """The sales that are settled, in that order."""
    found = ledger.log.read(0, 1_000, names=["TransactionSettled"])
    return [one.stream.rpartition("/")[2] for one in found]


def failing(ledger: Ledger) -> list[str]:
    return [one["cause"] for one in status_of(ledger)["failed"]]


def work(ledger: Ledger) -> None:
    ledger.worker.work(lambda: YEAR_ENDS, once=True)


@pytest.fixture
def right(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The digests of a run without a bug."""
    from databases import fresh_sqlite

    def digests_of(sales: list[bytes]) -> dict[str, str]:
        return told(fresh_sqlite(tmp_path_factory.mktemp("right")), sales)

    return digests_of


def test_the_customer_waits_everybody_else_settles_and_a_retry_settles_all_in_order(
    database_url: str, right: Any
) -> None:
    bug = Planted("a2")
    told(database_url, SALES, bug)
    with ledger_on(database_url, settle=bug) as ledger:
        assert settled(ledger) == ["a1", "b1", "b2", "c1"]
        status = status_of(ledger)
        assert status["failed"][0]["cause"] == f"sale/{STORE}/a2@1"
        assert status["failed"][0]["reason"] == "ZeroDivisionError: planted"
        assert (status["waiting"], status["held"], len(status["failed"])) == (2, 2, 1)
        assert verify(ledger, lambda _done, _goal: None).problems == []

        assert ledger.worker.retry() == [f"sale/{STORE}/a2@1: ZeroDivisionError: planted"]
        assert settled(ledger) == ["a1", "b1", "b2", "c1"]
        assert failing(ledger) == [f"sale/{STORE}/a2@1"]

        bug.mend()
        assert ledger.worker.retry() == []
        work(ledger)
        assert settled(ledger) == ["a1", "b1", "b2", "c1", "a2", "a3"]
        assert (status_of(ledger)["waiting"], failing(ledger)) == (0, [])
        assert digests(ledger) == right(SALES)
        assert verify(ledger, lambda _done, _goal: None).problems == []
        head = ledger.log.head()
        assert ledger.worker.retry() == []
        assert ledger.log.head() == head


def test_of_a_split_bill_both_payers_wait_and_nobody_is_forgotten(
    database_url: str, right: Any
) -> None:
    """Whom a retry reaches too early, since a second payer still waits for another sale, is
    reached again."""
    sales = [
        sale("ab1", 1, ANN, BOB),
        sale("b2", 2, BOB),
        sale("c1", 3, CID),
        sale("ab3", 4, ANN, BOB),
        sale("a4", 5, ANN),
    ]
    bug = Planted("ab1")
    told(database_url, sales, bug)
    with ledger_on(database_url, settle=bug) as ledger:
        assert settled(ledger) == ["c1"]
        assert (status_of(ledger)["waiting"], len(failing(ledger))) == (4, 1)
        bug.mend()
        assert ledger.worker.retry() == []
        assert settled(ledger) == ["c1", "ab1", "b2", "ab3", "a4"]
        assert (status_of(ledger)["waiting"], failing(ledger)) == (0, [])
        assert digests(ledger) == right(sales)


def test_when_the_bug_hits_the_next_sale_of_the_customer_too_status_names_that_one(
    database_url: str, right: Any
) -> None:
    bug = Planted("a1", "a3")
    told(database_url, SALES, bug)
    with ledger_on(database_url, settle=bug) as ledger:
        assert failing(ledger) == [f"sale/{STORE}/a1@1"]
        bug.over = ["a3"]
        assert ledger.worker.retry() == [f"sale/{STORE}/a3@1: ZeroDivisionError: planted"]
        assert settled(ledger) == ["b1", "b2", "c1", "a1", "a2"]
        assert failing(ledger) == [f"sale/{STORE}/a3@1"]
        assert status_of(ledger)["held"] == 1
        bug.mend()
        assert ledger.worker.retry() == []
        assert (status_of(ledger)["waiting"], failing(ledger)) == (0, [])
        assert digests(ledger) == right(SALES)


def test_a_retry_that_was_cut_off_is_taken_up_by_the_next_one(
    database_url: str, right: Any
) -> None:
    bug = Planted("a1")
    told(database_url, SALES, bug)
    with ledger_on(database_url, settle=bug) as ledger:
        bug.mend()
        assert ledger.settlement._retry(f"sale/{STORE}/a1@1", set()) is None
        work(ledger)
        assert (status_of(ledger)["held"], failing(ledger)) == (2, [])
        assert ledger.worker.retry() == []
        assert status_of(ledger)["waiting"] == 0
        assert digests(ledger) == right(SALES)


def test_a_sale_that_names_nobody_is_listed_as_failed_until_a_retry_settles_it(
    database_url: str, right: Any
) -> None:
    sales = [sale("n1", 1), *SALES]
    bug = Planted("n1")
    told(database_url, sales, bug)
    with ledger_on(database_url, settle=bug) as ledger:
        assert failing(ledger) == [f"sale/{STORE}/n1@1"]
        assert settled(ledger) == ["a1", "b1", "a2", "a3", "b2", "c1"]
        bug.mend()
        assert ledger.worker.retry() == []
        assert failing(ledger) == []
        assert digests(ledger) == right(sales)


@pytest.mark.parametrize("payers", [[ANN], []], ids=["ann", "nobody"])
def test_a_void_waits_behind_its_sale_and_settles_on_a_retry(
    database_url: str, right: Any, payers: list[str]
) -> None:
    sales = [sale("v", 1, *payers), *SALES, sale("v", 7, *payers, is_voided=True)]
    bug = Planted("v")
    told(database_url, sales, bug)
    with ledger_on(database_url, settle=bug) as ledger:
        assert failing(ledger) == [f"sale/{STORE}/v@1"]
        assert settled(ledger).count("v") == 0
        bug.mend()
        assert ledger.worker.retry() == []
        work(ledger)
        assert settled(ledger).count("v") == 2
        assert ledger.log.count(0, ["SettlementDeferred"]) == 0
        assert (status_of(ledger)["waiting"], failing(ledger)) == (0, [])
        assert digests(ledger) == right(sales)
        assert verify(ledger, lambda _done, _goal: None).problems == []
        head = ledger.log.head()
        assert ledger.worker.retry() == []
        assert ledger.log.head() == head


def test_a_return_that_fails_leaves_its_sale_settled_and_settles_on_a_retry(
    database_url: str,
) -> None:
    sales = [*SALES, sale("a2", 7, ANN, items=[]), sale("a4", 8, ANN)]
    bug = Planted()
    told(database_url, SALES, bug)
    with ledger_on(database_url, settle=bug) as ledger:
        bug.over = ["a2"]
        ledger.intake.receive(sales[-2:])
        work(ledger)
        (cause,) = failing(ledger)
        assert cause.startswith(f"sale/{STORE}/a2@")
        assert settled(ledger) == ["a1", "b1", "a2", "a3", "b2", "c1"]
        bug.mend()
        assert ledger.worker.retry() == []
        work(ledger)
        assert settled(ledger)[-2:] == ["a2", "a4"]
        assert verify(ledger, lambda _done, _goal: None).problems == []


@pytest.mark.parametrize("message", ["\x00", "\ud800", "x" * 100_000, "two\nlines"])
def test_whatever_a_bug_says_can_be_stored_and_shown(database_url: str, message: str) -> None:
    bug = Planted("a2", message=message)
    told(database_url, SALES, bug)
    with ledger_on(database_url, settle=bug) as ledger:
        assert settled(ledger) == ["a1", "b1", "b2", "c1"]
        shown = status_of(ledger)["failed"][0]["reason"]
        assert shown.startswith("ZeroDivisionError: ")
        assert len(shown) < 600 and shown.isprintable()


@both_databases
def test_the_command_line_names_what_failed_and_heals_it(backend: str, tmp_path: Path) -> None:
    import databases
    from faults.processes import run

    def fill(url: str) -> None:
        told(url, SALES, Planted("a2"))

    with databases.copy_of(backend, "planted", fill, tmp_path) as url:
        shown = run(url, "status")
        assert (shown.returncode, "a2@1" in shown.stdout) == (0, True), shown
        status = msgspec.json.decode(run(url, "status", "--json").stdout)
        assert [one["cause"] for one in status["failed"]] == [f"sale/{STORE}/a2@1"]
        assert (status["waiting"], status["held"]) == (2, 2)
        healed = run(url, "work", "--once", "--retry")
        assert (healed.returncode, healed.stderr) == (0, ""), healed
        status = msgspec.json.decode(run(url, "status", "--json").stdout)
        assert (status["failed"], status["waiting"]) == ([], 0)
