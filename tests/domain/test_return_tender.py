"""Points that pay for a sale: a payment of type POINTS, and how it comes back."""

from typing import Any

import pytest

from loyalty_ledger.domain import spending
from loyalty_ledger.domain.events.points import PointsAwarded, PointsRestored, PointsSpent
from loyalty_ledger.domain.events.sales import PointsTendered
from return_examples import (
    CAKE,
    COFFEE,
    accounts,
    clawed,
    debt,
    later,
    plain,
    sends,
    settled,
    taken_from,
    tendered,
    voids,
)
from specification import Shop, at, awards, every, line, off, only, paid, rule

TEN = line("ten", "10.00")
WITH_POINTS = [tendered("ann", "10.00")]
GRACE = {"restored_grace": "P30D"}


def saved(dollars: str = "20.00", *rules: dict[str, Any], **sections: Any) -> Shop:
    """A shop in which Ann has saved as many points as she spent dollars."""
    shop = plain(*rules, **sections)
    shop.sells(line("x", dollars), number="saved")
    return shop


# --- paying -------------------------------------------------------------------------------------


def test_a_payment_of_type_points_spends_them_when_the_sale_is_settled() -> None:
    shop = saved()
    sends(shop, TEN, hours=1, payments=WITH_POINTS)
    spent = only(PointsSpent, shop.last)
    assert (spent.points, spent.transaction, spent.reference) == (10, "s1/7", "tender")
    assert (taken_from(spent), spent.cause) == ([(1, 10)], "sale/s1/7@1")
    assert shop.points() == 10


def test_the_share_that_points_pay_for_earns_nothing() -> None:
    shop = saved()
    sends(shop, TEN, payments=[paid("ann", "4.00"), tendered("ann", "6.00")])
    assert shop.points() == 20 - 6 + 4


def test_points_are_spent_before_the_sale_gives_any() -> None:
    shop = plain()
    sends(shop, TEN, payments=[paid("ann", "5.00"), tendered("ann", "5.00")])
    assert settled(shop.last).flags == ["tender_short:5:0:ann"]
    assert shop.points() == 5


@pytest.mark.parametrize(
    ("value", "points"), [("1.00", 2), ("0.10", 20), ("2.00", 1), ("0.15", 13)]
)
def test_what_a_point_is_worth_is_the_programs_to_say(value: str, points: int) -> None:
    shop = saved(point_value=value)
    sends(shop, TEN, payments=[paid("ann", "8.00"), tendered("ann", "2.00")])
    assert only(PointsSpent, shop.last).points == points


def test_a_short_balance_spends_what_is_there_and_says_so() -> None:
    shop = saved("4.00")
    sends(shop, TEN, payments=WITH_POINTS)
    assert settled(shop.last).flags == ["tender_short:10:4:ann"]
    assert (shop.points(), debt(shop)) == (0, 0)


def test_a_short_balance_of_nothing_spends_nothing_and_is_not_asked_again() -> None:
    shop = plain()
    sends(shop, TEN, payments=WITH_POINTS)
    assert settled(shop.last).flags == ["tender_short:10:0:ann"]
    shop.sells(line("x", "20.00"))
    sends(shop, TEN, hours=1, payments=WITH_POINTS)
    assert every(PointsSpent, shop.last) == []
    assert shop.points() == 20


def test_who_was_short_gets_back_no_more_than_he_paid() -> None:
    shop = saved("4.00")
    sends(shop, TEN, payments=WITH_POINTS)
    shop.sells(line("x", "20.00"))
    sends(shop, hours=1)
    assert shop.points() == 24


def test_points_of_nobody_pay_for_nothing_and_the_settlement_says_so() -> None:
    shop = plain()
    sends(shop, TEN, payments=[tendered(None, "10.00")])
    assert (settled(shop.last).flags, every(PointsSpent, shop.last)) == (["tender_unnamed:10"], [])


def test_an_open_sale_spends_nothing() -> None:
    shop = saved()
    assert sends(shop, TEN, payments=WITH_POINTS, is_closed=False) == []
    sends(shop, TEN, hours=1, payments=WITH_POINTS)
    assert shop.points() == 10


def test_a_sale_that_is_opened_again_keeps_the_points_it_was_paid_with() -> None:
    shop = saved()
    sends(shop, TEN, payments=WITH_POINTS)
    sends(shop, TEN, hours=1, payments=WITH_POINTS, is_closed=False)
    assert shop.points() == 10
    sends(shop, TEN, hours=2, payments=WITH_POINTS)
    assert shop.points() == 10


def test_several_default_accounts_pay_in_the_order_in_which_their_points_end() -> None:
    soon = {"kind": "rolling", "after": "P1M"}
    gifts = {"id": "gifts", "name": "G", "default": True, "expiry": soon}
    also = rule(id="gift", award=awards(4, "gifts"))
    shop = saved("20.00", rule(), also, **accounts(gifts, default=True))
    sends(shop, TEN, payments=WITH_POINTS)
    spends = every(PointsSpent, shop.last)
    assert [(one.account, one.points) for one in spends] == [("gifts", 4), ("points", 6)]
    sends(shop, line("ten", "5.00"), hours=1, payments=WITH_POINTS)
    back = every(PointsRestored, shop.last)
    assert [(one.account, one.points) for one in back] == [("points", 5)]
    sends(shop, hours=2)
    assert (shop.points(), shop.points(account="gifts")) == (20, 4)


def test_points_paid_later_are_spent_later_and_come_back_by_what_the_sale_was_worth_first() -> None:
    shop = saved("30.00")
    sends(shop, TEN, payments=[paid("ann", "4.00"), tendered("ann", "6.00")])
    more = [paid("ann", "4.00"), tendered("ann", "16.00")]
    sends(shop, TEN, line("y", "10.00"), hours=1, payments=more)
    assert shop.points() == 30 - 16 + 4
    sends(shop, TEN, hours=2, payments=more)
    assert shop.points() == 30 - 16 + 2
    sends(shop, line("ten", "5.00"), hours=3, payments=more)
    assert shop.points() == 30 - 16 + 8 + 1
    sends(shop, hours=4)
    assert shop.points() == 30


def test_versions_with_points_may_come_in_any_order() -> None:
    more = [paid("ann", "4.00"), tendered("ann", "6.00")]
    left = set()
    for order in ((1, 2), (2, 1)):
        shop = saved("30.00")
        sends(shop, TEN)
        for hours in order:
            sends(shop, TEN if hours == 1 else line("ten", "5.00"), hours=hours, payments=more)
        left.add(shop.points())
    assert left == {30 - 6 + 3 + 2}


@pytest.mark.parametrize("opened", [True, False])
def test_points_for_a_sale_that_is_voided_before_it_closes_come_back(opened: bool) -> None:
    shop = saved("30.00")
    ask = spending.Spend("ann", 20, later(0), sale=("s1", "7"))
    shop.decides(lambda draft: spending.spend(ask, shop.newest, shop.programs, draft))
    assert shop.points() == 10
    if opened:
        sends(shop, TEN, hours=0.5, is_closed=False)
    voids(shop, TEN, hours=1)
    assert shop.points() == 30
    assert settled(shop.last).given_back[0].points == 20
    sends(shop, TEN, hours=2)  # not voided after all: the points pay for it again
    assert shop.points() == 30 - 20 + 10


def test_points_spent_for_what_is_left_of_a_sale_come_back_by_what_that_was_worth() -> None:
    shop = saved("30.00")
    sends(shop, COFFEE, CAKE)
    sends(shop, COFFEE, hours=1)
    ask = spending.Spend("ann", 20, later(2), sale=("s1", "7"))
    shop.decides(lambda draft: spending.spend(ask, shop.newest, shop.programs, draft))
    found = []
    for hours, kept in enumerate(([COFFEE], [line("coffee", "3.00")], []), 3):
        sends(shop, *kept, hours=hours)
        found.append(sum(one.points for one in settled(shop.last).given_back))
    assert found == [0, 10, 10]


# --- coming back --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kept", "back"),
    [("10.00", 0), ("9.99", 0), ("9.00", 0), ("8.57", 1), ("5.00", 3), ("0.01", 6), (None, 7)],
)
def test_a_part_gives_back_its_part_rounded_down(kept: str | None, back: int) -> None:
    shop = saved()
    paid_with = [paid("ben", "3.00"), tendered("ann", "7.00")]
    sends(shop, TEN, payments=paid_with)
    sends(shop, *([line("ten", kept)] if kept else []), hours=1, payments=paid_with)
    assert shop.points() == 20 - 7 + back


def test_floors_are_taken_over_all_returns_and_not_over_each() -> None:
    shop = saved()
    lines = [line(f"l{number}", "1.00") for number in range(10)]
    seven = [paid("ben", "3.00"), tendered("ann", "7.00")]
    sends(shop, *lines, payments=seven)
    found = []
    for gone in range(1, 11):
        sends(shop, *lines[gone:], hours=gone, payments=seven)
        found.append(shop.points() - 13)
    assert found == [7 * gone // 10 for gone in range(1, 11)]


def test_points_go_back_to_their_own_lots_the_one_taken_last_first() -> None:
    shop = plain()
    for day in (0, 1):
        shop.sells(line("x", "6.00"), when=later(24 * day))
    sends(shop, TEN, hours=48, when=later(48), payments=WITH_POINTS)
    assert taken_from(only(PointsSpent, shop.last)) == [(1, 6), (2, 4)]
    sends(shop, line("ten", "5.00"), hours=49, payments=WITH_POINTS)
    restored = only(PointsRestored, shop.last)
    assert [(one.lot, one.points, one.into) for one in restored.lots] == [(2, 4, 2), (1, 1, 1)]
    ends = [one.expires_at for one in restored.lots]
    assert ends == [at("2027-03-03 12:00"), at("2027-03-02 12:00")]


def test_points_whose_time_is_up_come_back_for_the_grace() -> None:
    shop = saved("10.00", **accounts(expiry={"kind": "rolling", "after": "P1M"}), **GRACE)
    sends(shop, TEN, payments=WITH_POINTS)
    voids(shop, hours=24 * 40)
    restored = only(PointsRestored, shop.last)
    (lot,) = restored.lots
    assert (lot.into, lot.expires_at) == (2, at("2026-05-11 13:00"))
    assert shop.balance(at("2026-05-11 12:59")) == 10
    assert shop.balance(at("2026-05-11 13:00")) == 0


def test_points_given_back_at_the_very_instant_of_their_end_get_the_grace() -> None:
    shop = saved("10.00", **accounts(expiry={"kind": "rolling", "after": "P1D"}), **GRACE)
    sends(shop, TEN, payments=WITH_POINTS)
    voids(shop, hours=24)
    (lot,) = only(PointsRestored, shop.last).lots
    assert (lot.into, lot.expires_at) == (2, at("2026-04-02 12:00"))


def test_points_given_back_repay_what_is_owed_first() -> None:
    shop = saved("10.00")
    sends(shop, TEN, payments=WITH_POINTS)
    sends(shop, line("x", "3.00"), number="8", hours=1)
    shop.sells(TEN, number="9", payments=[tendered("ann", "3.00"), paid("ben", "7.00")])
    voids(shop, number="8", hours=2)
    assert debt(shop) == 3
    voids(shop, hours=3)
    restored = only(PointsRestored, shop.last)
    assert [one.repaid for one in restored.lots] == [3]
    assert (shop.points(), debt(shop)) == (7, 0)


def test_a_return_that_is_undone_spends_the_points_again() -> None:
    shop = saved()
    sends(shop, TEN, payments=WITH_POINTS)
    voids(shop)
    sends(shop, TEN, hours=2, payments=WITH_POINTS)
    assert shop.points() == 10
    assert only(PointsTendered, shop.last).again
    voids(shop, hours=3)
    assert shop.points() == 20


def test_what_cannot_be_spent_again_is_short_and_comes_back_no_second_time() -> None:
    shop = saved("10.00")
    sends(shop, TEN, payments=WITH_POINTS)
    voids(shop)
    shop.sells(TEN, number="8", when=later(2), payments=[tendered("ann", "7.00")])
    sends(shop, TEN, hours=3, payments=WITH_POINTS)
    assert settled(shop.last).flags == ["tender_short:10:3:ann"]
    voids(shop, hours=4)
    assert shop.points() == 3


# --- of a sale that is worth nothing ------------------------------------------------------------

FREE = line("gift", "0.00")


def test_points_paid_for_a_sale_of_no_worth_stay_spent_while_its_goods_are_kept() -> None:
    shop = saved()
    sends(shop, FREE, payments=[tendered("ann", "5.00")])
    assert shop.points() == 15
    sends(shop, FREE, hours=1, payments=[tendered("ann", "5.00"), paid("ann", "0.00")])
    assert shop.points() == 15


def test_points_paid_for_a_sale_of_no_worth_come_back_with_its_goods() -> None:
    shop = saved()
    sends(shop, FREE, payments=[tendered("ann", "5.00")])
    sends(shop, hours=1)
    assert shop.points() == 20


def test_what_a_discount_leaves_is_what_the_points_come_back_by() -> None:
    shop = saved()
    sends(shop, COFFEE, CAKE, payments=[tendered("ann", "5.00")], discounts=[off("5.00")])
    sends(shop, COFFEE, hours=1, payments=[tendered("ann", "5.00")], discounts=[off("3.00")])
    assert shop.points() == 15 + 5 * 200 // 500


# --- the wallet that pays and earns -------------------------------------------------------------


def test_what_is_given_back_is_there_before_awards_are_taken_back() -> None:
    shop = saved("10.00")
    twice = [paid("ann", "10.00"), tendered("ann", "10.00")]
    sends(shop, line("y", "20.00"), payments=twice)
    assert shop.points() == 10
    shop.sells(TEN, number="8", when=later(1), payments=[tendered("ann", "10.00")])
    voids(shop, hours=2)
    assert (clawed(shop.last).debt, debt(shop), shop.points()) == (0, 0, 0)


def test_two_who_pay_with_points_get_their_own_back() -> None:
    shop = saved("10.00")
    shop.sells(line("x", "10.00"), to="ben")
    sends(shop, TEN, payments=[tendered("ann", "4.00"), tendered("ben", "6.00")])
    assert (shop.points("ann"), shop.points("ben")) == (6, 4)
    sends(shop, line("ten", "5.00"), hours=1, payments=[])
    assert (shop.points("ann"), shop.points("ben")) == (8, 7)
    sends(shop, hours=2, payments=[])
    assert (shop.points("ann"), shop.points("ben")) == (10, 10)


def test_points_that_were_given_back_are_no_award() -> None:
    shop = saved("10.00")
    sends(shop, TEN, payments=WITH_POINTS)
    voids(shop)
    assert every(PointsAwarded, shop.last) == []
    assert shop.lifetime() == 10


def test_points_are_never_given_back_before_they_were_spent() -> None:
    shop = saved("30.00")
    sends(shop, TEN)
    ask = spending.Spend("ann", 20, later(100), sale=("s1", "7"))
    shop.decides(lambda draft: spending.spend(ask, shop.newest, shop.programs, draft))
    voids(shop, TEN, hours=50)
    (back,) = every(PointsRestored, shop.last)
    assert (back.points, back.at, back.restored_at) == (20, later(100), later(100))
