"""Points that somebody gives by hand: each request one decision and one commit."""

from collections.abc import Callable, Sequence
from datetime import datetime

from loyalty_ledger.asking import check_enrolled, rulebook_in_force, settled_first_if_lost
from loyalty_ledger.deciding import Reading, decide
from loyalty_ledger.domain import deposit
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.deposits import PointsDeposited
from loyalty_ledger.domain.events.offers import Actor
from loyalty_ledger.domain.streams import (
    customer_of,
    deposits_of,
    limit,
    tiers_of,
    usage_of,
    wallet_of,
)
from loyalty_ledger.settlement import Settlement
from loyalty_ledger.states import States


class Depositing:
    """Gives points by hand."""

    def __init__(self, states: States, settlement: Settlement, clock: Callable[[], datetime]):
        self._states = states
        self._settlement = settlement
        self._clock = clock

    def deposit(
        self, customer_id: str, lines: Sequence[deposit.Line], by: Actor
    ) -> PointsDeposited:
        """Give the points of all lines, or none; Rejected changes nothing."""
        ask = deposit.Deposit(customer_id, lines, self._clock(), by)

        def decision(reading: Reading) -> tuple[Draft, PointsDeposited]:
            rulebook = rulebook_in_force(self._settlement, reading)
            check_enrolled(customer_id, reading)
            own = (customer_of, wallet_of, tiers_of, usage_of, deposits_of)
            reading.get([*(of(customer_id) for of in own), *map(limit, rulebook.subjects)])
            draft = reading.draft()
            made = deposit.deposit(ask, rulebook, self._settlement.programs, draft)
            settled_first_if_lost(customer_id, draft, self._settlement, reading)
            return draft, made

        return decide(self._states, decision, self._settlement.settle_all)
