"""The return window: open up to and at its end by the clocks of the program's zone, then shut."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from freezegun import freeze_time

from loyalty_ledger import clock
from loyalty_ledger.answers import Moment
from loyalty_ledger.domain.events.base import Event
from loyalty_ledger.domain.events.program import Store
from loyalty_ledger.domain.events.settlement import TransactionSettled
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.verification import verify
from offers.till import NOT_FROZEN
from receiving import ANN
from return_examples import accounts, differences, level, spent, system, why_not
from sample_ledger import ledger_at
from specification import awards, program, rule

A_MOMENT, DAY = timedelta(microseconds=1), timedelta(days=1)
NEW_YORK, AMSTERDAM = "America/New_York", "Europe/Amsterdam"
LORD_HOWE, AUCKLAND = "Australia/Lord_Howe", "Pacific/Auckland"
ZONES = pytest.mark.parametrize(
    ("zone", "wall", "last"),
    [
        # A leap day ends on the day before the first of March.
        (AMSTERDAM, "2024-02-29T12:00:00", "2025-02-28T11:00:00+00:00"),
        (NEW_YORK, "2024-02-29T23:30:00", "2025-03-01T04:30:00+00:00"),
        (LORD_HOWE, "2024-02-29T12:00:00", "2025-02-28T01:00:00+00:00"),
        (AUCKLAND, "2024-02-29T00:00:00", "2025-02-27T11:00:00+00:00"),
        # The last day of a month.
        (AMSTERDAM, "2025-08-31T23:59:59", "2026-08-31T21:59:59+00:00"),
        (NEW_YORK, "2025-04-30T23:00:00", "2026-05-01T03:00:00+00:00"),
        (LORD_HOWE, "2025-12-31T23:30:00", "2026-12-31T12:30:00+00:00"),
        (AUCKLAND, "2025-05-31T12:00:00", "2026-05-31T00:00:00+00:00"),
        # Half past two does not exist a year later: an hour forward.
        (AMSTERDAM, "2025-03-29T02:30:00", "2026-03-29T01:30:00+00:00"),
        # The clocks are changed between: an hour less, half an hour more.
        (NEW_YORK, "2025-03-08T12:00:00", "2026-03-08T16:00:00+00:00"),
        (LORD_HOWE, "2025-04-05T12:00:00", "2026-04-05T01:30:00+00:00"),
        # Half past two is there twice a year later: the earlier.
        (AUCKLAND, "2025-04-05T02:30:00", "2026-04-04T13:30:00+00:00"),
    ],
)


class Returns:
    """A ledger by its own clock, in which Ann pays eight dollars of ten with points."""

    def __init__(self, ledger: Ledger, hands: Any):
        self.ledger = ledger
        self._hands = hands
        self._requests = 0

    def sends(self, transaction: str, open_time: str, at: datetime | None, **changes: Any) -> None:
        """A version of a sale, sent when it was made, and settled."""
        if at is not None:
            self._hands.move_to(at)
        self._requests += 1
        payload: dict[str, Any] = {
            "transaction_id": transaction,
            "open_time": open_time,
            "modified_time": at.isoformat() if at else open_time,
            "items": [{"line_id": "1", "item_id": "coffee", "subtotal": "10.00"}],
            "payments": [
                {"amount": "2.00", "user_id": "ANN"},
                {"amount": "8.00", "user_id": "ANN", "type": "POINTS"},
            ],
        }
        whole = {
            "store_id": "s1",
            "client_id": "till",
            "request_id": str(self._requests),
            "request_payload": payload | changes,
        }
        (receipt,) = self.ledger.intake.receive([msgspec.json.encode(whole)])
        assert receipt.outcome == "accepted", receipt
        self.ledger.worker.work(clock.now, once=True)

    def saves(self, open_time: str) -> None:
        """Ann earns a hundred points."""
        hundred = [{"line_id": "1", "item_id": "x", "subtotal": "100.00"}]
        self.sends(
            "saved", open_time, None, items=hundred, payments=[{"amount": 100, "user_id": "ANN"}]
        )

    def comes_back(self, transaction: str, open_time: str, at: datetime) -> TransactionSettled:
        """The whole sale comes back; how that was settled."""
        self.sends(transaction, open_time, at, items=[], payments=[])
        return self.settlement(transaction)

    def settlement(self, transaction: str) -> TransactionSettled:
        last = [one.event for one in self.ledger.log.stream(f"sale/s1/{transaction}")][-1]
        assert isinstance(last, TransactionSettled)
        return last

    @property
    def points(self) -> int:
        profile = self.ledger.answers.profile(self.ledger.answers.find(ANN), Moment(clock.now()))
        return next(one.available for one in profile.accounts if one.account == "points")

    @property
    def level(self) -> str:
        (club,) = self.ledger.answers.tiers(self.ledger.answers.find(ANN), Moment(clock.now()))
        return str(club["level"])

    def moved(self, since: int) -> list[str]:
        """What happened since that position besides arrivals and their settlement."""
        quiet = ("TransactionReceived", "TransactionSettled")
        events: list[Event] = [one.event for one in self.ledger.log.read(since, 1_000)]
        return [name for one in events if (name := type(one).__name__) not in quiet]


@contextmanager
def returns(url: str, zone: str, wall: str, sections: dict[str, Any]) -> Iterator[Returns]:
    """A ledger in that zone, at the moment of the sale."""
    published: Program = program(
        rules=[rule()], time_zone=zone, **accounts(expiry={"kind": "never"}), **sections
    )
    store = Store(store_id="s1", name="One", time_zone=zone)
    with freeze_time(datetime.fromisoformat(wall), ignore=NOT_FROZEN) as hands:
        made = ledger_at(url, clock.now)
        try:
            made.administration.load_stores([store])
            made.administration.publish(published)
            yield Returns(made, hands)
        finally:
            made.log.engine.dispose()


@ZONES
def test_a_sale_can_come_back_until_the_very_end_of_the_window(
    database_url: str, zone: str, wall: str, last: str
) -> None:
    ends = datetime.fromisoformat(last)
    with returns(database_url, zone, wall, {}) as shop:
        shop.saves(wall)
        for sale in ("in time", "a moment late", "a month late"):
            shop.sends(sale, wall, None)
        assert shop.points == 100 - 3 * 8 + 3 * 2

        told = shop.comes_back("in time", wall, ends)
        assert (told.outside_return_window, told.not_done) == (False, [])
        assert shop.points == 82 + 8 - 2

        for sale, at in (("a moment late", ends + A_MOMENT), ("a month late", ends + 31 * DAY)):
            head = shop.ledger.log.head().position
            told = shop.comes_back(sale, wall, at)
            assert (told.outside_return_window, told.modified_time) == (True, at)
            assert why_not(told) == [
                ("rule:base:points", "outside_return_window", -2),
                ("tender", "outside_return_window", 8),
            ]
            assert (shop.moved(head), shop.points) == ([], 88)
        assert verify(shop.ledger, lambda _done, _goal: None).problems == []


@pytest.mark.parametrize(
    ("window", "wall", "last"),
    [
        ("P1M", "2026-01-31T12:00:00", "2026-02-28T11:00:00+00:00"),
        ("P30D", "2026-03-01T12:00:00", "2026-03-31T10:00:00+00:00"),
        ("P1D", "2026-03-28T02:30:00", "2026-03-29T01:30:00+00:00"),
        ("PT24H", "2026-03-28T12:00:00", "2026-03-29T11:00:00+00:00"),
        ("PT1S", "2026-01-31T12:00:00", "2026-01-31T11:00:01+00:00"),
    ],
)
def test_a_shorter_window_ends_as_exactly(
    database_url: str, window: str, wall: str, last: str
) -> None:
    ends = datetime.fromisoformat(last)
    with returns(database_url, AMSTERDAM, wall, {"return_window": window}) as shop:
        shop.saves(wall)
        shop.sends("in time", wall, None)
        shop.sends("late", wall, None)
        assert not shop.comes_back("in time", wall, ends).outside_return_window
        assert shop.comes_back("late", wall, ends + A_MOMENT).outside_return_window
        assert shop.points == 88 + 6


WALL, AFTER = "2025-06-01T12:00:00", datetime.fromisoformat("2026-06-01T10:00:00.000001+00:00")
GOLD = system(level("gold", spent("102.00"), {"award": awards(50)}))


def test_after_the_window_nothing_moves_in_either_direction(database_url: str) -> None:
    ten = {"line_id": "1", "item_id": "coffee", "subtotal": "10.00"}
    with returns(database_url, AMSTERDAM, WALL, GOLD) as shop:
        shop.saves(WALL)
        shop.sends("sale", WALL, None)
        assert (shop.points, shop.level) == (144, "gold")
        head = shop.ledger.log.head().position
        shop.sends("sale", WALL, AFTER, items=[ten, ten | {"line_id": "2", "subtotal": "90.00"}])
        told = shop.settlement("sale")
        assert (told.outside_return_window, told.total) == (True, 10_000)
        assert differences(told)["rule:base"] == {"points": told.not_done[0].points}
        whole: list[dict[str, Any]] = [{"is_voided": True}, {"is_closed": False}, {"items": []}]
        for hours, changes in enumerate(whole, 1):
            shop.sends("sale", WALL, AFTER + timedelta(hours=hours), **changes)
            assert shop.settlement("sale").outside_return_window
        assert (shop.moved(head), shop.points, shop.level) == ([], 144, "gold")
        assert verify(shop.ledger, lambda _done, _goal: None).problems == []


def test_a_version_that_was_made_in_the_window_counts_however_late_it_arrives(
    database_url: str,
) -> None:
    with returns(database_url, AMSTERDAM, WALL, {}) as shop:
        shop.saves(WALL)
        shop.sends("sale", WALL, None)
        shop.sends("another", WALL, AFTER + 90 * DAY, modified_time=AFTER.isoformat())
        in_time = (AFTER - A_MOMENT).isoformat()
        shop.sends("sale", WALL, None, items=[], payments=[], modified_time=in_time)
        assert not shop.settlement("sale").outside_return_window
        assert shop.points == 100 - 6


def test_a_sale_that_arrives_for_the_first_time_after_the_window_earns_all_the_same(
    database_url: str,
) -> None:
    with returns(database_url, AMSTERDAM, WALL, {}) as shop:
        shop.sends("sale", WALL, AFTER + 400 * DAY)
        told = shop.settlement("sale")
        assert (told.outside_return_window, told.total) == (False, 1_000)
        assert shop.points == 2


def test_a_version_after_the_window_does_not_become_the_measure_of_later_ones(
    database_url: str,
) -> None:
    """A version in the window counts, though one made after the window arrived before it."""
    with returns(database_url, AMSTERDAM, WALL, {}) as shop:
        shop.saves(WALL)
        shop.sends("sale", WALL, None)
        shop.comes_back("sale", WALL, AFTER)
        in_time = (AFTER - A_MOMENT).isoformat()
        shop.sends("sale", WALL, AFTER, items=[], payments=[], modified_time=in_time)
        names = [type(one.event).__name__ for one in shop.ledger.log.stream("sale/s1/sale")]
        assert names[-2:] == ["TransactionVersionIgnored", "TransactionSettled"]
        assert shop.settlement("sale").late
        assert shop.points == 100
