"""Journey 5, its end: a changed version, a void, and returns within and beyond twelve months.

Bob's offers go by the letters they had in the scenes before.
"""

from collections.abc import Iterator
from datetime import timedelta

from loyalty_ledger.cli.journey_stage import BOB, CUSTOMER, LEDGER, TILL, Sale, Scene, Shop
from loyalty_ledger.domain.events.settlement import TransactionSettled
from loyalty_ledger.domain.streams import sale as sale_stream

TITLE = "Journey 5: finalize and send a purchase"
BURRITO, LEMONADE = "BURRITO-CHICKEN-L", "LEMONADE"
A_DAY, A_QUARTER, THE_REST = timedelta(days=1), timedelta(days=91), timedelta(days=305)


def change_void_and_return(shop: Shop) -> Iterator[Scene]:
    """What becomes of the three sales that Bob finished."""
    for play in (_changed, _voided, _returned, _returned_too_late):
        yield play(shop)


def _scene(shop: Shop, what: str, later: timedelta) -> Scene:
    shop.clock.move_to(shop.clock.now + later)
    shop.settle()
    return Scene(f"{TITLE}. {what}", shop, BOB, ("points", "offers"))


def _sent_again(scene: Scene, sale: Sale, *, is_voided: bool = False) -> None:
    """The same sale, sent whole: what the ledger answers, and what it then comes to."""
    shop, before = scene.shop, scene.state()
    answer = shop.send(sale, is_voided=is_voided)
    shop.settle()
    scene.add(None, LEDGER, f"stores the version, returns {answer}", before)
    scene.add(None, LEDGER, f"works it out from scratch: {_moved(shop, sale)}")


def _moved(shop: Shop, sale: Sale) -> str:
    """What the last version of the sale gave and took back, and why not."""
    stream = sale_stream(shop.store.store_id, sale.transaction_id)
    events = [one.event for one in shop.ledger.log.stream(stream)]
    last = [event for event in events if isinstance(event, TransactionSettled)][-1]
    if last.outside_return_window:
        return "it came after twelve months; it is recorded, and nothing moves"
    parts = []
    for grant in last.grants:
        for account in {**grant.granted, **grant.deserved}:
            by = grant.deserved.get(account, 0) - grant.granted.get(account, 0)
            parts += [f"{by:+} {account} by {grant.rule}"] if by else []
    return ", ".join(parts) or "nothing changes"


def _changed(shop: Shop) -> Scene:
    scene = _scene(shop, "A changed version", A_DAY)
    scene.add(None, TILL, "a lemonade was forgotten on the first sale")
    sale = shop.sale("bob-1", BOB, BURRITO, LEMONADE)
    scene.add(None, TILL, f"sends it again with {sale.words}")
    _sent_again(scene, sale)
    return scene


def _voided(shop: Shop) -> Scene:
    """A was redeemed in that sale, and B given for it."""
    scene = _scene(shop, "A void", A_DAY)
    scene.add(None, TILL, "the second sale, which used A and gave B, was a mistake: voids it")
    _sent_again(scene, shop.sale("bob-2", BOB, BURRITO), is_voided=True)
    scene.add(None, LEDGER, "A is Bob's again; B, which that sale had given, is not")
    return scene


def _returned(shop: Shop) -> Scene:
    scene = _scene(shop, "A return within twelve months", A_QUARTER)
    sale = shop.sale("bob-1", BOB, LEMONADE)
    scene.add(None, CUSTOMER, "Bob brings the burrito of the first sale back")
    scene.add(None, TILL, f"sends the sale again with what he keeps: {sale.words}")
    _sent_again(scene, sale)
    return scene


def _returned_too_late(shop: Shop) -> Scene:
    scene = _scene(shop, "A return beyond twelve months", THE_REST)
    scene.add(None, CUSTOMER, "Bob brings the lemonade back, thirteen months after he bought it")
    scene.add(None, TILL, "sends the sale again, empty")
    _sent_again(scene, shop.sale("bob-1", BOB))
    return scene
