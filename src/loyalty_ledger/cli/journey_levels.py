"""Journey 4: get tier level progress, and buy until the next level is reached."""

from datetime import timedelta
from typing import Any

from loyalty_ledger.answers import Moment
from loyalty_ledger.cli.journey_stage import ANN, APP, CUSTOMER, LEDGER, TILL, Scene, Shop

TITLE = "Journey 4: tier level progress and advance"
VISITS = range(2, 6)


def advance_a_level(shop: Shop) -> Scene:
    """Ann buys a bowl a day until she has reached the next level."""
    scene = Scene(TITLE, shop, ANN, ("tier-credits", "level"))
    _ask(scene)
    for visit in VISITS:
        shop.clock.move_to(shop.clock.now + timedelta(days=1))
        if _buy(scene, visit):
            break
        _ask(scene)
    return scene


def _ask(scene: Scene) -> None:
    """How far is the next level?"""
    place = _progress(scene)
    leaf = place["next"]["entrance"]["all"][0]
    missing = f"{leaf['missing']} of {leaf['target']} {leaf['account']}"
    scene.add(1, CUSTOMER, f"Ann asks how far it is from {place['level']} to the next level")
    scene.add(2, APP, "asks for her progress")
    scene.add(
        3, LEDGER, f"{place['next']['level']} takes {missing}: {leaf['spend_needed']} to spend"
    )
    scene.add(4, APP, "shows it")


def _buy(scene: Scene, visit: int) -> bool:
    """Whether the sale leads to the next level."""
    shop = scene.shop
    sale = shop.sale(f"visit-{visit}", ANN, "BOWL")
    scene.add(5, CUSTOMER, f"buys {sale.words}")
    scene.add(6, TILL, "sends the transaction")
    answer = shop.send(sale)
    scene.add(7, LEDGER, "stores the transaction, which waits to be settled")
    scene.add(8, LEDGER, f"returns {answer}")
    scene.add(9, TILL, "shows that it worked")
    before = scene.state()
    shop.settle()
    after = scene.state()
    moved = after.levels != before.levels
    scene.add(10, LEDGER, "checks it against the loyalty rules", before)
    awards = f"awards {scene.granted(sale, 'rule')}"
    if not moved:
        scene.add(11, LEDGER, f"{awards}; commits it all")
    else:
        scene.add(11, LEDGER, awards, before)
        old, new = before.levels["club"], after.levels["club"]
        scene.add(12, LEDGER, f"moves Ann from {old} to {new}; commits it all")
    return moved


def _progress(scene: Scene) -> dict[str, Any]:
    moment = Moment(scene.shop.clock.now)
    return scene.shop.ledger.answers.tiers(scene.customer_id, moment)[0]
