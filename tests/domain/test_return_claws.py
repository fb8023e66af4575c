"""What a return takes points from: its own lots, what expired of them, other lots, debt."""

from datetime import timedelta
from typing import Any

import pytest

from loyalty_ledger.domain.events.points import (
    PointsAwarded,
    PointsClawedBack,
    PointsExpired,
    PointsRolledOver,
)
from return_examples import (
    CREDITS,
    accounts,
    clawed,
    debt,
    later,
    level,
    plain,
    sends,
    settled,
    spent,
    system,
    taken_from,
    tendered,
    voids,
    why_not,
)
from specification import MONDAY_NOON, Shop, awards, every, line, off, only, paid, rule

TEN = line("ten", "10.00")
MONTH: dict[str, Any] = {"kind": "rolling", "after": "P1M"}
DAYS = 24


def spends(shop: Shop, dollars: str, hours: float, number: str = "spends") -> None:
    """Ann pays with points for what earns nothing."""
    shop.sells(
        line("z", dollars), number=number, when=later(hours), payments=[tendered("ann", dollars)]
    )


def moved(shop: Shop) -> tuple[int, int, int]:
    """What the last claw-back owes, wrote off, and found gone."""
    event = clawed(shop.last)
    return event.debt, event.written_off, event.already_gone


# --- the order ----------------------------------------------------------------------------------


def test_the_lots_of_the_sale_are_taken_before_older_ones_that_end_sooner() -> None:
    shop = plain()
    shop.sells(TEN)
    sends(shop, TEN, hours=1, when=later(1))
    voids(shop, hours=2)
    assert taken_from(clawed(shop.last)) == [(2, 10)]


def test_what_was_spent_of_them_is_taken_from_other_lots_in_spend_order() -> None:
    shop = plain()
    sends(shop, TEN)
    spends(shop, "6.00", 1)
    for number in (2, 3):
        shop.sells(line("x", "4.00"), when=later(number))
    voids(shop, hours=4)
    assert taken_from(clawed(shop.last)) == [(1, 4), (2, 4), (3, 2)]
    assert shop.points() == 2


def test_what_no_lot_holds_is_owed() -> None:
    shop = plain()
    sends(shop, TEN)
    spends(shop, "8.00", 1)
    voids(shop, hours=2)
    assert moved(shop) == (8, 0, 0)
    assert (shop.points(), debt(shop)) == (-8, 8)


def test_where_debt_is_forbidden_it_is_written_off_and_the_settlement_says_so() -> None:
    shop = plain(**accounts(allow_negative=False))
    sends(shop, TEN)
    spends(shop, "8.00", 1)
    told = settled(voids(shop, hours=2))
    assert moved(shop) == (0, 8, 0)
    assert why_not(told) == [("rule:base:points", "written_off", 8)]
    assert (shop.points(), shop.lifetime()) == (0, 0)


def test_what_has_expired_counts_as_taken_back() -> None:
    shop = plain(**accounts(expiry=MONTH))
    sends(shop, TEN)
    shop.sells(line("x", "20.00"), when=later(DAYS * 40))
    told = settled(voids(shop, hours=DAYS * 41))
    assert moved(shop) == (0, 0, 10)
    assert why_not(told) == [("rule:base:points", "had_expired", 10)]
    assert (shop.points(), shop.lifetime()) == (20, 20)


def test_what_expired_unrecorded_is_recorded_before_it_counts_as_gone() -> None:
    shop = plain(**accounts(expiry=MONTH))
    sends(shop, TEN)
    voids(shop, hours=DAYS * 41)
    assert len(every(PointsExpired, shop.last)) == 1
    assert moved(shop) == (0, 0, 10)


@pytest.mark.parametrize("one_by_one", [False, True])
def test_of_what_was_partly_spent_and_partly_expired_only_the_spent_part_is_owed(
    one_by_one: bool,
) -> None:
    shop = plain(**accounts(expiry=MONTH))
    lines = [line(f"l{number}", "1.00") for number in range(10)]
    sends(shop, *lines)
    spends(shop, "4.00", 1)
    shop.keeps_time(later(DAYS * 40))
    for gone in range(1, 11) if one_by_one else (10,):
        sends(shop, *lines[gone:], hours=DAYS * 41 + gone)
    assert (debt(shop), shop.lifetime()) == (4, 0)


def test_points_that_idled_away_count_as_taken_back() -> None:
    shop = plain(**accounts(expiry={"kind": "inactivity", "after": "P1M", "percent": 50}))
    sends(shop, TEN)
    voids(shop, hours=DAYS * 32)
    assert [one.kind for one in every(PointsExpired, shop.last)] == ["inactivity"]
    assert taken_from(clawed(shop.last)) == [(1, 5)]
    assert moved(shop) == (0, 0, 5)


def test_the_claw_back_of_one_sale_leaves_what_another_is_owed_for() -> None:
    shop = plain()
    sends(shop, TEN)
    sends(shop, TEN, number="8", hours=1)
    spends(shop, "20.00", 2)
    voids(shop, hours=3)
    voids(shop, number="8", hours=4)
    assert debt(shop) == 20
    shop.sells(line("x", "30.00"), when=later(5))
    assert (shop.points(), debt(shop)) == (10, 0)


# --- roll-over ----------------------------------------------------------------------------------

ESCROW = {
    "id": "escrow",
    "name": "Pending",
    "spendable": False,
    "expiry": {"kind": "rolling", "after": "P14D", "into": "points"},
}
PENDING = rule(award=awards(1, "escrow", per_amount="1.00"))


def pending(**points: Any) -> Shop:
    return plain(PENDING, **accounts(ESCROW, **points))


def test_before_they_roll_over_points_are_taken_from_where_they_wait() -> None:
    shop = pending()
    sends(shop, TEN)
    voids(shop, hours=DAYS)
    event = clawed(shop.last)
    assert (event.account, event.awarded_in, taken_from(event)) == ("escrow", "", [(1, 10)])


def test_points_that_rolled_over_are_taken_from_the_lot_they_became() -> None:
    shop = pending()
    shop.sells(TEN, when=MONDAY_NOON - timedelta(days=10))
    sends(shop, TEN)
    voids(shop, hours=DAYS * 15)
    rolled = [one.lots[0].new_lot for one in every(PointsRolledOver, shop.last)]
    event = clawed(shop.last)
    assert (event.account, event.awarded_in) == ("points", "escrow")
    assert taken_from(event) == [(rolled[-1], 10)]
    assert (shop.points(), shop.lifetime(account="escrow")) == (10, 10)


def test_points_that_rolled_over_and_were_spent_are_owed_where_they_were_spent() -> None:
    shop = pending()
    sends(shop, TEN)
    spends(shop, "7.00", DAYS * 15)
    voids(shop, hours=DAYS * 16)
    event = clawed(shop.last)
    assert (event.account, taken_from(event), event.debt) == ("points", [(2, 3)], 7)
    assert (debt(shop), debt(shop, account="escrow")) == (7, 0)


def test_where_they_were_spent_other_lots_are_taken_before_anything_is_owed() -> None:
    shop = plain(PENDING, rule(id="also"), **accounts(ESCROW))
    sends(shop, TEN)
    spends(shop, "17.00", DAYS * 15)
    shop.sells(line("x", "9.00"), when=later(DAYS * 16), number="8")
    voids(shop, hours=DAYS * 17)
    assert debt(shop) == 8
    assert shop.points(account="escrow") == 9


def test_points_that_rolled_over_and_expired_there_are_gone() -> None:
    shop = pending(expiry=MONTH)
    sends(shop, TEN)
    voids(shop, hours=DAYS * 60)
    event = clawed(shop.last)
    assert (event.already_gone, event.debt, event.points) == (10, 0, 10)


def test_debt_that_was_repaid_by_a_roll_over_is_taken_from_where_it_went() -> None:
    """Rolled points that repaid a debt make no lot: what they repaid is owed again."""
    shop = pending()
    first = [TEN]
    sends(shop, *first)
    spends(shop, "10.00", DAYS * 15)
    sends(shop, TEN, number="8", hours=DAYS * 16, when=later(DAYS * 16))
    voids(shop, hours=DAYS * 17)
    assert debt(shop) == 10
    shop.keeps_time(later(DAYS * 31))
    assert (debt(shop), shop.points()) == (0, 0)
    voids(shop, number="8", hours=DAYS * 32)
    assert (debt(shop), shop.points()) == (10, -10)


# --- what is owed is repaid ---------------------------------------------------------------------


def owing(**points: Any) -> Shop:
    """Ten points were earned, spent, and the sale came back."""
    shop = plain(**accounts(**points))
    sends(shop, TEN)
    spends(shop, "10.00", 1)
    voids(shop, hours=2)
    return shop


def test_later_awards_repay_what_is_owed_before_they_make_a_lot_and_say_so() -> None:
    shop = owing()
    first = only(PointsAwarded, shop.sells(line("x", "4.00"), when=later(3)))
    assert (first.points, first.repaid, shop.points(), debt(shop)) == (4, 4, -6, 6)
    second = only(PointsAwarded, shop.sells(line("x", "9.00"), when=later(4)))
    assert (second.points, second.repaid, shop.points(), debt(shop)) == (9, 6, 3, 0)
    assert shop.lifetime() == 13


def test_an_award_that_repaid_a_debt_is_owed_again_when_its_sale_comes_back() -> None:
    shop = owing()
    sends(shop, line("x", "4.00"), number="8", hours=3)
    voids(shop, number="8", hours=4)
    assert (debt(shop), shop.points(), shop.lifetime()) == (10, -10, 0)


def test_a_return_that_is_undone_repays_what_it_had_left_owing() -> None:
    shop = owing()
    sends(shop, TEN, hours=3)
    assert (debt(shop), shop.points(), shop.lifetime()) == (0, 0, 10)
    voids(shop, hours=4)
    assert debt(shop) == 10


def test_what_is_owed_makes_no_room_in_an_account_that_holds_only_so_much() -> None:
    shop = owing(maximum_balance=12)
    event = only(PointsAwarded, shop.sells(line("x", "30.00"), when=later(3)))
    assert (event.points, event.cut, event.repaid, shop.points()) == (12, 18, 10, 2)


def test_several_rules_of_a_sale_give_no_more_because_the_first_repaid_a_debt() -> None:
    shop = plain(rule(), rule(id="more"), **accounts(maximum_balance=12))
    sends(shop, TEN)
    assert shop.points() == 12
    spends(shop, "12.00", 1)
    voids(shop, hours=2)
    assert debt(shop) == 12
    shop.sells(line("x", "30.00"), when=later(3))
    assert (shop.points(), shop.limits_hit) == (0, ["maximum_balance:points"] * 2)


def test_points_cannot_be_spent_while_more_is_owed_than_there_is() -> None:
    shop = owing()
    shop.sells(line("x", "4.00"), when=later(3))
    spends(shop, "1.00", 4, "more")
    assert settled(shop.last).flags == ["tender_short:1:0:ann"]


# --- made up ------------------------------------------------------------------------------------


def test_what_was_written_off_is_made_up_before_anything_is_earned_anew() -> None:
    shop = owing(allow_negative=False)
    event = only(PointsAwarded, sends(shop, TEN, hours=3))
    assert (event.points, event.made_up) == (10, 10)
    assert (shop.points(), shop.lifetime()) == (0, 10)


def test_what_was_gone_is_made_up_and_makes_no_lot() -> None:
    shop = plain(**accounts(expiry=MONTH))
    sends(shop, TEN)
    voids(shop, hours=DAYS * 40)
    event = only(PointsAwarded, sends(shop, TEN, hours=DAYS * 41))
    assert (event.points, event.made_up, shop.points()) == (10, 10, 0)
    voids(shop, hours=DAYS * 42)
    assert (moved(shop), shop.points(), shop.lifetime()) == ((0, 0, 10), 0, 0)


def test_buying_and_returning_over_and_over_never_leaves_more() -> None:
    shop = plain(**accounts(allow_negative=False))
    sends(shop, TEN)
    spends(shop, "10.00", 1)
    for hours in range(2, 12, 2):
        sends(shop, hours=hours)
        sends(shop, line("ten", "6.00"), hours=hours + 0.5)
        sends(shop, TEN, hours=hours + 1)
        assert shop.points() <= 0
    assert shop.lifetime() == 10


def test_other_sales_do_not_make_up_what_this_one_lost() -> None:
    shop = owing(allow_negative=False)
    event = only(PointsAwarded, shop.sells(TEN, when=later(3)))
    assert (event.made_up, shop.points()) == (0, 10)


# --- credit and spending are two things ---------------------------------------------------------


def test_the_claw_back_lowers_what_was_earned_and_a_spend_does_not() -> None:
    shop = plain(rule(), CREDITS, **system(level("gold", spent("10.00"))))
    sends(shop, TEN)
    spends(shop, "4.00", 1)
    assert (shop.lifetime(), shop.points()) == (10, 6)
    sends(shop, TEN, hours=2, discounts=[off("3.00")])
    assert (shop.lifetime(), shop.points()) == (7, 3)


def test_each_payer_owes_for_himself() -> None:
    shop = plain()
    sends(shop, TEN, payments=[paid("ann", "5.00"), paid("ben", "5.00")])
    spends(shop, "5.00", 1)
    sends(shop, hours=2, payments=[])
    assert (debt(shop, "ann"), debt(shop, "ben")) == (5, 0)
    assert [one.customer_id for one in every(PointsClawedBack, shop.last)] == ["ann", "ben"]
