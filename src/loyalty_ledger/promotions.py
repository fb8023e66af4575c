"""Promo codes: a customer enters one, and has all that it gives, or is told why not.

A claim is one decision and one commit. The moment it is judged at is that of the asking.
"""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from loyalty_ledger.asking import check_may_ask, rulebook_in_force, settled_first_if_lost
from loyalty_ledger.deciding import Reading, decide
from loyalty_ledger.domain import promotion
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.offers import Actor, OfferIssued
from loyalty_ledger.domain.events.points import PointsAwarded
from loyalty_ledger.domain.events.promotions import PromotionClaimed
from loyalty_ledger.domain.events.tiers import TierEntered
from loyalty_ledger.domain.program.earning import Promotion
from loyalty_ledger.domain.streams import (
    customer_of,
    limit,
    tiers_of,
    usage_of,
    wallet_of,
)
from loyalty_ledger.settlement import Settlement
from loyalty_ledger.states import States


class Claimed(NamedTuple):
    """A claim, and all that was granted with it; what levels entered by it gave is in there."""

    event: PromotionClaimed
    promotion: Promotion
    awarded: list[PointsAwarded]
    issued: list[OfferIssued]
    entered: list[TierEntered]


class Promotions:
    """Takes the codes that customers enter."""

    def __init__(self, states: States, settlement: Settlement, clock: Callable[[], datetime]):
        self._states = states
        self._settlement = settlement
        self._clock = clock

    def claim(self, customer_id: str, code: str, by: Actor) -> Claimed:
        """Grant what the code stands for, whole; Rejected changes nothing and counts nothing."""
        entry = promotion.Entry(customer_id, code, self._clock(), by)

        def decision(reading: Reading) -> tuple[Draft, Claimed]:
            rulebook = rulebook_in_force(self._settlement, reading)
            check_may_ask(customer_id, reading)
            found = promotion.entered(rulebook.program, entry)
            own = (customer_of, wallet_of, tiers_of, usage_of)
            counts = promotion.subjects(found, rulebook)
            reading.get([*(of(customer_id) for of in own), *map(limit, counts)])
            draft = reading.draft()
            programs = self._settlement.programs
            event = promotion.claim(entry, found, rulebook, programs, draft)
            settled_first_if_lost(customer_id, draft, self._settlement, reading)
            return draft, _claimed(event, found, draft)

        return decide(self._states, decision, self._settlement.settle_all)


def _claimed(event: PromotionClaimed, found: Promotion, draft: Draft) -> Claimed:
    events = [outcome.event for outcome in draft.outcomes]
    return Claimed(
        event,
        found,
        [one for one in events if isinstance(one, PointsAwarded)],
        [one for one in events if isinstance(one, OfferIssued)],
        [one for one in events if isinstance(one, TierEntered)],
    )
