"""Journey 2: redeem points for a reward store offer, and use it."""

from loyalty_ledger.answers import Moment
from loyalty_ledger.cli.journey_finish import with_a_lock
from loyalty_ledger.cli.journey_stage import APP, BOB, CUSTOMER, IN_APP, LEDGER, Scene, Shop
from loyalty_projections.reward_store import StoreView

TITLE = "Journey 2: points buy an offer in a reward store, and it is used"
CHOSEN = "muffin-150"


def redeem_points(shop: Shop) -> Scene:
    """Bob buys an offer with points, and then a coffee and a muffin with the offer."""
    scene = Scene(TITLE, shop, BOB, ("points", "pending", "free-muffin"))
    _log_in(scene)
    scene.add(5, CUSTOMER, "opens the reward store")
    look_around(scene)
    purchase(scene)
    sale = shop.sale("coffee-1", BOB, "COFFEE", "MUFFIN-BLUE")
    with_a_lock(scene, 15, sale, "free-muffin")
    return scene


def _log_in(scene: Scene) -> None:
    scene.add(1, CUSTOMER, "Bob logs in")
    scene.add(2, APP, "asks for his profile")
    scene.add(3, LEDGER, f"returns it: {scene.state().points['points']} points to spend")
    scene.add(4, APP, "shows it")


def look_around(scene: Scene) -> None:
    """Steps 6 to 10: which stores there are, and what they sell."""
    moment = Moment(scene.shop.clock.now)
    stores = scene.shop.ledger.answers.rewards(scene.customer_id, moment)
    is_open = [one for one in stores if one.is_open]
    scene.add(6, APP, "asks which stores are open to this customer")
    scene.add(7, LEDGER, f"returns {', '.join(map(_store, is_open))}")
    scene.add(8, APP, "asks for their offers")
    scene.add(9, LEDGER, f"returns {'; '.join(map(_shelf, is_open))}")
    scene.add(10, APP, "shows them")


def _store(store: StoreView) -> str:
    """A store, and what can be spent there."""
    return f"{store.name}: {store.balance} points to spend"


def _shelf(store: StoreView) -> str:
    """What a store sells, at what price, and why not."""
    return ", ".join(
        f"{one.id} for {one.price}"
        + (" (can be bought)" if one.can_buy else f" ({one.why_not[0].message})")
        for one in store.offers
    )


def purchase(scene: Scene) -> None:
    """Steps 11 to 14: an offer is bought."""
    before = scene.state()
    (bought,) = scene.shop.ledger.offers.buy(scene.customer_id, CHOSEN, IN_APP)
    until = bought.expires_at
    scene.add(11, CUSTOMER, "decides for a free muffin", before)
    scene.add(12, APP, f"sends the purchase of {CHOSEN}", before)
    scene.add(13, LEDGER, f"success: spends {bought.price} points and issues {bought.definition}")
    ends = f", good until {scene.shop.wall(until):%d %B}" if until else ""
    scene.add(14, APP, f"shows the offer: {_title(scene)}{ends}")


def _title(scene: Scene) -> str:
    rulebook = scene.shop.ledger.settlement.rulebook()
    return rulebook.program.offer("free-muffin").title if rulebook else ""
