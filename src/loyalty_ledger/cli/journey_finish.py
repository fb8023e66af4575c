"""Finish a sale, from any step: the end that journeys share.

With k the first step, the customer buys (k). Option 1, no offer: the sale is sent (k+1). Option 2,
with an offer: it is locked (k+2, option 2A) or redeemed at once (k+3, option 2B), which works
(k+4), and the sale is sent (k+5). It is stored (k+6), answered (k+7), shown (k+8), and settled: by
the economy rules (option 3: k+9, k+10) and by the campaigns (option 4: k+11, k+12).
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from loyalty_ledger.cli.journey_stage import CUSTOMER, LEDGER, TILL, Sale, Scene
from loyalty_ledger.discount_object import discount_object
from loyalty_ledger.domain.events.offers import OfferLocked
from loyalty_ledger.domain.values import major_units
from loyalty_ledger.offer_requests import Bound

QUEUED = timedelta(minutes=1)
"""How long a sale is under way from the till to the ledger."""


def without_offer(scene: Scene, first: int, sale: Sale) -> None:
    """Option 1, then 3 and 4."""
    scene.add(first, CUSTOMER, f"buys {sale.words}; the sale is final")
    scene.add(first + 1, TILL, "uses no offer (option 1): sends the transaction")
    _send(scene, first, sale, ())


def with_a_lock(scene: Scene, first: int, sale: Sale, name: str) -> None:
    """Option 2A, then 3 and 4."""
    scene.add(first, CUSTOMER, f"buys {sale.words}; the sale is final")
    bound = scene.shop.lock(scene.offers()[name], sale)
    scene.add(first + 2, TILL, f"locks {name} for the sale (option 2A)")
    scene.add(first + 4, LEDGER, f"success: {in_words(bound, scene)}")
    scene.add(first + 5, TILL, "sends the transaction with the discount as it came")
    _send(scene, first, sale, (discount_object(bound),), f"; redeems {name} in the same commit")


def redeemed_at_once(scene: Scene, first: int, sale: Sale, name: str) -> None:
    """Option 2B, then 3 and 4."""
    scene.add(first, CUSTOMER, f"buys {sale.words}; the sale is final")
    bound = scene.shop.redeem(scene.offers()[name], sale)
    scene.add(first + 3, TILL, f"redeems {name} at once (option 2B)")
    scene.add(first + 4, LEDGER, f"success: {in_words(bound, scene)}")
    scene.add(first + 5, TILL, "sends the transaction with the discount as it came")
    _send(scene, first, sale, (discount_object(bound),))


def with_a_discount(scene: Scene, first: int, sale: Sale, bound: Bound) -> None:
    """Option 2 where the offer was redeemed before, then 3 and 4."""
    scene.add(first, CUSTOMER, f"buys {sale.words}; the sale is final")
    scene.add(first + 5, TILL, "sends the transaction with the discount as it came")
    _send(scene, first, sale, (discount_object(bound),))


def in_words(bound: Bound, scene: Scene) -> str:
    """What a lock or a redemption takes off, and how long a lock holds."""
    off = major_units(bound.event.discount.amount, bound.program.exponent)
    held = ""
    if isinstance(bound.event, OfferLocked):
        held = f", held until {scene.shop.wall(bound.event.locked_until):%H:%M}"
    return f"{off} {bound.program.currency} off{held}"


def _send(
    scene: Scene, first: int, sale: Sale, discounts: tuple[Mapping[str, Any], ...], also: str = ""
) -> None:
    """Steps k+6 to k+12."""
    clock = scene.shop.clock
    clock.move_to(clock.now + QUEUED)
    answer = scene.shop.send(sale, discounts)
    scene.add(first + 6, LEDGER, f"stores the transaction, which waits to be settled{also}")
    scene.add(first + 7, LEDGER, f"returns {answer}")
    scene.add(first + 8, TILL, "shows that it worked")
    before = scene.state()
    scene.shop.settle()
    scene.add(first + 9, LEDGER, "checks it against the economy rules (option 3)", before)
    scene.add(first + 10, LEDGER, f"awards {scene.granted(sale, 'rule')}", before)
    scene.add(first + 11, LEDGER, "checks it against the campaigns (option 4)", before)
    scene.add(first + 12, LEDGER, f"awards {scene.granted(sale, 'campaign')}; commits it all")
