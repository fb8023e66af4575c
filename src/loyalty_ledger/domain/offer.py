"""An offer in a customer's hands: where it stands, and what happens to it.

Facts in `events.offers`, decisions in `offer_decisions`. A lock that has lapsed needs no job to be
right: who looks after `locked_until` sees an offer that is free, and who acts on it records the
lapse first.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any, assert_never

from msgspec import Struct
from msgspec.structs import replace

from loyalty_ledger.domain.events.merging import OfferMoved
from loyalty_ledger.domain.events.offers import (
    RETURNED,
    AccountSpent,
    OfferAnnotated,
    OfferExpired,
    OfferExtended,
    OfferIssued,
    OfferLocked,
    OfferLockLapsed,
    OfferRecalled,
    OfferRecallWithdrawn,
    OfferRedeemed,
    OfferReinstated,
    OfferRevoked,
    OfferUnlocked,
    PricedDiscount,
)
from loyalty_ledger.domain.moving_points import renumbered
from loyalty_ledger.domain.values import BEGINNING_OF_TIME


class OfferState(StrEnum):
    """Where an offer stands."""

    UNKNOWN = ""
    ISSUED = "ISSUED"
    LOCKED = "LOCKED"
    REDEEMED = "REDEEMED"
    EXPIRED = "EXPIRED"
    REVOKED = "REVOKED"


class Offer(Struct, frozen=True, array_like=True, gc=False):
    """Where an offer stands, and all that acting on it takes.

    `transaction` is the sale that holds it, has used it, or held it last until its lock lapsed;
    `discount` is what it was last priced at there. `at` is that of the last event. `paid` is what
    it was bought for, as `store_offer`. `recalled`: it is revoked once it is free. `returned`: the
    ledger itself reinstated or revoked it, for a return. `note` is the keyed hash of the data kept
    with it.
    """

    state: OfferState = OfferState.UNKNOWN
    customer_id: str = ""
    offer_id: str = ""
    definition: str = ""
    program_version: int = 0
    redeemable_from: datetime | None = None
    expires_at: datetime | None = None
    transaction: str = ""
    locked_until: datetime | None = None
    discount: PricedDiscount | None = None
    at: datetime = BEGINNING_OF_TIME
    issued_at: datetime = BEGINNING_OF_TIME
    paid: tuple[AccountSpent, ...] = ()
    store_offer: str = ""
    recalled: bool = False
    returned: bool = False
    note: str = ""

    @property
    def whose(self) -> dict[str, Any]:
        """What every event of the offer says of it."""
        return {
            "customer_id": self.customer_id,
            "offer_id": self.offer_id,
            "program_version": self.program_version,
        }

    def lock_lapses(self, now: datetime) -> bool:
        """Whether the offer is still called locked although the lock's time is up."""
        until = self.locked_until
        return self.state is OfferState.LOCKED and until is not None and until <= now

    def has_ended(self, moment: datetime) -> bool:
        """Whether its time to be redeemed is over."""
        return self.expires_at is not None and self.expires_at <= moment

    def has_begun(self, moment: datetime) -> bool:
        """Whether its time to be redeemed has come."""
        return self.redeemable_from is None or self.redeemable_from <= moment


OfferFact = (
    OfferIssued
    | OfferLocked
    | OfferUnlocked
    | OfferLockLapsed
    | OfferRedeemed
    | OfferReinstated
    | OfferExpired
    | OfferRevoked
    | OfferRecalled
    | OfferRecallWithdrawn
    | OfferExtended
    | OfferAnnotated
    | OfferMoved
)


def evolve(offer: Offer, event: OfferFact) -> Offer:
    """The offer after the event."""
    at = max(event.at, offer.at)
    match event:
        case OfferIssued():
            return _issued(event, at)
        case OfferLocked() | OfferRedeemed():
            until = event.locked_until if isinstance(event, OfferLocked) else None
            return replace(
                offer,
                state=OfferState.REDEEMED if until is None else OfferState.LOCKED,
                transaction=event.transaction,
                locked_until=until,
                discount=event.discount,
                at=at,
                returned=False,
            )
        case OfferLockLapsed():
            return replace(offer, state=OfferState.ISSUED, locked_until=None, at=at)
        case OfferUnlocked() | OfferReinstated():
            returned = isinstance(event, OfferReinstated) and event.why == RETURNED
            free = replace(offer, state=OfferState.ISSUED, transaction="", discount=None)
            return replace(free, locked_until=None, at=at, returned=returned)
        case OfferExpired():
            return replace(offer, state=OfferState.EXPIRED, at=at)
        case OfferRevoked():
            ours = bool(event.cause) or offer.recalled  # an employee may give whatever reason
            returned = ours and event.why == RETURNED
            return replace(offer, state=OfferState.REVOKED, at=at, returned=returned)
        case OfferRecalled() | OfferRecallWithdrawn():
            return replace(offer, recalled=isinstance(event, OfferRecalled), at=at)
        case OfferExtended() | OfferAnnotated():
            return _updated(offer, event, at)
        case OfferMoved():
            paid = tuple(_renumbered(one, event.numbering) for one in offer.paid)
            return replace(offer, customer_id=event.customer_id, paid=paid, at=at)
        case _:
            assert_never(event)


def _updated(offer: Offer, event: OfferExtended | OfferAnnotated, at: datetime) -> Offer:
    if isinstance(event, OfferAnnotated):
        return replace(offer, note=event.digest, at=at)
    begins, ends = event.redeemable_from, event.expires_at
    return replace(offer, redeemable_from=begins, expires_at=ends, at=at)


def _renumbered(paid: AccountSpent, numbering: int) -> AccountSpent:
    return replace(paid, lots=[renumbered(part, numbering) for part in paid.lots])


def _issued(event: OfferIssued, at: datetime) -> Offer:
    return Offer(
        OfferState.ISSUED,
        event.customer_id,
        event.offer_id,
        event.definition,
        event.program_version,
        event.redeemable_from,
        event.expires_at,
        at=at,
        issued_at=event.issued_at,
        paid=tuple(event.paid),
        store_offer=event.store_offer,
    )
