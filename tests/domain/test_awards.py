"""How many points: rates, levels, floors, exclusive groups, split bills."""

from decimal import Decimal
from typing import Any

import pytest

from loyalty_ledger.domain.events.points import PointsAwarded
from loyalty_ledger.domain.events.settlement import PurchaseCounted
from specification import Shop, awards, every, line, paid, program, rule

LEVELS: list[dict[str, Any]] = [
    {"id": "bronze", "name": "B"},
    {"id": "silver", "name": "S", "entrance": {"transactions": {"count": 1}}},
]
CLUB = {"id": "club", "name": "Club", "levels": LEVELS}
CREW = {"id": "crew", "name": "Crew", "levels": LEVELS}


def given(award: dict[str, Any], *sold: Any, **sale: Any) -> int:
    shop = Shop(program(rules=[{"id": "r", "award": award}]))
    shop.sells(*sold, **sale)
    return shop.points()


# --- rates --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("points", "per", "money", "floored"),
    [
        (1, "1.00", "0.99", 0),
        (1, "1.00", "1.00", 1),
        (1, "1.00", "1.99", 1),
        ("1.5", "1.00", "1.99", 2),
        (10, "3.00", "1.00", 3),
        ("0.1", "0.01", "0.29", 2),
        (1, "0.30", "0.90", 3),
    ],
)
def test_points_by_amount_are_exact_and_rounded_down(
    points: Any, per: str, money: str, floored: int
) -> None:
    assert given(awards(points, per_amount=per), line("x", money)) == floored


def test_lines_are_added_before_the_floor() -> None:
    halves = [line("a", "0.50"), line("b", "0.50")]
    assert given(awards(1, per_amount="1.00"), *halves) == 1


def test_points_by_quantity_take_fractions() -> None:
    fuel = line("fuel", "60.00", quantity=Decimal("40.25"))
    assert given(awards(2, per_quantity="1"), fuel) == 80
    assert given(awards(1, per_quantity="0.5"), fuel) == 80
    assert given(awards(1, per_quantity="3"), fuel) == 13


def test_an_award_by_neither_is_once_per_sale() -> None:
    assert given(awards(7), line("a", "1.00"), line("b", "90.00")) == 7


def test_awards_of_one_rule_into_one_account_are_floored_once_whatever_their_sources() -> None:
    sources = [
        {"id": "shop", "name": "Shop", "accounts": ["points"]},
        {"id": "gifts", "name": "Gifts", "accounts": ["points"]},
    ]
    halves = [{"award": awards(1, per_amount="2.00")}, {"award": awards("0.5", source="gifts")}]
    shop = Shop(program(point_sources=sources, rules=[{"id": "r", "outcomes": halves}]))

    shop.sells(line("x", "3.00"))

    assert shop.points() == 2
    assert [(one.source, one.points) for one in every(PointsAwarded, shop.last)] == [
        ("shop", 1),
        ("gifts", 1),
    ]


# --- levels -------------------------------------------------------------------------------------


def test_the_rate_of_the_level_replaces_the_points_and_a_level_not_listed_uses_them() -> None:
    base = rule(award=awards(2, per_amount="1.00", by_level={"club": {"silver": "1.5"}}))
    shop = Shop(program(tier_systems=[CLUB], rules=[base]))
    shop.sells(line("x", "10.00"))
    assert shop.points() == 20
    shop.sells(line("x", "10.00"))
    assert shop.points() == 20 + 15


def test_the_sale_that_enters_a_level_still_earns_at_the_level_before() -> None:
    base = rule(award=awards(1, per_amount="1.00", by_level={"club": {"silver": 5}}))
    shop = Shop(program(tier_systems=[CLUB], rules=[base]))
    shop.sells(line("x", "10.00"))
    assert (shop.points(), shop.level()) == (10, "silver")


@pytest.mark.parametrize(
    ("by_level", "points"),
    [
        ({"club": {"silver": 3}, "crew": {"silver": 2}}, 30),
        ({"club": {"silver": 2}, "crew": {"silver": 3}}, 30),
        ({"club": {"silver": 2}, "crew": {"bronze": 9}}, 20),
        ({"club": {"bronze": 9}, "crew": {"bronze": 9}}, 40),
    ],
)
def test_with_several_systems_the_highest_matching_rate_counts(
    by_level: dict[str, Any], points: int
) -> None:
    base = rule(award=awards(4, per_amount="1.00", by_level=by_level))
    shop = Shop(program(tier_systems=[CLUB, CREW], rules=[base]))
    shop.sells(line("x", "1.00"))
    before = shop.points()
    shop.sells(line("x", "10.00"))
    assert shop.points() - before == points


# --- rules side by side -------------------------------------------------------------------------


def flat(id: str, points: int, **more: Any) -> dict[str, Any]:
    return {"id": id, "award": awards(points), **more}


def rules_given(shop: Shop) -> list[str]:
    return [grant.rule for grant in shop.settlement.grants]


def test_all_rules_apply_side_by_side() -> None:
    shop = Shop(program(rules=[flat("a", 1), flat("b", 2)]))
    shop.sells(line("x", "1.00"))
    assert shop.points() == 3


def test_of_an_exclusive_group_only_the_best_is_given_and_of_equals_the_first() -> None:
    group = {"exclusive_group": "g"}
    rules = [flat("a", 5, **group), flat("b", 9, **group), flat("c", 9, **group), flat("d", 1)]
    shop = Shop(program(rules=rules))
    shop.sells(line("x", "1.00"))
    assert rules_given(shop) == ["rule:b", "rule:d"]


def test_of_an_exclusive_group_the_best_that_no_limit_refuses_is_given_and_the_cut_is_told() -> (
    None
):
    group = {"exclusive_group": "g"}
    rules = [flat("a", 5, **group), flat("b", 9, limits={"total": 1}, **group)]
    shop = Shop(program(rules=rules))
    shop.sells(line("x", "1.00"))
    assert rules_given(shop) == ["rule:b"]
    shop.sells(line("x", "1.00"))
    assert rules_given(shop) == ["rule:a"]
    assert [(cut.rule, cut.limit, cut.points) for cut in shop.settlement.cuts] == [
        ("rule:b", "total", 9)
    ]


def test_campaigns_and_rules_may_share_a_group() -> None:
    campaign = {"id": "c", "outcomes": [{"award": awards(9)}], "exclusive_group": "g"}
    shop = Shop(program(rules=[flat("a", 5, exclusive_group="g")], campaigns=[campaign]))
    shop.sells(line("x", "1.00"))
    assert rules_given(shop) == ["campaign:c"]


# --- split bills --------------------------------------------------------------------------------

BOTH = [paid("ann", "7.00"), paid("ben", "3.00")]


def split(*rules: dict[str, Any], payments: Any = BOTH, money: str = "10.00") -> tuple[int, int]:
    shop = Shop(program(rules=list(rules)))
    shop.sells(line("x", money), payments=payments)
    return shop.points("ann"), shop.points("ben")


def test_points_by_amount_are_divided_by_share_before_they_are_floored() -> None:
    assert split(rule()) == (7, 3)
    assert split(rule(), money="9.99") == (6, 2)
    by_quantity = {"id": "q", "award": awards(15, per_quantity="1")}
    assert split(by_quantity) == (10, 4)


def test_flat_awards_go_once_to_who_paid_most_and_of_equals_to_who_was_named_first() -> None:
    assert split(flat("f", 9)) == (9, 0)
    assert split(flat("f", 9), payments=[paid("ben", "5.00"), paid("ann", "5.00")]) == (0, 9)


def test_hurdles_are_judged_on_the_whole_sale() -> None:
    assert split(rule(when={"minimum_spend": "10.00"})) == (7, 3)


def test_the_share_of_the_unnamed_and_of_points_earns_nothing() -> None:
    assert split(rule(), payments=[paid("ann", "5.00"), paid(None, "5.00")]) == (5, 0)
    tender = [paid("ann", "5.00"), paid("ann", "5.00", "POINTS")]
    assert split(rule(), payments=tender) == (5, 0)


def test_a_bill_paid_with_points_alone_earns_nothing_by_amount() -> None:
    assert split(rule(), payments=[paid("ann", "10.00", "POINTS")]) == (0, 0)


def test_a_bill_of_zero_payments_is_shared_equally_and_divides_by_nothing() -> None:
    assert split(rule(), payments=[paid("ann", "0.00"), paid("ben", "0.00")]) == (5, 5)
    assert split(rule(), payments=[paid("ann", "0.00")], money="0.00") == (0, 0)


def test_who_takes_money_back_has_no_share() -> None:
    assert split(rule(), payments=[paid("ann", "10.00"), paid("ben", "-4.00")]) == (10, 0)


def test_a_split_sale_counts_once_and_each_has_spent_his_share() -> None:
    shop = Shop(program())
    shop.sells(line("x", "9.99"), payments=BOTH)
    counted = every(PurchaseCounted, shop.last)
    assert [(one.customer_id, one.times, one.spend, one.total) for one in counted] == [
        ("ann", 1, 699, 999),
        ("ben", 0, 299, 999),
    ]


def test_a_sale_of_nobody_is_settled_and_gives_nothing() -> None:
    shop = Shop(program(rules=[rule()]))
    shop.sells(line("x", "9.99"), to=None)
    assert (len(shop.last), shop.settlement.total, shop.settlement.customers) == (1, 999, [])
