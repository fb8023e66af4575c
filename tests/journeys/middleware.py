"""A retailer's middleware over HTTP: what it asks, and the steps of a journey by their numbers."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from http_service.serving import Served
from loyalty_ledger.client import shapes
from loyalty_ledger.client.clients import Client
from loyalty_ledger.client.sites import External

Item = Mapping[str, Any]


class Middleware:
    """Calls the service for one customer, who buys at the main store."""

    def __init__(self, service: Served, app: Client, customer: str = "ANN"):
        self.service = service
        self.app = app
        self.customer = External(customer)
        self.user_id = ""
        self.steps: list[int] = []

    def step(self, *numbers: int) -> None:
        """The journey has come here."""
        self.steps += numbers

    def begin(self) -> shapes.User:
        """Look the customer up by the retailer's own id."""
        user = self.app.lookup(external_customer_id=self.customer)["user"]
        self.user_id = user["id"]
        return user

    @property
    def points(self) -> int:
        """What the customer can spend."""
        return self.app.read_user(self.customer)["available_points"]

    @property
    def offers(self) -> dict[str, str]:
        """The offers in the wallet: their definitions by their ids."""
        wallet = self.app.get_user_offers(self.user_id)
        return {one["id"]: one["offer_id"] for one in wallet["user_offers"]}

    def sale(self, name: str, items: Sequence[Item], **more: Any) -> dict[str, Any]:
        """A sale of this moment, as a till tells it."""
        now: datetime = self.service.shop.ledger.clock()
        paid = {"amount": "1.00", "user_id": self.user_id, "user_id_type": "SessionM_ID"}
        made = {"transaction_id": name, "open_time": now.isoformat(), "items": list(items)}
        return made | {"modified_time": now.isoformat(), "payments": [paid]} | more

    def finish(
        self,
        k: int,
        sale: dict[str, Any],
        offer: str | None = None,
        *,
        at_once: bool = False,
    ) -> shapes.Sale:
        """Finish a sale from step k; what it came to."""
        self.step(k)  # the customer buys, and the sale is final
        if offer is None:
            self.step(k + 1)  # option 1: no offer
        else:
            self.step(k + 3 if at_once else k + 2)  # option 2: with an offer, at once or locked
            bind = self.app.redeem if at_once else self.app.lock
            discount = bind(offer, sale)
            self.step(k + 4)  # success: what comes off
            assert discount["status"] == ("REDEEMED" if at_once else "LOCKED")
            sale |= {"discounts": [discount]}
            self.step(k + 5)
        receipt = self.app.send_transaction(sale)
        name = sale["transaction_id"]
        self.step(k + 6)  # the sale waits for its rules
        self.service.shop.ledger.projector.catch_up()
        assert self.app.get_transaction(name, "main")["state"] == "received"
        self.step(k + 7, k + 8)  # success returned, and shown
        assert receipt["transaction_id"] == name
        return self.settled(k, name)

    def settled(self, k: int, name: str) -> shapes.Sale:
        """The sale once the rules have judged it; options 3 and 4 by what they granted."""
        self.service.shop.work()
        told = self.app.get_transaction(name, "main")
        assert told["state"] == "settled"
        self.step(k + 9)  # checked against the rules
        rules = granted(told, "rule:")
        if rules:
            self.step(k + 10)
        self.step(k + 11)  # and against the campaigns
        if granted(told, "campaign:"):
            self.step(k + 12)
        return told


def granted(sale: shapes.Sale, kind: str) -> list[Any]:
    """What rules, or campaigns, gave for a sale: points, and offers."""
    given: list[Any] = [*sale["granted"], *sale["granted_offers"]]
    return [row for row in given if row["rule"].startswith(kind)]
