"""A short-lived code that stands for an offer at the till: good for one sale."""

from datetime import datetime, timedelta
from typing import assert_never

from msgspec import Struct
from msgspec.structs import replace

from loyalty_ledger.domain.events.offers import Actor, OfferCodeMade, OfferCodeUsed
from loyalty_ledger.domain.offer import Offer, OfferState
from loyalty_ledger.domain.offer_refusals import check_open
from loyalty_ledger.domain.values import Reason, Rejected

LASTS = timedelta(minutes=10)


class OfferCode(Struct, frozen=True, array_like=True, gc=False):
    """The offer a code stands for, until when, and the sale it was shown for."""

    customer_id: str = ""
    offer_id: str = ""
    digest: str = ""
    program_version: int = 0
    expires_at: datetime | None = None
    used_by: str = ""


OfferCodeFact = OfferCodeMade | OfferCodeUsed


def make(offer: Offer, digest: str, at: datetime, by: Actor) -> OfferCodeMade:
    """A code for an offer that can still be used; Rejected for one that is over."""
    if offer.state is OfferState.UNKNOWN:
        raise Rejected(Reason.OFFER_NOT_FOUND, "no offer has this id")
    if offer.state is not OfferState.LOCKED or offer.lock_lapses(at):
        check_open(offer, at)  # a live lock outlasts the end of the redemption period
    return OfferCodeMade(
        at=max(at, offer.at),
        customer_id=offer.customer_id,
        offer_id=offer.offer_id,
        digest=digest,
        expires_at=at + LASTS,
        by=by,
        why="requested",
        program_version=offer.program_version,
    )


def use(
    code: OfferCode, transaction: str, at: datetime, by: Actor, owner: str = ""
) -> list[OfferCodeUsed]:
    """The code is used for a sale; that sale may show it again. Rejected for any other.

    `owner` has the offer now: who had it when the code was made may go on as another.
    """
    if code.expires_at is None:
        raise Rejected(Reason.OFFER_NOT_FOUND, "no offer has this code")
    if code.used_by == transaction:
        return []
    if code.used_by:
        raise Rejected(Reason.OFFER_CODE_USED, "the code was used for another sale: show a new one")
    if code.expires_at <= at:
        raise Rejected(
            Reason.OFFER_CODE_EXPIRED,
            f"the code's time was up at {code.expires_at.isoformat()}: show a new one",
            {"expires_at": code.expires_at.isoformat()},
        )
    return [
        OfferCodeUsed(
            at=at,
            customer_id=owner or code.customer_id,
            offer_id=code.offer_id,
            digest=code.digest,
            transaction=transaction,
            by=by,
            why="requested",
            program_version=code.program_version,
        )
    ]


def evolve(code: OfferCode, event: OfferCodeFact) -> OfferCode:
    """The code after the event."""
    match event:
        case OfferCodeMade():
            return OfferCode(
                event.customer_id,
                event.offer_id,
                event.digest,
                event.program_version,
                event.expires_at,
            )
        case OfferCodeUsed():
            return replace(code, used_by=event.transaction)
        case _:
            assert_never(event)
