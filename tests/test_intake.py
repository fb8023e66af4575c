"""Taking in sales: accepted means committed, each request is answered once."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec
import pytest

from cli.bad_lines import item
from loyalty_ledger.intake import Receipt
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.store.log import CatalogItem
from receiving import (
    NOW,
    STORE,
    another,
    at,
    body,
    names,
    only,
    opened,
    points,
    publish,
    received,
    send,
    work,
)
from sample_ledger import GROCER, MovingClock, ledger_at, read_program


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    with opened(database_url) as made:
        yield made


def test_a_request_sent_again_gets_the_same_answer_and_changes_nothing(ledger: Ledger) -> None:
    first = only(ledger, body())
    head = ledger.log.head()
    assert first.outcome == "accepted"
    assert msgspec.json.decode(first.answer)["transaction_id"] == "T1"
    assert only(ledger, body()) == Receipt("repeated", first.answer)
    assert only(another(ledger), body()) == Receipt("repeated", first.answer)
    assert ledger.log.head() == head


def test_a_request_id_used_for_another_body_is_refused(ledger: Ledger) -> None:
    send(ledger, body("T1", "R"))
    head = ledger.log.head()
    assert send(ledger, body("T1", "R", is_voided=True)) == ["request_conflict"]
    assert send(ledger, body("T2", "R")) == ["request_conflict"]
    assert ledger.log.head() == head


def test_a_request_id_is_known_by_client_and_store_too(ledger: Ledger) -> None:
    other = msgspec.json.decode(body("T2", "R")) | {"client_id": "another till"}
    assert send(ledger, body("T1", "R"), msgspec.json.encode(other)) == ["accepted"] * 2


def test_a_request_that_was_refused_is_judged_anew_when_its_id_is_used_again(
    ledger: Ledger,
) -> None:
    bad, good = body("T1", "R", items=[item("1", subtotal="1.001")]), body("T1", "R")
    assert send(ledger, bad, bad, good, bad) == [
        "validation",
        "validation",
        "accepted",
        "request_conflict",
    ]
    assert send(ledger, bad, good) == ["request_conflict", "repeated"]


def test_the_same_body_under_another_request_id_is_nothing_new(ledger: Ledger) -> None:
    assert send(ledger, body("T1", "R1"), body("T1", "R2")) == ["accepted", "repeated"]
    assert send(ledger, body("T1", "R3"), body("T1", "R2")) == ["repeated", "repeated"]
    assert names(ledger) == ["TransactionReceived"]


@pytest.mark.parametrize("apart", [False, True])
def test_a_version_not_later_than_the_last_is_kept_and_ignored(ledger: Ledger, apart: bool) -> None:
    sent = [body(modified_time=at(0)), body(modified_time=at(-1)), body(modified_time=at(-2))]
    groups = [[one] for one in sent] if apart else [sent]
    assert [one for group in groups for one in send(ledger, *group)] == ["accepted"] * 3
    assert names(ledger) == ["TransactionReceived"] + ["TransactionVersionIgnored"] * 2
    assert send(ledger, body("T1", "R1", modified_time=at(-1), note=None)) == ["repeated"]
    assert send(ledger, body("T1", "R2", modified_time=at(-1), note="late")) == ["accepted"]


@pytest.mark.parametrize(
    ("first", "second", "counts"),
    [
        ({"is_closed": False}, {"is_closed": True}, True),
        ({"is_closed": True}, {"is_closed": False}, False),
        ({"is_closed": True}, {"is_voided": True}, True),
        ({"is_voided": True}, {"is_closed": True}, False),
        ({"is_closed": False}, {"is_closed": False, "is_voided": True}, True),
    ],
)
def test_at_equal_times_a_void_beats_a_close_and_a_close_beats_an_open_one(
    ledger: Ledger, first: dict[str, Any], second: dict[str, Any], counts: bool
) -> None:
    send(ledger, body(**first), body(**second))
    last = "TransactionReceived" if counts else "TransactionVersionIgnored"
    assert names(ledger) == ["TransactionReceived", last]


def test_an_open_sale_grants_nothing_until_it_is_closed(ledger: Ledger) -> None:
    send(ledger, body(is_closed=False, modified_time=at(-2)))
    work(ledger)
    assert points(ledger) == 0
    send(ledger, body(modified_time=at(-1)))
    work(ledger)
    assert points(ledger) == 10


def test_a_sale_that_is_voided_before_it_was_settled_grants_nothing(ledger: Ledger) -> None:
    send(ledger, body(is_closed=False, modified_time=at(-2)), body(is_voided=True))
    work(ledger)
    assert (points(ledger), names(ledger)) == (0, ["TransactionReceived"] * 2)


def test_later_versions_of_a_settled_sale_are_settled_once_each(ledger: Ledger) -> None:
    send(ledger, body(modified_time=at(-3)))
    work(ledger)
    assert points(ledger) == 10
    send(ledger, body(modified_time=at(-2), items=[item("1", subtotal="4.00")]))
    work(ledger)
    work(another(ledger))
    assert (points(ledger), ledger.log.count(0, ["TransactionSettled"])) == (4, 2)
    send(ledger, body(modified_time=at(-1), is_voided=True))
    work(another(ledger))
    work(ledger)
    assert (points(ledger), ledger.log.count(0, ["TransactionSettled"])) == (0, 3)
    assert "SettlementDeferred" not in names(ledger)


@pytest.mark.parametrize("most", [1, 2, 500])
def test_versions_of_a_sale_settle_once_each_whichever_batches_they_fall_into(
    ledger: Ledger, most: int
) -> None:
    less: dict[str, Any] = {"items": [item("1", subtotal="4.00")]}
    send(ledger, body("T1", modified_time=at(-3)), body("T2"))
    send(ledger, body("T1", modified_time=at(-2), **less))
    fresh = another(ledger)
    while fresh.settlement.settle_batch(most):
        pass
    work(ledger)
    assert ledger.log.count(0, ["TransactionSettled"]) == 3
    assert points(ledger) == 4 + 10


@pytest.mark.parametrize(
    ("wall", "instant"),
    [
        ("2017-03-12T02:30:00", "2017-03-12T07:30:00+00:00"),  # a gap: an hour forward
        ("2016-11-06 01:30:00", "2016-11-06T05:30:00+00:00"),  # a fold: the earlier
        ("2017-01-15T09:00:00", "2017-01-15T14:00:00+00:00"),
    ],
)
def test_a_time_without_zone_is_the_stores_wall_time(
    ledger: Ledger, wall: str, instant: str
) -> None:
    send(ledger, body(open_time=wall, modified_time=wall))
    (event,) = received(ledger)
    assert event.open_time == event.at == datetime.fromisoformat(instant)


def test_each_time_stands_in_for_the_other(ledger: Ledger) -> None:
    send(ledger, body("T1", open_time=None), body("T2", modified_time=None))
    assert {one.open_time for one in received(ledger)} == {NOW}
    assert {one.at for one in received(ledger)} == {NOW}


def test_a_time_24_hours_ahead_is_taken_and_a_later_one_is_not(ledger: Ledger) -> None:
    assert send(ledger, body("T1", modified_time=at(24))) == ["accepted"]
    assert send(ledger, body("T2", modified_time=at(24.1))) == ["time_in_future"]


def test_without_a_program_nothing_is_taken_in(database_url: str) -> None:
    ledger = ledger_at(database_url, MovingClock(NOW))
    ledger.administration.load_stores([STORE])
    head = ledger.log.head()
    assert send(ledger, body()) == ["no_program"]
    assert ledger.log.head() == head
    ledger.log.engine.dispose()


def test_what_another_process_loads_counts_from_then_on(database_url: str) -> None:
    """A refusal is not decided by what this process happens to remember."""
    ledger, operator = (ledger_at(database_url, MovingClock(NOW)) for _ in range(2))
    assert send(ledger, body()) == ["unknown_store"]
    operator.administration.load_stores([STORE])
    assert send(ledger, body()) == ["no_program"]
    operator.administration.publish(read_program(GROCER))
    assert send(ledger, body()) == ["accepted"]
    for one in (ledger, operator):
        one.log.engine.dispose()


def test_each_sale_is_judged_by_the_program_before_it_in_the_log(ledger: Ledger) -> None:
    """A worker that is at work all the time learns of a new version with its first sale."""
    worker = another(ledger)
    send(ledger, body("T1"))
    work(worker)
    rules = read_program(GROCER).to_document()["rules"]
    credits = next(rule for rule in rules if rule["id"] == "credits")
    credits["award"]["points"] = "3"
    publish(ledger, rules=rules)
    send(ledger, body("T2", open_time=at(-24 * 100), modified_time=at(-24 * 100)))
    work(worker)
    assert [one.program_version for one in received(ledger)] == [1, 2]
    assert points(ledger) == 10 + 30


def test_each_sale_is_judged_by_the_catalog_before_it_in_the_log(ledger: Ledger) -> None:
    worker = another(ledger)
    bananas: dict[str, Any] = {"open_time": at(-1), "items": [item("1", item_id="BANANA")]}
    for number, categories in enumerate([("FUEL",), ("FRUIT",)]):
        catalog = [CatalogItem("BANANA", "A banana", None, categories)]
        ledger.administration.load_catalog(lambda: catalog)  # noqa: B023
        send(ledger, body(f"T{number}", **bananas))
        work(worker)
    assert [one.catalog_version for one in received(ledger)] == [1, 2]
    awarded = ledger.log.read(0, 100, names=["PointsAwarded"])
    by_sale = [one.event.transaction for one in awarded if one.event.rule == "rule:base"]  # type: ignore[attr-defined]
    assert by_sale == ["319/T1"]


def test_a_group_that_meets_a_conflict_is_decided_again(ledger: Ledger) -> None:
    other = another(ledger)
    first = [body(f"A{number}") for number in range(5)]
    second = [body(f"B{number}") for number in range(5)]
    send(ledger, body("A"))
    send(other, body("B"))
    for mine, theirs in zip(first, second, strict=True):
        assert send(ledger, mine, body("S")) in (["accepted"] * 2, ["accepted", "repeated"])
        assert send(other, theirs, mine) == ["accepted", "repeated"]
    assert names(ledger) == ["TransactionReceived"] * 13
