"""A sale that came back was no activity: what inactivity takes is worked out as if without it."""

from datetime import datetime, timedelta
from typing import Any

from loyalty_ledger.domain.events.points import (
    InactivityReviewed,
    PointsAwarded,
    PointsClawedBack,
    PointsExpired,
    PointsRestored,
)
from loyalty_ledger.domain.events.sales import SaleHeader
from loyalty_ledger.domain.values import from_wall
from return_examples import accounts, clawed, debt, plain, sends, settled, tendered, voids
from specification import NEW_YORK, Shop, every, line, only, paid

IDLE: dict[str, Any] = {"kind": "inactivity", "after": "P30D", "percent": 50}
HUNDRED = line("x", "100.00")
TEN = line("ten", "10.00")


def on(day: float) -> datetime:
    """Noon in New York, so many days after the first Monday."""
    return from_wall(datetime.fromisoformat("2026-03-02 12:00") + timedelta(days=day), NEW_YORK)


def idle_shop(**more: Any) -> Shop:
    """A shop from whose accounts half is lost after each thirty days without anything."""
    return plain(**accounts(expiry=IDLE, **more))


def buys(shop: Shop, dollars: str, day: float, number: str, **more: Any) -> None:
    """Ann buys that day."""
    shop.sells(line("x", dollars), number=number, when=on(day), **more)


def brings_back(shop: Shop, day: float, number: str, bought: float) -> InactivityReviewed | None:
    """A whole sale is voided; how inactivity was reviewed."""
    shop.sells(number=number, when=on(bought), at=on(day), is_voided=True)
    found = every(InactivityReviewed, shop.last)
    assert len(found) <= 1
    return found[0] if found else None


def lots(parts: Any) -> list[tuple[int, int]]:
    return [(part.lot, part.points) for part in parts]


# --- what would have been lost ------------------------------------------------------------------


def test_what_would_have_been_lost_meanwhile_is_lost_when_the_sale_comes_back() -> None:
    shop = idle_shop()
    buys(shop, "100.00", 0, "a")
    buys(shop, "10.00", 25, "b")
    review = brings_back(shop, 40, "b", bought=25)
    assert review is not None
    assert (review.at, review.due) == (on(40), [on(30)])
    assert (lots(review.lost), review.back, review.points) == ([(1, 50)], [], 50)
    assert (review.transaction, review.cause) == ("s1/b", settled(shop.last).cause)
    assert shop.points() == 50


def test_the_time_runs_on_from_when_it_would_have_been_lost() -> None:
    shop = idle_shop()
    buys(shop, "100.00", 0, "a")
    buys(shop, "10.00", 25, "b")
    review = brings_back(shop, 40, "b", bought=25)
    assert review is not None
    assert review.idle_from == on(30)
    assert shop.balance(on(59.9)) == 50
    shop.keeps_time(on(60))
    assert (only(PointsExpired, shop.last).at, shop.points()) == (on(60), 25)


def test_a_sale_that_comes_back_before_anything_fell_due_only_sets_the_time_back() -> None:
    shop = idle_shop()
    buys(shop, "100.00", 0, "a")
    buys(shop, "10.00", 25, "b")
    review = brings_back(shop, 29, "b", bought=25)
    assert review is not None
    assert (review.points, review.due, review.idle_from) == (0, [], on(0))
    assert shop.balance(on(30)) == 50


def test_a_part_that_comes_back_leaves_the_sale_an_activity() -> None:
    shop = idle_shop()
    buys(shop, "100.00", 0, "a")
    buys(shop, "10.00", 25, "b")
    shop.sells(line("x", "1.00"), number="b", when=on(25), at=on(40))
    assert every(InactivityReviewed, shop.last) == []
    assert shop.points() == 101


def test_another_activity_in_time_keeps_the_points() -> None:
    shop = idle_shop()
    buys(shop, "100.00", 0, "a")
    buys(shop, "10.00", 20, "b")
    buys(shop, "20.00", 25, "c")
    assert brings_back(shop, 40, "b", bought=20) is None
    assert shop.points() == 120


def test_several_that_come_back_are_each_no_activity_in_whatever_order() -> None:
    for order in ("bcd", "dcb", "cdb"):
        shop = idle_shop()
        buys(shop, "100.00", 0, "a")
        for bought, number in ((20, "b"), (40, "c"), (58, "d")):
            buys(shop, "10.00", bought, number)
        for number in order:
            brings_back(shop, 70, number, bought={"b": 20, "c": 40, "d": 58}[number])
        assert (shop.points(), shop.balance(on(90))) == (25, 13), order


# --- what would not have been lost --------------------------------------------------------------


def test_what_was_lost_of_others_for_the_sale_s_sake_is_given_back() -> None:
    shop = idle_shop()
    buys(shop, "100.00", 0, "a")
    buys(shop, "10.00", 25, "b")
    shop.keeps_time(on(55))
    assert only(PointsExpired, shop.last).points == 55
    review = brings_back(shop, 57, "b", bought=25)
    assert review is not None
    assert (review.lost, lots(review.back), review.due) == ([], [(1, 5)], [on(30)])
    assert (shop.points(), shop.balance(on(60))) == (50, 25)


def test_what_is_given_back_is_not_found_gone_by_a_later_return() -> None:
    shop = idle_shop()
    buys(shop, "100.00", 0, "a")
    buys(shop, "10.00", 25, "b")
    brings_back(shop, 57, "b", bought=25)
    buys(shop, "50.00", 58, "c", payments=[tendered("ann", "50.00")])
    brings_back(shop, 59, "a", bought=0)
    assert (clawed(shop.last).already_gone, debt(shop)) == (50, 50)


def test_of_a_part_that_comes_back_the_share_that_was_lost_counts_as_taken_back() -> None:
    shop = idle_shop()
    sends(shop, TEN)
    shop.keeps_time(on(30))
    sends(shop, line("ten", "6.00"), hours=33 * 24)
    assert shop.points() == 3  # half of six
    voids(shop, hours=34 * 24)
    assert (shop.points(), debt(shop)) == (0, 0)


# --- spends -------------------------------------------------------------------------------------


def test_what_counts_as_taken_back_is_not_given_back_too() -> None:
    shop = idle_shop()
    buys(shop, "2.00", 0, "a")
    buys(shop, "6.00", 6, "b")
    shop.keeps_time(on(36))
    assert lots(only(PointsExpired, shop.last).lots) == [(1, 2), (2, 2)]
    buys(shop, "2.00", 37, "c", payments=[tendered("ann", "2.00")])
    buys(shop, "1.00", 6, "b", at=on(38))
    clawed_back, review = clawed(shop.last), only(InactivityReviewed, shop.last)
    assert (clawed_back.already_gone, clawed_back.debt) == (2, 1)
    # Half of what stands, three points, is one: of the two that the other sale lost, one is back.
    assert lots(review.back) == [(1, 1)]
    assert shop.points() == 0
    brings_back(shop, 39, "a", bought=0)
    assert (clawed(shop.last).already_gone, shop.points()) == (1, -1)


def test_points_that_paid_for_what_came_back_were_no_activity() -> None:
    shop = idle_shop()
    buys(shop, "100.00", 0, "a")
    buys(shop, "10.00", 25, "b", payments=[tendered("ann", "10.00")])
    review = brings_back(shop, 40, "b", bought=25)
    assert review is not None
    assert only(PointsRestored, shop.last).points == 10
    assert (review.points, shop.points()) == (50, 50)


def test_a_spend_meanwhile_takes_from_what_would_have_been_left() -> None:
    shop = idle_shop()
    buys(shop, "100.00", 0, "a")
    buys(shop, "10.00", 25, "b")
    buys(shop, "40.00", 35, "c", payments=[tendered("ann", "40.00")])
    review = brings_back(shop, 40, "b", bought=25)
    assert review is not None
    assert (lots(review.lost), shop.points()) == ([(1, 50)], 10)


def test_what_was_spent_meanwhile_is_not_owed() -> None:
    shop = idle_shop()
    buys(shop, "100.00", 0, "a")
    buys(shop, "10.00", 25, "b")
    buys(shop, "110.00", 35, "c", payments=[tendered("ann", "110.00")])
    review = brings_back(shop, 40, "b", bought=25)
    assert only(PointsClawedBack, shop.last).debt == 10
    assert review is None or review.points == 0
    assert shop.points() == -10
    buys(shop, "30.00", 41, "d")
    buys(shop, "5.00", 41, "e")
    brings_back(shop, 42, "e", bought=41)
    assert shop.points() == 20
    brings_back(shop, 43, "c", bought=35)
    assert shop.points() == 80  # 100, half of them lost, and 30


def test_what_was_written_off_is_not_lost_again() -> None:
    shop = idle_shop(allow_negative=False)
    buys(shop, "100.00", 0, "a")
    buys(shop, "10.00", 25, "b")
    buys(shop, "110.00", 35, "c", payments=[tendered("ann", "110.00")])
    brings_back(shop, 40, "b", bought=25)
    assert clawed(shop.last).written_off == 10
    assert (shop.points(), debt(shop)) == (0, 0)
    buys(shop, "30.00", 41, "d")
    assert (only(PointsAwarded, shop.last).repaid, shop.points()) == (0, 30)
    buys(shop, "5.00", 41, "e")
    brings_back(shop, 42, "e", bought=41)
    assert shop.points() == 30


# --- other accounts -----------------------------------------------------------------------------


def test_points_that_rolled_over_from_the_sale_were_no_activity_where_they_came() -> None:
    escrow = {
        "id": "escrow",
        "name": "Pending",
        "expiry": {"kind": "rolling", "after": "P5D", "into": "points"},
    }
    gives: dict[str, Any] = {"source": "shop", "points": 1, "per_amount": "1.00"}
    rules = [
        {"id": "base", "when": {"channels": ["POS"]}, "award": {"account": "points", **gives}},
        {"id": "later", "when": {"channels": ["APP"]}, "award": {"account": "escrow", **gives}},
    ]
    shop = plain(*rules, **accounts(escrow, expiry=IDLE))
    shop.sells(HUNDRED, number="a", header=SaleHeader(channel="POS"))
    shop.sells(TEN, number="b", when=on(22), header=SaleHeader(channel="APP"))
    shop.keeps_time(on(27))
    assert shop.points() == 110
    review = brings_back(shop, 40, "b", bought=22)
    assert review is not None
    assert (review.account, review.points, shop.points()) == ("points", 50, 50)


def test_accounts_that_end_otherwise_are_left_alone() -> None:
    for expiry in ({"kind": "never"}, {"kind": "rolling", "after": "P1M"}):
        shop = plain(**accounts(expiry=expiry))
        buys(shop, "100.00", 0, "a")
        buys(shop, "10.00", 25, "b")
        assert brings_back(shop, 40, "b", bought=25) is None


def test_after_the_window_the_sale_stays_an_activity() -> None:
    shop = plain(return_window="P10D", **accounts(expiry=IDLE))
    buys(shop, "100.00", 0, "a")
    buys(shop, "10.00", 25, "b")
    assert brings_back(shop, 40, "b", bought=25) is None
    assert shop.points() == 110


def test_each_payer_of_a_split_bill_is_looked_at() -> None:
    shop = idle_shop()
    for name in ("ann", "bob"):
        shop.sells(HUNDRED, to=name, number=f"first-{name}")
    both = [paid("ann", "10.00"), paid("bob", "10.00")]
    shop.sells(line("x", "20.00"), number="b", when=on(25), payments=both)
    shop.sells(number="b", when=on(25), at=on(40), is_voided=True)
    assert {one.customer_id: one.points for one in every(InactivityReviewed, shop.last)} == {
        "ann": 50,
        "bob": 50,
    }


def test_an_offer_bought_with_points_stays_an_activity_when_its_points_come_back() -> None:
    """It was bought apart from the sale, which might as well never have been."""
    treat = {"id": "treat", "title": "T", "discount": {"kind": "manual"}}
    sold = {"id": "sold", "offer": "treat", "price": 10}
    store = {"id": "store", "name": "Store", "point_accounts": ["points"], "offers": [sold]}
    shop = plain(
        **accounts(expiry=IDLE),
        offers=[treat | {"on_return": "restore_points"}],
        reward_stores=[store],
    )
    buys(shop, "100.00", 0, "a")
    (bought,) = shop.buys("sold", when=on(20))
    shop.locks(bought.offer_id, HUNDRED, sale="b", when=on(21), at_once=True)
    buys(shop, "1.00", 21, "b")
    brings_back(shop, 45, "b", bought=21)
    assert shop.points() == 100
    assert (shop.balance(on(49.9)), shop.balance(on(50))) == (100, 50)
