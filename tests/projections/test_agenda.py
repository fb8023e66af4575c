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


def test_offers_and_locks_are_due_with_all_else() -> None:
    story = Story()
    story.awarded("ann", "points", 10, day(0))
    story.issued("ann", "o-1", day(0), day(5))
    story.issued("bob", "o-2", day(0), None)
    story.locked("o-1", day(1), 2)
    story.locked("o-2", day(1), 3)
    assert due(story, day(2.9)) == []
    assert due(story, day(3)) == [Due(day(3), "ann")]
    assert due(story, day(30)) == [Due(day(3), "ann"), Due(day(4), "bob")]
    assert items(story, day(30)) == [
        ("lock", "o-1", day(3)),
        ("offer", "o-1", day(5)),
        ("expiry", "points", day(30)),
    ]
    rows = fold(ALL, story.told)
    assert agenda.offers_due(rows, ["ann", "bob"], day(3)) == {"ann": ["o-1"]}
    assert agenda.offers_due(rows, ["ann", "bob"], day(9)) == {"ann": ["o-1"], "bob": ["o-2"]}
    assert agenda.offers_due(rows, ["bob"], day(3)) == {}


def test_a_lock_is_due_no_more_once_it_is_gone_and_an_offer_once_it_is_over() -> None:
    story = Story()
    for offer in ("o-1", "o-2", "o-3", "o-4", "o-5"):
        story.issued("ann", offer, day(0), day(5))
        story.locked(offer, day(1), 2)
    story.unlocked("o-1", day(2))
    story.redeemed("o-2", day(2))
    story.offer_elapsed("o-3", day(3))
    story.offer_elapsed("o-4", day(6))
    story.unlocked("o-5", day(2))
    story.revoked("o-5", day(2))
    assert items(story, day(9)) == [("offer", "o-1", day(5)), ("offer", "o-3", day(5))]
    story.reinstated("o-2", day(4))
    assert ("offer", "o-2", day(5)) in items(story, day(9))
    story.redeemed("o-2", day(4))
    story.reinstated("o-2", day(7))
    assert [subject for _, subject, _ in items(story, day(9))] == ["o-1", "o-3"]


def test_a_lock_taken_again_is_due_at_its_new_end() -> None:
    story = Story()
    story.issued("ann", "o-1", day(0), None)
    story.locked("o-1", day(1), 2)
    story.locked("o-1", day(2), 2)
    assert items(story, day(9)) == [("lock", "o-1", day(4))]


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
