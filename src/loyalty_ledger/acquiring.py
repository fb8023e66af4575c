"""How customers come by offers outside of settlement: they are given some, or buy them."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from loyalty_ledger.asking import (
    check_enrolled,
    check_may_ask,
    rulebook_in_force,
    settled_first_if_lost,
)
from loyalty_ledger.deciding import Reading, decide
from loyalty_ledger.domain import acquisition, spending
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events import limits as subjects
from loyalty_ledger.domain.events.offers import Actor, OfferIssued
from loyalty_ledger.domain.streams import (
    customer_of,
    limit,
    offer,
    tiers_of,
    usage_of,
    wallet_of,
)
from loyalty_ledger.settlement import Settlement
from loyalty_ledger.states import States


class Bought(NamedTuple):
    """Offers that were bought; `left` is what each account has after that that could pay."""

    offers: list[OfferIssued]
    left: dict[str, int]


class Acquiring:
    """Gives offers by hand, and sells them for points."""

    def __init__(self, states: States, settlement: Settlement, clock: Callable[[], datetime]):
        self._states = states
        self._settlement = settlement
        self._clock = clock

    def give(
        self, customer_id: str, definition: str, by: Actor, why: str, quantity: int = 1
    ) -> list[OfferIssued]:
        """Issue offers by hand, within their limits."""
        gift = acquisition.Gift(customer_id, definition, quantity, self._clock(), by, why)

        def decision(reading: Reading) -> tuple[Draft, list[OfferIssued]]:
            rulebook = rulebook_in_force(self._settlement, reading)
            subject = limit(subjects.issued(definition))
            reading.get([customer_of(customer_id), usage_of(customer_id), subject])
            check_enrolled(customer_id, reading)
            draft = reading.draft()
            return draft, self._new(acquisition.give(gift, rulebook, draft), reading)

        return decide(self._states, decision)

    def buy(
        self, customer_id: str, store_offer: str, by: Actor, quantity: int = 1
    ) -> list[OfferIssued]:
        """Spend the points and issue the offers, or neither."""
        return self.purchase(customer_id, store_offer, by, quantity).offers

    def purchase(
        self,
        customer_id: str,
        store_offer: str,
        by: Actor,
        quantity: int = 1,
        accounts: Sequence[str] = (),
    ) -> Bought:
        """The same, from these accounts of the reward store where any are named."""
        at = self._clock()
        wanted = customer_id, store_offer, quantity, at, by, tuple(accounts)
        purchase = acquisition.Purchase(*wanted)

        def decision(reading: Reading) -> tuple[Draft, Bought]:
            rulebook = rulebook_in_force(self._settlement, reading)
            store, sold = acquisition.on_sale(rulebook.program, store_offer)
            counts = subjects.sold(sold.id), subjects.issued(sold.offer)
            own = (customer_of, wallet_of, tiers_of, usage_of)
            reading.get([*(of(customer_id) for of in own), *map(limit, counts)])
            check_may_ask(customer_id, reading)
            draft = reading.draft()
            programs = self._settlement.programs
            bought = acquisition.buy(purchase, rulebook, programs, draft)
            settled_first_if_lost(customer_id, draft, self._settlement, reading)
            has = spending.left(customer_id, rulebook.program, at, programs, draft)
            left = {one: has[one] for one in accounts or store.point_accounts}
            return draft, Bought(self._new(bought, reading), left)

        return decide(self._states, decision, self._settlement.settle_all)

    def _new(self, offers: list[OfferIssued], reading: Reading) -> list[OfferIssued]:
        """The commit names the streams of new offers, too: none may exist."""
        reading.get([offer(one.offer_id) for one in offers])
        return offers
