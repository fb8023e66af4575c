"""Counting what limits count, in the commit that uses it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Required, TypedDict, Unpack

from msgspec.structs import replace

from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.limits import GrantCounted, GrantUncounted, issued
from loyalty_ledger.domain.events.offers import RETURNED, OfferRevoked
from loyalty_ledger.domain.offer import Offer, OfferFact
from loyalty_ledger.domain.streams import limit, usage_of


class Counting(TypedDict, total=False):
    """When something counts and since when that holds, for how many points, and why.

    `times` is 1 unless told; with 0 it counts already, and grows or shrinks by these points.
    """

    at: Required[datetime]
    counted_at: Required[datetime]
    times: int
    points: int
    cause: Required[str]


def count(
    draft: Draft,
    customer_id: str,
    subject: str,
    in_all: int | None = None,
    **told: Unpack[Counting],
) -> None:
    """Count a grant: twice, in one commit, for the customer and for everybody.

    `in_all` is how often for everybody: as often as for the customer, unless told.
    """
    told.setdefault("times", 1)
    _emit(draft, GrantCounted(customer_id=customer_id, subject=subject, **told), in_all)


def uncount(
    draft: Draft,
    customer_id: str,
    subject: str,
    in_all: int | None = None,
    **told: Unpack[Counting],
) -> None:
    """Count a grant no more, or these points of it, for the customer and for everybody."""
    told.setdefault("times", 1)
    _emit(draft, GrantUncounted(customer_id=customer_id, subject=subject, **told), in_all)


def _emit(draft: Draft, event: GrantCounted | GrantUncounted, in_all: int | None) -> None:
    draft.emit(usage_of(event.customer_id), event, event.customer_id)
    everybodys = event if in_all is None else replace(event, times=in_all)
    if everybodys.times or everybodys.points:
        draft.emit(limit(event.subject), everybodys)


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
