"""Levels: how one enters, what that gives, how one stays and how one falls."""

from typing import Any

import pytest

from loyalty_ledger.domain.events.offers import OfferIssued
from loyalty_ledger.domain.events.settlement import PurchaseCounted
from loyalty_ledger.domain.events.tiers import TierEntered, TierKept, TierLeft
from loyalty_ledger.domain.program.document import Program
from specification import Shop, at, awards, every, line, only, program, rule

CREDITS = rule(id="credits", award=awards(1, "credits", per_amount="1.00"))
MUG = {"id": "mug", "title": "Mug", "discount": {"kind": "manual"}}


def credits(amount: int, **more: Any) -> dict[str, Any]:
    return {"points_earned": {"account": "credits", "amount": amount, **more}}


def level(id: str, entrance: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": id, "name": id, "entrance": entrance, **more}


def club(*levels: dict[str, Any], **more: Any) -> Shop:
    system = {"id": "club", "name": "Club", "levels": [{"id": "base", "name": "B"}, *levels]}
    return Shop(program(tier_systems=[system], rules=[CREDITS], offers=[MUG], **more))


def spends(shop: Shop, dollars: str, day: str = "2026-03-02") -> str:
    shop.sells(line("x", dollars), when=at(f"{day} 12:00"))
    return shop.level()


# --- entering -----------------------------------------------------------------------------------


def test_everybody_starts_in_the_first_level() -> None:
    assert club(level("gold", credits(1))).level() == "base"


def test_the_level_is_entered_at_exactly_the_threshold() -> None:
    shop = club(level("gold", credits(100)))
    assert spends(shop, "99.99") == "base"
    assert spends(shop, "1.00") == "gold"


@pytest.mark.parametrize(
    ("entrance", "enters_at"),
    [
        ({"transactions": {"count": 3}}, 3),
        ({"transactions": {"count": 2, "minimum_total": "20.00"}}, 3),
        ({"spend": {"amount": "30.00"}}, 2),
        ({"all": [credits(30), {"transactions": {"count": 3}}]}, 3),
        ({"any": [credits(999), {"transactions": {"count": 2}}]}, 2),
        ({"any": [{"all": [credits(10), {"spend": {"amount": "10.00"}}]}, credits(999)]}, 1),
        ({"all": [{"any": [credits(999), credits(40)]}, {"transactions": {"count": 1}}]}, 3),
    ],
)
def test_an_entrance_is_a_tree_of_all_and_any(entrance: dict[str, Any], enters_at: int) -> None:
    shop = club(level("gold", entrance))
    levels = [spends(shop, dollars) for dollars in ("10.00", "20.00", "20.00")]
    assert levels.index("gold") + 1 == enters_at


@pytest.mark.parametrize(("second", "level_then"), [("2026-03-08", "gold"), ("2026-03-09", "base")])
def test_what_is_a_whole_period_old_no_longer_counts(second: str, level_then: str) -> None:
    shop = club(level("gold", credits(20, within="P7D")))
    spends(shop, "10.00", "2026-03-02")
    assert spends(shop, "10.00", second) == level_then


def test_spending_points_is_not_counted_as_losing_credit() -> None:
    shop = club(level("gold", {"points_earned": {"account": "points", "amount": 1}}))
    assert spends(shop, "5.00") == "base"


def test_a_big_sale_passes_several_levels_each_with_its_entry_outcomes() -> None:
    gift = [{"award": awards(10)}]
    shop = club(
        level("silver", credits(10), on_entry=gift),
        level("gold", credits(20), on_entry=[*gift, {"issue": "mug"}]),
        level("ruby", credits(999), on_entry=gift),
    )
    spends(shop, "50.00")
    assert [(one.left, one.level) for one in every(TierEntered, shop.last)] == [
        ("base", "silver"),
        ("silver", "gold"),
    ]
    assert shop.points() == 20
    assert only(OfferIssued, shop.last).rule == "tier:club/gold"


def test_levels_are_entered_one_by_one_each_entrance_having_to_hold() -> None:
    shop = club(level("silver", credits(999)), level("gold", credits(1)))
    assert spends(shop, "50.00") == "base"


def test_entry_outcomes_may_themselves_lift_a_customer_to_the_next_level() -> None:
    bonus = [{"award": awards(90, "credits")}]
    shop = club(level("silver", credits(10), on_entry=bonus), level("gold", credits(100)))
    assert spends(shop, "10.00") == "gold"


def test_two_offers_on_entry_are_two_offers() -> None:
    twice = [{"issue": "mug"}, {"issue": "mug"}]
    shop = club(level("silver", credits(10), on_entry=twice))
    spends(shop, "10.00")
    ids = {one.offer_id for one in every(OfferIssued, shop.last)}
    assert len(ids) == 2
    assert [grant.offers for grant in shop.settlement.grants if grant.offers] != []


def test_an_entry_outcome_that_a_limit_refuses_does_not_keep_the_others_back() -> None:
    scarce = MUG | {"id": "cup", "issuance": {"total": 1}}
    system = {
        "id": "club",
        "name": "Club",
        "levels": [
            {"id": "base", "name": "B"},
            level("silver", credits(10), on_entry=[{"issue": "cup"}, {"award": awards(5)}]),
        ],
    }
    shop = Shop(program(tier_systems=[system], rules=[CREDITS], offers=[scarce]))
    shop.sells(line("x", "10.00"), to="ann")
    shop.sells(line("x", "10.00"), to="ben")
    assert (shop.points("ben"), shop.limits_hit) == (5, ["offer:cup:total"])


def test_the_event_says_what_the_entrance_was_judged_by() -> None:
    shop = club(
        level("gold", {"any": [credits(10, within="P12M"), {"transactions": {"count": 9}}]})
    )
    spends(shop, "15.00")
    entered = only(TierEntered, shop.last)
    assert entered.measured == [
        {
            "kind": "points_earned",
            "present": 15,
            "target": 10,
            "account": "credits",
            "within": "P12M",
        },
        {"kind": "transactions", "present": 1, "target": 9},
    ]
    assert entered.at == entered.entered_at == at("2026-03-02 12:00")


# --- a sale that arrives late -------------------------------------------------------------------


def test_a_late_sale_counts_where_it_belongs_but_does_not_turn_the_clock_back() -> None:
    shop = club(level("gold", credits(20, within="P7D")))
    spends(shop, "10.00", "2026-03-20")
    assert spends(shop, "15.00", "2026-03-02") == "base"

    assert spends(shop, "10.00", "2026-03-19") == "gold"

    entered = only(TierEntered, shop.last)
    assert entered.at == at("2026-03-20 12:00")
    assert entered.entered_at == at("2026-03-19 12:00")


def test_a_late_sale_does_not_reach_back_behind_the_day_the_level_was_lost() -> None:
    entrance = {"transactions": {"count": 1, "within": "P1D"}}
    upkeep = {"every": "P5D", "requires": entrance}
    shop = club(level("gold", entrance, maintenance=upkeep))
    assert spends(shop, "1.00", "2026-03-02") == "gold"
    shop.keeps_time(at("2026-03-07 12:00"))
    assert spends(shop, "1.00", "2026-03-03") == "base"
    assert spends(shop, "1.00", "2026-03-07") == "gold"


# --- maintenance --------------------------------------------------------------------------------


def kept(amount: int, every: str = "P1M") -> dict[str, Any]:
    return {"every": every, "requires": credits(amount, within=every)}


def two_levels() -> Shop:
    once = [{"award": awards(100)}]
    return club(
        level("silver", credits(10), maintenance=kept(10), on_entry=once),
        level("gold", credits(50), maintenance=kept(30), on_entry=once),
    )


def test_maintenance_is_evaluated_when_it_is_due_and_again_after_that() -> None:
    shop = club(level("silver", credits(10), maintenance=kept(10, "P10D")))
    spends(shop, "10.00", "2026-03-02")
    assert only(TierEntered, shop.last).until == at("2026-03-12 12:00")
    spends(shop, "10.00", "2026-03-07")

    assert shop.keeps_time(at("2026-03-12 11:59")) == []
    shop.keeps_time(at("2026-03-12 12:00"))

    judged = only(TierKept, shop.last)
    assert (judged.at, judged.until) == (at("2026-03-12 12:00"), at("2026-03-22 12:00"))
    assert judged.measured[0]["present"] == 10
    shop.keeps_time(at("2026-05-01 12:00"))
    assert only(TierLeft, shop.last).at == at("2026-03-22 12:00")
    assert shop.level() == "base"


def test_who_fails_falls_one_level_and_is_judged_there_anew() -> None:
    shop = two_levels()
    spends(shop, "60.00", "2026-03-02")
    assert shop.level() == "gold"

    shop.keeps_time(at("2026-04-02 12:00"))
    assert [(one.level, one.entered) for one in every(TierLeft, shop.last)] == [("gold", "silver")]
    assert only(TierLeft, shop.last).until == at("2026-05-02 12:00")
    shop.keeps_time(at("2026-05-02 12:00"))

    assert (shop.level(), only(TierLeft, shop.last).until) == ("base", None)
    assert shop.keeps_time(at("2027-01-01 12:00")) == []


def test_the_level_left_is_not_entered_again_in_that_evaluation_and_gives_nothing_below() -> None:
    shop = two_levels()
    spends(shop, "60.00", "2026-03-02")
    shop.keeps_time(at("2026-04-02 12:00"))
    assert every(TierEntered, shop.last) == []
    assert shop.points() == 200


def test_entry_outcomes_are_given_once_per_level_and_customer() -> None:
    shop = two_levels()
    spends(shop, "60.00", "2026-03-02")
    shop.keeps_time(at("2026-04-02 12:00"))

    assert spends(shop, "1.00", "2026-04-03") == "gold"

    assert only(TierEntered, shop.last).first_time is False
    assert shop.points() == 200


def test_what_is_due_before_a_sale_is_recorded_before_it_and_its_level_counts() -> None:
    base = rule(award=awards(1, per_amount="1.00", by_level={"club": {"silver": 10}}))
    system = {
        "id": "club",
        "name": "C",
        "levels": [
            {"id": "base", "name": "B"},
            level("silver", credits(10, within="P1M"), maintenance=kept(10)),
        ],
    }
    shop = Shop(program(tier_systems=[system], rules=[CREDITS, base]))
    spends(shop, "10.00", "2026-03-02")
    spends(shop, "2.00", "2026-04-02")

    kinds = [type(one) for one in shop.last]
    assert kinds.index(TierLeft) < kinds.index(PurchaseCounted)
    assert shop.settlement.customers[0].levels == {"club": "base"}
    assert shop.lifetime() == 12


def gold_and_upkeep(amount: int, every: str) -> Program:
    return club(level("gold", credits(10), maintenance=kept(amount, every))).programs[1]


@pytest.mark.parametrize(
    "later", [gold_and_upkeep(999, "P2D"), club(level("ruby", credits(999))).programs[1]]
)
def test_a_level_is_kept_by_the_program_it_is_held_under_whatever_was_published_since(
    later: Program,
) -> None:
    shop = Shop(gold_and_upkeep(10, "P10D"), later)
    shop.sells(line("x", "10.00"), when=at("2026-03-02 12:00"), program_version=1)
    shop.sells(line("x", "10.00"), when=at("2026-03-07 12:00"), program_version=2)

    shop.keeps_time(at("2026-03-12 12:00"))

    judged = only(TierKept, shop.last)
    assert (judged.level, judged.program_version) == ("gold", 1)
    assert judged.until == at("2026-03-22 12:00")


def test_a_level_entered_under_a_new_program_is_kept_by_it() -> None:
    shop = Shop(gold_and_upkeep(10, "P10D"), gold_and_upkeep(999, "P20D"))
    spends(shop, "10.00", "2026-03-02")
    assert shop.keeps_time(at("2026-03-12 12:00")) == []
    shop.keeps_time(at("2026-03-22 12:00"))
    assert only(TierLeft, shop.last).program_version == 2


def test_time_kept_in_one_go_or_day_by_day_comes_to_the_same() -> None:
    def record(steps: list[str]) -> list[Any]:
        shop = two_levels()
        spends(shop, "60.00", "2026-03-02")
        spends(shop, "12.00", "2026-04-20")
        found: list[Any] = []
        for day in steps:
            found += shop.keeps_time(at(f"{day} 23:00"))
        return found

    in_one = record(["2026-08-30"])
    assert in_one
    assert (
        record([f"2026-0{month}-{day:02}" for month in (4, 5, 6, 7, 8) for day in (1, 2, 20, 30)])
        == in_one
    )


def test_several_systems_move_side_by_side() -> None:
    systems = [
        {"id": one, "name": one, "levels": [{"id": "base", "name": "B"}, level("up", tree)]}
        for one, tree in (("a", credits(10)), ("b", {"transactions": {"count": 2}}))
    ]
    shop = Shop(program(tier_systems=systems, rules=[CREDITS]))
    shop.sells(line("x", "10.00"))
    assert (shop.level(system="a"), shop.level(system="b")) == ("up", "base")
    shop.sells(line("x", "1.00"))
    assert shop.level(system="b") == "up"
