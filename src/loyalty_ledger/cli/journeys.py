"""Customers' journeys, step by step, as the demo plays them. The steps bear the numbers they have
in every description of these journeys: what the customer, the till or app, and the ledger do.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from loyalty_ledger.answers import Moment
from loyalty_ledger.cli.output import table
from loyalty_ledger.domain.events.program import Store
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.values import utc
from loyalty_ledger.identity import Reference
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.store.log import CatalogItem
from loyalty_projections.point_history import Movement

CUSTOMER, TILL, LEDGER = "customer", "till", "ledger"
Step = tuple[int, str, str]
ANN = Reference("external", "", "ANN-1")
STORE = Store(store_id="S1", name="Main Street", time_zone="America/Chicago")
MENU = (
    CatalogItem("BOWL", "Bowl", None, ("FOOD", "bowls")),
    CatalogItem("BURRITO-CHICKEN-L", "Large chicken burrito", None, ("FOOD", "burritos")),
)
PRICES = {"BURRITO-CHICKEN-L": "11.50", "BOWL": "28.00"}
NOON = datetime.fromisoformat("2026-03-03T12:00:00-06:00")


def play(ledger: Ledger, program: Program) -> None:
    """Play the journeys on an empty ledger."""
    ledger.administration.load_stores([STORE])
    ledger.administration.load_catalog(lambda: MENU)
    ledger.administration.publish(program)
    shop = Shop(ledger)
    shop.buy("BOWL", "visit-0", NOON - timedelta(days=1))
    _show("Journey 1: points for completing a rule or campaign", complete_a_campaign(shop))
    _show("Journey 4: tier level progress and advance", advance_a_level(shop))


def _show(title: str, steps: list[Step]) -> None:
    table(title, ("step", "who", "what happens"), steps, right="step")


class Shop:
    """A till, an app, and the ledger behind them."""

    def __init__(self, ledger: Ledger):
        self._ledger = ledger
        self.customer_id = ""

    def buy(self, sku: str, transaction_id: str, at: datetime) -> str:
        """Send a sale of one item; the answer of the ledger. It is settled at once here."""
        body = sale_body(sku, transaction_id, at)
        receipt = self._ledger.intake.receive([msgspec.json.encode(body)])[0]
        if receipt.refusal is not None:
            raise receipt.refusal
        self._ledger.worker.work(lambda: utc(at), once=True)
        self.customer_id = self._ledger.answers.find(ANN)
        return str(msgspec.json.decode(receipt.answer)["status"])

    def wallet(self, at: datetime) -> str:
        """The customer's points and levels in a line."""
        profile = self._ledger.answers.profile(self.customer_id, Moment(utc(at)))
        points = ", ".join(f"{one.available} {one.account}" for one in profile.accounts)
        levels = ", ".join(f"{one.level} in {one.system}" for one in profile.tiers)
        return f"{points}; {levels}"

    def granted(self, transaction_id: str, kind: str, at: datetime) -> str:
        """What rules or campaigns gave for a sale."""
        rows: list[Movement] = self._ledger.answers.history(self.customer_id, Moment(utc(at)))
        given = [
            f"{row.points} {row.account} by {row.rule}"
            for row in rows
            if (row.transaction or "").endswith(f"/{transaction_id}")
            and (row.rule or "").startswith(f"{kind}:")
        ]
        return ", ".join(given) or "nothing"

    def progress(self, at: datetime) -> dict[str, Any]:
        """The customer's place in the club."""
        return self._ledger.answers.tiers(self.customer_id, Moment(utc(at)))[0]


def sale_body(sku: str, transaction_id: str, at: datetime) -> dict[str, Any]:
    """A sale of one item as a till sends it."""
    price = Decimal(PRICES[sku])
    return {
        "store_id": STORE.store_id,
        "client_id": "till-1",
        "request_id": transaction_id,
        "request_payload": {
            "transaction_id": transaction_id,
            "open_time": at.isoformat(),
            "modified_time": at.isoformat(),
            "channel": "POS",
            "items": [{"line_id": "1", "item_id": sku, "quantity": 1, "subtotal": price}],
            "payments": [{"amount": price, "type": "CARD", "user_id": ANN.value}],
        },
    }


def complete_a_campaign(shop: Shop) -> list[Step]:
    """Issue points for completing a rule or campaign."""
    shown = shop.wallet(NOON)
    answer = shop.buy("BURRITO-CHICKEN-L", "visit-1", NOON)
    return [
        (1, CUSTOMER, "Ann says who she is at the till"),
        (2, TILL, "looks her up"),
        (3, LEDGER, f"returns her profile and wallet: {shown}"),
        (4, TILL, "shows them"),
        (5, CUSTOMER, "Ann sees that they are hers"),
        (6, CUSTOMER, "buys a large chicken burrito for 11.50; the sale is final"),
        (7, TILL, "no offer is used: sends the transaction"),
        (12, LEDGER, "the transaction is stored, and waits to be settled"),
        (13, LEDGER, f"returns {answer}"),
        (14, TILL, "shows that it worked"),
        (15, LEDGER, "checks the transaction against the economy rules"),
        (16, LEDGER, f"awards {shop.granted('visit-1', 'rule', NOON)}"),
        (17, LEDGER, "checks the transaction against the campaigns"),
        (18, LEDGER, f"awards {shop.granted('visit-1', 'campaign', NOON)}"),
    ]


def advance_a_level(shop: Shop) -> list[Step]:
    """Get tier level progress, buy until the next level is reached."""
    steps = _asked(shop, NOON)
    for visit in range(2, 6):
        at = NOON + timedelta(days=visit)
        before = shop.progress(at)["level"]
        answer = shop.buy("BOWL", f"visit-{visit}", at)
        after = shop.progress(at)["level"]
        steps += [
            (5, CUSTOMER, "buys a bowl for 28.00"),
            (6, TILL, "sends the transaction"),
            (7, LEDGER, "the transaction is stored, and waits to be settled"),
            (8, LEDGER, f"returns {answer}"),
            (9, TILL, "shows that it worked"),
            (10, LEDGER, "checks the transaction against the loyalty rules"),
            (11, LEDGER, f"awards {shop.granted(f'visit-{visit}', 'rule', at)}"),
        ]
        if after != before:
            return [*steps, (12, LEDGER, f"moves Ann from {before} to {after}")]
        steps += _asked(shop, at)
    return steps


def _asked(shop: Shop, at: datetime) -> list[Step]:
    """How far is the next level?"""
    place = shop.progress(at)
    leaf = place["next"]["entrance"]["all"][0]
    missing = f"{leaf['missing']} of {leaf['target']} {leaf['account']}"
    return [
        (1, CUSTOMER, f"Ann asks how far it is from {place['level']} to the next level"),
        (2, TILL, "asks for her progress"),
        (3, LEDGER, f"{place['next']['level']} takes {missing}: {leaf['spend_needed']} to spend"),
        (4, TILL, "shows it"),
    ]
