"""What journeys are played on: a clock of their own, a shop with its till and app, the steps.

Every step is kept with the state that a reader of the ledger sees after it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from string import ascii_uppercase
from typing import Any, NamedTuple

import msgspec

from loyalty_ledger.administration import CustomerRecord
from loyalty_ledger.answers import Moment
from loyalty_ledger.cli.output import table, tell
from loyalty_ledger.domain.events.offers import Actor
from loyalty_ledger.domain.events.program import Store
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.values import to_wall, utc
from loyalty_ledger.identity import Reference
from loyalty_ledger.json_body import decoded
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.offer_requests import USER_OFFER_ID, Basket, Bound, Lookup
from loyalty_ledger.store.log import CatalogItem
from loyalty_ledger.wire import read_transaction

CUSTOMER, APP, TILL, LEDGER, EMPLOYEE = "customer", "app", "till", "ledger", "employee"
OVER = ("REDEEMED", "EXPIRED", "REVOKED")
TILL_1, TILL_2, IN_APP = (Actor(client_id=name) for name in ("till-1", "till-2", "app"))
_DAY = "%A, %d %B %Y"
_ENCODER = msgspec.json.Encoder(decimal_format="number")


class Clock:
    """The time of the journeys: it goes on when it is told to."""

    def __init__(self, now: datetime):
        self.now = utc(now)

    def __call__(self) -> datetime:
        """The present instant, in UTC."""
        return self.now

    def move_to(self, moment: datetime) -> None:
        """It never goes back."""
        self.now = max(self.now, utc(moment))


class Person(NamedTuple):
    """A customer, as he is called and known."""

    name: str
    reference: Reference


ANN = Person("Ann", Reference("external", "", "ANN-1"))
BOB = Person("Bob", Reference("external", "", "BOB-1"))


class Good(NamedTuple):
    """Something a shop sells."""

    sku: str
    words: str
    price: Decimal
    categories: tuple[str, ...]


class Sale(NamedTuple):
    """What somebody buys, one of each."""

    transaction_id: str
    who: Person
    opened_at: datetime
    goods: tuple[Good, ...]

    @property
    def total(self) -> Decimal:
        """What the goods cost."""
        return sum((one.price for one in self.goods), Decimal(0))

    @property
    def words(self) -> str:
        """The goods, each with its price."""
        return " and ".join(f"{one.words} for {one.price}" for one in self.goods)


class State(NamedTuple):
    """What a reader sees: points by account, levels by tier system, states of offers by name."""

    points: dict[str, int]
    levels: dict[str, str]
    offers: dict[str, str]


class Step(NamedTuple):
    """A step under its number, if it has one, and the state after it."""

    number: int | None
    who: str
    what: str
    state: State


class Shop:
    """A shop's till and app, and the ledger behind them."""

    def __init__(self, ledger: Ledger, clock: Clock, store: Store, goods: Sequence[Good]):
        self.ledger = ledger
        self.clock = clock
        self.store = store
        self._goods = {one.sku: one for one in goods}

    def open(self, program: Program) -> None:
        """Load all that a shop needs before its first customer, and two customers."""
        admin = self.ledger.administration
        admin.load_stores([self.store])
        goods = sorted(self._goods.values())
        admin.load_catalog(
            lambda: [CatalogItem(one.sku, one.words, None, one.categories) for one in goods]
        )
        admin.publish(program)
        admin.enrol([CustomerRecord((one.reference,), None, None, ()) for one in (ANN, BOB)])

    def sale(self, transaction_id: str, who: Person, *skus: str) -> Sale:
        """A sale that begins now."""
        goods = tuple(self._goods[sku] for sku in skus)
        return Sale(transaction_id, who, self.clock.now, goods)

    def lock(self, offer_id: str, sale: Sale, by: Actor = TILL_1) -> Bound:
        """Lock an offer for the sale."""
        return self.ledger.offers.lock(Lookup(USER_OFFER_ID, offer_id), self._basket(sale), by)

    def redeem(self, offer_id: str, sale: Sale, by: Actor = TILL_1) -> Bound:
        """Redeem an offer for the sale at once."""
        return self.ledger.offers.redeem(Lookup(USER_OFFER_ID, offer_id), self._basket(sale), by)

    def send(
        self, sale: Sale, discounts: Sequence[Mapping[str, Any]] = (), *, is_voided: bool = False
    ) -> str:
        """Send the sale; what the ledger answers. It is stored then, and not settled yet."""
        body = _ENCODER.encode(self._request(sale, discounts, is_voided=is_voided))
        receipt = self.ledger.intake.receive([body])[0]
        if receipt.refusal is not None:
            raise receipt.refusal
        return str(msgspec.json.decode(receipt.answer)["status"])

    def settle(self) -> None:
        """Let the worker do all there is to do by now."""
        self.ledger.worker.work(lambda: self.clock.now, once=True)

    def wall(self, moment: datetime) -> datetime:
        """What the shop's clocks show."""
        return to_wall(moment, self.store.time_zone)

    def _basket(self, sale: Sale) -> Basket:
        request = decoded(_ENCODER.encode(self._request(sale, ())))
        return Basket(self.store.store_id, read_transaction(request["request_payload"]))

    def _request(
        self, sale: Sale, discounts: Sequence[Mapping[str, Any]], *, is_voided: bool = False
    ) -> dict[str, Any]:
        """The sale as a till sends it."""
        to_pay = sale.total - sum(one["amount"] for one in discounts)
        items = [
            {"line_id": str(number), "item_id": one.sku, "quantity": 1, "subtotal": one.price}
            for number, one in enumerate(sale.goods, 1)
        ]
        payment = {"amount": to_pay, "type": "CARD", "user_id": sale.who.reference.value}
        return {
            "store_id": self.store.store_id,
            "client_id": TILL_1.client_id,
            "request_id": f"{sale.transaction_id}-{self.clock.now:%Y%m%d%H%M%S}",
            "request_payload": {
                "transaction_id": sale.transaction_id,
                "open_time": sale.opened_at,
                "modified_time": self.clock.now,
                "is_voided": is_voided,
                "channel": "POS",
                "items": items,
                "discounts": list(discounts),
                "payments": [payment],
            },
        }


class Scene:
    """A journey, or a part of one, of one customer.

    Columns beside the steps: an account, `level`, an offer by its definition, or `offers`: all of
    them, which then go by letters.
    """

    def __init__(self, title: str, shop: Shop, who: Person, columns: Sequence[str]):
        self.title = title
        self.shop = shop
        self.who = who
        self.steps: list[Step] = []
        self.customer_id = shop.ledger.answers.find(who.reference)
        self.begins_at = shop.clock.now
        self._columns = tuple(columns)
        self._letters = "offers" in columns

    def add(self, number: int | None, who: str, what: str, state: State | None = None) -> None:
        """A step that has just happened; `state` where it is not the one of now."""
        self.steps.append(Step(number, who, what, state or self.state()))

    def state(self) -> State:
        """What a reader sees now."""
        ledger, moment = self.shop.ledger, Moment(self.shop.clock.now)
        ledger.projector.catch_up()
        profile = ledger.answers.profile(self.customer_id, moment)
        states = {one.offer_id: one.state for one in profile.offers}
        return State(
            {one.account: one.available for one in profile.accounts},
            {one.system: one.level for one in profile.tiers},
            {name: states[offer_id] for name, offer_id in self.offers().items()},
        )

    def offers(self) -> dict[str, str]:
        """The ids of the customer's offers by their names here, in the order he got them."""
        issued = [row for row in self._timeline() if row.kind == "OfferIssued"]
        if self._letters:
            return {ascii_uppercase[place]: str(row.subject) for place, row in enumerate(issued)}
        return {row.facts["definition"]: str(row.subject) for row in issued}

    def granted(self, sale: Sale, kind: str) -> str:
        """What rules or campaigns gave for a sale, in words."""
        moment = Moment(self.shop.clock.now)
        name = f"{self.shop.store.store_id}/{sale.transaction_id}"
        given: dict[str, list[str]] = {}
        for row in self.shop.ledger.answers.history(self.customer_id, moment):
            if row.transaction == name and row.rule:
                given.setdefault(row.rule, []).append(f"{row.points} {row.account}")
        names = {offer_id: called for called, offer_id in self.offers().items()}
        for told in self._timeline():
            if told.transaction == name and told.kind == "OfferIssued" and told.subject:
                rule = told.facts["rule"]
                given.setdefault(rule, []).append(
                    f"offer {names[told.subject]} ({told.facts['definition']})"
                    if self._letters
                    else f"offer {names[told.subject]}"
                )
        parts = [
            f"{' and '.join(things)} by {rule}"
            for rule, things in given.items()
            if rule.startswith(f"{kind}:")
        ]
        return ", ".join(parts) or "nothing"

    def show(self) -> None:
        """Print the steps as a table."""
        seen = self._offers_seen()
        rows = (
            (step.number, step.who, step.what, *(_cell(step, name, seen) for name in self._columns))
            for step in self.steps
        )
        accounts = [name for name in self._columns if name in self.steps[0].state.points]
        tell(self.title)
        table(
            f"{self.who.name} at {self.shop.store.name}, {self.shop.wall(self.begins_at):{_DAY}}",
            ("step", "who", "what happens", *self._columns),
            rows,
            right=", ".join(("step", *accounts)),
        )

    def _offers_seen(self) -> set[str]:
        """The offers that were not over all the time."""
        return {
            name
            for step in self.steps
            for name, state in step.state.offers.items()
            if state not in OVER
        }

    def _timeline(self) -> Iterable[Any]:
        self.shop.ledger.projector.catch_up()
        return self.shop.ledger.answers.timeline(self.customer_id, Moment(self.shop.clock.now))


def _cell(step: Step, column: str, seen: set[str]) -> object:
    """The part of the state that stands in a column."""
    state = step.state
    if column == "offers":
        shown = [f"{name} {is_now}" for name, is_now in state.offers.items() if name in seen]
        return ", ".join(shown) or "none"
    if column == "level":
        return ", ".join(state.levels.values())
    return state.points[column] if column in state.points else state.offers.get(column, "none")
