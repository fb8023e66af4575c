"""Codes of one claim each: the batches that they come in, and whether one was used."""

from msgspec import Struct

from loyalty_ledger.domain.events.promotions import PromoCodesAdded, PromoCodeUsed


class Batch(Struct, frozen=True, array_like=True, gc=False):
    """The promotion that a batch belongs to, and how many codes it has; nothing before."""

    promotion: str = ""
    count: int = 0


def evolve_batch(_batch: Batch, event: PromoCodesAdded) -> Batch:
    """The batch after the event."""
    return Batch(event.promotion, event.count)


class PromoCode(Struct, frozen=True, array_like=True, gc=False):
    """The claim that a code was used for; none before."""

    claim_id: str = ""


def evolve(_code: PromoCode, event: PromoCodeUsed) -> PromoCode:
    """The code after the event."""
    return PromoCode(event.claim_id)
