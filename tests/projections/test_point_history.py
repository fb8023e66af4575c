"""How a customer's points moved."""

from hypothesis import given, settings

from loyalty_ledger.domain.events.points import PointsAwarded
from loyalty_projections import point_history, profile
from loyalty_projections.point_history import Movement
from loyalty_projections.projection import fold
from projections.steps import CUSTOMERS, Step, steps, told
from projections.story import PROGRAM, PROGRAMS, Story, day

ALL = (profile.PROJECTION, point_history.PROJECTION)


def history(story: Story, customer: str = "ann", now: float = 0.0) -> list[Movement]:
    rows = fold(ALL, story.told)
    overdue = profile.overdue(rows, customer, day(now), PROGRAMS)
    return point_history.history(rows, customer, overdue=overdue)


def brief(movements: list[Movement]) -> list[tuple[str, str, int]]:
    return [(one.kind, one.account, one.points) for one in movements]


def test_movements_are_gross_and_in_the_order_of_the_log() -> None:
    story = Story()
    story.awarded("ann", "points", 30, day(2))
    story.awarded("ann", "points", 20, day(1))
    story.spent("ann", "points", 45, day(3))
    assert brief(history(story)) == [
        ("awarded", "points", 30),
        ("awarded", "points", 20),
        ("spent", "points", -45),
    ]


def test_a_movement_tells_both_clocks_its_rule_its_sale_and_its_cause() -> None:
    story = Story()
    story.awarded("ann", "points", 30, day(2))
    (one,) = history(story)
    assert (one.at, one.recorded_at) == (day(2), story.told[0].recorded_at)
    assert (one.rule, one.transaction, one.cause) == ("rule:base", "s/1", "sale/s/1@1")


def test_a_debt_is_shown_when_it_is_made_and_when_it_is_repaid() -> None:
    story = Story()
    story.clawed_back("ann", "points", 10, day(1), day(0))
    story.awarded("ann", "points", 25, day(2))
    taken, given_ = history(story)
    assert (taken.kind, taken.points) == ("clawed_back", -10)
    assert (given_.kind, given_.points, given_.repaid) == ("awarded", 25, 10)


def test_what_the_house_writes_off_never_left_the_balance() -> None:
    story = Story()
    story.awarded("ann", "strict", 10, day(0))
    story.clawed_back("ann", "strict", 25, day(1), day(0))
    assert brief(history(story))[1:] == [
        ("clawed_back", "strict", -25),
        ("written_off", "strict", 15),
    ]


def test_what_is_due_but_not_recorded_is_shown_as_it_will_be() -> None:
    story = Story()
    story.awarded("ann", "escrow", 30, day(0))
    before = history(story, now=40)
    assert brief(before) == [
        ("awarded", "escrow", 30),
        ("rolled_out", "escrow", -30),
        ("rolled_in", "points", 30),
        ("expired", "points", -30),
    ]
    assert [one.recorded_at for one in before[1:]] == [None, None, None]
    story.time_kept("ann", day(40))
    unrecorded = [one.model_copy(update={"recorded_at": None}) for one in history(story, now=40)]
    assert unrecorded[1:] == before[1:]


@given(steps)
@settings(max_examples=50, deadline=None)
def test_movements_sum_to_the_balance_and_what_was_awarded_to_the_lifetime(
    chosen: list[Step],
) -> None:
    story = told(chosen)
    now = max(one.event.at for one in story.told)
    rows = fold(ALL, story.told)
    for customer in CUSTOMERS:
        view = profile.profile(rows, customer, now, PROGRAM, PROGRAMS)
        overdue = profile.overdue(rows, customer, now, PROGRAMS)
        movements = point_history.history(rows, customer, overdue=overdue)
        for account in view.accounts:
            own = [one for one in movements if one.account == account.account]
            assert sum(one.points for one in own) == account.available
            earned = [one.points for one in own if one.kind in ("awarded", "clawed_back")]
            assert sum(earned) + made_up(story, customer, account.account) == account.lifetime


def made_up(story: Story, customer: str, account: str) -> int:
    """What was earned again for what had been lost from nowhere: it moved nothing."""
    awards = (one.event for one in story.told if isinstance(one.event, PointsAwarded))
    own = [one for one in awards if (one.customer_id, one.account) == (customer, account)]
    return sum(one.made_up for one in own)
