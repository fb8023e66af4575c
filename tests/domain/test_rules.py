"""Which sales a rule or campaign takes: every condition of the program document."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from loyalty_ledger.domain.events.points import PointsAwarded
from loyalty_ledger.domain.events.sales import Line, SaleHeader
from loyalty_ledger.domain.rules import Item
from specification import MONDAY_NOON, Shop, at, awards, line, off, only, paid, program, rule

CATALOG = {
    "latte": Item(("DRINKS", "COFFEE", "HOT COFFEE"), "acme"),
    "juice": Item(("DRINKS", "COLD"), "bono"),
    "card": Item(("GIFT CARDS",), None),
}
LATTE, JUICE, CARD = line("latte", "5.00"), line("juice", "3.00"), line("card", "20.00")
UNKNOWN = line("mystery", "7.00")
EVERYTHING = [LATTE, JUICE, CARD, UNKNOWN]


def earned(conditions: dict[str, Any], /, *lines: Line, **sale: Any) -> int:
    """What a rule of a point for every dollar under these conditions gives for a sale."""
    shop = Shop(program(rules=[rule(when=conditions)]), items=CATALOG)
    shop.sells(*lines, **sale)
    return shop.points()


# --- items --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("items", "points"),
    [
        ({}, 35),
        ({"skus": ["latte"]}, 5),
        ({"categories": ["COFFEE"]}, 5),
        ({"categories": ["DRINKS"]}, 8),
        ({"categories": ["DRINK"]}, 0),
        ({"brands": ["bono"]}, 3),
        ({"skus": ["card"], "brands": ["bono"]}, 23),
        ({"exclude": {"categories": ["GIFT CARDS"]}}, 15),
        ({"categories": ["DRINKS"], "exclude": {"brands": ["acme"]}}, 3),
        ({"skus": ["latte"], "exclude": {"categories": ["HOT COFFEE"]}}, 0),
    ],
)
def test_lists_are_ored_at_any_depth_of_the_catalog_and_an_exclude_wins(
    items: dict[str, Any], points: int
) -> None:
    assert earned({"items": items}, *EVERYTHING) == points


def test_an_item_the_catalog_does_not_know_qualifies_wherever_no_category_or_brand_is_asked() -> (
    None
):
    assert earned({}, UNKNOWN) == 7
    assert earned({"items": {"exclude": {"categories": ["DRINKS"], "brands": ["acme"]}}}, UNKNOWN)
    assert earned({"items": {"skus": ["mystery"]}}, UNKNOWN) == 7
    assert earned({"items": {"brands": ["acme"]}}, UNKNOWN) == 0
    assert earned({"items": {"exclude": {"skus": ["mystery"]}}}, UNKNOWN) == 0


# --- hurdles ------------------------------------------------------------------------------------


def test_exactly_the_minimum_spend_is_enough_and_only_qualifying_lines_count() -> None:
    drinks = {"items": {"categories": ["DRINKS"]}}
    assert earned({**drinks, "minimum_spend": "8.00"}, *EVERYTHING) == 8
    assert earned({**drinks, "minimum_spend": "8.01"}, *EVERYTHING) == 0


def test_the_minimum_spend_is_judged_after_discounts_and_without_tax() -> None:
    when = {"minimum_spend": "10.00"}
    assert earned(when, line("x", "12.00"), discounts=[off("2.00")]) == 10
    assert earned(when, line("x", "12.00"), discounts=[off("2.01")]) == 0
    assert earned(when, line("x", "12.00", tax=201)) == 0


def test_exactly_the_quantity_is_enough_fractions_included() -> None:
    when = {"quantity": "2.5"}
    assert earned(when, line("x", "4.00", quantity=Decimal("2.5"))) == 4
    assert earned(when, line("x", "4.00", quantity=Decimal("2.49"))) == 0


def test_minimum_quantity_is_judged_on_what_was_kept() -> None:
    bought = line("x", "9.00", quantity=Decimal(3))
    back = line("x", "-3.00", line_id="back", quantity=Decimal(-1))
    assert earned({"quantity": 3}, bought, back) == 0
    assert earned({"quantity": 2}, bought, back) == 6


# --- the sale -----------------------------------------------------------------------------------


def test_channels_stores_and_payment_types_are_any_of_those_listed() -> None:
    app = {"header": SaleHeader(channel="APP")}
    assert earned({"channels": ["APP", "WEB"]}, LATTE, **app) == 5
    assert earned({"channels": ["WEB"]}, LATTE, **app) == 0
    assert earned({"channels": ["WEB"]}, LATTE) == 0
    assert earned({"stores": ["s1"]}, LATTE) == 5
    assert earned({"stores": ["s2"]}, LATTE) == 0
    mixed = {"payments": [paid("ann", "3.00", "CASH"), paid("ann", "2.00", "VISA")]}
    assert earned({"payment_types": ["VISA"]}, LATTE, **mixed) == 5
    assert earned({"payment_types": ["AMEX"]}, LATTE, **mixed) == 0


@pytest.mark.parametrize(
    ("sold", "points"),
    [("10:59:59", 0), ("11:00:00", 5), ("13:59:59.999999", 5), ("14:00:00", 0)],
)
def test_hours_include_their_first_instant_and_exclude_their_last(sold: str, points: int) -> None:
    when = {"hours": ["11:00", "14:00"]}
    assert earned(when, LATTE, when=at(f"2026-03-02 {sold}")) == points


def test_hours_until_midnight_take_in_the_last_instant_of_the_day() -> None:
    last = at("2026-03-02 23:59:59.999999")
    assert earned({"hours": ["20:00", "24:00"]}, LATTE, when=last) == 5


def test_days_and_hours_are_those_of_the_stores_clock() -> None:
    late_monday_in_new_york = at("2026-03-02 23:30")
    tokyo = {"time_zone": "Asia/Tokyo", "when": late_monday_in_new_york}
    assert earned({"days": ["mon"]}, LATTE, when=late_monday_in_new_york) == 5
    assert earned({"days": ["mon"]}, LATTE, **tokyo) == 0
    assert earned({"days": ["tue"], "hours": ["13:00", "14:00"]}, LATTE, **tokyo) == 5


# --- free items ---------------------------------------------------------------------------------


def test_lines_that_cost_nothing_qualify_only_where_the_rule_says_so() -> None:
    free = line("sample", "0.00")
    flat = {"id": "flat", "award": awards(9)}

    def given(when: dict[str, Any], *lines: Line, **sale: Any) -> int:
        shop = Shop(program(rules=[flat | {"when": when}]))
        shop.sells(*lines, **sale)
        return shop.points()

    assert given({}, free) == 0
    assert given({"include_free_items": True}, free) == 9
    gift = line("mug", "5.00")
    assert given({"include_free_items": True}, gift, discounts=[off("5.00")]) == 9
    returned = line("mug", "-5.00", line_id="back", quantity=Decimal(-1))
    assert given({"include_free_items": True}, gift, returned) == 0
    refunded = line("mug", "-5.00", line_id="back")
    assert given({"include_free_items": True}, gift, refunded) == 0


# --- whom it is for -----------------------------------------------------------------------------


LEVELS: list[dict[str, Any]] = [
    {"id": "bronze", "name": "Bronze"},
    {"id": "silver", "name": "Silver", "entrance": {"spend": {"amount": "10.00"}}},
]
CLUB = {"id": "club", "name": "Club", "levels": LEVELS}
OTHER = {"id": "other", "name": "Other", "levels": LEVELS}
NEVER = {"spend": {"amount": "9999.00"}}


def test_a_rule_for_a_level_counts_from_the_sale_after_the_one_that_entered_it() -> None:
    shop = Shop(program(tier_systems=[CLUB], rules=[rule(levels={"club": ["silver"]})]))
    shop.sells(line("x", "10.00"))
    assert (shop.points(), shop.level()) == (0, "silver")

    shop.sells(line("x", "4.00"))

    assert shop.points() == 4


def test_levels_of_several_systems_must_all_be_held() -> None:
    hard = {"id": "hard", "name": "H", "levels": [LEVELS[0], LEVELS[1] | {"entrance": NEVER}]}
    both = {"club": ["silver"], "hard": ["silver"]}
    shop = Shop(
        program(
            tier_systems=[CLUB, hard],
            rules=[rule(levels=both), rule(id="one", levels={"club": ["silver", "bronze"]})],
        )
    )
    shop.sells(line("x", "10.00"))
    shop.sells(line("x", "3.00"))

    assert shop.points() == 13


def test_a_campaign_may_ask_for_any_of_some_tags_and_for_consent() -> None:
    def campaign(**audience: Any) -> dict[str, Any]:
        outcomes = [{"award": awards(50)}]
        return {"id": "c", "audience": audience, "outcomes": outcomes}

    def points(audience: dict[str, Any], **customer: Any) -> int:
        shop = Shop(program(campaigns=[campaign(**audience)]))
        shop.enrols("ann", **customer)
        shop.sells(LATTE)
        return shop.points()

    assert points({"tags": ["vip", "staff"]}, tags=["staff", "local"]) == 50
    assert points({"tags": ["vip"]}, tags=["staff"]) == 0
    assert points({"opted_in": True}, opted_in=True) == 50
    assert points({"opted_in": True}, opted_in=False) == 0
    assert points({"opted_in": False}, opted_in=False) == 50


# --- when it runs -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sold", "points"),
    [
        ("2026-03-01 23:59:59.999999", 0),
        ("2026-03-02 00:00:00", 50),
        ("2026-03-08 23:59:59.999999", 50),
        ("2026-03-09 00:00:00", 0),
    ],
)
def test_a_campaign_runs_from_its_first_instant_to_before_its_last_by_the_programs_clock(
    sold: str, points: int
) -> None:
    period = {"starts": "2026-03-02", "ends": "2026-03-09T00:00:00"}
    shop = Shop(program(campaigns=[{"id": "c", "outcomes": [{"award": awards(50)}], **period}]))
    shop.sells(LATTE, when=at(sold), time_zone="Asia/Tokyo")
    assert shop.points() == points


# --- what the customer must have done -----------------------------------------------------------


def test_a_requirement_is_judged_after_the_awards_of_this_sale() -> None:
    credits = rule(id="credits", award=awards(1, "credits", per_amount="1.00"))
    enough = {"requires": {"points_earned": {"account": "credits", "amount": 10}}}
    bonus = {"id": "bonus", "when": enough, "award": awards(100)}
    shop = Shop(program(rules=[bonus, credits]))

    shop.sells(line("x", "9.99"))
    assert shop.points() == 0
    shop.sells(line("x", "1.00"))
    assert shop.points() == 100


@pytest.mark.parametrize(
    ("requires", "at_sale"),
    [
        ({"transactions": {"count": 2}}, 2),
        ({"transactions": {"count": 2, "minimum_total": "5.00"}}, 3),
        ({"spend": {"amount": "8.00"}}, 2),
        ({"spend": {"amount": "8.01"}}, 3),
        ({"all": [{"transactions": {"count": 2}}, {"spend": {"amount": "9.00"}}]}, 3),
        ({"any": [{"transactions": {"count": 3}}, {"spend": {"amount": "3.00"}}]}, 1),
        ({"spend": {"amount": "6.00", "within": "P1D"}}, 3),
    ],
)
def test_a_requirement_counts_this_sale_too(requires: dict[str, Any], at_sale: int) -> None:
    bonus = {"id": "bonus", "when": {"requires": requires}, "award": awards(100)}
    shop = Shop(program(rules=[bonus]))
    got: list[int] = []
    for day, money in enumerate(["3.00", "5.00", "6.00"], 1):
        shop.sells(line("x", money), when=at(f"2026-03-{2 * day:02} 12:00"))
        got.append(shop.points())

    assert [points > 0 for points in got].index(True) + 1 == at_sale


def test_an_award_names_its_lines_their_net_and_what_it_was_judged_by() -> None:
    shop = Shop(
        program(rules=[rule(when={"items": {"categories": ["DRINKS"]}})], tier_systems=[CLUB]),
        items=CATALOG,
    )
    shop.sells(*EVERYTHING, number="77")

    award = only(PointsAwarded, shop.last)
    assert (award.lines, award.amount, award.points) == (["latte", "juice"], 800, 8)
    assert (award.rule, award.levels) == ("rule:base", {"club": "bronze"})
    assert (award.transaction, award.cause) == ("s1/77", "sale/s1/77@1")
    assert (award.program_version, award.catalog_version) == (1, 1)
    assert award.at == award.earned_at == MONDAY_NOON


def test_the_catalog_a_sale_was_received_under_is_the_one_that_counts() -> None:
    drinks = rule(when={"items": {"categories": ["DRINKS"]}})
    shop = Shop(program(rules=[drinks]), items=CATALOG)
    shop.sells(LATTE, catalog_version=2)
    assert shop.points() == 0
    shop.sells(LATTE, catalog_version=1)
    assert shop.points() == 5


def test_a_moment_of_the_document_may_have_a_zone_of_its_own() -> None:
    running = program().includes(datetime.fromisoformat("2026-03-02T17:00:00Z"), None, MONDAY_NOON)
    assert running
