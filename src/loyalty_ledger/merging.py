"""Merging customers: all that moves, and the personal data of both, in one commit."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from loyalty_ledger.asking import rulebook_in_force
from loyalty_ledger.beside import sales_of
from loyalty_ledger.deciding import Reading, decide
from loyalty_ledger.domain.customer import Customer
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.erasure import links_of
from loyalty_ledger.domain.events.customers import IdentifierUnlinked
from loyalty_ledger.domain.events.merging import OfferMoved, PointsMovedIn, SaleMoved
from loyalty_ledger.domain.events.tiers import TierEntered
from loyalty_ledger.domain.mergeable import Merge, own
from loyalty_ledger.domain.merging import merge_customers, offers_of
from loyalty_ledger.domain.moving_codes import codes_of
from loyalty_ledger.domain.streams import customer_of, identifier, limit, offer, promo_code_of
from loyalty_ledger.personal_fields import VERSION, about, counted
from loyalty_ledger.settlement import Settlement
from loyalty_ledger.states import States
from loyalty_ledger.store.log import Forgotten, Log, PersonalValue


class Merged(NamedTuple):
    """What moved: by account what it did to the balance, and how many of the other things."""

    customer_id: str
    into: str
    points: dict[str, int]
    identifiers: int
    offers: int
    sales: int
    entered: list[TierEntered]


class Merging:
    """Merges customers."""

    def __init__(
        self, log: Log, states: States, settlement: Settlement, clock: Callable[[], datetime]
    ):
        self._log = log
        self._states = states
        self._settlement = settlement
        self._clock = clock

    def merge(self, customer_id: str, into: str) -> Merged:
        """Let the customer go on as another. Rejected changes nothing; there is no way back."""
        at = self._clock()

        def decision(reading: Reading) -> tuple[Draft, Merged]:
            rulebook = rulebook_in_force(self._settlement, reading)
            # Whatever has arrived of either is settled first; nothing may come in between.
            settled = self._settlement.position()
            reading.quiet |= {customer_id: settled, into: settled}
            history = list(self._log.history(customer_id))
            events = [one.event for one in history]
            merge = Merge(
                customer_id,
                into,
                at,
                rulebook,
                self._settlement.programs,
                links_of(customer_id, events),
                offers_of(one.stream for one in history),
                sales_of(history),
                events,
            )
            self._read(merge, reading)
            draft = reading.draft()
            merge_customers(merge, draft)
            reading.forgotten, reading.personal = self._personal(customer_id, into)
            return draft, _told(merge, draft)

        return decide(self._states, decision, self._settlement.settle_all)

    def _read(self, merge: Merge, reading: Reading) -> None:
        """All that moves, and what entering a level may count."""
        gone: Customer = reading.state(customer_of(merge.customer_id))
        reading.get(
            [
                *own(merge.customer_id),
                *own(merge.into),
                *map(customer_of, gone.absorbed),
                *(identifier(link.digest) for link in merge.links),
                *map(offer, merge.offers),
                *(promo_code_of(one.digest) for one in codes_of(merge.customer_id, merge.history)),
                *merge.sales,
                *map(limit, merge.rulebook.subjects),
            ]
        )

    def _personal(self, customer_id: str, into: str) -> tuple[list[Forgotten], list[PersonalValue]]:
        """What is known of the person moves; where both have a value, that of who goes on stays."""
        his, there = self._log.personal(customer_id), self._log.personal(into)
        named = {(one.field, one.reference) for one in there} | {(about(VERSION), "")}
        moved = [
            one._replace(customer_id=into) for one in his if (one.field, one.reference) not in named
        ]
        count = counted(into, [*his, *there], (one.field for one in moved))
        return [Forgotten(customer_id)], [*moved, *count]


def _told(merge: Merge, draft: Draft) -> Merged:
    events = [outcome.event for outcome in draft.outcomes]
    came = next(one for one in events if isinstance(one, PointsMovedIn))
    return Merged(
        merge.customer_id,
        merge.into,
        {one.account: one.points for one in came.accounts if one.points},
        sum(isinstance(one, IdentifierUnlinked) for one in events),
        sum(isinstance(one, OfferMoved) for one in events),
        sum(isinstance(one, SaleMoved) for one in events),
        [one for one in events if isinstance(one, TierEntered)],
    )
