"""A ledger that works out again what inactivity takes: recorded once, and shown alike everywhere.

Ann buys for a hundred dollars sixty days ago and for ten 35 days ago. The second sale comes back
twenty days ago. Half of what is left is lost after thirty days without anything.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest

from cli.bad_lines import item
from loyalty_ledger import verification
from loyalty_ledger.administration import CustomerRecord
from loyalty_ledger.answers import Moment
from loyalty_ledger.domain.events.offers import Actor
from loyalty_ledger.domain.events.points import InactivityReviewed, PointsExpired
from loyalty_ledger.identity import Reference
from loyalty_ledger.ledger import Ledger
from receiving import ANN, NOW, another, at, body, opened, publish, send, work
from sample_ledger import digests

BOB = Reference("external", "", "BOB")
IDLE = {"kind": "inactivity", "after": "PT720H", "percent": "50"}
CREDITS = {"id": "tier-credits", "name": "Credits", "spendable": False, "expiry": {"kind": "never"}}
ACCOUNTS = [{"id": "points", "name": "Points", "default": True, "expiry": IDLE}, CREDITS]
REQUESTS = count()
VISIT = {"id": "visit", "award": {"account": "points", "source": "purchases", "points": 20}}


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    with opened(database_url) as made:
        publish(made, point_accounts=ACCOUNTS)
        made.administration.enrol([CustomerRecord((one,), None, None, ()) for one in (ANN, BOB)])
        yield made
        work(made)
        assert verification.verify(made, lambda _done, _goal: None).problems == []


def day(number: float) -> datetime:
    """So many days before now."""
    return NOW - timedelta(days=number)


def sale(transaction: str, dollars: str, bought: float, **changes: Any) -> bytes:
    told: dict[str, Any] = {
        "payments": [{"amount": dollars, "user_id": "ANN"}],
        "items": [item("1", subtotal=dollars)],
        "open_time": at(-24 * bought),
        "modified_time": at(-24 * bought),
    }
    return body(transaction, f"r{next(REQUESTS)}", **(told | changes))


FIRST, SECOND = sale("A", "100.00", 60), sale("B", "10.00", 35)
BACK = sale("B", "10.00", 35, modified_time=at(-24 * 20), is_voided=True)


def settle(ledger: Ledger) -> None:
    """What has arrived is settled and shown; the timekeeper does not run."""
    ledger.settlement.settle_all()
    ledger.projector.catch_up()


def shown(ledger: Ledger, as_of: float | None = None, who: Reference = ANN) -> int:
    """Her points; `as_of` counts days before now."""
    moment = Moment(NOW, as_of=None if as_of is None else day(as_of))
    accounts = ledger.answers.profile(ledger.answers.find(who), moment).accounts
    return next(one.available for one in accounts if one.account == "points")


def recorded(ledger: Ledger, kind: type[Any]) -> list[Any]:
    return [one.event for one in ledger.log.read(0, 1_000, names=[kind.__name__])]


def test_reads_agree_with_the_timekeeper_before_it_runs_and_after(ledger: Ledger) -> None:
    send(ledger, FIRST, SECOND)
    settle(ledger)
    send(ledger, BACK)
    settle(ledger)
    assert (shown(ledger), recorded(ledger, PointsExpired)) == (25, [])
    work(ledger)
    assert shown(ledger) == 25
    assert [one.at for one in recorded(ledger, PointsExpired)] == [day(0)]
    work(ledger)
    assert len(recorded(ledger, PointsExpired)) == 1


def test_the_time_goes_back_in_every_view(ledger: Ledger) -> None:
    """Fifteen days ago was something that came back before anything fell due: it was nothing."""
    send(ledger, sale("A", "100.00", 40), sale("B", "10.00", 15))
    settle(ledger)
    send(ledger, sale("B", "10.00", 15, modified_time=at(-24 * 12), is_voided=True))
    settle(ledger)
    assert (shown(ledger, 11), shown(ledger)) == (100, 50)
    work(ledger)
    assert (shown(ledger), [one.at for one in recorded(ledger, PointsExpired)]) == (50, [day(10)])


def test_what_the_timekeeper_had_recorded_meanwhile_is_given_back(ledger: Ledger) -> None:
    send(ledger, FIRST, SECOND)
    work(ledger)  # 55 of 110 are lost five days ago
    assert shown(ledger) == 55
    send(ledger, sale("B", "10.00", 35, modified_time=at(-24 * 3), is_voided=True))
    settle(ledger)
    (review,) = recorded(ledger, InactivityReviewed)
    assert (review.at, sum(part.points for part in review.back)) == (day(3), 5)
    assert (shown(ledger, 4), shown(ledger, 2), shown(ledger)) == (55, 50, 25)


def test_until_it_came_back_the_points_were_there(ledger: Ledger) -> None:
    send(ledger, FIRST, SECOND, BACK)
    work(ledger)
    seen = [shown(ledger, days) for days in (61, 60, 36, 35, 29, 20.01, 20, 0.01, 0)]
    assert seen == [0, 100, 100, 110, 110, 110, 50, 50, 25]


def test_versions_in_one_commit_and_one_by_one_come_to_the_same(ledger: Ledger) -> None:
    for one in (FIRST, SECOND, BACK):
        send(ledger, one)
    settle(ledger)
    (together,) = recorded(ledger, InactivityReviewed)
    assert (together.at, together.due) == (day(20), [day(30)])
    assert (together.idle_from, together.points) == (day(30), 50)


def test_another_process_that_had_not_seen_it_comes_to_the_same(ledger: Ledger) -> None:
    other = another(ledger)
    send(ledger, FIRST)
    settle(ledger)
    settle(other)
    send(ledger, SECOND)
    settle(ledger)
    send(ledger, BACK)
    settle(other)
    (review,) = recorded(ledger, InactivityReviewed)
    assert (review.points, shown(other)) == (50, 25)


@pytest.mark.parametrize("batch", [1, 3, 500])
def test_rows_that_went_back_are_the_same_at_any_batch_size(ledger: Ledger, batch: int) -> None:
    send(ledger, FIRST, SECOND, BACK, sale("C", "7.00", 19))
    work(ledger)
    live = digests(ledger)
    for name, digest in live.items():
        rebuilt = ledger.projector.rebuild(name, batch=batch)
        assert (rebuilt.same, rebuilt.built.value) == (True, digest), name


def test_the_history_says_what_was_lost_and_for_which_sale(ledger: Ledger) -> None:
    send(ledger, FIRST, SECOND, BACK)
    work(ledger)
    movements = ledger.answers.history(ledger.answers.find(ANN), Moment(NOW))
    told = [(x.kind, x.points, x.rule, x.transaction) for x in movements if x.account == "points"]
    assert told[-3:] == [
        ("clawed_back", -10, "rule:base", "319/B"),
        ("expired", -50, "inactivity", "319/B"),
        ("expired", -25, None, None),
    ]


def test_who_loses_by_anothers_claim_is_looked_at(ledger: Ledger) -> None:
    """What goes once goes to who paid most: the claimant has it, and it was no activity of hers."""
    publish(ledger, point_accounts=ACCOUNTS, rules=[VISIT])
    send(ledger, FIRST)
    bill = [{"amount": 4, "user_id": "ANN"}, {"amount": 6}]
    send(ledger, sale("B", "10.00", 26, payments=bill, receipt_code="R-1"))
    settle(ledger)
    ledger.receipts.claim(ledger.answers.find(BOB), "R-1", Actor(client_id="app"))
    ledger.projector.catch_up()
    assert (shown(ledger), shown(ledger, who=BOB)) == (5, 20)
