"""Changing an offer in a customer's hands: its time begins anew, and what is kept with it."""

from collections.abc import Sequence

from loyalty_ledger.domain.events.offers import OfferAnnotated, OfferExtended
from loyalty_ledger.domain.offer import Offer
from loyalty_ledger.domain.offer_commands import Annotate, Extend
from loyalty_ledger.domain.offer_refusals import check_open


def update(command: Extend | Annotate, offer: Offer) -> Sequence[OfferExtended | OfferAnnotated]:
    """What the change comes to; nothing when it is so already."""
    if isinstance(command, Extend):
        return _extend(command, offer)
    return _annotate(command, offer)


def _extend(command: Extend, offer: Offer) -> list[OfferExtended]:
    """Its time to be redeemed is another one; a lock stays as it is."""
    check_open(offer, command.at)
    times = command.redeemable_from, command.expires_at
    if times == (offer.redeemable_from, offer.expires_at):
        return []
    return [
        OfferExtended(
            at=max(command.at, offer.at),
            redeemable_from=command.redeemable_from,
            expires_at=command.expires_at,
            by=command.by,
            why="requested",
            **offer.whose,
        )
    ]


def _annotate(command: Annotate, offer: Offer) -> list[OfferAnnotated]:
    """Other data is kept with it, in whatever state it is."""
    if command.digest == offer.note:
        return []
    return [
        OfferAnnotated(
            at=max(command.at, offer.at),
            digest=command.digest,
            by=command.by,
            why="requested",
            **offer.whose,
        )
    ]
