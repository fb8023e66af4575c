"""What falls due when, and what waits."""

from datetime import datetime

from hypothesis import given, settings

from loyalty_ledger.domain.expiry import next_due
from loyalty_projections import agenda
from loyalty_projections.projection import fold
from loyalty_projections.rows import Due
from projections.steps import CUSTOMERS, Step, steps, told
from projections.story import PROGRAMS, Story, day

ALL = (agenda.PROJECTION,)


def due(story: Story, until: datetime) -> list[Due]:
    return agenda.due(fold(ALL, story.told), until, PROGRAMS)


def items(story: Story, until: datetime, customer: str = "ann") -> list[tuple[str, str, datetime]]:
    found = agenda.due_of(fold(ALL, story.told), customer, until, PROGRAMS)
    return [(one.kind, one.subject, one.at) for one in found]


def test_lots_levels_and_idle_accounts_fall_due() -> None:
    story = Story()
    story.awarded("ann", "points", 10, day(0))
    story.awarded("ann", "escrow", 10, day(1))
    story.awarded("ann", "stars", 10, day(2))
    story.awarded("ann", "credits", 10, day(2))
    story.entered_silver("ann", day(3), day(34))
    story.issued("ann", "o-1", day(3), day(40))
    assert items(story, day(40)) == [
        ("rollover", "escrow", day(8)),
        ("expiry", "points", day(30)),
        ("inactivity", "stars", day(33)),
        ("maintenance", "club", day(34)),
        ("offer", "o-1", day(40)),
    ]


def test_customers_come_in_order_of_what_is_due_first_page_by_page() -> None:
    story = Story()
    story.awarded("bob", "points", 10, day(1))
    story.awarded("ann", "points", 10, day(0))
    story.awarded("cy", "points", 10, day(0))
    rows = fold(ALL, story.told)
    assert due(story, day(29)) == []
    first = agenda.due(rows, day(31), PROGRAMS, limit=2)
    assert first == [Due(day(30), "ann"), Due(day(30), "cy")]
    assert agenda.due(rows, day(31), PROGRAMS, after=first[-1]) == [Due(day(31), "bob")]


def test_what_was_spent_is_due_no_more() -> None:
    story = Story()
    story.awarded("ann", "points", 10, day(0))
    story.awarded("ann", "stars", 10, day(0))
    story.spent("ann", "points", 10, day(1))
    story.spent("ann", "stars", 9, day(1))
    assert due(story, day(300)) == []


def test_a_level_without_maintenance_is_not_due() -> None:
    story = Story()
    story.entered_silver("ann", day(0), day(31))
    story.left_silver("ann", day(31))
    assert due(story, day(300)) == []


def test_offers_are_due_only_for_who_asks() -> None:
    story = Story()
    story.issued("ann", "o-1", day(0), day(5))
    rows = fold(ALL, story.told)
    assert agenda.due(rows, day(5), PROGRAMS) == []
    assert agenda.due(rows, day(5), PROGRAMS, offers=True) == [Due(day(5), "ann")]


def test_a_failed_settlement_is_listed_until_nobody_waits_for_it() -> None:
    story = Story()
    story.failed("sale/s/1", "ann", day(0))
    story.held("sale/s/1", "ann", day(0), "sale/s/1@1")
    story.held("sale/s/2", "ann", day(1), "sale/s/1@1")
    rows = fold(ALL, story.told)
    (failed,) = agenda.failed(rows)
    assert (failed.cause, failed.customers) == ("sale/s/1@1", ("ann",))
    assert [one.subject for one in agenda.waiting(rows)] == ["sale/s/1", "sale/s/2"]
    story.resumed("sale/s/1", "ann", day(0))
    rows = fold(ALL, story.told)
    assert agenda.failed(rows) == []
    assert [one.subject for one in agenda.waiting(rows)] == ["sale/s/2"]


@given(steps)
@settings(max_examples=100, deadline=None)
def test_a_wallet_has_something_due_exactly_when_the_agenda_says_so(
    chosen: list[Step],
) -> None:
    story = told(chosen)
    rows = fold(ALL, story.told)
    for customer in CUSTOMERS:
        wallet = story.wallets.get(customer)
        first = next_due(wallet.holdings, PROGRAMS) if wallet else None
        found = [
            one
            for one in agenda.due_of(rows, customer, day(4000), PROGRAMS)
            if one.kind in ("expiry", "rollover", "inactivity")
        ]
        assert (found[0].at if found else None) == (first.at if first else None)
