"""Levels after a return: gone through again on what remains."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from loyalty_ledger.domain.events.points import PointsAwarded, PointsClawedBack
from loyalty_ledger.domain.events.tiers import (
    TierEntered,
    TierEntryUndone,
    TierKept,
    TierLeft,
    TierSinceMoved,
)
from offer_examples import treat
from return_examples import (
    CREDITS,
    accounts,
    debt,
    differences,
    later,
    level,
    plain,
    sends,
    settled,
    spent,
    standing,
    system,
    tendered,
    voids,
)
from specification import Shop, at, awards, every, line, only, paid, rule

DAYS = 24
TEN = line("ten", "10.00")
GIFT = {"award": awards(7)}


def credits(amount: int, **more: Any) -> dict[str, Any]:
    return {"points_earned": {"account": "credits", "amount": amount, **more}}


def club(*levels: dict[str, Any], **more: Any) -> Shop:
    return plain(CREDITS, **system(*levels), **more)


def gold(amount: int = 20, *gifts: dict[str, Any], **more: Any) -> Shop:
    return club(level("gold", credits(amount, **more), *gifts))


def noon(day: int) -> datetime:
    """Noon of that day of March, and on into April."""
    return at(f"{date(2026, 3, 1) + timedelta(days=day - 1)} 12:00")


def buys(shop: Shop, dollars: str, day: int) -> None:
    """A sale on that day."""
    shop.sells(line("x", dollars), number=f"day {day}", when=noon(day))


def comes_back(shop: Shop, day: int, of: int, dollars: str = "") -> list[Any]:
    """On that day the sale `of` that one comes back, all but this much."""
    kept = [line("x", dollars)] if dollars else []
    return shop.sells(*kept, number=f"day {of}", when=noon(of), at=noon(day))


# --- staying ------------------------------------------------------------------------------------


def test_a_level_that_still_holds_since_it_was_entered_is_left_alone() -> None:
    shop = gold()
    buys(shop, "20.00", 2)
    buys(shop, "9.00", 3)
    comes_back(shop, 4, of=3)
    assert (shop.level(), every(TierSinceMoved, shop.last)) == ("gold", [])


def test_a_level_that_held_only_later_is_kept_from_that_moment_on() -> None:
    shop = gold()
    buys(shop, "12.00", 2)
    buys(shop, "8.00", 3)
    buys(shop, "15.00", 5)
    comes_back(shop, 6, of=3)
    moved = only(TierSinceMoved, shop.last)
    assert (moved.level, moved.since) == ("gold", at("2026-03-05 12:00"))
    assert (shop.level(), every(TierLeft, shop.last)) == ("gold", [])
    assert every(PointsClawedBack, shop.last)[0].rule == "rule:credits"


def test_exactly_the_amount_is_enough_to_stay() -> None:
    shop = gold()
    buys(shop, "25.00", 2)
    comes_back(shop, 3, of=2, dollars="20.00")
    assert shop.level() == "gold"
    comes_back(shop, 4, of=2, dollars="19.99")
    assert shop.level() == "base"


def test_spending_points_loses_no_level() -> None:
    shop = plain(
        rule(), **system(level("gold", {"points_earned": {"account": "points", "amount": 10}}))
    )
    buys(shop, "10.00", 2)
    shop.sells(line("z", "9.00"), when=noon(3), payments=[tendered("ann", "9.00")])
    assert (shop.points(), shop.level()) == (1, "gold")


# --- leaving ------------------------------------------------------------------------------------


def test_a_level_nothing_is_left_of_is_left_for_the_return() -> None:
    shop = gold()
    sends(shop, line("x", "20.00"))
    voids(shop)
    left = only(TierLeft, shop.last)
    assert (left.level, left.entered, left.why, left.cause) == (
        "gold",
        "base",
        "returned",
        "sale/s1/7@3",
    )
    assert (left.at, left.since, shop.level()) == (later(1), None, "base")


def test_several_levels_are_left_one_by_one() -> None:
    shop = club(
        level("silver", credits(10)), level("gold", credits(20)), level("black", credits(30))
    )
    sends(shop, line("x", "30.00"))
    sends(shop, line("x", "15.00"), hours=1)
    left = every(TierLeft, shop.last)
    assert [(one.level, one.entered) for one in left] == [("black", "gold"), ("gold", "silver")]
    assert shop.level() == "silver"


@pytest.mark.parametrize(
    "entrance",
    [
        {"spend": {"amount": "20.00"}},
        {"transactions": {"count": 2}},
        {"transactions": {"count": 2, "minimum_total": "10.00"}},
        {"all": [credits(20), {"transactions": {"count": 2}}]},
        {"any": [credits(20), {"transactions": {"count": 9}}]},
    ],
)
def test_every_kind_of_entrance_is_judged_on_what_remains(entrance: dict[str, Any]) -> None:
    shop = club(level("gold", entrance))
    buys(shop, "10.00", 2)
    buys(shop, "10.00", 3)
    assert shop.level() == "gold"
    comes_back(shop, 4, of=2)
    assert shop.level() == "base"
    comes_back(shop, 5, of=2, dollars="10.00")
    assert shop.level() == "gold"


def test_a_part_that_comes_back_below_the_minimum_counts_no_more() -> None:
    shop = club(level("gold", {"transactions": {"count": 1, "minimum_total": "10.00"}}))
    buys(shop, "10.00", 2)
    comes_back(shop, 3, of=2, dollars="9.99")
    assert shop.level() == "base"


def test_of_a_split_bill_only_the_payer_who_lost_credit_is_judged_again() -> None:
    shop = club(level("gold", spent("10.00")))
    both = [paid("ann", "10.00"), paid("ben", "10.00")]
    sends(shop, line("x", "20.00"), payments=both)
    sends(shop, TEN, hours=1, payments=[paid("ann", "10.00"), paid("ben", "0.00")])
    assert (shop.level("ann"), shop.level("ben")) == ("gold", "base")


def test_a_level_that_was_lost_can_be_reached_again_as_if_it_had_never_been() -> None:
    shop = gold(20, GIFT)
    sends(shop, line("x", "20.00"))
    voids(shop)
    sends(shop, line("x", "20.00"), number="8", hours=2)
    entered = only(TierEntered, shop.last)
    assert (entered.first_time, shop.points()) == (True, 7)


def test_other_sales_that_were_judged_at_the_lost_level_keep_what_they_gave() -> None:
    faster = rule(award=awards(1, per_amount="1.00", by_level={"club": {"gold": "2"}}))
    shop = plain(CREDITS, faster, **system(level("gold", credits(20))))
    sends(shop, line("x", "20.00"))
    shop.sells(TEN, number="8", when=later(1))
    voids(shop, hours=2)
    assert (shop.level(), shop.points()) == ("base", 20)


# --- what entering had given --------------------------------------------------------------------


def test_what_entering_had_given_is_taken_back_with_the_level() -> None:
    issue = {"issue": "treat"}
    shop = club(level("gold", credits(20), GIFT, issue), offers=[treat()])
    sends(shop, line("x", "20.00"))
    assert shop.points() == 7
    voids(shop)
    assert standing(shop) == {"points": {}, "lifetime": {}, "level": "base"}
    names = [type(one).__name__ for one in shop.last]
    assert names.count("TierEntryUndone") == names.count("OfferRevoked") == 1


def test_the_settlement_tells_what_entering_had_given_among_what_it_took_back() -> None:
    shop = gold(20, GIFT)
    sends(shop, line("x", "20.00"))
    entry = [differences(settled(shop.last))["tier:club/gold"]]
    sends(shop, line("x", "19.00"), hours=1)
    entry.append(differences(settled(shop.last))["tier:club/gold"])
    sends(shop, line("x", "18.00"), hours=2)
    assert "tier:club/gold" not in differences(settled(shop.last))
    assert entry == [{"points": 7}, {"points": -7}]


def test_what_entering_had_given_stays_with_a_level_that_still_holds() -> None:
    shop = gold(20, GIFT)
    buys(shop, "20.00", 2)
    buys(shop, "20.00", 3)
    comes_back(shop, 4, of=2)
    assert (shop.level(), shop.points()) == ("gold", 7)


def test_what_entering_had_given_is_owed_when_it_was_spent() -> None:
    shop = gold(20, GIFT)
    sends(shop, line("x", "20.00"))
    shop.sells(line("z", "7.00"), when=later(1), payments=[tendered("ann", "7.00")])
    voids(shop, hours=2)
    assert debt(shop) == 7


def test_a_gift_that_had_lifted_to_the_next_level_takes_that_with_it() -> None:
    lifts = {"award": awards(10, "credits")}
    shop = club(level("silver", credits(20), lifts), level("gold", credits(30), GIFT))
    sends(shop, line("x", "20.00"))
    assert (shop.level(), shop.points()) == ("gold", 7)
    sends(shop, line("x", "19.00"), hours=1)
    assert standing(shop) == {
        "points": {"credits": 19},
        "lifetime": {"credits": 19},
        "level": "base",
    }
    assert [one.level for one in every(TierEntryUndone, shop.last)] == ["gold", "silver"]


def test_entry_outcomes_are_given_once_however_often_the_sale_goes_and_comes() -> None:
    shop = gold(20, GIFT)
    for hours in range(0, 8, 2):
        sends(shop, line("x", "20.00"), hours=hours)
        assert (shop.points(), shop.lifetime()) == (7, 7)
        voids(shop, hours=hours + 1)
        assert (shop.points(), shop.lifetime()) == (0, 0)


def test_what_entering_gave_and_was_written_off_is_made_up_when_the_sale_enters_again() -> None:
    shop = club(level("gold", credits(20), GIFT), **accounts(allow_negative=False))
    for hours in range(0, 9, 3):
        sends(shop, line("x", "20.00"), hours=hours)
        (gift,) = [e for e in every(PointsAwarded, shop.last) if e.rule == "tier:club/gold"]
        assert (gift.points, gift.made_up) == (7, 7 if hours else 0)
        assert (shop.level(), shop.points()) == ("gold", 0 if hours else 7)
        if not hours:
            elsewhere = [tendered("ann", "7.00")]
            shop.sells(line("z", "7.00"), number="z", when=later(1), payments=elsewhere)
        voids(shop, hours=hours + 2)
        assert (shop.level(), shop.points(), shop.lifetime()) == ("base", 0, 0)


def test_a_level_reached_on_other_sales_in_the_same_version_gives_its_outcomes_once() -> None:
    shop = gold(20, GIFT)
    buys(shop, "19.00", 2)
    buys(shop, "1.00", 3)
    comes_back(shop, 4, of=3)
    assert (shop.level(), shop.points()) == ("base", 0)
    buys(shop, "1.00", 5)
    assert (shop.level(), shop.points(), shop.lifetime()) == ("gold", 7, 7)


def test_an_entry_is_undone_no_earlier_than_it_was_though_the_return_is_dated_before() -> None:
    shop = gold(20, GIFT)
    buys(shop, "19.00", 2)
    buys(shop, "1.00", 5)
    comes_back(shop, 4, of=2)
    undone, left = only(TierEntryUndone, shop.last), only(TierLeft, shop.last)
    clawed = [e for e in every(PointsClawedBack, shop.last) if e.rule == "tier:club/gold"]
    assert [e.at for e in (undone, left, *clawed)] == [noon(5)] * 3
    assert (shop.level(), shop.settlement.at) == ("base", noon(5))


def test_the_award_of_an_entry_earned_again_is_dated_when_it_was() -> None:
    shop = gold(20, GIFT)
    sends(shop, line("x", "20.00"))
    voids(shop)
    sends(shop, line("x", "20.00"), hours=2)
    gifts = [one for one in every(PointsAwarded, shop.last) if one.rule == "tier:club/gold"]
    assert [one.at for one in gifts] == [later(2)]


# --- maintenance --------------------------------------------------------------------------------


def yearly(amount: int = 20) -> Shop:
    """Gold is kept by as much again within each month."""
    kept = {"every": "P1M", "requires": credits(amount, within="P1M")}
    return club(level("gold", credits(20, within="P1M"), GIFT, maintenance=kept))


def test_a_level_kept_by_what_came_back_is_lost_at_the_evaluation_it_had_passed() -> None:
    shop = yearly()
    buys(shop, "20.00", 2)
    buys(shop, "20.00", 20)
    shop.keeps_time(at("2026-04-03 12:00"))
    assert (shop.level(), len(every(TierKept, shop.last))) == ("gold", 1)
    comes_back(shop, 35, of=20)
    left = only(TierLeft, shop.last)
    assert (left.level, left.why, shop.level()) == ("gold", "returned", "base")
    # It had been entered rightly: what it gave then stays.
    assert shop.points() == 7


def test_a_since_that_moves_takes_the_next_evaluation_with_it() -> None:
    shop = yearly()
    buys(shop, "20.00", 2)
    buys(shop, "20.00", 12)
    comes_back(shop, 13, of=2)
    moved = only(TierSinceMoved, shop.last)
    assert (moved.since, moved.until) == (at("2026-03-12 12:00"), at("2026-04-12 12:00"))
    shop.keeps_time(at("2026-04-11 12:00"))
    assert shop.level() == "gold"
    shop.keeps_time(at("2026-04-12 12:00"))
    assert shop.level() == "base"


def test_a_level_lost_to_time_is_not_won_back_by_a_return() -> None:
    shop = yearly()
    buys(shop, "20.00", 2)
    shop.keeps_time(at("2026-04-03 12:00"))
    assert shop.level() == "base"
    comes_back(shop, 35, of=2, dollars="10.00")
    assert (shop.level(), shop.points()) == ("base", 0)


def test_a_level_does_not_outlive_by_a_return_what_it_was_without() -> None:
    """Entered later on what remains, it would be judged later: it is lost when it was lost."""
    shop = yearly()
    buys(shop, "20.00", 2)
    buys(shop, "20.00", 12)
    shop.keeps_time(at("2026-05-03 12:00"))
    before = shop.level()
    comes_back(shop, 65, of=2)
    assert (before, shop.level()) == ("base", "base")


def test_a_return_leaves_the_level_as_if_the_sale_had_never_been() -> None:
    returned, never = yearly(), yearly()
    buys(returned, "30.00", 2)
    for shop in (returned, never):
        buys(shop, "20.00", 5)
    comes_back(returned, 6, of=2)
    for moment in (noon(35), noon(36), noon(37)):
        for shop in (returned, never):
            shop.keeps_time(moment)
        assert standing(returned) == standing(never)
    assert returned.level() == "base"


def test_no_level_stands_on_what_entering_it_had_given() -> None:
    shop = club(level("gold", credits(20), {"award": awards(50, "credits")}))
    sends(shop, line("x", "20.00"))
    voids(shop)
    assert standing(shop) == {"points": {}, "lifetime": {}, "level": "base"}


def two_systems() -> Shop:
    """A level of each gives what the other asks for, too."""
    lifts = {"award": awards(1, "credits")}
    spend_or_credit = {"any": [{"spend": {"amount": "10.00"}}, credits(1)]}
    club_ = system(level("gold", spend_or_credit, lifts))
    season = system(level("warm", credits(1), lifts))["tier_systems"][0] | {"id": "season"}
    return plain(tier_systems=[*club_["tier_systems"], season])


def test_no_two_levels_of_two_systems_stand_on_each_other_alone() -> None:
    shop = two_systems()
    sends(shop, TEN)
    assert (shop.level(), shop.level(system="season")) == ("gold", "warm")
    voids(shop)
    assert standing(shop) == {"points": {}, "lifetime": {}, "level": "base"}
    assert shop.level(system="season") == "base"


def test_two_levels_of_two_systems_stay_where_another_sale_leads_to_them() -> None:
    shop = two_systems()
    buys(shop, "10.00", 2)
    buys(shop, "10.00", 3)
    comes_back(shop, 4, of=2)
    assert (shop.level(), shop.level(system="season")) == ("gold", "warm")
    assert standing(shop)["points"] == {"points": 10, "credits": 2}
