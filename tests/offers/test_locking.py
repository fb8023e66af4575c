"""What a till does with an offer: lock, price anew, unlock, redeem, reinstate; and who may not."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from loyalty_ledger.discount_object import discount_object
from loyalty_ledger.domain.events.offers import Actor, OfferLocked, OfferRedeemed
from loyalty_ledger.offer_requests import Basket, Lookup
from loyalty_ledger.wire import read_transaction
from offers.till import BREAKFAST, CASHIER, HALF_AN_HOUR, NOW, Shop, carrying, item

A_DAY = timedelta(days=1)
END_OF_MUGS = datetime.fromisoformat("2026-06-01T00:00:00+02:00")
MUGS = [item("MUG-SET", "20.00")]


def test_a_lock_binds_and_prices_and_answers_the_discount_a_sale_sends_back(shop: Shop) -> None:
    offer = shop.give("muffin")
    bound = shop.lock(offer)
    assert isinstance(bound.event, OfferLocked)
    told = discount_object(bound)
    applied = told.pop("applied_time")
    assert {name: str(value) for name, value in told.items()} == {
        "reference_id": offer,
        "reference_id_type": "UserOfferId",
        "pos_discount_id": "M-1",
        "status": "LOCKED",
        "display_name": "A muffin with your coffee",
        "discount_source": "SessionM",
        "amount": "3.00",
        "stack_order": "1",
        "user_id": shop.id_of(),
        "discounted_line_ids": "['MUFFIN']",
        "discounted_line_id_quantities": "[Decimal('1')]",
    }
    assert bound.event.locked_until == applied + HALF_AN_HOUR
    assert (bound.event.by, bound.event.why, bound.event.total) == (CASHIER, "requested", 700)
    shown = shop.offers()[offer]
    assert (shown.state, shown.locked_by) == ("LOCKED", "main/T1")
    assert shown.locked_until == bound.event.locked_until


def test_locked_again_by_the_same_sale_it_is_priced_anew_and_the_timeout_starts_anew(
    shop: Shop,
) -> None:
    offer = shop.give("muffin")
    first = shop.lock(offer)
    shop.later(minutes=29)
    second = shop.lock(offer, items=[*BREAKFAST, item("MUFFIN", "2.50", "2")])
    assert (first.event.discount.amount, second.event.discount.amount) == (300, 250)
    assert isinstance(second.event, OfferLocked)
    assert second.event.locked_until >= NOW + timedelta(minutes=59)
    shop.later(minutes=58)
    assert shop.state(offer) == "LOCKED"
    assert shop.facts(offer) == ["OfferIssued", "OfferLocked", "OfferLocked"]


def test_another_sale_cannot_have_a_locked_offer(shop: Shop) -> None:
    offer = shop.give()
    shop.lock(offer)
    for other in (shop.lock, shop.redeem):
        with shop.refused("offer_locked") as refusal:
            other(offer, "T2")
        assert refusal.value.details["locked_by"] == "main/T1"
    with shop.refused("offer_locked"):
        shop.lock(offer, "T1", store="other")
    with shop.refused("offer_locked"):
        shop.revoke(offer)


def test_a_price_that_is_refused_leaves_the_lock_as_it_was(shop: Shop) -> None:
    offer = shop.give("muffin")
    bound = shop.lock(offer)
    with shop.refused("offer_not_applicable"):
        shop.lock(offer, items=[item("MUFFIN", "3.00")])
    assert shop.last(offer) == bound.event


def test_an_unlocked_offer_is_free_for_another_sale(shop: Shop) -> None:
    offer = shop.give()
    shop.lock(offer)
    shop.unlock(offer)
    assert (shop.last(offer).by, shop.last(offer).transaction) == (CASHIER, "main/T1")
    assert shop.state(offer) == "ISSUED"
    shop.lock(offer, "T2")
    assert shop.offers()[offer].locked_by == "main/T2"


def test_to_unlock_what_is_free_does_nothing(shop: Shop) -> None:
    offer = shop.give()
    head = shop.ledger.log.head()
    shop.unlock(offer)
    assert shop.ledger.log.head() == head


def test_redeemed_at_once_an_offer_is_used_until_it_is_reinstated(shop: Shop) -> None:
    offer = shop.give()
    bound = shop.redeem(offer)
    assert isinstance(bound.event, OfferRedeemed)
    assert discount_object(bound)["status"] == "REDEEMED"
    assert shop.state(offer) == "REDEEMED"
    shop.later(hours=5)
    assert shop.state(offer) == "REDEEMED"
    with shop.refused("offer_already_redeemed"):
        shop.lock(offer, "T2")
    shop.reinstate(offer)
    assert (shop.last(offer).by, shop.state(offer)) == (CASHIER, "ISSUED")
    shop.lock(offer, "T2")


def test_a_locked_offer_may_be_redeemed_at_once_by_its_own_sale(shop: Shop) -> None:
    offer = shop.give()
    shop.lock(offer)
    shop.redeem(offer)
    assert shop.facts(offer) == ["OfferIssued", "OfferLocked", "OfferRedeemed"]


def test_reinstated_after_its_end_it_has_expired(shop: Shop) -> None:
    offer = shop.give("mug-set")
    shop.redeem(offer, items=MUGS)
    shop.move_to(END_OF_MUGS + A_DAY)
    shop.reinstate(offer)
    assert shop.facts(offer)[-2:] == ["OfferReinstated", "OfferExpired"]
    shown = shop.offers()[offer]
    assert (shown.state, shown.expires_at) == ("EXPIRED", END_OF_MUGS)


def test_a_revoked_offer_is_gone_for_good(shop: Shop) -> None:
    offer = shop.give()
    shop.revoke(offer)
    assert (shop.last(offer).why, shop.last(offer).by) == ("fraud", CASHIER)
    assert shop.state(offer) == "REVOKED"
    for use in (shop.lock, shop.redeem):
        with shop.refused("offer_revoked"):
            use(offer)
    head = shop.ledger.log.head()
    shop.revoke(offer)
    assert shop.ledger.log.head() == head


def test_what_an_offer_does_not_allow_is_refused_by_name(shop: Shop) -> None:
    free, used, gone = (shop.give() for _ in range(3))
    shop.redeem(used)
    shop.revoke(gone)
    expected: list[tuple[Callable[[str], Any], str, str]] = [
        (shop.reinstate, free, "offer_not_redeemed"),
        (shop.reinstate, gone, "offer_not_redeemed"),
        (shop.unlock, used, "offer_not_locked"),
        (shop.unlock, gone, "offer_not_locked"),
        (shop.revoke, used, "offer_already_redeemed"),
    ]
    for ask, offer, code in expected:
        with shop.refused(code):
            ask(offer)
    shop.lock(free, "T2")
    with shop.refused("offer_not_redeemed"):
        shop.reinstate(free)


@pytest.mark.parametrize(
    "offer",
    [
        *("nothing", "", "x/y", "a" * 200, "nobody.aaaaaaaaaaaaaaaa"),
        *(f"{odd}.aaaaaaaaaaaaaaaa" for odd in ("c\x00", "c\udc80", "a/b", "é", "")),
    ],
)
def test_an_offer_nobody_has_is_not_found(shop: Shop, offer: str) -> None:
    asks = (shop.lock, shop.redeem, shop.unlock, shop.reinstate, shop.revoke)
    for ask in asks:
        with shop.refused("offer_not_found"):
            ask(offer)
    with shop.refused("offer_not_found"):
        shop.ledger.offers.code(offer, CASHIER)


def test_before_its_period_and_from_its_end_on_an_offer_cannot_be_used(shop: Shop) -> None:
    offer = shop.give("april")
    with shop.refused("offer_not_started") as refusal:
        shop.lock(offer)
    assert refusal.value.details == {"redeemable_from": "2026-03-31T22:00:00+00:00"}
    shop.move_to(datetime.fromisoformat("2026-05-01T00:00:00+02:00"))
    for use in (shop.lock, shop.redeem, shop.revoke):
        with shop.refused("offer_expired"):
            use(offer)
    assert shop.state(offer) == "EXPIRED"


def test_a_sale_with_a_live_lock_may_price_anew_past_the_end_of_the_period(shop: Shop) -> None:
    offer = shop.give("mug-set")
    shop.move_to(END_OF_MUGS - timedelta(minutes=5))
    shop.lock(offer, items=MUGS)
    shop.move_to(END_OF_MUGS + timedelta(minutes=5))
    assert shop.state(offer) == "LOCKED"
    shop.lock(offer, items=MUGS)
    shop.unlock(offer)
    assert shop.state(offer) == "EXPIRED"
    with shop.refused("offer_expired"):
        shop.lock(offer, items=MUGS)


def test_where_an_offer_cannot_be_used_it_is_not_applicable(shop: Shop) -> None:
    offer = shop.give("mug-set")
    with shop.refused("offer_not_applicable"):
        shop.lock(offer, store="other", items=MUGS)
    with shop.refused("unknown_store"):
        shop.lock(offer, store="nowhere", items=MUGS)
    assert shop.lock(offer, items=MUGS).event.discount.amount == 300


def test_a_closed_or_voided_sale_takes_no_offer(shop: Shop) -> None:
    offer = shop.give()
    shop.close("T1")
    shop.close("T2", is_voided=True)
    for sale in ("T1", "T2"):
        for use in (shop.lock, shop.redeem):
            with shop.refused("transaction_closed"):
                use(offer, sale)
    shop.close("T3", is_closed=False)
    shop.lock(offer, "T3")


def test_sales_whose_names_would_run_together_are_kept_apart(shop: Shop) -> None:
    offer = shop.give()
    shop.lock(offer, "a/b")
    with shop.refused("offer_locked"):
        shop.lock(offer, "a%2Fb")
    shop.unlock(offer)
    shop.lock(offer, "a%2Fb")
    shop.close("a%2Fb", offer)
    assert shop.state(offer) == "REDEEMED"


# --- stacking -----------------------------------------------------------------------------------


def test_an_offer_that_goes_with_no_other_is_refused_beside_another_either_way_round(
    shop: Shop,
) -> None:
    alone, euro = shop.give("alone"), shop.give("euro")
    for first, second in ((alone, euro), (euro, alone)):
        for take in (shop.lock, shop.redeem):
            take(first)
            for use in (shop.lock, shop.redeem):
                with shop.refused("offer_not_stackable") as refusal:
                    use(second)
                assert refusal.value.details == {"offers": [first]}
            (shop.unlock if take == shop.lock else shop.reinstate)(first)
    shop.lock(alone)
    shop.lock(euro, "T2")


def test_a_lapsed_lock_is_on_no_check(shop: Shop) -> None:
    alone, euro = shop.give("alone"), shop.give("euro")
    shop.lock(alone)
    shop.later(minutes=31)
    shop.lock(euro)
    with shop.refused("offer_not_stackable"):
        shop.lock(alone)


def test_what_is_held_for_the_sale_lowers_the_price_of_the_next(shop: Shop) -> None:
    """Whether the till sends the discount it has or not."""
    euro, muffin = shop.give("euro"), shop.give("muffin")
    with_coffee = [item("ESPRESSO", "1.00"), item("MUFFIN", "1.00")]
    first = shop.lock(euro, items=with_coffee)
    second = shop.lock(muffin, items=with_coffee)
    assert second.event.discount.amount == 50
    told = [carrying(euro, "1.00") | {"stack_order": 1}]
    assert shop.lock(muffin, items=with_coffee, discounts=told).event.discount.amount == 50
    assert first.event.discount.amount == 100


# --- who asks, and how --------------------------------------------------------------------------


def test_a_wrong_way_to_name_an_offer_is_refused_with_the_right_ones(shop: Shop) -> None:
    offer = shop.give()
    sale = read_transaction({"transaction_id": "T1", "open_time": "2026-03-10", "items": []} | AT)
    for wrong in ("UserOfferID", "ttlcode", "", "PromoCode"):
        with shop.refused("invalid_offer_lookup_type") as refusal:
            shop.ledger.offers.lock(Lookup(wrong, offer), Basket("main", sale), Actor())
        assert refusal.value.details == {"types": ["UserOfferId", "TTLCode"]}


AT = {"open_time": "2026-03-10T12:00:00"}


def test_two_processes_see_what_the_other_did(shop: Shop) -> None:
    other, offer = shop.another(), shop.give()
    shop.lock(offer)
    with shop.refused("offer_locked"):
        other.lock(offer, "T2")
    other.unlock(offer)
    shop.lock(offer, "T3")
    with shop.refused("offer_locked"):
        other.lock(offer, "T2")
    other.close("T3", offer)
    with shop.refused("offer_not_locked"):
        shop.unlock(offer)


# --- codes --------------------------------------------------------------------------------------


def test_a_code_stands_for_its_offer_for_one_sale_however_it_is_typed(shop: Shop) -> None:
    offer = shop.give()
    made = shop.ledger.offers.code(offer, CASHIER)
    assert (len(made.code), made.offer_id) == (8, offer)
    typed = f"{made.code[:4]}-{made.code[4:]}".lower().replace("0", "o").replace("1", "l")
    bound = shop.lock(typed, by_code=True)
    assert bound.event.offer_id == offer
    shop.lock(made.code, by_code=True)  # the same sale prices anew
    shop.unlock(offer)
    with shop.refused("offer_code_used"):
        shop.lock(made.code, "T2", by_code=True)
    assert len(shop.events("OfferCodeUsed")) == 1


def test_a_code_is_good_up_to_ten_minutes_and_not_at_them(shop: Shop) -> None:
    offer = shop.give()
    early, late = (shop.ledger.offers.code(offer, CASHIER) for _ in range(2))
    assert timedelta(minutes=9, seconds=59) < early.expires_at - NOW <= timedelta(minutes=10.01)
    shop.move_to(early.expires_at - timedelta(microseconds=2_000))
    shop.redeem(early.code, by_code=True)
    shop.reinstate(offer)
    shop.move_to(late.expires_at - timedelta(milliseconds=1))  # the clock is read at the end
    with shop.refused("offer_code_expired"):
        shop.lock(late.code, by_code=True)


def test_a_code_that_could_not_be_used_is_not_used_up(shop: Shop) -> None:
    offer = shop.give("mug-set")
    made = shop.ledger.offers.code(offer, CASHIER)
    with shop.refused("offer_not_applicable"):
        shop.lock(made.code, by_code=True)
    shop.lock(made.code, "T2", by_code=True, items=MUGS)


def test_an_unknown_code_is_no_offer(shop: Shop) -> None:
    offer = shop.give()
    for typed in ("00000000", "", offer, "é" * 8, "\udc80", "x" * 500):
        with shop.refused("offer_not_found"):
            shop.lock(typed, by_code=True)


def test_no_code_is_made_for_what_is_over_and_none_is_in_the_log(shop: Shop) -> None:
    free, used, gone, mug = shop.give(), shop.give(), shop.give(), shop.give("mug-set")
    made = shop.ledger.offers.code(free, CASHIER)
    (event,) = shop.events("OfferCodeMade")
    assert made.code not in repr(event)
    shop.redeem(used)
    shop.revoke(gone)
    shop.move_to(END_OF_MUGS)
    over = ((used, "offer_already_redeemed"), (gone, "offer_revoked"), (mug, "offer_expired"))
    for offer, code in over:
        with shop.refused(code):
            shop.ledger.offers.code(offer, CASHIER)


def test_a_code_drawn_twice_is_drawn_again(shop: Shop) -> None:
    first, second = shop.give(), shop.give()
    drawn = iter(["SAME0000", "SAME0000", "OTHER000"])
    shop.ledger.offers._draw = lambda: next(drawn)
    assert shop.ledger.offers.code(first, CASHIER).code == "SAME0000"
    assert shop.ledger.offers.code(second, CASHIER).code == "OTHER000"
    assert shop.lock("SAME0000", by_code=True).event.offer_id == first
