"""The rows of the agenda."""

from datetime import datetime
from typing import NamedTuple

from loyalty_projections.tables import Table


class LotRow(NamedTuple):
    """A lot whose time will be up."""

    customer_id: str
    lot: int
    account: str
    due: datetime
    remaining: int
    program_version: int


class IdleRow(NamedTuple):
    """An account that may lie idle: since when, and how much it would lose of."""

    customer_id: str
    account: str
    remaining: int
    idle_from: datetime | None
    program_version: int


class LevelRow(NamedTuple):
    """A level whose maintenance will be looked at."""

    customer_id: str
    system: str
    until: datetime


class OfferRow(NamedTuple):
    """An offer that will end."""

    customer_id: str
    offer_id: str
    expires_at: datetime


class LockRow(NamedTuple):
    """A lock that will lapse."""

    customer_id: str
    offer_id: str
    locked_until: datetime


class FailedRow(NamedTuple):
    """A settlement that went wrong; `customers` is a JSON list."""

    cause: str
    subject: str
    version: int
    customers: str
    reason: str
    at: datetime


class WaitingRow(NamedTuple):
    """Something that waits to be settled."""

    customer_id: str
    subject: str
    version: int
    blocked_by: str
    at: datetime


_REMAINING = frozenset({"remaining"})
LOTS = Table(
    "agenda_lot", LotRow, keys=2, sums=_REMAINING, gone=("remaining",), indexes=(("due",),)
)
IDLE = Table("agenda_idle", IdleRow, keys=2, sums=_REMAINING, latest=frozenset({"idle_from"}))
LEVELS = Table("agenda_level", LevelRow, keys=2, indexes=(("until",),))
OFFERS = Table("agenda_offer", OfferRow, keys=2, indexes=(("expires_at",),))
LOCKS = Table("agenda_lock", LockRow, keys=2, indexes=(("locked_until",),))
FAILED = Table("agenda_failed", FailedRow, keys=1)
WAITING = Table("agenda_waiting", WaitingRow, keys=3)
