"""Bob goes on as Ann: what was underway in his name is done, undone and claimed in hers."""

from datetime import timedelta
from typing import Any

import pytest

from loyalty_ledger import verification
from loyalty_ledger.answers import Moment
from loyalty_ledger.domain.events.offers import OfferLocked
from loyalty_ledger.promo_code_list import CodeOfList, codes_of
from loyalty_projections.profile_codes import CodeView
from offers.test_drawn_promo_codes import codes, giving, status
from offers.till import CASHIER, HALF_AN_HOUR, NOW, Shop, item

BREAD = [item("BREAD", "20.00")]


def merge(shop: Shop, gone: str = "BOB", into: str = "ANN") -> str:
    """The one goes on as the other; the internal id that was his."""
    customer_id = shop.id_of(gone)
    shop.ledger.merging.merge(customer_id, shop.id_of(into))
    assert shop.id_of(gone) == shop.id_of(into)
    return customer_id


def sound(shop: Shop) -> bool:
    """Every law holds, and the views are those of a rebuild."""
    shop.work()
    assert verification.verify(shop.ledger, lambda _done, _goal: None).problems == []
    names = ("profile", "timeline", "promo_status", "agenda")
    return all(shop.ledger.projector.verify(name).same for name in names)


# --- promo codes that were drawn ----------------------------------------------------------------


def drawn_for_bob(shop: Shop) -> CodeView:
    giving(shop)
    assert shop.close("B1", customer="BOB") == "accepted"
    shop.work()
    (drawn,) = codes(shop, "BOB")
    return drawn


def listed(shop: Shop) -> CodeOfList:
    (found,) = codes_of(shop.ledger.log, "gift")
    return found


def test_a_drawn_code_is_in_the_profile_of_who_goes_on_and_claimed_by_him(shop: Shop) -> None:
    drawn = drawn_for_bob(shop)
    before = shop.ledger.clock()
    shop.later(hours=1)
    bob = merge(shop)
    assert drawn.code and codes(shop) == (drawn,)
    assert codes(shop.another(), as_of=shop.ledger.clock()) == (drawn,)
    assert shop.ledger.answers.profile(bob, shop.moment()).codes == ()
    then = Moment(shop.ledger.clock(), as_of=before)
    assert shop.ledger.answers.profile(bob, then).codes == (drawn,)
    assert (listed(shop).state, listed(shop).drawn_for) == ("unused", shop.id_of())
    assert [one.kind for one in shop.timeline(subject="promotion:gift")] == ["PromoCodeMoved"]
    had = shop.points()
    shop.another().claim(drawn.code)
    assert shop.points() == had + 10
    assert [one.state for one in codes(shop)] == ["USED"]
    assert (status(shop).drawn, status(shop).used, status(shop).left) == (1, 1, 0)
    with shop.refused("promotion_not_available"):
        shop.claim(drawn.code)
    assert sound(shop)


def test_whoever_else_has_the_code_claims_it_and_it_is_used_in_the_profile(shop: Shop) -> None:
    drawn = drawn_for_bob(shop)
    merge(shop)
    assert drawn.code
    shop.claim(drawn.code, "VIC")
    assert (shop.points("VIC"), [one.state for one in codes(shop)]) == (10, ["USED"])
    assert listed(shop).claimed_by == shop.id_of("VIC")
    assert sound(shop)


def test_a_code_that_was_used_before_stays_used(shop: Shop) -> None:
    drawn = drawn_for_bob(shop)
    assert drawn.code
    shop.claim(drawn.code, "BOB")
    merge(shop)
    assert [(one.code, one.state) for one in codes(shop)] == [(drawn.code, "USED")]
    shop.later(hours=1)
    assert shop.close("B1", customer="BOB", is_voided=True) == "accepted"
    assert sound(shop)
    assert [one.state for one in codes(shop)] == ["USED"]


def test_a_return_after_the_merge_takes_the_code_back(shop: Shop) -> None:
    drawn = drawn_for_bob(shop)
    merge(shop)
    shop.later(hours=1)
    assert shop.close("B1", customer="BOB", is_voided=True) == "accepted"
    shop.work()
    assert [one.state for one in codes(shop)] == ["WITHDRAWN"]
    assert drawn.code
    with shop.refused("promotion_not_available"):
        shop.claim(drawn.code)
    assert (status(shop).drawn, listed(shop).state) == (0, "withdrawn")
    assert sound(shop)


def test_a_code_that_moved_twice_is_still_the_one_that_was_drawn(shop: Shop) -> None:
    drawn = drawn_for_bob(shop)
    merge(shop)
    merge(shop, "ANN", "VIC")
    assert codes(shop, "VIC") == (drawn,)
    assert drawn.code
    shop.claim(drawn.code, "VIC")
    assert [one.state for one in codes(shop, "VIC")] == ["USED"]
    assert sound(shop)


# --- points that paid ---------------------------------------------------------------------------


def bobs_points(shop: Shop) -> None:
    """Bob has twenty points, and Ann her thousand."""
    assert shop.close("B0", customer="BOB", items=[item("BREAD", "2.00")]) == "accepted"
    shop.work()
    assert shop.points("BOB") == 20


@pytest.mark.parametrize("kept", [True, False])
def test_points_that_the_other_paid_with_come_back_to_who_goes_on(shop: Shop, kept: bool) -> None:
    bobs_points(shop)
    paid = [{"amount": 12, "type": "POINTS", "user_id": "BOB"}, {"amount": 8}]
    assert shop.close("B1", items=BREAD, payments=paid) == "accepted"
    shop.work()
    assert shop.points("BOB") == 8
    merge(shop)
    before = shop.points()
    shop.later(hours=1)
    back: dict[str, Any] = {"items": [item("BREAD", "10.00")] if kept else []}
    assert shop.close("B1", payments=paid, **back) == "accepted"
    shop.work()
    assert shop.points() - before == (6 if kept else 12)
    assert sound(shop)


def test_points_spent_for_a_sale_by_the_other_come_back_to_who_goes_on(shop: Shop) -> None:
    bobs_points(shop)
    shop.ledger.spending.spend(shop.id_of("BOB"), 15, sale_of=("main", "B1"))
    cash: dict[str, Any] = {"payments": [{"amount": 5}]}
    assert shop.close("B1", items=BREAD, **cash) == "accepted"
    shop.work()
    merge(shop)
    before = shop.points()
    shop.later(hours=1)
    assert shop.close("B1", items=BREAD, is_voided=True, **cash) == "accepted"
    shop.work()
    assert shop.points() - before == 15
    assert sound(shop)


def test_points_spent_for_a_sale_that_closes_after_the_merge_come_back_with_it(shop: Shop) -> None:
    bobs_points(shop)
    shop.ledger.spending.spend(shop.id_of("BOB"), 15, sale_of=("main", "B1"))
    merge(shop)
    before = shop.points()
    for hours, items in enumerate((BREAD, [])):
        shop.later(hours=hours)
        assert shop.close("B1", items=items, payments=[{"amount": 5}]) == "accepted"
        shop.work()
    assert shop.points() - before == 15
    assert sound(shop)


# --- offers that were on their way --------------------------------------------------------------


def test_a_short_lived_code_of_the_others_offer_is_used_at_the_till(shop: Shop) -> None:
    offer = shop.give(to="BOB")
    made = shop.ledger.offers.code(offer, CASHIER)
    merge(shop)
    bound = shop.another().lock(made.code, by_code=True)
    assert (bound.event.offer_id, bound.event.customer_id) == (offer, shop.id_of())
    assert shop.close("T1", bound, customer="BOB") == "accepted"
    assert shop.flags() == [] and shop.state(offer) == "REDEEMED"
    with shop.refused("offer_code_used"):
        shop.lock(made.code, "T2", by_code=True)
    assert sound(shop)


def test_a_short_lived_code_is_over_when_it_would_have_been(shop: Shop) -> None:
    offer = shop.give(to="BOB")
    made = shop.ledger.offers.code(offer, CASHIER)
    merge(shop)
    shop.move_to(made.expires_at)
    with shop.refused("offer_code_expired"):
        shop.lock(made.code, by_code=True)
    assert sound(shop)


def test_an_offer_that_was_locked_is_redeemed_by_the_sale_it_was_locked_for(shop: Shop) -> None:
    offer = shop.give(to="BOB")
    bound = shop.lock(offer, "B1")
    merge(shop)
    assert shop.state(offer) == "LOCKED"
    with shop.refused("offer_locked"):
        shop.lock(offer, "T2")
    assert shop.close("B1", bound, customer="BOB") == "accepted"
    assert shop.flags("B1") == [] and shop.state(offer) == "REDEEMED"
    shop.later(minutes=5)
    assert shop.close("B1", bound, customer="BOB", is_voided=True) == "accepted"
    shop.work()
    assert shop.state(offer) == "ISSUED"
    assert sound(shop)


def test_a_lock_that_lapses_after_the_merge_gives_the_offer_to_who_goes_on(shop: Shop) -> None:
    offer = shop.give(to="BOB")
    locked = shop.lock(offer, "B1").event
    assert isinstance(locked, OfferLocked)
    until = locked.locked_until
    merge(shop)
    shop.move_to(until - timedelta(seconds=1))
    assert shop.state(offer) == "LOCKED"
    shop.move_to(until)
    assert shop.state(offer) == "ISSUED"
    shop.work()
    assert (shop.last(offer).at, shop.last(offer).customer_id) == (until, shop.id_of())
    assert shop.facts(offer)[-2:] == ["OfferMoved", "OfferLockLapsed"]
    shop.redeem(offer, "T2")
    assert shop.state(offer) == "REDEEMED" and sound(shop)


def test_a_lock_that_had_lapsed_unseen_is_recorded_once_and_holds_nothing(shop: Shop) -> None:
    offer = shop.give(to="BOB")
    shop.lock(offer, "B1")
    shop.move_to(NOW + HALF_AN_HOUR + timedelta(minutes=1))
    merge(shop)
    assert shop.state(offer) == "ISSUED"
    shop.lock(offer, "T2")
    shop.work()
    assert len(shop.events("OfferLockLapsed")) == 1
    assert shop.state(offer) == "LOCKED" and sound(shop)


def test_a_sale_that_holds_offers_of_both_closes_and_comes_back_in_one_name(shop: Shop) -> None:
    hers, his = shop.give("euro"), shop.give("euro", "BOB")
    bound = [shop.lock(one, "S1", discounts=[]) for one in (hers, his)]
    merge(shop)
    payments = [{"amount": 3, "user_id": "ANN"}, {"amount": 4, "user_id": "BOB"}]
    assert shop.close("S1", *bound, payments=payments) == "accepted"
    assert shop.flags("S1") == []
    assert {shop.state(one) for one in (hers, his)} == {"REDEEMED"}
    shop.later(minutes=5)
    assert shop.close("S1", *bound, payments=payments, items=[]) == "accepted"
    shop.work()
    assert {shop.state(one) for one in (hers, his)} == {"ISSUED"}
    assert sound(shop)
