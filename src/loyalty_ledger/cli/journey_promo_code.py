"""Journey 3: redeem a promo code, which gives an offer, or points."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from loyalty_ledger.cli.journey_finish import in_words, with_a_discount, with_a_lock
from loyalty_ledger.cli.journey_reward_store import look_around, purchase
from loyalty_ledger.cli.journey_stage import ANN, APP, CUSTOMER, IN_APP, LEDGER, TILL, Scene, Shop

TITLE = "Journey 3: a promo code is redeemed"
MUGS = "mug-set"


def redeem_promo_codes(shop: Shop) -> Iterator[Scene]:
    """Ann enters a code that gives an offer, and one that gives points."""
    yield _for_an_offer(shop)
    yield _for_points(shop)


def _for_an_offer(shop: Shop) -> Scene:
    scene = Scene(f"{TITLE}. It gives an offer", shop, ANN, ("points", "pending", MUGS))
    before = scene.state()
    claimed = shop.ledger.promotions.claim(scene.customer_id, "MUGLOVE", IN_APP)
    (offer,) = claimed.issued
    until = f"{shop.wall(offer.expires_at):%d %B}" if offer.expires_at else "it is used"
    scene.add(1, CUSTOMER, "Ann enters the code MUGLOVE", before)
    scene.add(2, APP, "sends the claim", before)
    scene.add(3, LEDGER, f"returns what it gives: {offer.definition} in her wallet, until {until}")
    scene.add(4, APP, "asks for her offers")
    scene.add(5, LEDGER, f"returns {', '.join(scene.offers())}")
    scene.add(6, APP, "shows them")
    sale = shop.sale("mugs-1", ANN, "MUG-SET", "COFFEE")
    scene.add(7, CUSTOMER, f"chooses {MUGS} for what is in her basket")
    bound = shop.redeem(scene.offers()[MUGS], sale)
    scene.add(8, TILL, f"redeems {MUGS}")
    scene.add(9, LEDGER, f"returns the discount: {in_words(bound, scene)}")
    with_a_discount(scene, 10, sale, bound)
    return scene


def _for_points(shop: Shop) -> Scene:
    """From step 6 on it is journey 2."""
    scene = Scene(f"{TITLE}. It gives points", shop, ANN, ("points", "pending", "free-muffin"))
    before, code = scene.state(), _printed(shop)
    claimed = shop.ledger.promotions.claim(scene.customer_id, code, IN_APP)
    points = sum(one.points for one in claimed.awarded)
    scene.add(1, CUSTOMER, "Ann enters the code on her card, which is good once", before)
    scene.add(2, APP, "sends the claim", before)
    scene.add(3, LEDGER, f"returns what it gives: {points} points")
    look_around(scene)
    purchase(scene)
    sale = shop.sale("coffee-2", ANN, "COFFEE", "MUFFIN-BLUE")
    with_a_lock(scene, 15, sale, "free-muffin")
    return scene


def _printed(shop: Shop) -> str:
    """A code of one claim, generated and printed on a card."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "codes"
        shop.ledger.promo_lists.generate("bean-gift", 1, file, IN_APP, lambda _done, _goal: None)
        return file.read_text().strip()
