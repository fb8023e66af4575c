"""How customers come by offers: in every way, under which definition, within what limits."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from loyalty_ledger.domain.events.offers import Actor, OfferIssued
from loyalty_ledger.domain.program.document import Program
from offers.till import BREAKFAST, CASHIER, NOW, Shop, document, item

NOBODY = Actor()
APRIL = datetime(2026, 3, 31, 22, tzinfo=UTC)
MAY = datetime(2026, 4, 30, 22, tzinfo=UTC)


def issued(shop: Shop, definition: str) -> OfferIssued:
    (found,) = (
        event
        for event in shop.events("OfferIssued")
        if isinstance(event, OfferIssued) and event.definition == definition
    )
    return found


def test_a_rule_issues_an_offer_and_the_event_says_why(shop: Shop) -> None:
    shop.close("T1", items=[item("BEANS", "8.00")])
    shop.work()
    event = issued(shop, "forever")
    assert (event.rule, event.transaction, event.cause) == (
        "rule:beans",
        "main/T1",
        "sale/main/T1@1",
    )
    assert (event.customer_id, event.by, event.program_version) == (shop.id_of(), NOBODY, 1)
    assert (event.redeemable_from, event.expires_at) == (None, None)
    assert shop.state(event.offer_id) == "ISSUED"


def test_a_campaign_issues_an_offer_that_lives_from_the_sale_on(shop: Shop) -> None:
    shop.close("T1", items=[item("CAKE", "8.00")], at=NOW - timedelta(hours=3))
    shop.work()
    event = issued(shop, "muffin")
    assert (event.rule, event.issued_at) == ("campaign:cake-month", NOW - timedelta(hours=3))
    # Thirty days by the calendar, and the clocks of Amsterdam go forward on 29 March.
    assert event.expires_at == NOW - timedelta(hours=4) + timedelta(days=30)


def test_entering_a_level_issues_its_offer_once(shop: Shop) -> None:
    for sale in ("T1", "T2"):
        shop.close(sale, items=[item("BREAD", "60.00")])
        shop.work()
    event = issued(shop, "welcome")
    assert (event.rule, event.transaction) == ("tier:club/silver", "main/T1")


def test_an_offer_given_by_hand_says_who_gave_it_and_why(shop: Shop) -> None:
    (event,) = shop.ledger.offers.give(shop.id_of("BOB"), "euro", CASHIER, "a cold coffee")
    assert (event.by, event.why, event.rule) == (CASHIER, "a cold coffee", "by_hand:issue")
    assert shop.last(event.offer_id) == event
    assert list(shop.offers("BOB")) == [event.offer_id]


def test_an_offer_bought_in_a_reward_store_says_what_was_paid_for_it(shop: Shop) -> None:
    (event,) = shop.buy("muffin-150")
    assert (event.reward_store, event.store_offer, event.price) == ("rewards", "muffin-150", 150)
    assert [(one.account, one.points) for one in event.paid] == [("points", 150)]
    assert (event.by, event.why) == (CASHIER, "bought")
    assert shop.points() == 850


def test_offers_given_at_once_are_different_ones(shop: Shop) -> None:
    given = shop.ledger.offers.give(shop.id_of(), "muffin", CASHIER, "sorry", 2)
    again = shop.ledger.offers.give(shop.id_of(), "muffin", CASHIER, "sorry", 1)
    ids = {one.offer_id for one in (*given, *again)}
    assert len(ids) == 3
    assert all(one.startswith(f"{shop.id_of()}.") for one in ids)


def test_an_offer_the_program_does_not_have_is_refused(shop: Shop) -> None:
    with shop.refused("offer_not_found"):
        shop.give("nothing")


@pytest.mark.parametrize("quantity", [0, -1, 101])
def test_a_quantity_out_of_range_is_refused(shop: Shop, quantity: int) -> None:
    with shop.refused("validation"):
        shop.ledger.offers.give(shop.id_of(), "euro", CASHIER, "sorry", quantity)
    with shop.refused("validation"):
        shop.buy("thanks-0", quantity=quantity)


def test_issuance_limits_hold_over_every_way_to_an_offer(shop: Shop) -> None:
    """Three muffins a customer, five in all, however they come by them."""
    shop.buy("muffin-150")
    shop.close("T1", items=[item("CAKE", "8.00")])
    shop.work()
    shop.give("muffin")
    with shop.refused("limit_reached") as refusal:
        shop.give("muffin")
    assert refusal.value.details == {"limit": "per_customer", "left": 0}
    with shop.refused("limit_reached"):
        shop.buy("muffin-150")
    shop.close("T2", items=[item("CAKE", "8.00")])
    shop.work()
    assert len(shop.offers()) == 3
    with shop.refused("limit_reached"):
        shop.ledger.offers.give(shop.id_of("BOB"), "muffin", CASHIER, "sorry", 3)
    shop.ledger.offers.give(shop.id_of("BOB"), "muffin", CASHIER, "sorry", 2)
    with shop.refused("limit_reached") as refusal:
        shop.give("muffin", to="VIC")
    assert refusal.value.details == {"limit": "total", "left": 0}


def test_limits_are_not_freed_by_taking_an_offer_away(shop: Shop) -> None:
    for _ in range(3):
        shop.revoke(shop.give("muffin"))
    with shop.refused("limit_reached"):
        shop.give("muffin")


def test_an_offer_is_given_out_up_to_the_end_of_its_issuance_and_not_at_it(shop: Shop) -> None:
    shop.move_to(MAY - timedelta(microseconds=1_500))
    shop.give("mug-set")
    shop.move_to(MAY)
    with shop.refused("not_available"):
        shop.give("mug-set")


def test_an_offer_of_april_can_be_given_in_march_and_not_in_may(shop: Shop) -> None:
    offer = shop.give("april")
    shown = shop.offers()[offer]
    assert shown.expires_at == MAY
    shop.move_to(MAY)
    with shop.refused("not_available"):
        shop.give("april")


# --- definitions that change --------------------------------------------------------------------


def changed(definition: str, **changes: Any) -> dict[str, Any]:
    """The program with another definition of that offer."""
    whole = document()
    offers = [one | changes if one["id"] == definition else one for one in whole["offers"]]
    return whole | {"offers": offers}


def test_an_issued_offer_keeps_the_definition_it_was_issued_under(shop: Shop) -> None:
    till = shop.another()
    before = shop.give("euro")
    assert till.lock(before, "T0").event.discount.amount == 100
    discount = {"kind": "amount_off_check", "amount": "3.00"}
    assert shop.publish(changed("euro", discount=discount, lock_timeout="PT5M")) == 2
    after = shop.give("euro")
    old, new = till.lock(before, "T0"), till.lock(after, "T1")
    assert (old.event.discount.amount, new.event.discount.amount) == (100, 300)
    assert (old.event.program_version, new.event.program_version) == (1, 2)
    assert old.definition.lock_timeout != new.definition.lock_timeout
    till.close("T0", old)
    assert shop.last(before).program_version == 1


def test_an_issued_offer_outlives_its_definition(shop: Shop) -> None:
    offer = shop.give("euro")
    whole = document()
    shop.publish(whole | {"offers": [one for one in whole["offers"] if one["id"] != "euro"]})
    with shop.refused("offer_not_found"):
        shop.give("euro")
    bound = shop.another().lock(offer)
    assert bound.event.discount.amount == 100
    assert shop.close("T1", bound) == "accepted"
    assert shop.state(offer) == "REDEEMED"
    assert shop.flags() == []


def without(sold: str, whole: dict[str, Any]) -> dict[str, Any]:
    """The program whose reward store does not sell that."""
    rewards, *others = whole["reward_stores"]
    offers = [one for one in rewards["offers"] if one["id"] != sold]
    return whole | {"reward_stores": [rewards | {"offers": offers}, *others]}


def test_an_offer_on_sale_cannot_be_changed_and_the_refusal_says_what_to_do(shop: Shop) -> None:
    with shop.refused("offer_in_store") as refusal:
        shop.publish(changed("muffin", title="A bigger muffin"))
    assert "take it out of the store" in refusal.value.message
    assert "muffin" in refusal.value.message
    with shop.refused("offer_in_store"):
        shop.another().publish(changed("mug-set", minimum_spend="10.00"))


def test_taken_out_changed_and_put_back_is_the_way_to_change_an_offer_on_sale(shop: Shop) -> None:
    (before,) = shop.buy("muffin-150")
    new = changed("muffin", title="A bigger muffin")
    assert shop.publish(without("muffin-150", document())) == 2
    with shop.refused("offer_not_found"):
        shop.buy("muffin-150")
    assert shop.publish(without("muffin-150", new)) == 3
    assert shop.publish(new) == 4
    (after,) = shop.buy("muffin-150")
    assert (before.program_version, after.program_version) == (1, 4)
    assert shop.lock(before.offer_id).definition.title == "A muffin with your coffee"
    assert shop.lock(after.offer_id, "T2").definition.title == "A bigger muffin"
    with shop.refused("limit_reached"):
        shop.buy("muffin-150")  # both count: it is the same thing on the shelf


def test_an_offer_that_no_store_sells_may_change_and_so_may_its_price_in_a_store(
    shop: Shop,
) -> None:
    whole = changed("euro", title="A euro")
    rewards, *others = whole["reward_stores"]
    first, *rest = rewards["offers"]
    cheaper = rewards | {"offers": [first | {"price": 100}, *rest]}
    assert shop.publish(whole | {"reward_stores": [cheaper, *others]}) == 2
    assert shop.buy("muffin-150")[0].price == 100


def test_the_document_of_these_tests_is_the_program_they_use(shop: Shop) -> None:
    assert shop.publish(document()) is None
    assert Program.from_document(document()).offer("euro").title == "One euro off"
    assert shop.points() == 1_000 and shop.points("BOB") == 0
    assert [one["item_id"] for one in BREAKFAST] == ["ESPRESSO", "MUFFIN"]
