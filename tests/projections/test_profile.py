"""What a customer is shown to have."""

from datetime import datetime

from hypothesis import given, settings

from loyalty_ledger.domain.expiry import elapse
from loyalty_projections import profile, profile_standing
from loyalty_projections.profile import AccountView, Expiring, Identifier, Profile
from loyalty_projections.projection import fold
from projections.steps import CUSTOMERS, Step, steps, told
from projections.story import ACCOUNTS, NEW_YEAR, PROGRAM, PROGRAMS, Story, day

ALL = (profile.PROJECTION,)


def shown(story: Story, customer: str, now: datetime) -> Profile:
    return profile.profile(fold(ALL, story.told), customer, now, PROGRAM, PROGRAMS)


def account(story: Story, name: str, now: datetime, customer: str = "ann") -> AccountView:
    return next(a for a in shown(story, customer, now).accounts if a.account == name)


def test_a_new_customer_has_every_account_empty_and_every_first_level() -> None:
    story = Story()
    story.enrolled("ann")
    view = shown(story, "ann", day(1))
    assert [a.account for a in view.accounts] == list(ACCOUNTS)
    assert {(a.available, a.debt, a.lifetime, a.expiries) for a in view.accounts} == {(0, 0, 0, ())}
    assert [(t.system, t.level, t.since) for t in view.tiers] == [("club", "bronze", NEW_YEAR)]


def test_awards_add_up_and_the_whole_schedule_of_expiries_is_shown() -> None:
    story = Story()
    story.awarded("ann", "points", 30, day(0))
    story.awarded("ann", "points", 20, day(5))
    story.awarded("ann", "points", 10, day(5))
    story.spent("ann", "points", 5, day(6))
    view = account(story, "points", day(7))
    assert (view.available, view.lifetime) == (55, 60)
    assert view.expiries == (Expiring(at=day(30), points=25), Expiring(at=day(35), points=30))


def test_a_lot_is_gone_at_the_instant_it_expires_recorded_or_not() -> None:
    story = Story()
    story.awarded("ann", "points", 30, day(0))
    before = account(story, "points", day(29.99))
    due = shown(story, "ann", day(30))
    assert before.available == 30
    assert next(a for a in due.accounts if a.account == "points").available == 0
    story.time_kept("ann", day(30))
    assert shown(story, "ann", day(30)) == due


def test_a_lot_that_has_rolled_over_is_shown_in_its_new_account_and_is_no_award() -> None:
    story = Story()
    story.awarded("ann", "escrow", 30, day(0))
    view = account(story, "points", day(8))
    assert (view.available, view.lifetime) == (30, 0)
    assert view.expiries == (Expiring(at=day(37), points=30),)
    assert account(story, "escrow", day(8)).lifetime == 30


def test_points_lost_to_inactivity_are_shown_step_by_step() -> None:
    story = Story()
    story.awarded("ann", "stars", 10, day(0))
    schedule = account(story, "stars", day(1)).expiries
    assert [e.points for e in schedule] == [5, 2, 1, 1]
    assert account(story, "stars", schedule[1].at).available == 3


def test_a_claw_back_beyond_the_balance_is_a_debt_that_the_next_award_repays() -> None:
    story = Story()
    story.awarded("ann", "points", 10, day(0))
    story.spent("ann", "points", 10, day(1))
    story.clawed_back("ann", "points", 10, day(2), day(0))
    view = account(story, "points", day(3))
    assert (view.available, view.debt, view.lifetime) == (-10, 10, 0)
    story.awarded("ann", "points", 25, day(4))
    view = account(story, "points", day(5))
    assert (view.available, view.debt, view.lifetime) == (15, 0, 25)


def test_the_level_held_is_shown_with_its_next_evaluation() -> None:
    story = Story()
    story.entered_silver("ann", day(10), day(41))
    story.kept_silver("ann", day(41), day(69))
    (tier,) = shown(story, "ann", day(50)).tiers
    assert (tier.level, tier.since, tier.until) == ("silver", day(10), day(69))
    story.left_silver("ann", day(69))
    (tier,) = shown(story, "ann", day(70)).tiers
    assert (tier.level, tier.since, tier.until) == ("bronze", day(69), None)


def test_an_offer_ends_at_the_instant_it_expires() -> None:
    story = Story()
    story.issued("ann", "o-1", day(0), day(5))
    story.issued("ann", "o-2", day(0), None)
    assert [o.state for o in shown(story, "ann", day(4.9)).offers] == ["ISSUED", "ISSUED"]
    assert [o.state for o in shown(story, "ann", day(5)).offers] == ["EXPIRED", "ISSUED"]


def states(story: Story, now: datetime) -> list[str]:
    return [one.state for one in shown(story, "ann", now).offers]


def test_a_locked_offer_shows_who_holds_it_and_is_free_at_its_timeout() -> None:
    story = Story()
    story.issued("ann", "o-1", day(0), None)
    story.locked("o-1", day(1), 2, "s/7")
    (held,) = shown(story, "ann", day(2.9)).offers
    assert (held.state, held.locked_by, held.locked_until) == ("LOCKED", "s/7", day(3))
    due = shown(story, "ann", day(3))
    (free,) = due.offers
    assert (free.state, free.locked_by, free.locked_until) == ("ISSUED", None, None)
    story.offer_elapsed("o-1", day(3))
    assert shown(story, "ann", day(3)) == due


def test_a_live_lock_outlasts_the_end_of_the_offer_and_a_lapsed_one_does_not() -> None:
    story = Story()
    story.issued("ann", "o-1", day(0), day(2))
    story.locked("o-1", day(1), 2)
    assert (states(story, day(2.9)), states(story, day(3))) == (["LOCKED"], ["EXPIRED"])
    due = shown(story, "ann", day(3))
    story.offer_elapsed("o-1", day(3))
    assert shown(story, "ann", day(3)) == due


def test_used_reinstated_and_revoked_offers_are_shown_as_that() -> None:
    story = Story()
    story.issued("ann", "o-1", day(0), day(9))
    story.redeemed("o-1", day(1))
    assert states(story, day(20)) == ["REDEEMED"]
    story.reinstated("o-1", day(2))
    assert states(story, day(3)) == ["ISSUED"]
    story.locked("o-1", day(3), 1)
    story.unlocked("o-1", day(3))
    assert states(story, day(3)) == ["ISSUED"]
    story.revoked("o-1", day(4))
    assert states(story, day(20)) == ["REVOKED"]
    assert [(o.locked_by, o.locked_until) for o in shown(story, "ann", day(4)).offers] == [
        (None, None)
    ]


def test_plain_identifiers_come_from_outside() -> None:
    named = Identifier(kind="external", value="A-1")
    view = profile.profile(fold(ALL, []), "ann", day(0), PROGRAM, PROGRAMS, identifiers=[named])
    assert view.model_dump(mode="json")["identifiers"] == [
        {"kind": "external", "type": "", "value": "A-1"}
    ]


def test_consent_and_tags_are_kept() -> None:
    story = Story()
    story.enrolled("ann")
    rows = fold(ALL, story.told)
    tags = (("vip", None), ('a "b"\\', None))
    assert profile_standing.facts(rows, "ann") == (NEW_YEAR, True, tags, False, False, NEW_YEAR)
    assert profile_standing.facts(rows, "nobody") == profile_standing.Facts()
    assert profile.customer_ids(rows) == ["ann"]


@given(steps)
@settings(max_examples=100, deadline=None)
def test_balances_are_the_wallets_and_the_same_before_and_after_time_was_kept(
    chosen: list[Step],
) -> None:
    story = told(chosen)
    now = max(one.event.at for one in story.told) + (day(20) - day(0))
    before = profile.profiles(fold(ALL, story.told), CUSTOMERS, now, PROGRAM, PROGRAMS)
    for view in before:
        wallet = story.wallets.get(view.customer_id)
        if wallet is not None:
            holdings = elapse(view.customer_id, wallet.holdings, now, PROGRAMS)[1]
            for one in view.accounts:
                assert one.available == holdings.account(one.account).available
                assert one.debt == holdings.account(one.account).debt
        story.time_kept(view.customer_id, now)
    assert profile.profiles(fold(ALL, story.told), CUSTOMERS, now, PROGRAM, PROGRAMS) == before
