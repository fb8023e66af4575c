"""A coffee shop with a till, for tests of offers: its program, its customers, what is asked of it.

Ann has 1,000 points, Bob none; Vic was invited. It is 10 March 2026, noon in Amsterdam.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import pytest
from freezegun import freeze_time

import databases
from loyalty_ledger import clock
from loyalty_ledger.administration import CustomerRecord
from loyalty_ledger.answers import Moment
from loyalty_ledger.discount_object import discount_object
from loyalty_ledger.domain.events.base import Event
from loyalty_ledger.domain.events.offers import Actor, OfferIssued
from loyalty_ledger.domain.events.program import Store
from loyalty_ledger.domain.events.settlement import TransactionSettled
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.values import Rejected
from loyalty_ledger.identity import Reference
from loyalty_ledger.intake import Receipt
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.offer_requests import TTL_CODE, USER_OFFER_ID, Basket, Bound, Lookup
from loyalty_ledger.program_file import load_program
from loyalty_ledger.promotions import Claimed
from loyalty_ledger.store.log import CatalogItem
from loyalty_ledger.wire import read_transaction
from loyalty_projections.profile import OfferView
from loyalty_projections.reward_store import StoreOfferView, StoreView
from loyalty_projections.timeline import Happening
from sample_ledger import MovingClock, ledger_at

NOW = datetime(2026, 3, 10, 11, tzinfo=UTC)
HALF_AN_HOUR, A_MOMENT = timedelta(minutes=30), timedelta(microseconds=1)
# Here datetimes are made of text, and columns of datetimes are told by their class: none of it
# reads the clock, and freezegun would put a class of its own there.
NOT_FROZEN = [
    *("loyalty_ledger.sent", "loyalty_ledger.moments", "loyalty_projections"),
    "_pytest.timing",
]
PROGRAM = Path(__file__).parent / "coffee.program.yaml"
CASHIER = Actor(client_id="till-1", employee_id="emma")
STORES = [
    Store(store_id=name, name=name, time_zone="Europe/Amsterdam") for name in ("main", "other")
]
CATALOG = [
    CatalogItem("BEANS", "A bag of beans", None, ("beans",)),
    CatalogItem("CAKE", "Cake", None, ("cakes",)),
    CatalogItem("ESPRESSO", "Espresso", None, ("coffee",)),
    CatalogItem("MUFFIN", "Muffin", None, ("muffins",)),
    CatalogItem("MUG-SET", "Mugs", None, ("mugs",)),
]
_request = count(1)
_as_json = msgspec.json.Encoder(decimal_format="number").encode


def item(item_id: str, subtotal: str, line_id: str = "") -> dict[str, Any]:
    return {"line_id": line_id or item_id, "item_id": item_id, "subtotal": subtotal}


BREAKFAST = [item("ESPRESSO", "4.00"), item("MUFFIN", "3.00")]


def document() -> dict[str, Any]:
    """The program, to be changed and published."""
    return load_program(PROGRAM).to_document()


def promoting(*outcomes: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The program with the promotion MUGLOVE: a mug set and 50 points, unless told otherwise."""
    points = {"award": {"account": "points", "source": "purchases", "points": 50}}
    given = list(outcomes) or [{"issue": "mug-set"}, points]
    mugs = {"id": "mug-love", "name": "Coffee mug set", "kind": "multi_use", "code": "MUGLOVE"}
    return document() | {"promotions": [mugs | {"outcomes": given} | more]}


def fill(url: str) -> None:
    """A shop with its stores, catalog, program and customers."""
    made = ledger_at(url, MovingClock(NOW - timedelta(days=5)))
    made.administration.load_stores(STORES)
    made.administration.load_catalog(lambda: CATALOG)
    made.administration.publish(load_program(PROGRAM))
    shop = Shop(made)
    made.administration.enrol(
        [CustomerRecord((external(name),), None, tags, ()) for name, tags in WHO.items()]
    )
    assert shop.close("opening", customer="ANN", items=[item("BREAD", "100.00")]) == "accepted"
    shop.work()
    made.log.engine.dispose()


WHO: dict[str, tuple[str, ...]] = {"ANN": (), "BOB": (), "VIC": ("vip",)}


def external(name: str) -> Reference:
    return Reference("external", "", name)


@contextmanager
def shop_on(
    backend: str, folder: Path, its_clock: Callable[[], datetime] | None = None
) -> Iterator["Shop"]:
    """A shop of its own on that database."""
    with databases.copy_of(backend, "coffee", fill, folder) as url:
        shop = Shop(ledger_at(url, its_clock or MovingClock(NOW)))
        try:
            yield shop
        finally:
            shop.dispose()


class Shop:
    """A ledger as the tills, apps and employees of a shop use it."""

    def __init__(self, ledger: Ledger):
        self.ledger = ledger
        self._others: list[Shop] = []

    @property
    def url(self) -> str:
        """Where the ledger is."""
        return self.ledger.log.engine.url.render_as_string(hide_password=False)

    def another(self) -> "Shop":
        """The shop as another process has it."""
        self._others.append(Shop(ledger_at(self.ledger.log.engine.url, self.ledger.clock)))
        return self._others[-1]

    def dispose(self) -> None:
        for one in (self, *self._others):
            one.ledger.log.engine.dispose()

    def move_to(self, moment: datetime) -> None:
        """Set the clock, where it is the tests' own."""
        assert isinstance(self.ledger.clock, MovingClock)
        self.ledger.clock.move_to(moment)

    def later(self, **by: float) -> datetime:
        """Set the clock on from noon, where it is the tests' own."""
        self.move_to(NOW + timedelta(**by))
        return NOW + timedelta(**by)

    # --- what is asked --------------------------------------------------------------------------

    def id_of(self, name: str = "ANN") -> str:
        return self.ledger.answers.find(external(name))

    def give(self, definition: str = "euro", to: str = "ANN") -> str:
        """An offer by hand; its id."""
        (issued,) = self.ledger.offers.give(self.id_of(to), definition, CASHIER, "sorry")
        return issued.offer_id

    def buy(self, store_offer: str, by: str = "ANN", quantity: int = 1) -> list[OfferIssued]:
        return self.ledger.offers.buy(self.id_of(by), store_offer, CASHIER, quantity)

    def claim(self, code: str, by: str = "ANN") -> Claimed:
        """Enter a promo code."""
        return self.ledger.promotions.claim(self.id_of(by), code, CASHIER)

    def lock(self, offer: str, sale: str = "T1", **basket: Any) -> Bound:
        return self.ledger.offers.lock(_lookup(basket, offer), _basket(sale, basket), CASHIER)

    def redeem(self, offer: str, sale: str = "T1", **basket: Any) -> Bound:
        return self.ledger.offers.redeem(_lookup(basket, offer), _basket(sale, basket), CASHIER)

    def unlock(self, offer: str) -> None:
        self.ledger.offers.unlock(offer, CASHIER)

    def reinstate(self, offer: str) -> None:
        self.ledger.offers.reinstate(offer, CASHIER)

    def revoke(self, offer: str) -> None:
        self.ledger.offers.revoke(offer, CASHIER, "fraud")

    def close(self, sale: str = "T1", *carried: Any, **changes: Any) -> str:
        """Send the sale, carrying these; what became of it, a refusal by its code."""
        (receipt,) = self.ledger.intake.receive([self.body(sale, *carried, **changes)])
        return receipt.refusal.code.value if receipt.refusal else receipt.outcome

    def receive(self, *bodies: bytes) -> list[Receipt]:
        return self.ledger.intake.receive(bodies)

    def body(self, sale: str = "T1", *carried: Any, **changes: Any) -> bytes:
        """A closed sale that carries these: what a lock answered, or offers by id."""
        store, customer = changes.pop("store", "main"), changes.pop("customer", "ANN")
        now = changes.pop("at", None) or self.ledger.clock()
        payload = {
            "transaction_id": sale,
            "open_time": now.isoformat(),
            "modified_time": now.isoformat(),
            "items": BREAKFAST,
            "payments": [{"amount": 7} | ({"user_id": customer} if customer else {})],
            "discounts": [_carried(one) for one in carried],
        }
        return _as_json(
            {
                "store_id": store,
                "client_id": "till-1",
                "request_id": f"{sale}-{next(_request)}",
                "request_payload": payload | changes,
            }
        )

    def publish(self, document: dict[str, Any]) -> int | None:
        return self.ledger.administration.publish(Program.from_document(document))

    def work(self, until: datetime | None = None) -> None:
        """Settle, project and keep time, up to the clock's moment unless told otherwise."""
        self.ledger.worker.work(lambda: until or self.ledger.clock(), once=True)

    # --- what came of it ------------------------------------------------------------------------

    def moment(self, as_of: datetime | None = None, known_at: datetime | None = None) -> Moment:
        self.ledger.projector.catch_up()
        return Moment(self.ledger.clock(), as_of, known_at)

    def offers(self, of: str = "ANN", moment: Moment | None = None) -> dict[str, OfferView]:
        """The customer's offers as his profile shows them, by id."""
        shown = self.ledger.answers.profile(self.id_of(of), moment or self.moment())
        return {one.offer_id: one for one in shown.offers}

    def state(self, offer: str, of: str = "ANN") -> str:
        return self.offers(of)[offer].state

    def points(self, of: str = "ANN") -> int:
        shown = self.ledger.answers.profile(self.id_of(of), self.moment())
        return next(one.available for one in shown.accounts if one.account == "points")

    def stores(self, of: str = "ANN", moment: Moment | None = None) -> dict[str, StoreView]:
        shown = self.ledger.answers.rewards(self.id_of(of), moment or self.moment())
        return {one.id: one for one in shown}

    def on_shelf(self, sold: str, of: str = "ANN", moment: Moment | None = None) -> StoreOfferView:
        """What a reward store sells, as the customer sees it."""
        stores = self.stores(of, moment).values()
        return next(one for store in stores for one in store.offers if one.id == sold)

    def timeline(self, of: str = "ANN", subject: str | None = None) -> list[Happening]:
        return self.ledger.answers.timeline(self.id_of(of), self.moment(), subject)

    def events(self, *names: str) -> list[Event]:
        """All that happened under these names, in log order."""
        return [one.event for one in self.ledger.log.read(0, 5_000, names=names)]

    def facts(self, offer: str) -> list[str]:
        """What happened to an offer, by name."""
        return [type(one.event).__name__ for one in self.ledger.log.stream(f"offer/{offer}")]

    def last(self, offer: str) -> Any:
        """What happened to an offer last."""
        return list(self.ledger.log.stream(f"offer/{offer}"))[-1].event

    def flags(self, sale: str = "T1", store: str = "main") -> list[str]:
        """What the last settlement says was not as the till took it."""
        self.work()
        *_, settled = (
            one.event
            for one in self.ledger.log.stream(f"sale/{store}/{sale}")
            if isinstance(one.event, TransactionSettled)
        )
        return settled.flags

    @contextmanager
    def refused(self, code: str) -> Iterator[Any]:
        """Whatever is done here is refused with that code; only a wrong try leaves its trace."""
        head = self.ledger.log.head()
        with pytest.raises(Rejected) as refusal:
            yield refusal
        assert refusal.value.code.value == code, refusal.value.message
        after = self.ledger.log.read(head.position, 100)
        wrong = int(code == "promotion_not_available")
        assert [type(one.event).__name__ for one in after] == ["PromoCodeRefused"] * wrong


class Frozen(Shop):
    """A shop by the ledger's own clock, which stands still."""

    def __init__(self, shop: Shop, hands: Any):
        super().__init__(shop.ledger)
        self._hands = hands

    def move_to(self, moment: datetime) -> None:
        self._hands.move_to(moment)
        # The frozen clock counts in floating point: it may be a microsecond slow.
        assert moment - A_MOMENT <= clock.now() <= moment


@contextmanager
def frozen_shop(backend: str, folder: Path, now: datetime) -> Iterator[Frozen]:
    folder.mkdir(exist_ok=True)
    with freeze_time(now, ignore=NOT_FROZEN) as hands, shop_on(backend, folder, clock.now) as shop:
        frozen = Frozen(shop, hands)
        try:
            yield frozen
        finally:
            frozen.dispose()


def _lookup(basket: dict[str, Any], offer: str) -> Lookup:
    return Lookup(TTL_CODE if basket.pop("by_code", False) else USER_OFFER_ID, offer)


def _basket(sale: str, changes: dict[str, Any]) -> Basket:
    store = changes.pop("store", "main")
    payload = {"transaction_id": sale, "open_time": "2026-03-10T12:00:00", "items": BREAKFAST}
    return Basket(store, read_transaction(payload | changes))


def _carried(discount: Any) -> dict[str, Any]:
    match discount:
        case Bound():
            return discount_object(discount)
        case str():
            return carrying(discount, "1.00")
    return dict(discount)


def carrying(offer: str, amount: str) -> dict[str, Any]:
    """A discount that a till took on its own account, for this offer."""
    return {"reference_id": offer, "reference_id_type": USER_OFFER_ID, "amount": amount}


def flag(reason: str, offer: str) -> str:
    """How a settlement says that an offer was not honoured."""
    return f"discount_not_honoured:{reason}:{offer}"
