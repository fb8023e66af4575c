"""What every view makes of a return."""

from typing import Any

from loyalty_ledger.domain.events.limits import issued, sold
from loyalty_projections import (
    agenda,
    books,
    point_history,
    profile,
    reward_store,
    tier_progress,
    timeline,
)
from loyalty_projections.laws import first_offence
from loyalty_projections.profile import AccountView, Profile
from loyalty_projections.projection import fold
from loyalty_projections.projections import PROJECTIONS
from projections.returning import counted, lost_silver, recounted, silver_since, uncounted
from projections.story import NEW_YEAR, PROGRAM, PROGRAMS, Story, day


def shown(story: Story, now: float, customer: str = "ann") -> Profile:
    return profile.profile(fold(PROJECTIONS, story.told), customer, day(now), PROGRAM, PROGRAMS)


def account(story: Story, name: str, now: float) -> AccountView:
    return next(one for one in shown(story, now).accounts if one.account == name)


def has(story: Story, now: float) -> tuple[int, int]:
    found = account(story, "points", now)
    return found.available, found.lifetime


def sides(story: Story, name: str = "points") -> books.Sides:
    return books.trial_balance(fold(PROJECTIONS, story.told)).accounts[name]


def brief(story: Story) -> list[tuple[str, str, int, int]]:
    movements = point_history.history(fold(PROJECTIONS, story.told), "ann")
    return [(one.kind, one.account, one.points, one.repaid) for one in movements]


def place(story: Story, now: float) -> dict[str, Any]:
    rows = fold(PROJECTIONS, story.told)
    (found,) = tier_progress.progress(rows, "ann", day(now), PROGRAM)
    return found


def present(story: Story, now: float) -> list[Any]:
    """Points earned, sales that count, money spent, towards silver."""
    leaves = place(story, now)["next"]["entrance"]["any"]
    return [leaf["present"] for leaf in (leaves[0], *leaves[1]["all"])]


# --- points -------------------------------------------------------------------------------------


def test_points_given_back_are_in_their_lot_again_and_end_when_it_ends() -> None:
    story = Story()
    story.awarded("ann", "points", 30, day(0))
    story.spent("ann", "points", 30, day(1))
    story.restored("ann", "points", day(2))

    found = account(story, "points", 3)
    assert (found.available, found.lifetime) == (30, 30)
    assert [(one.at, one.points) for one in found.expiries] == [(day(30), 30)]
    assert (sides(story).redeemed, sides(story).restored, sides(story).balance) == (30, -30, 30)
    assert brief(story)[-1] == ("restored", "points", 30, 0)
    assert [one.owner for one in agenda.due(fold(PROJECTIONS, story.told), day(30), PROGRAMS)]
    assert first_offence(story.told) is None


def test_points_given_back_repay_debt_first() -> None:
    story = Story()
    story.awarded("ann", "points", 30, day(0))
    story.spent("ann", "points", 30, day(1))
    story.clawed_back("ann", "points", 12, day(2), day(0), own_lots=[1])
    assert account(story, "points", 2).debt == 12
    story.restored("ann", "points", day(3))

    found = account(story, "points", 3)
    assert (found.available, found.debt, found.lifetime) == (18, 0, 18)
    assert brief(story)[-1] == ("restored", "points", 30, 12)
    assert first_offence(story.told) is None


def test_points_whose_time_was_up_come_back_with_some_grace() -> None:
    story = Story()
    story.awarded("ann", "points", 30, day(0))
    story.spent("ann", "points", 30, day(1))
    story.restored("ann", "points", day(35))

    found = account(story, "points", 36)
    assert [(one.at, one.points) for one in found.expiries] == [(day(65), 30)]
    assert agenda.due(fold(PROJECTIONS, story.told), day(64), PROGRAMS) == []
    assert first_offence(story.told) is None


def test_points_are_taken_back_where_they_rolled_to_and_counted_where_they_were_earned() -> None:
    story = Story()
    story.awarded("ann", "escrow", 30, day(0))
    story.time_kept("ann", day(7))
    story.clawed_back("ann", "escrow", 30, day(8), day(0), own_lots=[1])

    assert (account(story, "escrow", 8).lifetime, account(story, "points", 8).lifetime) == (0, 0)
    assert account(story, "points", 8).available == 0
    assert brief(story)[-1] == ("clawed_back", "points", -30, 0)
    assert (sides(story, "escrow").clawed_back, sides(story).clawed_back) == (0, 30)
    assert first_offence(story.told) is None


def test_what_had_expired_is_taken_from_nowhere_and_made_up_before_anything_is_new() -> None:
    story = Story()
    story.awarded("ann", "points", 30, day(0))
    story.time_kept("ann", day(30))
    story.awarded("ann", "points", 5, day(31))
    story.clawed_back("ann", "points", 20, day(32), day(0), own_lots=[1])
    assert (account(story, "points", 32).available, account(story, "points", 32).lifetime) == (
        5,
        15,
    )
    assert [one[:3] for one in brief(story)[-2:]] == [
        ("clawed_back", "points", -20),
        ("had_expired", "points", 20),
    ]
    story.awarded("ann", "points", 20, day(33), made_up=20)

    assert (account(story, "points", 33).available, account(story, "points", 33).lifetime) == (
        5,
        35,
    )
    assert brief(story)[-1] == ("awarded", "points", 0, 0)
    assert (sides(story).issued, sides(story).clawed_back, sides(story).sum) == (-35, 0, 0)
    assert first_offence(story.told) is None


# --- levels and limits --------------------------------------------------------------------------


def test_a_sale_that_came_back_counts_no_more_and_one_that_shrank_counts_less() -> None:
    story = Story()
    story.bought("ann", 3000, day(1))
    story.bought("ann", 2000, day(2))
    assert present(story, 3) == [0, 2, "50.00"]
    recounted(story, "ann", "s/0", 1000, was=3000, at=day(3), bought=day(1))
    assert present(story, 3) == [0, 2, "30.00"]
    recounted(story, "ann", "s/1", 0, was=2000, at=day(3), bought=day(2))
    assert present(story, 3) == [0, 1, "10.00"]


def test_tier_credit_that_rolled_over_is_taken_off_where_it_was_earned() -> None:
    story = Story()
    story.awarded("ann", "credits", 30, day(0))
    story.clawed_back("ann", "credits", 10, day(1), day(0), own_lots=[1])
    assert present(story, 2)[0] == 20


def test_a_level_that_still_holds_is_held_since_another_moment() -> None:
    story = Story()
    story.enrolled("ann")
    story.entered_silver("ann", day(1), day(32))
    silver_since(story, "ann", day(5), day(36), at=day(8))

    (found,) = shown(story, 9).tiers
    assert (found.level, found.since, found.until) == ("silver", day(5), day(36))
    assert (place(story, 9)["since"], place(story, 9)["until"]) == (day(5), day(36))
    assert agenda.due(fold(PROJECTIONS, story.told), day(35), PROGRAMS) == []
    assert agenda.due(fold(PROJECTIONS, story.told), day(36), PROGRAMS) != []


def test_a_level_that_never_was_leaves_the_customer_as_he_began() -> None:
    story = Story()
    story.enrolled("ann")
    story.entered_silver("ann", day(1), day(32))
    lost_silver(story, "ann", day(8))

    (found,) = shown(story, 9).tiers
    assert (found.level, found.since, found.until) == ("bronze", NEW_YEAR, None)
    assert place(story, 9)["since"] == NEW_YEAR
    assert agenda.due(fold(PROJECTIONS, story.told), day(99), PROGRAMS) == []


def test_a_level_left_after_a_return_tells_since_when_the_one_below_is_held() -> None:
    story = Story()
    story.enrolled("ann")
    story.entered_silver("ann", day(1), day(32))
    lost_silver(story, "ann", day(8), since=day(3))
    (found,) = shown(story, 9).tiers
    assert (found.level, found.since) == ("bronze", day(3))
    happened = timeline.timeline(fold(PROJECTIONS, story.told), "ann", day(9))
    assert [(one.kind, one.why) for one in happened][-1] == ("TierLeft", "returned")


def test_the_timeline_tells_that_a_level_is_held_since_another_moment() -> None:
    story = Story()
    story.entered_silver("ann", day(1), day(32))
    silver_since(story, "ann", day(5), day(36), at=day(8))
    happened = timeline.timeline(fold(PROJECTIONS, story.told), "ann", day(9))
    assert (happened[-1].kind, happened[-1].cause) == ("TierSinceMoved", "sale/s/1@2")


def test_what_was_issued_and_sold_counts_no_more_once_taken_back() -> None:
    story = Story()
    for subject in (issued("mug"), sold("mug-9"), "rule:base"):
        counted(story, "ann", subject, day(1), times=2)
        uncounted(story, "ann", subject, day(1))
    rows = fold(PROJECTIONS, story.told)
    taken = {row.subject: row.times for row in rows.select(reward_store.TAKEN)}
    totals = {row.subject: row.times for row in rows.select(reward_store.TOTALS)}
    assert taken == totals == {issued("mug"): 1, sold("mug-9"): 1}


# --- offers -------------------------------------------------------------------------------------


def test_an_offer_recalled_while_it_is_locked_is_revoked_when_the_lock_is_over() -> None:
    story = Story()
    story.issued("ann", "a-1", day(0), day(90))
    story.locked("a-1", day(1), 3)
    story.recalled("a-1", day(2))

    assert [one.state for one in shown(story, 3).offers] == ["LOCKED"]
    assert [one.state for one in shown(story, 5).offers] == ["REVOKED"]
    happened = timeline.timeline(fold(PROJECTIONS, story.told), "ann", day(5))
    assert [one.kind for one in happened][-3:] == [
        "OfferRecalled",
        "OfferLockLapsed",
        "OfferRevoked",
    ]
    story.offer_elapsed("a-1", day(5))
    assert [one.state for one in shown(story, 5).offers] == ["REVOKED"]
    assert agenda.due(fold(PROJECTIONS, story.told), day(99), PROGRAMS) == []


def test_an_offer_that_is_deserved_again_stays() -> None:
    story = Story()
    story.issued("ann", "a-1", day(0), day(90))
    story.locked("a-1", day(1), 3)
    story.recalled("a-1", day(2))
    story.deserved("a-1", day(2))

    assert [one.state for one in shown(story, 5).offers] == ["ISSUED"]
    happened = timeline.timeline(fold(PROJECTIONS, story.told), "ann", day(5))
    assert [one.kind for one in happened][-2:] == ["OfferRecallWithdrawn", "OfferLockLapsed"]
    story.offer_elapsed("a-1", day(5))
    assert [one.state for one in shown(story, 5).offers] == ["ISSUED"]
