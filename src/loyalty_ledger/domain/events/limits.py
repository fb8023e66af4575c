"""What counts towards limits."""

from datetime import datetime

from loyalty_ledger.domain.events.base import Event


class GrantCounted(Event, frozen=True, kw_only=True):
    """A grant counts towards limits.

    `subject` is `campaign:id`, `rule:id`, `source:id` or `offer:id`.
    """

    customer_id: str
    subject: str
    counted_at: datetime
    times: int = 1
    points: int = 0
    cause: str
