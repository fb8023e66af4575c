"""Customers who buy offers, lock them, use them or not, as chance has it: the same every time."""

import contextlib
import random
from typing import Any

from loyalty_ledger.answers import Moment
from loyalty_ledger.domain.events.offers import Actor
from loyalty_ledger.domain.values import Rejected
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.offer_requests import Basket, Lookup
from loyalty_ledger.wire import read_transaction
from loyalty_projections import profile


class Shopping:
    """Customers at a till and in the reward store: what they may not do, they do not."""

    def __init__(self, ledger: Ledger):
        self._ledger = ledger
        self._chance = random.Random("a year of shopping")

    def go(self, number: int) -> None:
        ids = self._ledger.projector.ask(lambda reader: profile.customer_ids(reader, "", 100))
        for place, customer in enumerate(ids):
            for _ in range(4):
                self._buy(customer)
            shown = self._ledger.answers.profile(customer, Moment(self._ledger.clock()))
            for offer in shown.offers[-8:]:
                self._use(offer.offer_id, f"{number}-{place}")

    def _buy(self, customer: str) -> None:
        with contextlib.suppress(Rejected):
            self._ledger.offers.buy(customer, "voucher-20", Actor(client_id="app"))

    def _use(self, offer: str, sale: str) -> None:
        lookup, by = Lookup("UserOfferId", offer), Actor(client_id="till")
        sent = read_transaction({"transaction_id": sale, "open_time": "2017-01-01", **NOTHING})
        basket = Basket("319", sent)
        asks = (
            lambda: self._ledger.offers.lock(lookup, basket, by),
            lambda: self._ledger.offers.redeem(lookup, basket, by),
            lambda: self._ledger.offers.unlock(offer, by),
            lambda: self._ledger.offers.reinstate(offer, by),
            lambda: self._ledger.offers.revoke(offer, by, "chance"),
        )
        for ask in self._chance.choices(asks, weights=(4, 2, 2, 2, 1), k=3):
            with contextlib.suppress(Rejected):
                ask()


NOTHING: dict[str, Any] = {"open_time": "2017-01-01T00:00:00Z", "items": []}
