"""A retailer's middleware over HTTP: what it asks, and the steps of a journey by their numbers."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

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
            return self.send(k, sale)
        self.step(k + 3 if at_once else k + 2)  # option 2: with an offer, at once or locked
        bind = self.app.redeem if at_once else self.app.lock
        discount = bind(offer, sale)
        assert discount["status"] == ("REDEEMED" if at_once else "LOCKED")
        self.step(k + 4)  # success: what comes off
        return self._with_discount(k, sale, discount)

    def finish_with(self, k: int, sale: dict[str, Any], discount: shapes.Discount) -> shapes.Sale:
        """Finish a sale from step k, with what an offer that was redeemed before took off."""
        self.step(k)
        return self._with_discount(k, sale, discount)

    def _with_discount(
        self, k: int, sale: dict[str, Any], discount: shapes.Discount
    ) -> shapes.Sale:
        self.step(k + 5)  # the sale is sent with the discount as it came
        told = self.send(k, sale | {"discounts": [discount]})
        assert [one["reference_id"] for one in told["discounts"]] == [discount["reference_id"]]
        return told

    def send(self, k: int, sale: dict[str, Any]) -> shapes.Sale:
        """From step k+6 on: a sale that is sent, for the first time or again."""
        receipt = self.app.send_transaction(sale)
        name = sale["transaction_id"]
        self.service.shop.ledger.projector.catch_up()
        assert self.app.get_transaction(name, "main")["state"] == "received"
        self.step(k + 6)  # the sale waits for its rules
        assert (receipt["status"], receipt["transaction_id"]) == ("OK", name)
        self.step(k + 7, k + 8)  # success returned, and shown
        return self.settled(k, name)

    def settled(self, k: int, name: str) -> shapes.Sale:
        """The sale once it was judged; options 3 and 4 by what it was judged by and granted."""
        sale, rules, campaigns = self.judged(name)
        for checked, among, kind in ((k + 9, rules, "rule:"), (k + 11, campaigns, "campaign:")):
            if among:
                self.step(checked)
            if granted(sale, kind):
                self.step(checked + 1)
        return sale

    def judged(self, name: str) -> "Judged":
        """The sale once it was judged, and what it says it was checked against.

        Its own account names the version of the program, which has to be the one in force and says
        what rules there are; the campaigns are those that were on for the customer when he bought.
        No other rule or campaign may have granted anything.
        """
        self.service.shop.work()
        sale = self.app.get_transaction(name, "main")
        assert sale["state"] == "settled"
        life = self.service.shop.ledger.explaining.transaction("main", name)
        judgement = life["settlements"][-1]
        assert self.user_id in {one["customer_id"] for one in judgement["judged_by"]}
        program = self.app.show_program(judgement["program_version"])
        assert program == self.app.show_program()
        rules = {f"rule:{one['id']}" for one in program["rules"]}
        on = self.app.campaigns(self.customer, as_of=sale["open_time"])["tiles"]
        campaigns = {f"campaign:{one['campaign_id']}" for one in on}
        given = [*granted(sale, "rule:"), *granted(sale, "campaign:")]
        assert {row["rule"] for row in given} <= rules | campaigns
        return Judged(sale, rules, campaigns)


class Judged(NamedTuple):
    """A settled sale, and the names of the rules and campaigns that it was checked against."""

    sale: shapes.Sale
    rules: set[str]
    campaigns: set[str]


def granted(sale: shapes.Sale, kind: str) -> list[Any]:
    """What rules, or campaigns, gave for a sale: points, and offers."""
    given: list[Any] = [*sale["granted"], *sale["granted_offers"]]
    return [row for row in given if row["rule"].startswith(kind)]
