"""Counting what limits count, in the commit that uses it."""

from collections.abc import Iterable
from datetime import datetime

from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.limits import GrantCounted, GrantUncounted, issued
from loyalty_ledger.domain.events.offers import RETURNED, OfferRevoked
from loyalty_ledger.domain.offer import Offer, OfferFact
from loyalty_ledger.domain.streams import limit, usage_of


def count(
    draft: Draft,
    customer_id: str,
    subject: str,
    *,
    at: datetime,
    counted_at: datetime,
    times: int = 1,
    points: int = 0,
    cause: str,
) -> None:
    """Count a grant: twice, in one commit, for the customer and for everybody.

    Without `times` it is a grant that counts already and has grown by these points.
    """
    event = GrantCounted(
        at=at,
        customer_id=customer_id,
        subject=subject,
        counted_at=counted_at,
        times=times,
        points=points,
        cause=cause,
    )
    draft.emit(usage_of(customer_id), event, customer_id)
    draft.emit(limit(subject), event)


def uncount(
    draft: Draft,
    customer_id: str,
    subject: str,
    *,
    at: datetime,
    counted_at: datetime,
    times: int = 1,
    points: int = 0,
    cause: str,
) -> None:
    """Count a grant no more, or these points of it, for the customer and for everybody."""
    event = GrantUncounted(
        at=at,
        customer_id=customer_id,
        subject=subject,
        counted_at=counted_at,
        times=times,
        points=points,
        cause=cause,
    )
    draft.emit(usage_of(customer_id), event, customer_id)
    draft.emit(limit(subject), event)


def uncount_taken_back(events: Iterable[OfferFact], offer: Offer, draft: Draft) -> None:
    """An offer that was recalled in use, and is revoked now that it is free, counts no more."""
    for event in events:
        if isinstance(event, OfferRevoked) and event.why == RETURNED and offer.recalled:
            uncount(
                draft,
                offer.customer_id,
                issued(offer.definition),
                at=event.at,
                counted_at=offer.issued_at,
                cause=event.cause,
            )


def counts_of(offer: Offer) -> list[str]:
    """The streams that count an offer, when giving it free may take it back."""
    if not offer.recalled:
        return []
    return [usage_of(offer.customer_id), limit(issued(offer.definition))]
