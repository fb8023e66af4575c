"""Points that are spent on request: at a till, in an app, by an employee."""

from collections.abc import Callable
from datetime import datetime

from loyalty_ledger.asking import check_may_ask, rulebook_in_force, settled_first_if_lost
from loyalty_ledger.deciding import Reading, decide
from loyalty_ledger.domain import spending
from loyalty_ledger.domain.configuration import Stores
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.points import PointsSpent
from loyalty_ledger.domain.streams import STORES, customer_of, sale, wallet_of
from loyalty_ledger.settlement import Settlement
from loyalty_ledger.states import States


class Spending:
    """Spends points, each request one decision and one commit."""

    def __init__(self, states: States, settlement: Settlement, clock: Callable[[], datetime]):
        self._states = states
        self._settlement = settlement
        self._clock = clock

    def spend(
        self,
        customer_id: str,
        points: int,
        *,
        account: str = "",
        sale_of: tuple[str, str] | None = None,
        reference: str = "",
    ) -> list[PointsSpent]:
        """Take the points, for a sale (store and id) if one is named; Rejected changes nothing."""
        ask = spending.Spend(customer_id, points, self._clock(), account, sale_of, reference)

        def decision(reading: Reading) -> tuple[Draft, list[PointsSpent]]:
            rulebook = rulebook_in_force(self._settlement, reading)
            reading.get([customer_of(customer_id), wallet_of(customer_id)])
            check_may_ask(customer_id, reading)
            if sale_of is not None:
                stores: Stores = reading.state(STORES)
                stores.seller(sale_of[0])
                reading.get([sale(*sale_of)])
            draft = reading.draft()
            spent = spending.spend(ask, rulebook, self._settlement.programs, draft)
            settled_first_if_lost(customer_id, draft, self._settlement, reading)
            return draft, spent

        return decide(self._states, decision, self._settlement.settle_all)
