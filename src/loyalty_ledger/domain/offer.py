"""An offer in a customer's hands. Facts in `events.offers`."""

import hashlib
from base64 import b32encode
from datetime import datetime

from msgspec import Struct

from loyalty_ledger.domain.events.offers import OfferIssued
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.program.offers import Redemption


class Offer(Struct, frozen=True, array_like=True, gc=False):
    """Its definition, the program version it is honoured under, and when its time is up."""

    definition: str = ""
    program_version: int = 0
    expires_at: datetime | None = None


def evolve(_: Offer, event: OfferIssued) -> Offer:
    """The offer after the event."""
    return Offer(event.definition, event.program_version, event.expires_at)


def derived_id(customer_id: str, cause: str, rule: str, number: int) -> str:
    """The id of an offer, the same whenever the same outcome issues it. Leads to its customer."""
    digest = hashlib.sha256(f"{customer_id}\n{cause}\n{rule}\n{number}".encode()).digest()
    return f"{customer_id}.{b32encode(digest[:10]).decode().lower()}"


def redeemable(
    redemption: Redemption, at: datetime, program: Program
) -> tuple[datetime | None, datetime | None]:
    """From when and until when an offer issued at that moment can be redeemed."""
    if redemption.after_issue is not None:
        return None, redemption.after_issue.after(at, program.time_zone)
    starts, ends = redemption.starts, redemption.ends
    return (
        None if starts is None else program.instant(starts),
        None if ends is None else program.instant(ends),
    )
