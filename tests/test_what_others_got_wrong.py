"""What other loyalty systems got wrong about returns, each with the case that showed it."""

from typing import Any

import pytest

from loyalty_ledger.domain.events.offers import OfferIssued
from loyalty_ledger.domain.events.points import PointsAwarded, PointsClawedBack, PointsExpired
from loyalty_ledger.domain.offer import OfferState
from offer_examples import taken, treat
from return_examples import (
    CAKE,
    COFFEE,
    CREDITS,
    accounts,
    counted,
    debt,
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
from specification import awards, every, line, off, only, paid, rule

TEN = line("ten", "10.00")


def test_odoo_257854_buy_earn_refund_keeps_no_points() -> None:
    # A customer bought, earned, and was refunded in full; the points stayed with him.
    shop = plain()
    sends(shop, TEN)
    voids(shop)
    assert (shop.points(), shop.lifetime()) == (0, 0)


def test_odoo_212922_a_refund_gives_spent_points_back_instead_of_taking_them_again() -> None:
    # The refund of a sale that points had paid for ran the payment once more.
    shop = plain()
    shop.sells(line("x", "20.00"))
    sends(shop, TEN, payments=[tendered("ann", "10.00")])
    assert shop.points() == 10
    sends(shop, hours=1, payments=[tendered("ann", "-10.00")])
    assert shop.points() == 20


def test_odoo_221928_a_partial_refund_takes_points_back_though_the_reward_line_stays() -> None:
    # Goods came back and the line of the reward did not: nothing was taken back at all.
    shop = plain(offers=[treat()])
    (gift,) = shop.gives("treat")
    carried = [taken(gift.offer_id)]
    sends(shop, COFFEE, CAKE, discounts=carried)
    assert shop.points() == 7
    sends(shop, COFFEE, hours=1, discounts=carried)
    assert shop.points() == 3
    assert shop.offer(gift.offer_id).state is OfferState.REDEEMED


def test_odoo_238806_a_minimum_quantity_is_judged_on_what_was_kept() -> None:
    # Three were bought for a bonus and two returned: the bonus was judged on the three.
    three = {"id": "three", "when": {"quantity": 3}, "outcomes": [{"award": awards(50)}]}
    shop = plain(rule(), campaigns=[three])
    sends(shop, line("tea", "9.00", quantity=3))
    assert shop.points() == 59
    sends(shop, line("tea", "3.00", quantity=1), hours=1)
    assert shop.points() == 3


def test_erpnext_32951_a_return_does_not_leave_the_points() -> None:
    # A return of part of an invoice left all of its points in the programme.
    shop = plain()
    sends(shop, COFFEE, CAKE)
    sends(shop, COFFEE, CAKE, line("coffee", "-6.00", quantity=-1, line_id="back"), hours=1)
    assert (shop.points(), shop.lifetime()) == (4, 4)


def test_erpnext_30242_a_return_of_a_sale_that_had_redeemed_points_comes_to_the_right_sum() -> None:
    # What had been redeemed and what had been earned were mixed up when the sale came back.
    shop = plain()
    shop.sells(line("x", "20.00"))
    mixed = [paid("ann", "6.00"), tendered("ann", "4.00")]
    sends(shop, TEN, payments=mixed)
    assert shop.points() == 20 - 4 + 6
    sends(shop, line("ten", "5.00"), hours=1, payments=mixed)
    assert shop.points() == 20 - 4 + 2 + 3
    voids(shop, hours=2)
    assert (shop.points(), shop.lifetime()) == (20, 20)


def test_prestashop_23_the_returned_quantity_counts() -> None:
    # One piece of three came back, and the points of the line were left, or all taken.
    each = rule(id="each", award=awards(5, per_quantity="1"))
    shop = plain(each)
    sends(shop, line("tea", "9.00", quantity=3))
    sends(shop, line("tea", "6.00", quantity=2), hours=1)
    assert shop.points() == 10


def test_open_loyalty_a_claw_back_larger_than_the_balance_is_not_forgotten() -> None:
    # The points were spent before the return; the claw-back failed, and nobody owed anything.
    shop = plain()
    sends(shop, TEN)
    shop.sells(line("z", "10.00"), payments=[tendered("ann", "10.00")])
    voids(shop)
    assert (shop.points(), debt(shop)) == (-10, 10)
    shop.sells(TEN)
    assert (shop.points(), debt(shop)) == (0, 0)


def test_open_loyalty_repeated_partial_returns_never_take_more_than_was_given() -> None:
    # Each return took its part of the first total, so that many of them took too much.
    shop = plain()
    shop.sells(line("x", "100.00"))
    lines = [line(f"l{number}", "0.70") for number in range(10)]
    sends(shop, *lines)
    given = shop.points() - 100
    for gone in range(1, 11):
        sends(shop, *lines[gone:], hours=gone)
        assert shop.points() == 100 + 70 * (10 - gone) // 100
    assert (given, shop.points()) == (7, 100)


def test_open_loyalty_a_sale_of_no_worth_divides_nothing_by_zero() -> None:
    # A check that came to zero had no total to take the returned part of.
    shop = plain()
    shop.sells(line("x", "20.00"))
    free = [tendered("ann", "10.00")]
    sends(shop, TEN, payments=free, discounts=[off("10.00")])
    assert shop.points() == 10
    sends(shop, hours=1, payments=free)
    assert shop.points() == 20


def test_flocafe_78_what_expired_leaves_with_its_own_debits() -> None:
    # Credits that expired left the sum while what had been spent of them stayed in it.
    shop = plain(**accounts(expiry={"kind": "rolling", "after": "P1M"}))
    sends(shop, TEN)
    shop.sells(line("z", "6.00"), when=later(1), payments=[tendered("ann", "6.00")])
    shop.keeps_time(later(24 * 40))
    assert shop.points() == 0
    shop.sells(line("x", "5.00"), when=later(24 * 41))
    voids(shop, hours=24 * 42)
    # Four had expired; only the six that were spent are found elsewhere.
    assert (shop.points(), debt(shop)) == (-1, 1)


def test_odoo_211188_history_shows_what_moved_and_not_only_what_is_left() -> None:
    # A sale and its return were shown as one line of the difference.
    shop = plain()
    sends(shop, COFFEE, CAKE)
    sends(shop, COFFEE, hours=1)
    sends(shop, COFFEE, CAKE, hours=2)
    moves = [
        event.points if isinstance(event, PointsAwarded) else -event.points
        for _, event in shop.history
        if isinstance(event, PointsAwarded | PointsClawedBack)
    ]
    assert moves == [10, -4, 4]


@pytest.mark.parametrize("shape", [{"is_closed": False}, {"is_voided": True}])
def test_talon_one_a_reopened_sale_leaves_no_coupon_and_no_giveaway_in_place(
    shape: dict[str, Any],
) -> None:
    # A session that was closed and opened again kept its coupons, attributes and giveaways.
    bonus = {"id": "c", "outcomes": [{"issue": "treat"}, {"award": awards(9)}]}
    limited = {**bonus, "limits": {"total": 1}}
    club = system(level("gold", spent("5.00"), {"award": awards(7)}))
    shop = plain(rule(), CREDITS, campaigns=[limited], offers=[treat()], **club)
    offer_id = only(OfferIssued, sends(shop, TEN)).offer_id
    sends(shop, TEN, hours=1, **shape)
    assert standing(shop) == {"points": {}, "lifetime": {}, "level": "base"}
    assert shop.offer(offer_id).state is OfferState.REVOKED
    assert counted(shop, "campaign:c") == (0, 0)


def test_pospire_75_what_points_paid_for_is_no_spend_for_the_tier() -> None:
    # Redeemed points counted as money spent, before and after the return.
    shop = plain(**system(level("gold", spent("15.00"))))
    shop.sells(line("x", "9.00"))
    sends(shop, TEN, payments=[paid("ann", "4.00"), tendered("ann", "6.00")])
    assert shop.level() == "base"
    sends(shop, TEN, hours=1, payments=[paid("ann", "6.00"), tendered("ann", "4.00")])
    assert shop.level() == "gold"
    voids(shop, hours=2)
    assert shop.level() == "base"


def test_erpnext_22167_at_the_threshold_the_right_tier_counts_also_after_a_return() -> None:
    # At exactly the threshold the tier below was used; a return to just that stays above it.
    shop = plain(**system(level("silver", spent("10.00")), level("gold", spent("20.00"))))
    sends(shop, line("x", "20.00"))
    assert shop.level() == "gold"
    for hours, (dollars, held) in enumerate(
        [("19.99", "silver"), ("10.00", "silver"), ("9.99", "base"), ("20.00", "gold")], 1
    ):
        sends(shop, line("x", dollars), hours=hours)
        assert (shop.level(), settled(shop.last).total) == (held, int(dollars.replace(".", "")))


def test_nothing_expires_twice_when_a_sale_comes_back_again() -> None:
    # The same points were taken by time, by a return, and by the return after a correction.
    shop = plain(**accounts(expiry={"kind": "rolling", "after": "P1M"}))
    sends(shop, TEN)
    voids(shop, hours=24 * 40)
    sends(shop, TEN, hours=24 * 41)
    voids(shop, hours=24 * 42)
    expired = every(PointsExpired, [event for _, event in shop.history])
    assert (sum(one.points for one in expired), shop.points()) == (10, 0)
