"""Versions of a sale: worked out from scratch by frozen facts, and the difference is posted."""

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.customers import CustomerChanged
from loyalty_ledger.domain.events.points import PointsAwarded, PointsClawedBack
from loyalty_ledger.domain.events.sales import SaleHeader, TransactionVersionIgnored
from loyalty_ledger.domain.events.settlement import PurchaseRecounted, TransactionSettled
from loyalty_ledger.domain.rules import Item
from return_examples import (
    CAKE,
    COFFEE,
    CREDITS,
    SALE,
    clawed,
    differences,
    later,
    level,
    plain,
    publishes,
    sends,
    settled,
    spent,
    standing,
    system,
    taken_from,
    voids,
)
from specification import MONDAY_NOON, Shop, awards, every, line, only, paid, program, rule

BONUS: dict[str, Any] = {
    "id": "bonus",
    "when": {"minimum_spend": "10.00"},
    "outcomes": [{"award": awards(50)}],
}


# --- the difference -----------------------------------------------------------------------------


def test_what_comes_back_takes_its_points_back_from_the_lot_the_sale_made() -> None:
    shop = plain()
    sends(shop, COFFEE, CAKE)

    event = clawed(sends(shop, COFFEE, hours=1))

    assert (event.points, taken_from(event), event.debt, event.written_off) == (4, [(1, 4)], 0, 0)
    assert (event.at, event.awarded_at, event.rule) == (later(1), MONDAY_NOON, "rule:base")
    assert (event.transaction, event.cause) == ("s1/7", "sale/s1/7@3")
    assert (shop.points(), shop.lifetime()) == (6, 6)


def test_what_is_added_later_earns_as_if_it_had_been_there() -> None:
    shop = plain()
    first = only(PointsAwarded, sends(shop, COFFEE))

    more = only(PointsAwarded, sends(shop, COFFEE, CAKE, hours=5))

    assert (more.points, more.at, more.earned_at) == (4, later(5), MONDAY_NOON)
    assert more.expires_at == first.expires_at
    assert shop.points() == 10


def test_a_version_that_changes_nothing_posts_nothing_and_says_so() -> None:
    shop = plain()
    sends(shop, COFFEE)
    (only_event,) = sends(shop, COFFEE, hours=1)
    assert differences(settled([only_event])) == {"rule:base": {"points": 0}}


def test_what_was_recorded_before_is_never_touched() -> None:
    shop = plain()
    sends(shop, COFFEE, CAKE)
    before = list(shop.history)
    voids(shop, COFFEE, CAKE)
    assert shop.history[: len(before)] == before


def test_the_settlement_tells_for_each_rule_what_is_deserved_what_was_and_the_difference() -> None:
    shop = plain(rule(), CREDITS, campaigns=[BONUS])
    sends(shop, COFFEE, CAKE)
    told = settled(sends(shop, COFFEE, hours=1))
    assert [(one.rule, one.deserved, one.granted) for one in told.grants] == [
        ("campaign:bonus", {}, {"points": 50}),  # what goes makes room first
        ("rule:base", {"points": 6}, {"points": 10}),
        ("rule:credits", {"credits": 6}, {"credits": 10}),
    ]
    assert [(one.account, one.points) for one in told.taken] == [
        ("points", 50),
        ("points", 4),
        ("credits", 4),
    ]


def test_going_back_and_forth_ends_where_the_last_version_says() -> None:
    shop = plain(rule(), CREDITS, campaigns=[BONUS])
    lines = [[COFFEE, CAKE], [COFFEE], [], [CAKE], [COFFEE, CAKE], [CAKE], [COFFEE, CAKE]]
    for hours, version in enumerate(lines):
        sends(shop, *version, hours=hours)
    assert (shop.points(), shop.points(account="credits")) == (60, 10)
    assert (shop.lifetime(), shop.lifetime(account="credits")) == (60, 10)


def test_a_threshold_is_judged_on_what_is_kept() -> None:
    shop = plain(rule(), campaigns=[BONUS])
    sends(shop, COFFEE, CAKE)
    assert shop.points() == 60
    sends(shop, COFFEE, line("cake", "3.99"), hours=1)
    assert shop.points() == 9


def test_points_are_floored_over_what_is_kept_and_not_over_what_is_returned() -> None:
    shop = plain()
    sends(shop, line("a", "0.60"), line("b", "0.60"), line("c", "0.60"))
    assert shop.points() == 1
    sends(shop, line("a", "0.60"), line("b", "0.60"), hours=1)
    assert shop.points() == 1
    sends(shop, line("a", "0.60"), hours=2)
    assert shop.points() == 0


def test_when_the_best_of_a_group_no_longer_holds_the_next_one_gives() -> None:
    big = rule(3, id="big", exclusive_group="g", when={"minimum_spend": "10.00"})
    small = rule(1, id="small", exclusive_group="g")
    shop = plain(big, small)
    sends(shop, COFFEE, CAKE)
    assert shop.points() == 30
    told = settled(sends(shop, COFFEE, hours=1))
    assert differences(told) == {"rule:small": {"points": 6}, "rule:big": {"points": -30}}
    assert shop.points() == 6


def test_points_by_quantity_go_with_the_quantity() -> None:
    each = rule(id="each", award=awards(5, per_quantity="1"))
    shop = plain(each)
    sends(shop, line("tea", "9.00", quantity=3))
    sends(shop, line("tea", "6.00", quantity=2), hours=1)
    assert shop.points() == 10


# --- frozen facts -------------------------------------------------------------------------------


def test_a_later_version_is_judged_by_the_program_of_the_first() -> None:
    shop = plain()
    sends(shop, COFFEE, CAKE)
    publishes(shop, program(rules=[rule(5)]))
    told = settled(sends(shop, COFFEE, hours=1))
    assert (told.program_version, shop.points()) == (1, 6)
    shop.sells(COFFEE)
    assert shop.points() == 6 + 30


def test_a_later_version_is_judged_by_the_catalog_of_the_first() -> None:
    hot = rule(when={"items": {"categories": ["hot"]}})
    shop = Shop(program(rules=[hot]), items={"coffee": Item(("hot",))})
    sends(shop, COFFEE, CAKE)
    items = {**shop.knowledge.items, (2, "cake"): Item(("hot",)), (2, "coffee"): Item(("cold",))}
    shop.knowledge = shop.knowledge._replace(items=items)
    told = settled(sends(shop, COFFEE, CAKE, hours=1, catalog_version=2))
    assert (told.catalog_version, shop.points()) == (1, 6)


def test_a_later_version_is_dated_by_the_opening_of_the_first() -> None:
    today = {
        "id": "today",
        "starts": "2026-03-02",
        "ends": "2026-03-03",
        "outcomes": [{"award": awards(9)}],
    }
    shop = plain(rule(), campaigns=[today])
    sends(shop, COFFEE)
    told = settled(sends(shop, COFFEE, CAKE, hours=48, when=later(48)))
    assert (told.sale_time, shop.points()) == (MONDAY_NOON, 19)


def test_a_level_reached_since_does_not_count_for_a_later_version() -> None:
    faster = rule(award=awards(1, per_amount="1.00", by_level={"club": {"gold": "5"}}))
    shop = plain(faster, **system(level("gold", spent("50.00"))))
    sends(shop, COFFEE)
    shop.sells(line("x", "50.00"))
    assert shop.level() == "gold"
    sends(shop, COFFEE, CAKE, hours=1)
    assert shop.points() == 10 + 50


def test_the_level_that_another_sale_was_judged_at_stays_though_it_is_lost_since() -> None:
    faster = rule(award=awards(1, per_amount="1.00", by_level={"club": {"gold": "5"}}))
    shop = plain(faster, **system(level("gold", spent("10.00"))))
    sends(shop, COFFEE, CAKE)
    shop.sells(COFFEE, number="8")
    sends(shop, hours=1)
    assert (shop.level(), shop.points()) == ("base", 30)
    sends(shop, COFFEE, CAKE, hours=2, number="8")
    assert shop.points() == 50


def test_tags_and_consent_are_those_of_the_first_version() -> None:
    vips = {"id": "vips", "audience": {"tags": ["vip"]}, "outcomes": [{"award": awards(9)}]}
    shop = plain(rule(), campaigns=[vips])
    shop.enrols("ann", tags=["vip"])
    sends(shop, COFFEE, CAKE)
    draft = Draft(shop.states)
    gone = CustomerChanged(at=later(1), customer_id="ann", opted_in=False, tags=[])
    draft.emit("customer/ann", gone, "ann")
    shop.states |= draft.after
    sends(shop, COFFEE, hours=2)
    assert shop.points() == 15


def test_a_customer_who_is_named_later_is_judged_by_what_he_is_then() -> None:
    faster = rule(award=awards(1, per_amount="1.00", by_level={"club": {"gold": "5"}}))
    shop = plain(faster, **system(level("gold", spent("50.00"))))
    sends(shop, COFFEE)
    shop.sells(line("x", "50.00"), to="ben")
    both = [paid("ann", "3.00"), paid("ben", "3.00")]
    sends(shop, COFFEE, hours=1, payments=both)
    assert (shop.points("ann"), shop.points("ben")) == (3, 50 + 15)
    draft = Draft(shop.states)
    assert draft.state("sale/s1/7").record.members["ben"].levels == {"club": "gold"}


def test_who_is_no_longer_named_loses_what_he_had_of_the_sale() -> None:
    shop = plain()
    sends(shop, COFFEE)
    sends(shop, COFFEE, hours=1, to="ben")
    assert (shop.points("ann"), shop.points("ben")) == (0, 6)
    sends(shop, COFFEE, hours=2)
    assert (shop.points("ann"), shop.points("ben")) == (6, 0)


def test_a_sale_that_named_nobody_earns_when_somebody_is_named() -> None:
    shop = plain()
    sends(shop, COFFEE, to=None)
    sends(shop, COFFEE, hours=1)
    assert shop.points() == 6
    sends(shop, COFFEE, hours=2, to=None)
    assert shop.points() == 0


# --- open, closed, voided -----------------------------------------------------------------------


def test_changes_before_closing_hold_nothing_and_grant_nothing() -> None:
    shop = plain(rule(), CREDITS)
    for hours, lines in enumerate([[COFFEE], [COFFEE, CAKE], [CAKE]]):
        assert sends(shop, *lines, hours=hours, is_closed=False) == []
    sends(shop, COFFEE, CAKE, hours=4)
    assert (shop.points(), len(every(TransactionSettled, shop.last))) == (10, 1)


def test_a_sale_that_is_opened_again_deserves_nothing_until_it_is_closed() -> None:
    shop = plain(rule(), CREDITS, **system(level("gold", spent("10.00"), {"award": awards(7)})))
    sends(shop, COFFEE, CAKE)
    before = standing(shop)
    told = settled(sends(shop, COFFEE, CAKE, hours=1, is_closed=False))
    assert (told.holds, standing(shop)) == (
        False,
        {"points": {}, "lifetime": {}, "level": "base"},
    )
    sends(shop, COFFEE, CAKE, hours=2)
    assert standing(shop) == before


def test_what_was_voided_can_be_closed_after_all() -> None:
    shop = plain(rule(), CREDITS, campaigns=[BONUS])
    sends(shop, COFFEE, CAKE)
    before = standing(shop)
    voids(shop, COFFEE, CAKE)
    assert standing(shop)["points"] == {}
    sends(shop, COFFEE, CAKE, hours=2)
    assert standing(shop) == before


def test_a_void_before_the_close_grants_nothing_and_the_close_is_the_first_version() -> None:
    shop = plain()
    assert voids(shop, COFFEE) == []
    told = settled(sends(shop, COFFEE, hours=2))
    assert (told.version, shop.points()) == (2, 6)


# --- which version counts -----------------------------------------------------------------------


def test_the_same_body_again_changes_nothing() -> None:
    shop = plain()
    sends(shop, COFFEE, CAKE)
    sends(shop, COFFEE, hours=1, body_digest="back")
    head = len(shop.history)
    assert sends(shop, COFFEE, hours=1, body_digest="back") == []
    assert len(shop.history) == head


def test_a_version_that_is_not_later_is_kept_and_changes_nothing() -> None:
    shop = plain()
    sends(shop, COFFEE, CAKE, hours=2)
    shop.receives(COFFEE, number=SALE, at=later(1))
    ignored = only(TransactionVersionIgnored, shop.last)
    assert (ignored.modified_time, shop.points()) == (later(1), 10)


@pytest.mark.parametrize("order", [*permutations(range(4))])
@pytest.mark.parametrize("at_once", [False, True])
def test_versions_that_arrive_out_of_order_end_in_the_same_ledger(
    order: tuple[int, ...], at_once: bool
) -> None:
    club = system(level("gold", spent("10.00"), {"award": awards(7)}))
    shop = plain(rule(), CREDITS, campaigns=[BONUS], **club)
    lines = [[COFFEE, CAKE], [COFFEE, CAKE, line("tea", "5.00")], [CAKE], [COFFEE, CAKE]]
    arrived = []
    for number in order:
        one = shop.receives(*lines[number], number=SALE, at=later(number), body_digest=str(number))
        arrived.append(one)
        if not at_once:
            shop.settles(one)
    for one in arrived:
        shop.settles(one)
    assert standing(shop) == {
        "points": {"points": 67, "credits": 10},
        "lifetime": {"points": 67, "credits": 10},
        "level": "gold",
    }


# --- split bills and exchanges ------------------------------------------------------------------

BOTH = [paid("ann", "6.00"), paid("ben", "4.00")]


def test_of_a_split_bill_only_the_part_that_came_back_is_taken_and_only_from_its_payer() -> None:
    shop = plain(rule(), campaigns=[{"id": "flat", "outcomes": [{"award": awards(9)}]}])
    sends(shop, COFFEE, CAKE, payments=BOTH)
    assert (shop.points("ann"), shop.points("ben")) == (15, 4)
    sends(shop, COFFEE, hours=1, payments=[paid("ann", "6.00"), paid("ben", "0.00")])
    assert (shop.points("ann"), shop.points("ben")) == (15, 0)


def test_a_refund_to_one_payer_makes_the_other_the_one_who_paid_most() -> None:
    shop = plain(rule(), campaigns=[{"id": "flat", "outcomes": [{"award": awards(9)}]}])
    sends(shop, COFFEE, CAKE, payments=BOTH)
    sends(shop, CAKE, hours=1, payments=[*BOTH, paid("ann", "-6.00")])
    assert (shop.points("ann"), shop.points("ben")) == (0, 13)
    recounted = every(PurchaseRecounted, shop.last)
    assert [(one.customer_id, one.times, one.was_times) for one in recounted] == [
        ("ann", 0, 1),
        ("ben", 1, 0),
    ]


def test_a_split_bill_that_comes_back_whole_leaves_nobody_anything() -> None:
    shop = plain(rule(), CREDITS)
    sends(shop, COFFEE, CAKE, payments=BOTH)
    sends(shop, hours=1, payments=[paid("ann", "0.00"), paid("ben", "0.00")])
    assert standing(shop, "ann") == standing(shop, "ben")
    assert standing(shop, "ann")["points"] == {}


@pytest.mark.parametrize("return_first", [False, True])
def test_an_exchange_is_two_sales_each_by_itself_in_either_order(return_first: bool) -> None:
    shop = plain(rule(), campaigns=[BONUS])
    sends(shop, COFFEE, CAKE)

    def bring_back() -> None:
        sends(shop, COFFEE, hours=1)

    def take_another() -> None:
        header = SaleHeader(from_transaction_id=SALE)
        shop.sells(line("pie", "5.00"), number="8", when=later(1), header=header)

    steps = [bring_back, take_another]
    for step in steps if return_first else reversed(steps):
        step()
    assert shop.points() == 6 + 5
    voids(shop, number="8", hours=2)
    assert shop.points() == 6


def test_the_claw_back_of_a_later_version_reduces_the_award_at_its_own_time() -> None:
    shop = plain(rule(), CREDITS)
    for week in range(3):
        shop.sells(COFFEE, number=f"w{week}", when=later(24 * 7 * week))
    sent = shop.sells(number="w1", when=later(24 * 7), at=later(24 * 30))
    assert {one.awarded_at for one in every(PointsClawedBack, sent)} == {
        MONDAY_NOON + timedelta(days=7)
    }
    assert shop.lifetime(account="credits") == 12
