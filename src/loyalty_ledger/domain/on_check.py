"""The offers on the check of a sale: facts in `events.offers`."""

from datetime import datetime

from msgspec import Struct

from loyalty_ledger.domain.events.offers import (
    OfferPutOnCheck,
    OfferTakenOffCheck,
    PricedDiscount,
)


class OnCheck(Struct, frozen=True, array_like=True, gc=False):
    """An offer that a sale holds: locked until `until`, or redeemed at once when that is None."""

    offer_id: str
    customer_id: str
    stackable: bool
    until: datetime | None
    discount: PricedDiscount


def after(
    offers: tuple[OnCheck, ...], event: OfferPutOnCheck | OfferTakenOffCheck
) -> tuple[OnCheck, ...]:
    """The offers on the check; one that is put there again keeps its place."""
    if isinstance(event, OfferTakenOffCheck):
        return tuple(one for one in offers if one.offer_id != event.offer_id)
    put = OnCheck(event.offer_id, event.customer_id, event.stackable, event.until, event.discount)
    if all(one.offer_id != event.offer_id for one in offers):
        return (*offers, put)
    return tuple(put if one.offer_id == event.offer_id else one for one in offers)
