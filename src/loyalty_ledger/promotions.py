"""Promo codes: a customer enters one, and has all that it gives, or is told why not.

A claim is one decision and one commit. The moment it is judged at is that of the asking. A wrong
try is recorded, too; whichever way a code is wrong, as much is read and written.
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
from loyalty_ledger.domain.promo_code import PromoCode
from loyalty_ledger.domain.promo_tries import check_not_locked_out
from loyalty_ledger.domain.streams import (
    customer_of,
    limit,
    promo_code_of,
    tiers_of,
    tries_of,
    usage_of,
    wallet_of,
)
from loyalty_ledger.domain.values import Rejected
from loyalty_ledger.identity import Keyring
from loyalty_ledger.settlement import Settlement
from loyalty_ledger.states import States
from loyalty_ledger.store.log import Log


class Claimed(NamedTuple):
    """A claim, and all that was granted with it; what levels entered by it gave is in there."""

    event: PromotionClaimed
    promotion: Promotion
    awarded: list[PointsAwarded]
    issued: list[OfferIssued]
    entered: list[TierEntered]


class Promotions:
    """Takes the codes that customers enter."""

    def __init__(
        self,
        log: Log,
        states: States,
        settlement: Settlement,
        keyring: Keyring,
        clock: Callable[[], datetime],
    ):
        self._log = log
        self._states = states
        self._settlement = settlement
        self._keyring = keyring
        self._clock = clock

    def claim(self, customer_id: str, code: str, by: Actor) -> Claimed:
        """Grant what the code stands for, whole; Rejected grants nothing and counts nothing.

        Only wrong tries are counted, and lock out.
        """
        now = self._clock()

        def decision(reading: Reading) -> tuple[Draft, Claimed | Rejected]:
            rulebook = rulebook_in_force(self._settlement, reading)
            check_may_ask(customer_id, reading)
            check_not_locked_out(reading.state(tries_of(customer_id)), now)
            entry = self._entry(customer_id, code, now, by, reading)
            found = promotion.entered(rulebook.program, entry)
            if isinstance(found, promotion.Wrong):
                draft = reading.draft()
                return draft, promotion.refuse(entry, found, rulebook, draft)
            own = (customer_of, wallet_of, tiers_of, usage_of)
            counts = promotion.subjects(found, rulebook)
            reading.get([*(of(customer_id) for of in own), *map(limit, counts)])
            draft = reading.draft()
            programs = self._settlement.programs
            event = promotion.claim(entry, found, rulebook, programs, draft)
            settled_first_if_lost(customer_id, draft, self._settlement, reading)
            return draft, _claimed(event, found, draft)

        answer = decide(self._states, decision, self._settlement.settle_all)
        if isinstance(answer, Rejected):
            raise answer
        return answer

    def _entry(
        self, customer_id: str, code: str, at: datetime, by: Actor, reading: Reading
    ) -> promotion.Entry:
        """The code with what is known of it, in two reads for any code."""
        digests = (self._keyring.promo_digest(code), self._keyring.listed_digest(code))
        batches = self._log.code_batches(digests)
        states = reading.get([promo_code_of(one.hex()) for one in digests])
        listed = None
        for digest in digests:
            found: PromoCode = states[promo_code_of(digest.hex())]
            name = batches.get(digest, "").partition("/")[0] or found.promotion
            if name:
                listed = promotion.Listed(digest.hex(), name, found)
                break
        return promotion.Entry(customer_id, code, at, by, digests[0].hex(), listed)


def _claimed(event: PromotionClaimed, found: Promotion, draft: Draft) -> Claimed:
    events = [outcome.event for outcome in draft.outcomes]
    return Claimed(
        event,
        found,
        [one for one in events if isinstance(one, PointsAwarded)],
        [one for one in events if isinstance(one, OfferIssued)],
        [one for one in events if isinstance(one, TierEntered)],
    )
