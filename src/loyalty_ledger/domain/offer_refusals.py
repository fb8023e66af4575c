"""Why an offer cannot be used: by another sale, used up, taken away, too early, too late."""

from datetime import datetime

from loyalty_ledger.domain.offer import Offer, OfferState
from loyalty_ledger.domain.values import Reason, Rejected


def check_open(offer: Offer, at: datetime) -> None:
    """Rejected when the offer is used, was taken away, or its time is up by then."""
    check_not_over(offer)
    if offer.state is OfferState.EXPIRED or offer.has_ended(at):
        raise expired(offer)


def check_not_over(offer: Offer) -> None:
    """Rejected when the offer is used or was taken away."""
    if offer.state is OfferState.REDEEMED:
        raise Rejected(
            Reason.OFFER_ALREADY_REDEEMED,
            f"the offer was redeemed in sale {offer.transaction}: reinstate it to use it again",
            {"transaction": offer.transaction},
        )
    if offer.state is OfferState.REVOKED:
        raise Rejected(Reason.OFFER_REVOKED, "the offer was revoked")


def locked(offer: Offer) -> Rejected:
    """Another sale has it."""
    until = offer.locked_until
    assert until is not None  # noqa: S101 - a locked offer has an end of its lock
    return Rejected(
        Reason.OFFER_LOCKED,
        f"the offer is locked by sale {offer.transaction} until {until.isoformat()}: unlock it,"
        " or wait",
        {"locked_by": offer.transaction, "locked_until": until.isoformat()},
    )


def expired(offer: Offer) -> Rejected:
    """Its time is up."""
    ended = offer.expires_at.isoformat() if offer.expires_at else ""
    return Rejected(
        Reason.OFFER_EXPIRED, f"the offer's time is up since {ended}", {"expires_at": ended}
    )


def not_started(offer: Offer) -> Rejected:
    """Its time has not come."""
    begins = offer.redeemable_from.isoformat() if offer.redeemable_from else ""
    return Rejected(
        Reason.OFFER_NOT_STARTED,
        f"the offer can be used from {begins} on",
        {"redeemable_from": begins},
    )
