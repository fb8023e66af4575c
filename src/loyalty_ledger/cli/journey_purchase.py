"""Journey 5: finalize and send a purchase, with each option in turn; then unlock and reinstate.

Bob's offers are called A, B and C, in the order the campaign gives them to him.
"""

from collections.abc import Iterator
from datetime import timedelta

from loyalty_ledger.cli.journey_finish import (
    in_words,
    redeemed_at_once,
    with_a_lock,
    without_offer,
)
from loyalty_ledger.cli.journey_stage import (
    BOB,
    CUSTOMER,
    EMPLOYEE,
    LEDGER,
    TILL,
    TILL_2,
    Sale,
    Scene,
    Shop,
)
from loyalty_ledger.domain.events.offers import Actor
from loyalty_ledger.domain.values import Rejected

TITLE = "Journey 5: finalize and send a purchase"
BURRITO = "BURRITO-CHICKEN-L"
CASHIER = Actor(client_id="till-1", employee_id="E-7")
A_DAY, A_WEEK = timedelta(days=1), timedelta(days=7)


def finalize_and_send(shop: Shop) -> Iterator[Scene]:
    """Bob buys burritos on three days, and changes his mind about a fourth."""
    for play in (_no_offer, _locked, _at_once, _unlocked, _reinstated):
        yield play(shop)


def _scene(shop: Shop, what: str, later: timedelta) -> Scene:
    shop.clock.move_to(shop.clock.now + later)
    shop.settle()
    return Scene(f"{TITLE}. {what}", shop, BOB, ("points", "offers"))


def _no_offer(shop: Shop) -> Scene:
    scene = _scene(shop, "Option 1: no offer", A_DAY)
    without_offer(scene, 1, shop.sale("bob-1", BOB, BURRITO))
    return scene


def _locked(shop: Shop) -> Scene:
    scene = _scene(shop, "Option 2A: lock an offer", A_DAY)
    with_a_lock(scene, 1, shop.sale("bob-2", BOB, BURRITO), "A")
    return scene


def _at_once(shop: Shop) -> Scene:
    """A week after the first, as the campaign gives two offers in seven days."""
    scene = _scene(shop, "Option 2B: redeem at once", A_WEEK)
    redeemed_at_once(scene, 1, shop.sale("bob-3", BOB, BURRITO), "B")
    return scene


def _unlocked(shop: Shop) -> Scene:
    scene = _scene(shop, "Unlock", timedelta(minutes=5))
    sale = shop.sale("bob-4", BOB, BURRITO)
    other, smaller = sale._replace(transaction_id="bob-5"), shop.sale("bob-4", BOB, "LEMONADE")
    bound = shop.lock(scene.offers()["C"], sale)
    scene.add(None, TILL, f"locks C for a sale of {sale.words}")
    scene.add(None, LEDGER, f"success: {in_words(bound, scene)}")
    scene.add(None, TILL, "another till wants C for another sale")
    scene.add(None, LEDGER, _refused(shop, scene.offers()["C"], other, TILL_2))
    scene.add(None, CUSTOMER, f"Bob changes his mind: {smaller.words} instead")
    scene.add(None, TILL, "locks C again, with the same transaction id")
    scene.add(None, LEDGER, _refused(shop, scene.offers()["C"], smaller, CASHIER))
    shop.ledger.offers.unlock(scene.offers()["C"], CASHIER)
    scene.add(None, TILL, "unlocks C, which is Bob's for another day")
    return scene


def _reinstated(shop: Shop) -> Scene:
    scene = _scene(shop, "Reinstate", timedelta(minutes=5))
    scene.add(None, CUSTOMER, "Bob had meant to keep B for another day")
    shop.ledger.offers.reinstate(scene.offers()["B"], CASHIER)
    scene.add(None, EMPLOYEE, "reinstates B")
    scene.add(None, LEDGER, "success: B is Bob's again, until its old end")
    return scene


def _refused(shop: Shop, offer_id: str, sale: Sale, by: Actor) -> str:
    """Why the offer cannot be locked for the sale."""
    try:
        shop.lock(offer_id, sale, by)
    except Rejected as refusal:
        return f"refuses, {refusal.code}: {refusal.message}"
    raise AssertionError(f"sale {sale.transaction_id} got the offer")
