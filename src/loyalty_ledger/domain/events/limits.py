"""What counts towards limits."""

from datetime import datetime

from loyalty_ledger.domain.events.base import Event


def issued(definition: str) -> str:
    """The subject under which issued offers of a definition are counted."""
    return f"offer:{definition}"


def sold(store_offer: str) -> str:
    """The subject under which sales of what a reward store offers are counted."""
    return f"store-offer:{store_offer}"


class GrantCounted(Event, frozen=True, kw_only=True):
    """A grant counts towards limits.

    `subject` is `campaign:id`, `rule:id`, `source:id`, `offer:id`, `store-offer:id` or
    `promotion:id`.
    """

    customer_id: str
    subject: str
    counted_at: datetime
    times: int = 1
    points: int = 0
    cause: str


class GrantUncounted(Event, frozen=True, kw_only=True):
    """A grant that counted towards limits was taken back: `times` and `points` count no more."""

    customer_id: str
    subject: str
    counted_at: datetime
    times: int = 0
    points: int = 0
    cause: str
