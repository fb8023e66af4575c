"""Taking back offers that are no longer deserved, since the sale that issued them came back.

A customer is never surprised at the till: what is locked or redeemed stays so, and is revoked when
it is free again.
"""

from typing import Any

from loyalty_ledger.domain.events.offers import (
    RETURNED,
    OfferRecalled,
    OfferRecallWithdrawn,
    OfferRevoked,
)
from loyalty_ledger.domain.offer import Offer, OfferFact, OfferState, evolve
from loyalty_ledger.domain.offer_commands import Deserve, Recall


def recall(command: Recall, offer: Offer) -> list[OfferFact]:
    """What is free is revoked at once; what is over is taken back already."""
    at = max(command.at, offer.at)
    told: dict[str, Any] = {"at": at, "why": RETURNED, "cause": command.cause, **offer.whose}
    if offer.state in (OfferState.LOCKED, OfferState.REDEEMED):
        return [] if offer.recalled else [OfferRecalled(**told)]
    if offer.state is not OfferState.ISSUED or offer.has_ended(command.at):
        return []
    return [OfferRevoked(revoked_at=command.at, **told)]


def deserve(command: Deserve, offer: Offer) -> list[OfferFact]:
    """What was recalled and is still in use stays the customer's."""
    if not offer.recalled or offer.state is OfferState.REVOKED:
        return []
    at = max(command.at, offer.at)
    return [OfferRecallWithdrawn(at=at, why="deserved", cause=command.cause, **offer.whose)]


def undone(command: Recall, offer: Offer) -> OfferRevoked:
    """The purchase of an offer that was used is undone: nobody has it any more."""
    at = max(command.at, offer.at)
    told: dict[str, Any] = {"why": RETURNED, "cause": command.cause, **offer.whose}
    return OfferRevoked(at=at, revoked_at=command.at, **told)


def taken_back(events: list[OfferFact], offer: Offer) -> list[OfferFact]:
    """What was recalled while it was in use is revoked by what gives it free."""
    for event in events:
        offer = evolve(offer, event)
    if not events or not offer.recalled or offer.state is not OfferState.ISSUED:
        return []
    return [OfferRevoked(at=offer.at, revoked_at=offer.at, why=RETURNED, **offer.whose)]
