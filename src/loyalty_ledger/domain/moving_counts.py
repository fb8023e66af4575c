"""What limits count for a customer, and the promo codes he entered, as they move to another."""

from collections.abc import Iterable
from typing import Any

from loyalty_ledger.domain.events.base import Event
from loyalty_ledger.domain.events.merging import MovedClaim, MovedCount, PromoTriesMovedIn
from loyalty_ledger.domain.events.promotions import PromotionClaimed
from loyalty_ledger.domain.limits import Usage, moments_of
from loyalty_ledger.domain.promo_tries import Tries


def counts_of(usage: Usage) -> list[MovedCount]:
    """Every count of a customer."""
    return [
        MovedCount(
            subject=subject, times=count.times, points=count.points, moments=moments_of(count)
        )
        for subject, count in usage.counts.items()
        if count.times or count.points
    ]


def tries_with(there: Tries, gone: Tries) -> dict[str, Any]:
    """How the tries stand together: as many in a row as the more had, locked out the longer."""
    ends = [one.locked_until for one in (there, gone) if one.locked_until is not None]
    return {
        "in_a_row": max(there.in_a_row, gone.in_a_row),
        "in_all": there.in_all + gone.in_all,
        "locked_until": max(ends, default=None),
        "accepted": moments_of(gone.accepted),
    }


def claims_of(customer_id: str, history: Iterable[Event]) -> list[MovedClaim]:
    """The promotions a customer claimed by these events of his, those that came to him too."""
    found: list[MovedClaim] = []
    for one in history:
        if isinstance(one, PromoTriesMovedIn) and one.customer_id == customer_id:
            found += one.claims
        if isinstance(one, PromotionClaimed) and one.customer_id == customer_id:
            claim = MovedClaim(
                claim_id=one.claim_id,
                promotion=one.promotion,
                digest=one.digest,
                claimed_at=one.claimed_at,
            )
            found.append(claim)
    return found
