"""What a till does with the offers on a check, and which of them go together."""

from typing import Any

import pytest

from loyalty_ledger.domain.events.offers import (
    OfferLocked,
    OfferLockLapsed,
    OfferPutOnCheck,
    OfferRedeemed,
    OfferReinstated,
    OfferTakenOffCheck,
    OfferUnlocked,
)
from loyalty_ledger.domain.values import Reason, Rejected
from offer_examples import (
    LUNCH,
    NOBODYS,
    NOON,
    TIMEOUT,
    TINY,
    club,
    minutes,
    reinstate,
    revoke,
    taken,
    treat,
    unlock,
)
from specification import TILL, Shop, line, off, program

ALONE: dict[str, Any] = {"stackable": False}
HALF = {"id": "half", "title": "Half", "discount": {"kind": "percent_off_check", "percent": 50}}


def given_to_ann(shop: Shop, *names: str) -> list[str]:
    return [shop.gives(name)[0].offer_id for name in names or ("treat",)]


def refused(reason: Reason, shop: Shop, *args: Any, **more: Any) -> Rejected:
    """What is refused leaves no trace."""
    before = dict(shop.states), list(shop.history)
    with pytest.raises(Rejected) as refusal:
        shop.locks(*args, **more)
    assert refusal.value.code is reason
    assert (shop.states, shop.history) == before
    return refusal.value


# --- lock and redeem ----------------------------------------------------------------------------


def test_a_lock_is_two_facts_in_one_commit_the_offers_and_the_sales() -> None:
    shop = club()
    (treated,) = given_to_ann(shop)
    locked = shop.locks(treated, LUNCH, when=minutes(5))
    offers, sales = shop.last
    assert offers is locked
    assert isinstance(locked, OfferLocked)
    assert (locked.transaction, locked.total, locked.catalog_version) == ("s1/1", 2000, 1)
    assert (locked.by, locked.discount.amount) == (TILL, 250)
    assert sales == OfferPutOnCheck(
        at=minutes(5),
        customer_id="ann",
        offer_id=treated,
        program_version=1,
        by=TILL,
        why="requested",
        stackable=True,
        until=minutes(5) + TIMEOUT,
        discount=locked.discount,
    )


def test_redeeming_at_once_puts_it_on_the_check_for_good() -> None:
    shop = club(treat(**ALONE), treat("other"))
    alone, other = given_to_ann(shop, "treat", "other")
    redeemed, put = shop.locks(alone, LUNCH, at_once=True), shop.last[-1]
    assert isinstance(redeemed, OfferRedeemed)
    assert put.until is None
    refused(Reason.OFFER_NOT_STACKABLE, shop, other, LUNCH, when=minutes(999))


@pytest.mark.parametrize("at_once", [False, True])
def test_what_no_offer_has_as_its_id_is_not_found(at_once: bool) -> None:
    refused(Reason.OFFER_NOT_FOUND, club(), NOBODYS, LUNCH, at_once=at_once)


@pytest.mark.parametrize("at_once", [False, True])
def test_the_definition_is_that_of_the_version_it_was_issued_under(at_once: bool) -> None:
    old = treat(lock_timeout="PT10M", stackable=False)
    shop = Shop(program(offers=[old]))
    (treated,) = given_to_ann(shop)
    shop.programs[2] = program(offers=[treat(dollars="9.00", lock_timeout="PT50M")])
    bound = shop.locks(treated, LUNCH, at_once=at_once)
    assert (bound.program_version, bound.discount.amount) == (1, 250)
    put = shop.last[-1]
    assert put.until == (None if at_once else minutes(10))
    assert put.stackable is False


@pytest.mark.parametrize("at_once", [False, True])
def test_a_sale_that_is_over_takes_no_offer(at_once: bool) -> None:
    shop = club()
    (treated,) = given_to_ann(shop)
    shop.sells(LUNCH, number="1")
    shop.sells(LUNCH, number="2", is_closed=False, is_voided=True)
    shop.sells(LUNCH, number="3", is_closed=False)
    for sale, word in (("1", "closed"), ("2", "voided")):
        refusal = refused(
            Reason.TRANSACTION_CLOSED, shop, treated, LUNCH, sale=sale, at_once=at_once
        )
        assert word in refusal.message
    assert shop.locks(treated, LUNCH, sale="3", at_once=at_once)


def test_a_sale_that_is_corrected_after_it_closed_takes_no_offer_either() -> None:
    shop = club()
    (treated,) = given_to_ann(shop)
    shop.sells(LUNCH, number="1")
    shop.sells(LUNCH, number="1", at=minutes(5), is_closed=False)
    refused(Reason.TRANSACTION_CLOSED, shop, treated, LUNCH, when=minutes(6))


def test_sales_of_the_same_number_in_two_stores_are_two_sales() -> None:
    shop = club()
    (treated,) = given_to_ann(shop)
    shop.locks(treated, LUNCH)
    refused(Reason.OFFER_LOCKED, shop, treated, LUNCH, store="s2")


def test_where_and_for_how_much_an_offer_applies_is_judged_at_the_till() -> None:
    shop = club(treat(stores={"exclude": ["s2"]}, minimum_spend="10.00"))
    (treated,) = given_to_ann(shop)
    refused(Reason.OFFER_NOT_APPLICABLE, shop, treated, LUNCH, store="s2")
    refusal = refused(Reason.OFFER_NOT_APPLICABLE, shop, treated, line("x", "9.99"))
    assert refusal.details["missing"] == 1
    assert shop.locks(treated, line("x", "10.00"))


def test_locking_again_prices_anew_and_keeps_one_place_on_the_check() -> None:
    shop = club(HALF)
    (half,) = given_to_ann(shop, "half")
    assert shop.locks(half, LUNCH).discount.amount == 1000
    assert shop.locks(half, line("x", "8.00"), when=minutes(20)).discount.amount == 400
    (held,) = shop.states["sale/s1/1"].offers
    assert (held.discount.amount, held.until) == (400, minutes(50))


# --- which go together --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second"), [("alone", "social"), ("social", "alone"), ("alone", "hermit")]
)
@pytest.mark.parametrize("at_once", [False, True])
def test_what_goes_with_no_other_refuses_both_ways(first: str, second: str, at_once: bool) -> None:
    shop = club(treat("alone", **ALONE), treat("social"), treat("hermit", **ALONE))
    one, other = given_to_ann(shop, first, second)
    shop.locks(one, LUNCH)
    refusal = refused(Reason.OFFER_NOT_STACKABLE, shop, other, LUNCH, at_once=at_once)
    assert refusal.details == {"offers": [one]}
    assert one in refusal.message


def test_what_goes_with_others_goes_with_many() -> None:
    shop = club()
    for treated in given_to_ann(shop, "treat", "treat", "treat"):
        shop.locks(treated, LUNCH)
    assert len(shop.states["sale/s1/1"].offers) == 3


def test_an_offer_is_not_in_its_own_way() -> None:
    shop = club(treat(**ALONE))
    (treated,) = given_to_ann(shop)
    shop.locks(treated, LUNCH)
    assert isinstance(shop.locks(treated, LUNCH), OfferLocked)
    assert isinstance(shop.locks(treated, LUNCH, at_once=True), OfferRedeemed)


def test_what_another_sale_holds_is_not_in_the_way() -> None:
    shop = club(treat(**ALONE))
    one, other = given_to_ann(shop, "treat", "treat")
    shop.locks(one, LUNCH, sale="1")
    assert shop.locks(other, LUNCH, sale="2")


def test_the_offers_of_somebody_else_on_the_check_are_in_the_way_too() -> None:
    shop = club(treat(**ALONE))
    (anns,) = given_to_ann(shop)
    bobs = shop.gives("treat", to="bob")[0].offer_id
    shop.locks(anns, LUNCH)
    refused(Reason.OFFER_NOT_STACKABLE, shop, bobs, LUNCH)


def test_a_lock_that_has_lapsed_is_in_nobodys_way() -> None:
    shop = club(treat(**ALONE))
    one, other = given_to_ann(shop, "treat", "treat")
    shop.locks(one, LUNCH)
    refused(Reason.OFFER_NOT_STACKABLE, shop, other, LUNCH, when=minutes(30) - TINY)
    assert shop.locks(other, LUNCH, when=minutes(30))


def test_what_was_unlocked_or_reinstated_is_in_nobodys_way() -> None:
    shop = club(treat(**ALONE))
    one, other = given_to_ann(shop, "treat", "treat")
    shop.locks(one, LUNCH)
    shop.asks(one, unlock(minutes(1)))
    shop.locks(other, LUNCH, when=minutes(2), at_once=True)
    refused(Reason.OFFER_NOT_STACKABLE, shop, one, LUNCH, when=minutes(3))
    shop.asks(other, reinstate(minutes(4)))
    assert shop.locks(one, LUNCH, when=minutes(5))


# --- what is taken before -----------------------------------------------------------------------


def test_a_price_is_worked_out_on_what_held_offers_have_left() -> None:
    shop = club(treat(), HALF)
    treated, half = given_to_ann(shop, "treat", "half")
    shop.locks(treated, LUNCH)
    assert shop.locks(half, LUNCH).discount.amount == (2000 - 250) // 2


def test_the_till_need_not_send_them_and_they_do_not_count_twice_when_it_does() -> None:
    shop = club(treat(), HALF)
    treated, half = given_to_ann(shop, "treat", "half")
    shop.locks(treated, LUNCH)
    sent = [taken(treated, 250), off("1.00")]
    assert shop.locks(half, LUNCH, discounts=sent).discount.amount == (2000 - 250 - 100) // 2


def test_an_offers_own_discount_is_not_taken_off_before_it() -> None:
    shop = club(HALF)
    (half,) = given_to_ann(shop, "half")
    first = shop.locks(half, LUNCH)
    assert shop.locks(half, LUNCH, discounts=[taken(half, 1000)]).discount == first.discount


def test_a_held_offer_of_a_higher_stack_order_comes_after() -> None:
    shop = club(treat(stack_order=2), HALF)
    treated, half = given_to_ann(shop, "treat", "half")
    assert shop.locks(treated, LUNCH).discount.stack_order == 2
    assert shop.locks(half, LUNCH).discount.amount == 1000


def test_what_has_lapsed_takes_nothing_off_any_more() -> None:
    shop = club(treat(), HALF)
    treated, half = given_to_ann(shop, "treat", "half")
    shop.locks(treated, LUNCH)
    assert shop.locks(half, LUNCH, when=minutes(30)).discount.amount == 1000


# --- unlock and reinstate -----------------------------------------------------------------------


def test_unlocking_takes_the_offer_off_the_check_in_the_same_commit() -> None:
    shop = club()
    (treated,) = given_to_ann(shop)
    shop.locks(treated, LUNCH)
    free, off_check = shop.asks(treated, unlock(minutes(3)))
    assert isinstance(free, OfferUnlocked)
    assert off_check == OfferTakenOffCheck(
        at=minutes(3),
        customer_id="ann",
        offer_id=treated,
        program_version=1,
        by=TILL,
        why="requested",
    )
    assert shop.states["sale/s1/1"].offers == ()
    assert shop.asks(treated, unlock(minutes(4))) == []


def test_unlocking_a_lock_that_lapsed_records_the_lapse() -> None:
    shop = club()
    (treated,) = given_to_ann(shop)
    shop.locks(treated, LUNCH)
    lapsed, off_check = shop.asks(treated, unlock(minutes(30)))
    assert isinstance(lapsed, OfferLockLapsed)
    assert isinstance(off_check, OfferTakenOffCheck)
    assert shop.asks(treated, unlock(minutes(31))) == []


def test_reinstating_takes_the_offer_off_the_check_in_the_same_commit() -> None:
    shop = club()
    (treated,) = given_to_ann(shop)
    shop.locks(treated, LUNCH, at_once=True)
    back, off_check = shop.asks(treated, reinstate(minutes(3)))
    assert isinstance(back, OfferReinstated)
    assert isinstance(off_check, OfferTakenOffCheck)
    assert shop.states["sale/s1/1"].offers == ()


def test_an_offer_redeemed_by_closing_can_be_reinstated_and_used_in_another_sale() -> None:
    shop = club()
    (treated,) = given_to_ann(shop)
    shop.locks(treated, LUNCH)
    shop.sells(LUNCH, number="1", when=minutes(1), discounts=[taken(treated)])
    shop.asks(treated, reinstate(minutes(3)))
    assert shop.locks(treated, LUNCH, sale="2", when=minutes(4))


@pytest.mark.parametrize(
    ("at_once", "ask", "reason"),
    [
        (True, unlock(minutes(1)), Reason.OFFER_NOT_LOCKED),
        (False, reinstate(minutes(1)), Reason.OFFER_NOT_REDEEMED),
        (False, revoke(minutes(1)), Reason.OFFER_LOCKED),
    ],
)
def test_a_refused_request_leaves_the_check_alone(at_once: bool, ask: Any, reason: Reason) -> None:
    shop = club()
    (treated,) = given_to_ann(shop)
    shop.locks(treated, LUNCH, at_once=at_once)
    with pytest.raises(Rejected) as refusal:
        shop.asks(treated, ask)
    assert refusal.value.code is reason
    assert len(shop.states["sale/s1/1"].offers) == 1


def test_a_lock_of_noon_ends_when_it_said_it_would() -> None:
    shop = club(treat(lock_timeout="PT90S"))
    (treated,) = given_to_ann(shop)
    locked = shop.locks(treated, LUNCH, when=NOON)
    assert isinstance(locked, OfferLocked)
    assert locked.locked_until == minutes(1.5)


def test_locking_again_keeps_the_place_and_so_the_price() -> None:
    shop = Shop(program(offers=[HALF, HALF | {"id": "other"}]))
    first, second = given_to_ann(shop, "half", "other")
    check = line("mug", "100.00")
    prices = [
        shop.locks(one, check).discount.amount for one in (first, second, first, second, first)
    ]
    assert prices == [5000, 2500, 5000, 2500, 5000]


def test_offers_together_never_take_more_than_the_check_whatever_their_order() -> None:
    money = {"kind": "amount_off_check", "amount": "60.00"}
    late = {"id": "late", "title": "Late", "discount": money, "stack_order": 2}
    shop = Shop(program(offers=[late, late | {"id": "early", "stack_order": 1}]))
    check = line("mug", "100.00")
    later, early = given_to_ann(shop, "late", "early")
    prices = [shop.locks(one, check).discount.amount for one in (later, early, later)]
    assert prices == [6000, 4000, 6000]
