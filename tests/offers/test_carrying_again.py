"""Sales that carry offers: later versions, repeats, several in one group, and what they earn."""

from datetime import timedelta

from loyalty_ledger.domain.events.offers import OfferRedeemed
from offers.till import BREAKFAST, NOW, Shop, flag


def test_only_the_first_closed_version_redeems(shop: Shop) -> None:
    first, late = shop.give(), shop.give()
    shop.close("T1", first)
    for hours, sent in ((1, [first, late]), (2, [late]), (3, [])):
        shop.later(hours=hours)
        shop.close("T1", *sent)
    assert (shop.state(first), shop.state(late)) == ("REDEEMED", "ISSUED")
    assert len(shop.events("OfferRedeemed")) == 1
    assert shop.flags() == []


def test_the_version_that_was_made_first_redeems_whenever_it_comes(shop: Shop) -> None:
    offer, other = shop.give(), shop.give()
    shop.close("T1", other)
    shop.close("T1", offer, at=NOW - timedelta(hours=1))
    assert (shop.state(offer), shop.state(other)) == ("REDEEMED", "ISSUED")
    shop.later(hours=1)
    shop.close("T1", other)
    assert (shop.state(offer), shop.state(other)) == ("REDEEMED", "ISSUED")
    shop.work()
    shop.close("T2", other)
    assert shop.state(other) == "REDEEMED"


def test_the_same_body_again_changes_nothing(shop: Shop) -> None:
    offer = shop.give()
    body = shop.body("T1", shop.lock(offer))
    shop.receive(body)
    head = shop.ledger.log.head()
    assert [one.outcome for one in shop.receive(body, body)] == ["repeated"] * 2
    assert shop.ledger.log.head() == head


def test_of_two_sales_in_one_group_the_first_has_the_offer(shop: Shop) -> None:
    offer = shop.give()
    shop.receive(shop.body("T1", offer), shop.body("T2", offer), shop.body("T3", offer))
    (redeemed,) = shop.events("OfferRedeemed")
    assert isinstance(redeemed, OfferRedeemed) and redeemed.transaction == "main/T1"
    for sale in ("T2", "T3"):
        assert shop.flags(sale) == [flag("offer_already_redeemed", offer)]


def test_many_offers_on_one_sale_are_each_judged(shop: Shop) -> None:
    good, used, other = shop.give(), shop.give(), shop.give(to="BOB")
    shop.redeem(used, "T0")
    shop.close("T1", good, used, other, "nothing")
    assert shop.flags() == [
        flag("offer_already_redeemed", used),
        flag("offer_not_yours", other),
        flag("offer_not_found", "nothing"),
    ]
    assert shop.state(good) == "REDEEMED"


def test_the_discount_lowers_what_the_sale_earns_honoured_or_not(shop: Shop) -> None:
    shop.close("T1", "nothing", items=BREAKFAST)
    shop.work()
    assert shop.points() == 1_000 + 60
