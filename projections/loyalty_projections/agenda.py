"""What falls due when, and what waits? For the timekeeper and for `status`."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from loyalty_ledger.domain.lots import Programs
from loyalty_ledger.domain.program.accounts import InactivityExpiry, RollingExpiry
from loyalty_projections.agenda_rows import PROJECTION
from loyalty_projections.agenda_tables import (
    FAILED,
    IDLE,
    LEVELS,
    LOCKS,
    LOTS,
    OFFERS,
    WAITING,
    IdleRow,
    LotRow,
)
from loyalty_projections.rows import Due, Reader, UpTo

__all__ = ["PROJECTION", "Due"]

_SLACK = timedelta(days=4)  # Period.before is right within three days


class DueItem(NamedTuple):
    """Something that falls due.

    `kind` is expiry, rollover, inactivity, maintenance, offer or lock; `subject` the account, the
    tier system or the offer.
    """

    at: datetime
    customer_id: str
    kind: str
    subject: str


class Failed(NamedTuple):
    """A settlement that went wrong; `cause` names what it was of, as `stream@version`."""

    cause: str
    subject: str
    version: int
    customers: tuple[str, ...]
    reason: str
    at: datetime


class Waiting(NamedTuple):
    """A sale or customer event that waits, for itself or behind `blocked_by`."""

    customer_id: str
    subject: str
    version: int
    blocked_by: str
    at: datetime


def due(
    reader: Reader,
    until: datetime,
    programs: Programs,
    *,
    limit: int = 500,
    after: Due | None = None,
) -> list[Due]:
    """Customers with something due up to and at `until`, with its first moment, in that order.

    The next page begins behind the last of this one (`after`). `programs` are all that were
    published.
    """
    found = [
        *reader.due(LOTS, "due", until, after, limit),
        *reader.due(LEVELS, "until", until, after, limit),
        *reader.due(OFFERS, "expires_at", until, after, limit),
        *reader.due(LOCKS, "locked_until", until, after, limit),
        *(
            Due(item.at, item.customer_id)
            for item in _idle(reader, until, programs)
            if after is None or (item.at, item.customer_id) > after
        ),
    ]
    first: dict[str, Due] = {}
    for one in sorted(found):
        first.setdefault(one.owner, one)
    return list(first.values())[:limit]


def offers_due(
    reader: Reader, customer_ids: Collection[str], until: datetime
) -> dict[str, list[str]]:
    """The customers' offers that end, or whose locks lapse, up to and at `until`."""
    whose = list(customer_ids)
    found: dict[str, dict[str, None]] = {}
    for row in reader.select(OFFERS, customer_id=whose, expires_at=UpTo(until)):
        found.setdefault(row.customer_id, {})[row.offer_id] = None
    for lock in reader.select(LOCKS, customer_id=whose, locked_until=UpTo(until)):
        found.setdefault(lock.customer_id, {})[lock.offer_id] = None
    return {customer_id: sorted(offers) for customer_id, offers in found.items()}


def due_of(reader: Reader, customer_id: str, until: datetime, programs: Programs) -> list[DueItem]:
    """Everything that falls due for one customer up to and at `until`, in order."""
    lots = reader.select(LOTS, customer_id=customer_id, due=UpTo(until))
    levels = reader.select(LEVELS, customer_id=customer_id, until=UpTo(until))
    offers = reader.select(OFFERS, customer_id=customer_id, expires_at=UpTo(until))
    locks = reader.select(LOCKS, customer_id=customer_id, locked_until=UpTo(until))
    items = {
        *(DueItem(row.locked_until, customer_id, "lock", row.offer_id) for row in locks),
        *(_lot_item(row, programs) for row in lots),
        *(DueItem(row.until, customer_id, "maintenance", row.system) for row in levels),
        *(DueItem(row.expires_at, customer_id, "offer", row.offer_id) for row in offers),
        *_idle(reader, until, programs, customer_id),
    }
    return sorted(items)


def failed(reader: Reader) -> list[Failed]:
    """Settlements that failed and were not retried with success, the oldest first."""
    rows = [
        Failed(
            row.cause,
            row.subject,
            row.version,
            msgspec.json.decode(row.customers, type=tuple[str, ...]),
            row.reason,
            row.at,
        )
        for row in reader.select(FAILED)
    ]
    return sorted(rows, key=lambda row: (row.at, row.cause))


def waiting(reader: Reader) -> list[Waiting]:
    """What waits to be settled, by customer."""
    return [
        Waiting(row.customer_id, row.subject, row.version, row.blocked_by, row.at)
        for row in reader.select(WAITING)
    ]


def _lot_item(row: LotRow, programs: Programs) -> DueItem:
    expiry = programs[row.program_version].account(row.account).expiry
    rolls = isinstance(expiry, RollingExpiry) and expiry.into is not None
    return DueItem(row.due, row.customer_id, "rollover" if rolls else "expiry", row.account)


def _idle(
    reader: Reader, until: datetime, programs: Programs, customer_id: str | None = None
) -> list[DueItem]:
    """Accounts that have lain idle long enough to lose points by `until`."""
    whose: dict[str, Any] = {} if customer_id is None else {"customer_id": customer_id}
    items = []
    for version, program in programs.items():
        for account in program.point_accounts:
            expiry = account.expiry
            if not isinstance(expiry, InactivityExpiry):
                continue
            about = expiry.after.before(until, program.time_zone) + _SLACK
            rows = reader.select(
                IDLE, account=account.id, program_version=version, idle_from=UpTo(about), **whose
            )
            for row in rows:
                at = _loses_at(row, expiry, program.time_zone)
                if at is not None and at <= until:
                    items.append(DueItem(at, row.customer_id, "inactivity", row.account))
    return items


def _loses_at(row: IdleRow, expiry: InactivityExpiry, zone_name: str) -> datetime | None:
    if row.idle_from is None or expiry.percent * row.remaining < 100:
        return None
    return expiry.after.after(row.idle_from, zone_name)
