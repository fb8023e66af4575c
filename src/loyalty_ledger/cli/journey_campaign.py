"""Journey 1: issue an offer discount and points for completing a rule or campaign."""

from loyalty_ledger.cli.journey_finish import without_offer
from loyalty_ledger.cli.journey_stage import ANN, CUSTOMER, LEDGER, TILL, Scene, Shop

TITLE = "Journey 1: points and an offer for completing a campaign"


def complete_a_campaign(shop: Shop) -> Scene:
    """Ann buys what a campaign is about."""
    scene = Scene(TITLE, shop, ANN, ("points", "two-dollars-off"))
    held = scene.state()
    level = ", ".join(f"{level} in {system}" for system, level in held.levels.items())
    scene.add(1, CUSTOMER, "Ann says who she is at the till")
    scene.add(2, TILL, "looks her up")
    scene.add(3, LEDGER, f"returns her profile and wallet: {held.points['points']} points, {level}")
    scene.add(4, TILL, "shows them")
    scene.add(5, CUSTOMER, "Ann sees that they are hers")
    without_offer(scene, 6, shop.sale("visit-1", ANN, "BURRITO-CHICKEN-L"))
    return scene
