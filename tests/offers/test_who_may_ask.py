"""Who is suspended, or not invited (any more): what he may still do, and what he is shown."""

from datetime import datetime, timedelta
from typing import Any

from loyalty_ledger.domain.customer import Standing
from offers.till import NOW, Shop, promoting

DAY = timedelta(days=1)


def suspends(shop: Shop, *, suspended: bool = True, who: str = "ANN") -> None:
    def restand(standing: Standing, _at: datetime) -> Standing:
        return standing._replace(suspended=suspended)

    assert shop.ledger.customers.change(shop.id_of(who), restand)


def test_who_is_suspended_may_use_buy_and_claim_nothing_until_he_is_not(shop: Shop) -> None:
    shop.publish(promoting())
    held, free = shop.give(), shop.give("muffin")
    shop.lock(held)
    suspends(shop)
    for act in (
        lambda: shop.lock(free, "T2"),
        lambda: shop.redeem(free, "T2"),
        lambda: shop.lock(held),
        lambda: shop.buy("thanks-0"),
        lambda: shop.claim("MUGLOVE"),
        lambda: shop.ledger.spending.spend(shop.id_of(), 1),
    ):
        with shop.refused("customer_suspended"):
            act()
        with shop.refused("customer_suspended"):
            act()
    suspends(shop, suspended=False)
    shop.lock(free, "T2")
    shop.buy("thanks-0")
    shop.claim("MUGLOVE")


def test_who_is_suspended_is_promised_what_he_was_and_can_be_given_more(shop: Shop) -> None:
    promised = shop.lock(shop.give())
    held = shop.lock(shop.give("muffin"), "T3")
    suspends(shop)
    before = shop.points()
    assert shop.close("T1", promised) == "accepted"
    assert shop.flags() == []
    shop.unlock(held.event.offer_id)
    shop.give()
    assert shop.points() > before


def test_a_suspended_customer_sees_what_he_has_and_why_nothing_can_be_bought(shop: Shop) -> None:
    mine = shop.give()
    suspends(shop)
    shown = shop.ledger.answers.profile(shop.id_of(), shop.moment())
    assert shown.suspended and mine in shop.offers()
    assert shop.state(mine) == "ISSUED"
    why = shop.on_shelf("muffin-150").why_not
    assert [one.code for one in why] == ["customer_suspended"]
    before = shop.moment(as_of=NOW - DAY)
    assert not shop.ledger.answers.profile(shop.id_of(), before).suspended


def tags(shop: Shop, as_of: datetime | None = None, of: str = "ANN") -> list[str]:
    shown = shop.ledger.answers.profile(shop.id_of(of), shop.moment(as_of=as_of))
    return sorted(one.tag for one in shown.tags)


def test_tags_are_shown_as_they_were(shop: Shop) -> None:
    ann = shop.id_of()
    shop.ledger.customers.tag(ann, "vip", NOW + 2 * DAY)
    shop.later(days=1)
    shop.ledger.customers.tag(ann, "staff")
    shop.later(days=3)
    shop.ledger.customers.untag(ann, "staff")
    shop.later(days=4)
    hour = timedelta(hours=1)
    assert tags(shop, NOW - hour) == []
    assert tags(shop, NOW + hour) == ["vip"]
    assert tags(shop, NOW + DAY + hour) == ["staff", "vip"]
    assert tags(shop, NOW + 2 * DAY) == ["staff"]
    assert tags(shop) == []


def test_an_invitation_opens_a_store_before_its_end_and_not_at_it(shop: Shop) -> None:
    with shop.refused("not_eligible"):
        shop.buy("vip-0", by="BOB")
    shop.ledger.customers.tag(shop.id_of("BOB"), "staff", NOW + DAY)
    assert shop.on_shelf("vip-0", "BOB").why_not == ()
    shop.buy("vip-0", by="BOB")
    shop.later(days=1)
    with shop.refused("not_eligible"):
        shop.buy("vip-0", by="BOB")
    assert [one.code for one in shop.on_shelf("vip-0", "BOB").why_not] == ["not_eligible"]
    open_then = shop.moment(as_of=NOW + DAY / 2)
    assert shop.on_shelf("vip-0", "BOB", open_then).why_not == ()


def test_a_late_sale_is_judged_by_the_tags_that_had_not_ended_at_its_own_time(shop: Shop) -> None:
    award = {"account": "points", "source": "purchases", "points": 500}
    for_vips: dict[str, Any] = {"id": "vips", "audience": {"tags": ["vip"]}}
    document = shop_document(shop) | {"campaigns": [for_vips | {"outcomes": [{"award": award}]}]}
    shop.publish(document)
    ann = shop.id_of()
    shop.ledger.customers.tag(ann, "vip", NOW + DAY)
    shop.later(days=3)
    for number, hours, earns in ((1, -1, True), (2, 23.99, True), (3, 24, False), (4, 25, False)):
        when = (NOW + timedelta(hours=hours)).isoformat()
        assert shop.close(f"L{number}", open_time=when) == "accepted"
        shop.work()
        assert ("campaign:vips" in granted(shop)) is earns, hours


def shop_document(shop: Shop) -> dict[str, Any]:
    rulebook = shop.ledger.settlement.rulebook()
    assert rulebook is not None
    return rulebook.program.to_document()


def granted(shop: Shop) -> list[str]:
    """The rules that gave something for the last sale."""
    last: Any = shop.events("TransactionSettled")[-1]
    return [one.rule for one in last.grants]
