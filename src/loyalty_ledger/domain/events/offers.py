"""Facts of an offer in a customer's hands."""

from datetime import datetime

from loyalty_ledger.domain.events.base import Event


class OfferIssued(Event, frozen=True, kw_only=True):
    """An offer is in the customer's hands, under the definition of `program_version`."""

    customer_id: str
    offer_id: str
    definition: str
    rule: str
    issued_at: datetime
    redeemable_from: datetime | None = None
    expires_at: datetime | None = None
    transaction: str = ""
    program_version: int
    catalog_version: int = 0
    levels: dict[str, str] = {}
    lines: list[str] = []
    cause: str
