"""Offers and returns: those the sale used, those it was given, and what tills do themselves."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from loyalty_ledger.domain.events.limits import issued
from loyalty_ledger.domain.events.offers import (
    OfferExpired,
    OfferIssued,
    OfferLockLapsed,
    OfferRecalled,
    OfferRecallWithdrawn,
    OfferReinstated,
    OfferRevoked,
)
from loyalty_ledger.domain.events.points import PointsRestored
from loyalty_ledger.domain.events.sales import Discount
from loyalty_ledger.domain.offer import OfferState
from loyalty_ledger.domain.offer_commands import Reinstate, Unlock
from loyalty_ledger.domain.values import Reason, Rejected
from offer_examples import buyer, club, taken, treat
from return_examples import counted, later, plain, sends, settled, voids, why_not
from specification import TILL, Shop, at, cents, every, line, only

COFFEE, CAKE, TEA = line("coffee", "6.00"), line("cake", "4.00"), line("tea", "9.00")
ISSUED_MUGS = issued("mug")
FREE, USED, GONE = OfferState.ISSUED, OfferState.REDEEMED, OfferState.REVOKED


def on_lines(offer_id: str, dollars: str, *lines: str) -> Discount:
    """An offer that took something off these lines."""
    return Discount(
        amount=cents(dollars),
        stack_order=1,
        reference_id=offer_id,
        reference_id_type="UserOfferId",
        lines=list(lines),
    )


def uses(on_return: str = "reinstate", *lines: str, **more: Any) -> tuple[Shop, str]:
    """A sale of coffee and cake has used an offer for these lines, or for all."""
    shop = club(treat(on_return=on_return, **more))
    (gift,) = shop.gives("treat")
    carried = on_lines(gift.offer_id, "1.00", *lines)
    sends(shop, COFFEE, CAKE, discounts=[carried])
    assert shop.offer(gift.offer_id).state is USED
    return shop, gift.offer_id


def reinstate(hours: float) -> Reinstate:
    return Reinstate(at=later(hours), by=TILL)


# --- what the sale had used ---------------------------------------------------------------------


def test_a_void_reinstates_the_offer_the_sale_had_used() -> None:
    shop, treat_id = uses()
    back = only(OfferReinstated, voids(shop, COFFEE, CAKE))
    assert (back.at, back.why, back.cause) == (later(1), "returned", "sale/s1/7@3")
    assert shop.offer(treat_id).state is FREE
    (told,) = settled(shop.last).given_back
    assert (told.how, told.offer_id, told.customer_id) == ("reinstated", treat_id, "ann")


@pytest.mark.parametrize(
    ("lines", "kept", "state"),
    [
        (["coffee"], [COFFEE], USED),
        (["coffee"], [CAKE], FREE),
        (["coffee", "cake"], [CAKE], USED),
        (["coffee", "cake"], [TEA], FREE),
        ([], [CAKE], USED),
        ([], [TEA], USED),
        ([], [], FREE),
        (["coffee"], [line("coffee", "0.00", quantity=0), CAKE], FREE),
        (["coffee"], [COFFEE, CAKE, line("coffee", "-6.00", quantity=-1, line_id="b")], FREE),
        (["coffee"], [line("coffee", "2.00"), CAKE], USED),
    ],
)
def test_an_offer_comes_back_when_all_the_lines_it_was_for_do(
    lines: list[str], kept: Sequence[Any], state: OfferState
) -> None:
    shop, treat_id = uses("reinstate", *lines)
    sends(shop, *kept, hours=1)
    assert shop.offer(treat_id).state is state


def test_an_offer_of_none_is_used_up_whatever_comes_back() -> None:
    shop, treat_id = uses("none")
    told = settled(voids(shop))
    assert (shop.offer(treat_id).state, told.given_back) == (USED, [])
    assert why_not(told) == [(f"offer:{treat_id}", "on_return_none", 0)]


def test_without_a_purchase_restore_points_reinstates() -> None:
    shop, treat_id = uses("restore_points")
    voids(shop)
    assert shop.offer(treat_id).state is FREE


def bought() -> tuple[Shop, str]:
    """Ann has bought an offer for eight points, and a sale has used it."""
    shop, offer_id = buyer()
    sends(shop, COFFEE, discounts=[taken(offer_id)])
    assert shop.points() == 2
    return shop, offer_id


def test_restore_points_gives_back_what_the_offer_was_bought_for_and_not_the_offer() -> None:
    shop, offer_id = bought()
    told = settled(voids(shop))
    assert (shop.points(), shop.offer(offer_id).state) == (10, GONE)
    (back,) = told.given_back
    assert (back.how, back.account, back.points) == ("restored_points", "points", 8)
    restored = only(PointsRestored, shop.last)
    assert [(lot.lot, lot.into) for lot in restored.lots] == [(1, 1)]


def test_a_till_that_reinstates_what_was_paid_back_gets_a_yes_and_nothing_else() -> None:
    shop, offer_id = bought()
    voids(shop)
    assert shop.asks(offer_id, reinstate(3)) == []
    assert (shop.points(), shop.offer(offer_id).state) == (10, GONE)


def test_what_was_bought_and_given_back_can_be_bought_again() -> None:
    shop, offer_id = bought()
    voids(shop)
    (again,) = shop.buys("treat-8", when=later(2))
    assert again.offer_id != offer_id
    assert shop.points() == 2


def test_an_offer_is_given_back_once_though_the_sale_closes_and_comes_back_again() -> None:
    shop, _offer_id = bought()
    for hours in (1, 3, 5):
        voids(shop, hours=hours)
        assert shop.points() == 10
        sends(shop, COFFEE, hours=hours + 1)


def test_an_offer_whose_time_is_up_comes_back_expired() -> None:
    shop, treat_id = uses(redemption={"after_issue": "P1D"})
    voids(shop, hours=48)
    assert [type(one) for one in shop.last if "Offer" in type(one).__name__] == [
        OfferReinstated,
        OfferExpired,
    ]
    assert shop.offer(treat_id).state is OfferState.EXPIRED


def test_a_sale_that_is_opened_again_keeps_the_offers_it_has_used() -> None:
    shop, treat_id = uses()
    sends(shop, hours=1, is_closed=False)
    assert shop.offer(treat_id).state is USED
    sends(shop, hours=2)
    assert shop.offer(treat_id).state is FREE


def test_an_offer_redeemed_at_once_comes_back_with_its_sale() -> None:
    shop = club()
    (gift,) = shop.gives("treat")
    shop.locks(gift.offer_id, COFFEE, sale="7", at_once=True)
    sends(shop, COFFEE)
    assert shop.offer(gift.offer_id).state is USED
    voids(shop)
    assert shop.offer(gift.offer_id).state is FREE


def test_an_offer_that_was_not_honoured_is_not_given_back() -> None:
    shop = club()
    (gift,) = shop.gives("treat")
    shop.locks(gift.offer_id, COFFEE, sale="8", at_once=True)
    sends(shop, COFFEE, discounts=[taken(gift.offer_id)])
    voids(shop)
    assert (shop.offer(gift.offer_id).state, shop.offer(gift.offer_id).transaction) == (
        USED,
        "s1/8",
    )


def test_the_offer_of_somebody_else_goes_back_to_him() -> None:
    shop = club()
    (gift,) = shop.gives("treat", to="ben")
    shop.locks(gift.offer_id, COFFEE, sale="7")
    sends(shop, COFFEE, discounts=[taken(gift.offer_id)])
    voids(shop)
    (told,) = settled(shop.last).given_back
    assert (told.customer_id, shop.offer(gift.offer_id).state) == ("ben", FREE)


# --- a till that reinstates itself --------------------------------------------------------------


def test_a_till_that_reinstates_after_the_return_is_told_yes_and_nothing_happens() -> None:
    shop, treat_id = uses()
    voids(shop)
    assert shop.asks(treat_id, reinstate(2)) == []
    assert shop.offer(treat_id).state is FREE


def test_a_till_that_reinstates_before_the_return_has_done_it_already() -> None:
    shop, treat_id = uses()
    shop.asks(treat_id, reinstate(1))
    assert shop.offer(treat_id).state is FREE
    told = settled(voids(shop, hours=2))
    assert (told.given_back, every(OfferReinstated, shop.last)) == ([], [])
    assert shop.offer(treat_id).state is FREE


def test_a_till_that_reinstates_what_was_used_again_since_reinstates_that() -> None:
    shop, treat_id = uses()
    voids(shop)
    sends(shop, TEA, number="8", hours=2, when=later(2), discounts=[taken(treat_id)])
    assert shop.offer(treat_id).state is USED
    only(OfferReinstated, shop.asks(treat_id, reinstate(3)))
    with pytest.raises(Rejected) as refusal:
        shop.asks(treat_id, reinstate(4))
    assert refusal.value.code is Reason.OFFER_NOT_REDEEMED


def test_the_return_of_the_first_sale_leaves_what_another_has_used_since() -> None:
    shop, treat_id = uses()
    shop.asks(treat_id, reinstate(1))
    sends(shop, TEA, number="8", hours=2, when=later(2), discounts=[taken(treat_id)])
    voids(shop, hours=3)
    assert (shop.offer(treat_id).state, shop.offer(treat_id).transaction) == (USED, "s1/8")


def test_a_correction_that_carries_the_offer_again_does_not_redeem_it_again() -> None:
    shop, treat_id = uses()
    voids(shop)
    sends(shop, COFFEE, CAKE, hours=2, discounts=[taken(treat_id)])
    assert shop.offer(treat_id).state is FREE


# --- what the sale was given --------------------------------------------------------------------


def gives(**more: Any) -> tuple[Shop, str]:
    """A sale with cake has issued an offer."""
    campaign = {"id": "cake", "when": {"items": {"skus": ["cake"]}}, "outcomes": [{"issue": "mug"}]}
    definition = {**treat("mug"), **more}
    shop = plain(offers=[definition], campaigns=[campaign])
    return shop, only(OfferIssued, sends(shop, COFFEE, CAKE)).offer_id


def test_an_offer_that_is_free_is_revoked_when_it_is_no_longer_deserved() -> None:
    shop, mug = gives(issuance={"total": 1})
    revoked = only(OfferRevoked, sends(shop, COFFEE, hours=1))
    assert (revoked.why, revoked.cause, revoked.revoked_at) == (
        "returned",
        "sale/s1/7@3",
        later(1),
    )
    assert shop.offer(mug).state is GONE
    assert counted(shop, ISSUED_MUGS) == (0, 0)
    assert settled(shop.last).not_done == []


def test_what_is_deserved_again_is_issued_anew() -> None:
    shop, mug = gives(issuance={"total": 1, "per_customer": 1})
    sends(shop, COFFEE, hours=1)
    again = only(OfferIssued, sends(shop, COFFEE, CAKE, hours=2))
    assert again.offer_id != mug
    assert (again.issued_at, counted(shop, ISSUED_MUGS)) == (later(0), (1, 0))


def locked() -> tuple[Shop, str]:
    """The offer is locked by sale 8 when it is no longer deserved."""
    shop, mug = gives()
    shop.locks(mug, TEA, sale="8", when=later(0.9))
    told = settled(sends(shop, COFFEE, hours=1))
    only(OfferRecalled, shop.last)
    assert shop.offer(mug).state is OfferState.LOCKED
    assert why_not(told) == [(f"offer:{mug}", "offer_locked", 0)]
    return shop, mug


def test_an_offer_that_is_locked_stays_and_is_revoked_when_it_is_unlocked() -> None:
    shop, mug = locked()
    shop.asks(mug, Unlock(at=later(1.1), by=TILL))
    assert (shop.offer(mug).state, counted(shop, ISSUED_MUGS)) == (GONE, (0, 0))


def test_an_offer_that_is_locked_and_used_stays_the_customers() -> None:
    shop, mug = locked()
    sends(shop, TEA, number="8", hours=1.1, when=later(1.1), discounts=[taken(mug)])
    assert shop.offer(mug).state is USED
    voids(shop, TEA, number="8", hours=3)
    assert shop.offer(mug).state is GONE


def test_a_lock_that_lapses_gives_the_recalled_offer_to_nobody() -> None:
    shop, mug = locked()
    with pytest.raises(Rejected) as refusal:
        shop.locks(mug, TEA, sale="9", when=later(2))
    assert refusal.value.code is Reason.OFFER_REVOKED
    shop.asks(mug, Unlock(at=later(1.39), by=TILL))
    assert shop.offer(mug).state is GONE


def test_a_lapse_and_the_revocation_are_one_step() -> None:
    shop, mug = locked()
    sends(shop, hours=2)
    facts = [one for one in shop.last if isinstance(one, OfferLockLapsed | OfferRevoked)]
    assert [type(one) for one in facts] == [OfferLockLapsed, OfferRevoked]
    assert shop.offer(mug).state is GONE


def used() -> tuple[Shop, str]:
    """The offer was used in sale 8 before it was no longer deserved."""
    shop, mug = gives()
    sends(shop, TEA, number="8", hours=0.5, when=later(0.5), discounts=[taken(mug)])
    told = settled(sends(shop, COFFEE, hours=1))
    assert why_not(told) == [(f"offer:{mug}", "offer_already_redeemed", 0)]
    return shop, mug


@pytest.mark.parametrize("by_till", [False, True])
def test_an_offer_that_was_used_is_revoked_when_it_comes_back(by_till: bool) -> None:
    shop, mug = used()
    assert shop.offer(mug).state is USED
    if by_till:
        shop.asks(mug, reinstate(2))
    else:
        voids(shop, number="8", hours=2)
    assert shop.offer(mug).state is GONE
    assert counted(shop, ISSUED_MUGS) == (0, 0)
    again = only(OfferIssued, sends(shop, COFFEE, CAKE, hours=3))
    assert (again.offer_id != mug, counted(shop, ISSUED_MUGS)) == (True, (1, 0))
    voids(shop, hours=4)
    assert counted(shop, ISSUED_MUGS) == (0, 0)


def test_the_recall_is_withdrawn_when_the_offer_is_deserved_again() -> None:
    shop, mug = used()
    sends(shop, COFFEE, CAKE, hours=2)
    only(OfferRecallWithdrawn, shop.last)
    assert every(OfferIssued, shop.last) == []
    voids(shop, number="8", hours=3)
    assert shop.offer(mug).state is FREE


def test_a_recalled_offer_is_told_and_taken_once_however_often_the_sale_changes() -> None:
    shop, mug = used()
    for hours in (2, 3):
        voids(shop, hours=hours)
        assert every(OfferRecalled, shop.last) == []
    voids(shop, number="8", hours=4)
    assert shop.offer(mug).state is GONE


def test_an_offer_that_had_expired_is_taken_back_already() -> None:
    shop, mug = gives(redemption={"after_issue": "PT1H"})
    told = settled(sends(shop, COFFEE, hours=2))
    assert (every(OfferRevoked, shop.last), told.not_done) == ([], [])
    assert shop.offer(mug).has_ended(later(2))


def test_the_offer_is_good_for_as_long_as_it_was_when_deserved_again() -> None:
    shop, _mug = gives(redemption={"after_issue": "P30D"})
    voids(shop)
    again = only(OfferIssued, sends(shop, COFFEE, CAKE, hours=2))
    assert again.expires_at == at("2026-04-01 12:00")
    assert again.at - later(2) == timedelta(0)
