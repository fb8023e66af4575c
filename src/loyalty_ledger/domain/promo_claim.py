"""A claim of a promotion: its id, and that it was made. It is made once."""

import hashlib
from base64 import b32encode

from msgspec import Struct

from loyalty_ledger.domain.events.promotions import PromotionClaimed


def claim_id(customer_id: str, promotion: str, number: int) -> str:
    """The id of a customer's claim `number` of a promotion. Leads to its customer."""
    digest = hashlib.sha256(f"{customer_id}\n{promotion}\n{number}".encode()).digest()
    return f"{customer_id}.{b32encode(digest[:10]).decode().lower()}"


class PromoClaim(Struct, frozen=True, array_like=True, gc=False):
    """The promotion that was claimed; nothing before."""

    promotion: str = ""


def evolve(_claim: PromoClaim, event: PromotionClaimed) -> PromoClaim:
    """The claim after the event."""
    return PromoClaim(event.promotion)
