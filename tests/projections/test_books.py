"""Whether the books balance, and who is caught when they do not."""

import msgspec
import pytest
from hypothesis import given, settings

from loyalty_ledger.domain.events.base import Event
from loyalty_ledger.domain.events.points import LotPoints
from loyalty_projections import books
from loyalty_projections.laws import first_offence
from loyalty_projections.projection import fold
from projections.steps import Step, steps, told
from projections.story import Story, day

ALL = (books.PROJECTION,)


def everything() -> Story:
    """Every kind of movement once."""
    story = Story()
    story.awarded("ann", "points", 30, day(0))
    story.spent("ann", "points", 10, day(1))
    story.clawed_back("ann", "points", 25, day(2), day(0))
    story.awarded("ann", "points", 25, day(3))
    story.awarded("ann", "escrow", 8, day(3))
    story.awarded("ann", "strict", 2, day(3))
    story.clawed_back("ann", "strict", 3, day(4), day(3))
    story.time_kept("ann", day(50))
    return story


def test_every_movement_has_two_sides_and_they_sum_to_zero() -> None:
    trial = books.trial_balance(fold(ALL, everything().told))
    points = trial.accounts["points"]
    assert (points.issued, points.redeemed, points.clawed_back) == (-55, 10, 25)
    assert (points.rolled_over, points.expired, points.balance) == (-8, 28, 0)
    strict = trial.accounts["strict"]
    assert (strict.issued, strict.clawed_back, strict.written_off) == (-2, 3, -1)
    assert trial.accounts["escrow"].rolled_over == 8
    assert {account.sum for account in trial.accounts.values()} == {0}
    assert (trial.total.sum, trial.total.rolled_over, trial.total.balance) == (0, 0, 0)


def test_an_empty_ledger_balances() -> None:
    trial = books.trial_balance(fold(ALL, []))
    assert trial.accounts == {}
    assert trial.total.sum == 0


def test_a_sound_history_breaks_no_law() -> None:
    assert first_offence(everything().told) is None


@pytest.mark.parametrize(
    ("place", "changes", "law"),
    [
        (0, {"repaid": 1}, "debt is repaid only as far as there is one"),
        (1, {"points": 11}, "balance = lots - debt"),
        (1, {"lots": [LotPoints(lot=1, points=31)]}, "no more is taken from a lot than is in it"),
        (1, {"lots": [LotPoints(lot=9, points=10)]}, "no more is taken from a lot than is in it"),
        (2, {"debt": 4}, "balance = lots - debt"),
        (2, {"written_off": 1}, "balance = lots - debt"),
        (3, {"lot": 1}, "a lot is issued once"),
        (3, {"repaid": 6}, "debt is repaid only as far as there is one"),
    ],
)
def test_the_first_event_that_breaks_a_law_is_named(
    place: int, changes: dict[str, object], law: str
) -> None:
    events = everything().told
    forged: Event = msgspec.structs.replace(events[place].event, **changes)
    events[place] = events[place]._replace(event=forged)
    offence = first_offence(events)
    assert offence is not None
    assert offence.law == law
    assert (offence.position, offence.stream) == (place + 1, "wallet/ann")


@given(steps)
@settings(max_examples=50, deadline=None)
def test_whatever_happens_the_books_balance(
    chosen: list[Step],
) -> None:
    story = told(chosen)
    assert first_offence(story.told) is None
    trial = books.trial_balance(fold(ALL, story.told))
    assert all(account.sum == 0 for account in trial.accounts.values())
    for name, account in trial.accounts.items():
        held = (wallet.holdings.account(name).available for wallet in story.wallets.values())
        assert account.balance == sum(held)
