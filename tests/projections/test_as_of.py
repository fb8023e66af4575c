"""What had happened by a moment, as it was known at another."""

from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty_ledger.domain.events.points import PointsAwarded, PointsClawedBack
from loyalty_ledger.domain.expiry import elapse
from loyalty_ledger.domain.lots import Holdings, PointsEvent, moved
from loyalty_projections import point_history, profile, tier_progress
from loyalty_projections.books import PROJECTION as BOOKS
from loyalty_projections.projection import fold
from projections.steps import CUSTOMERS, Step, steps, told
from projections.story import PROGRAM, PROGRAMS, Story, day

ALL = (profile.PROJECTION, tier_progress.PROJECTION, point_history.PROJECTION)


def test_what_happened_later_and_what_was_recorded_later_does_not_count() -> None:
    story = Story()
    story.awarded("ann", "credits", 10, day(5))
    story.awarded("ann", "credits", 20, day(3))
    story.awarded("ann", "credits", 40, day(4))
    second = story.told[1].recorded_at

    def available(as_of: datetime | None, known_at: datetime | None) -> int:
        rows = fold(ALL, story.told, as_of, known_at)
        view = profile.profile(rows, "ann", as_of or day(9), PROGRAM, PROGRAMS)
        return next(a.available for a in view.accounts if a.account == "credits")

    assert available(None, None) == 70
    assert available(day(4), None) == 60
    assert available(None, second) == 30
    assert available(day(4), second) == 20
    assert available(day(2), second) == 0


@given(steps, st.lists(st.tuples(st.integers(0, 400), st.integers(0, 60)), min_size=1, max_size=20))
@settings(max_examples=60, deadline=None)
def test_as_of_equals_a_plain_replay(chosen: list[Step], moments: list[tuple[int, int]]) -> None:
    story = told(chosen)
    for days, hours in moments:
        as_of, known_at = day(days), day(400) + timedelta(hours=hours)
        rows = fold(ALL, story.told, as_of, known_at)
        for customer in CUSTOMERS:
            view = profile.profile(rows, customer, as_of, PROGRAM, PROGRAMS)
            shown = {one.account: (one.available, one.debt, one.lifetime) for one in view.accounts}
            assert shown == replayed(story, customer, as_of, known_at)


def replayed(
    story: Story, customer: str, as_of: datetime, known_at: datetime
) -> dict[str, tuple[int, int, int]]:
    """Available, debt and lifetime by account, worked out without projections."""
    holdings, lifetime = Holdings(), dict.fromkeys(PROGRAM.accounts_by_id, 0)
    for one in story.told:
        event = one.event
        if getattr(event, "customer_id", None) != customer or not one.stream.startswith("wallet/"):
            continue
        if event.at <= as_of and one.recorded_at <= known_at:
            assert isinstance(event, PointsEvent)
            holdings = moved(holdings, event)
            if isinstance(event, PointsAwarded):
                lifetime[event.account] += event.points
            if isinstance(event, PointsClawedBack):
                lifetime[event.account] -= event.points
    holdings = elapse(customer, holdings, as_of, PROGRAMS)[1]
    return {
        name: (holdings.account(name).available, holdings.account(name).debt, lifetime[name])
        for name in lifetime
    }


def test_a_fold_takes_any_projections() -> None:
    story = Story()
    story.awarded("ann", "credits", 10, day(5))
    assert len(fold((BOOKS,), story.told).select(BOOKS.tables[0])) == 2
