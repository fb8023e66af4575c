"""Counting what limits count, in the commit that uses it."""

from datetime import datetime

from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.limits import GrantCounted, GrantUncounted
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
