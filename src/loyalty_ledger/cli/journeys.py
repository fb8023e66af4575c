"""Customers' journeys, step by step, as the demo plays them. The steps bear the numbers they have
in every description of these journeys: what the customer, the till or app, and the ledger do.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from loyalty_ledger.cli.journey_campaign import complete_a_campaign
from loyalty_ledger.cli.journey_levels import advance_a_level
from loyalty_ledger.cli.journey_promo_code import redeem_promo_codes
from loyalty_ledger.cli.journey_purchase import finalize_and_send
from loyalty_ledger.cli.journey_return import change_void_and_return
from loyalty_ledger.cli.journey_reward_store import redeem_points
from loyalty_ledger.cli.journey_stage import ANN, BOB, Clock, Good, Person, Scene, Shop
from loyalty_ledger.domain.events.program import Store
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.ledger import Ledger

BURRITO_BAR = Store(store_id="S1", name="Main Street", time_zone="America/Chicago")
BURRITO_MENU = (
    Good("BOWL", "a bowl", Decimal("28.00"), ("FOOD", "bowls")),
    Good("BURRITO-CHICKEN-L", "a large chicken burrito", Decimal("11.50"), ("FOOD", "burritos")),
    Good("LEMONADE", "a lemonade", Decimal("3.00"), ("DRINKS", "cold")),
)
COFFEE_BAR = Store(store_id="C1", name="Canal Street", time_zone="Europe/Amsterdam")
COFFEE_MENU = (
    Good("COFFEE", "a coffee", Decimal("3.20"), ("DRINKS", "coffee")),
    Good("MUFFIN-BLUE", "a blueberry muffin", Decimal("2.80"), ("FOOD", "muffins")),
    Good("MUG-SET", "a coffee mug set", Decimal("30.00"), ("GOODS", "mugs")),
    Good("BEANS-1KG", "a bag of beans", Decimal("20.00"), ("GOODS", "beans")),
)
THE_DAY_BEFORE = datetime(2026, 3, 1, 12, tzinfo=ZoneInfo(BURRITO_BAR.time_zone))
A_FORTNIGHT_BEFORE = datetime(2026, 3, 2, 9, tzinfo=ZoneInfo(COFFEE_BAR.time_zone))
A_DAY, UNTIL_POINTS_CAN_BE_SPENT = timedelta(days=1), timedelta(days=15)


def play(burrito_bar: Shop, coffee_bar: Shop) -> Iterator[Scene]:
    """Play the journeys in the order of their numbers; each is shown when it is over."""
    yield complete_a_campaign(burrito_bar)
    yield redeem_points(coffee_bar)
    yield from redeem_promo_codes(coffee_bar)
    yield advance_a_level(burrito_bar)
    yield from finalize_and_send(burrito_bar)
    yield from change_void_and_return(burrito_bar)


def open_burrito_bar(ledger: Ledger, clock: Clock, program: Program) -> Shop:
    """A burrito bar on an empty ledger, the day after Ann was there for the first time.

    The clock begins the day before.
    """
    shop = Shop(ledger, clock, BURRITO_BAR, BURRITO_MENU)
    shop.open(program)
    _sell(shop, ANN, "BOWL")
    clock.move_to(THE_DAY_BEFORE + A_DAY)
    return shop


def open_coffee_bar(ledger: Ledger, clock: Clock, program: Program) -> Shop:
    """A coffee bar on an empty ledger, when what Bob bought there has ripened to points.

    The clock begins a fortnight before.
    """
    shop = Shop(ledger, clock, COFFEE_BAR, COFFEE_MENU)
    shop.open(program)
    _sell(shop, BOB, "BEANS-1KG")
    clock.move_to(A_FORTNIGHT_BEFORE + UNTIL_POINTS_CAN_BE_SPENT)
    shop.settle()
    return shop


def _sell(shop: Shop, who: Person, sku: str) -> None:
    """A sale from before the journeys."""
    shop.send(shop.sale("visit-0", who, sku))
    shop.settle()
