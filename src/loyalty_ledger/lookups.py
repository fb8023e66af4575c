"""What offers would take off a sale, before any of them is locked: told at the till's look-up.

Only catalog and store restrictions count here, and those of stores only where a store is named.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from loyalty_ledger.asking import rulebook_in_force
from loyalty_ledger.deciding import Reading
from loyalty_ledger.domain.carried import is_for
from loyalty_ledger.domain.configuration import Catalogs, Stores
from loyalty_ledger.domain.discounts import Check, price
from loyalty_ledger.domain.events.offers import PricedDiscount
from loyalty_ledger.domain.events.program import Store
from loyalty_ledger.domain.offer import Offer
from loyalty_ledger.domain.program.offers import Offer as Definition
from loyalty_ledger.domain.program.selectors import StoreSelector
from loyalty_ledger.domain.streams import CATALOG, STORES, offer
from loyalty_ledger.domain.values import Rejected
from loyalty_ledger.reading import Versions, times
from loyalty_ledger.settlement import Settlement
from loyalty_ledger.states import States
from loyalty_ledger.wire import WireTransaction


class Applicable(NamedTuple):
    """An offer that would take something off the sale; money in minor units."""

    offer_id: str
    definition: Definition
    discount: PricedDiscount
    exponent: int


class Lookups:
    """Prices offers without touching them."""

    def __init__(self, states: States, settlement: Settlement):
        self._states = states
        self._settlement = settlement

    def applicable(
        self, offer_ids: Iterable[str], sale: WireTransaction, store_id: str | None, at: datetime
    ) -> list[Applicable]:
        """Those of the offers that would apply to the sale. Rejected for an unknown store."""
        reading = Reading(self._states)
        names = list(offer_ids)
        reading.get([STORES, CATALOG, *map(offer, names)])
        check = self._check(sale, store_id, at, reading)
        found = (self._priced(name, check, reading) for name in names)
        return [one for one in found if one is not None]

    def _priced(self, offer_id: str, check: Check, reading: Reading) -> Applicable | None:
        state: Offer = reading.state(offer(offer_id))
        program = self._settlement.programs[state.program_version]
        definition = program.offer(state.definition)
        # What the till has taken off for it already does not stand before it.
        others = [one for one in check.discounts if not is_for(one, offer_id)]
        check = check._replace(discounts=others)
        free: dict[str, object] = {"minimum_spend": Decimal(0)}
        if not check.store_id:
            free["stores"] = StoreSelector()
        try:
            discount = price(definition.model_copy(update=free), check, program)
        except Rejected:
            return None
        return Applicable(offer_id, definition, discount, program.exponent)

    def _check(
        self, sale: WireTransaction, store_id: str | None, at: datetime, reading: Reading
    ) -> Check:
        rulebook = rulebook_in_force(self._settlement, reading)
        stores: Stores = reading.state(STORES)
        catalogs: Catalogs = reading.state(CATALOG)
        if store_id is None:
            store = Store(store_id="", name="", time_zone=rulebook.program.time_zone)
        else:
            store = stores.store(store_id)
        times(sale, store.time_zone, at)
        version = catalogs.in_force(store_id or "")
        versions = Versions(rulebook.program, rulebook.version, version)
        lines, discounts = versions.basket(sale, store)
        wanted = ((version, one.item_id) for one in lines)
        items = self._settlement.shelf.items(wanted, catalogs)
        known = {item_id: item for (_, item_id), item in items.items()}
        return Check(store.store_id, lines, known, discounts)
