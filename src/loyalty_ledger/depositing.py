"""Points and levels that somebody gives by hand: each request one decision and one commit."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple, TypeVar

from loyalty_ledger.asking import check_enrolled, rulebook_in_force, settled_first_if_lost
from loyalty_ledger.deciding import Reading, decide
from loyalty_ledger.domain import assigning, deposit
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.deposits import PointsDeposited
from loyalty_ledger.domain.events.offers import Actor
from loyalty_ledger.domain.rules import Rulebook
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

T = TypeVar("T")


class Level(NamedTuple):
    """A level of a tier system; whether each one on the way is entered, and only if its entrance
    holds.
    """

    system: str
    level: str
    each: bool = False
    qualified: bool = False


class Depositing:
    """Gives points and levels by hand."""

    def __init__(self, states: States, settlement: Settlement, clock: Callable[[], datetime]):
        self._states = states
        self._settlement = settlement
        self._clock = clock

    def deposit(
        self, customer_id: str, lines: Sequence[deposit.Line], by: Actor
    ) -> PointsDeposited:
        """Give the points of all lines, or none; Rejected changes nothing."""
        ask = deposit.Deposit(customer_id, lines, self._clock(), by)

        def give(rulebook: Rulebook, draft: Draft) -> PointsDeposited:
            return deposit.deposit(ask, rulebook, self._settlement.programs, draft)

        return self._given(customer_id, give)

    def assign(self, customer_id: str, level: Level, by: Actor) -> assigning.Assigned:
        """Put the customer into a level of a tier system; Rejected changes nothing."""
        ask = assigning.Assign(
            customer_id, level.system, level.level, self._clock(), by, level.each, level.qualified
        )

        def give(rulebook: Rulebook, draft: Draft) -> assigning.Assigned:
            return assigning.assign(ask, rulebook, self._settlement.programs, draft)

        return self._given(customer_id, give)

    def _given(self, customer_id: str, give: Callable[[Rulebook, Draft], T]) -> T:
        def decision(reading: Reading) -> tuple[Draft, T]:
            rulebook = rulebook_in_force(self._settlement, reading)
            check_enrolled(customer_id, reading)
            own = (customer_of, wallet_of, tiers_of, usage_of, deposits_of)
            reading.get([*(of(customer_id) for of in own), *map(limit, rulebook.subjects)])
            draft = reading.draft()
            made = give(rulebook, draft)
            settled_first_if_lost(customer_id, draft, self._settlement, reading)
            return draft, made

        return decide(self._states, decision, self._settlement.settle_all)
