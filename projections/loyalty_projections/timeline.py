"""What happened to a customer, besides points? Joining, levels, promotions, offers."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from pydantic import BaseModel, ConfigDict

from loyalty_ledger.domain.events.merging import OfferMoved
from loyalty_ledger.domain.events.offers import (
    LAPSED,
    RETURNED,
    TIME_IS_UP,
    OfferExpired,
    OfferExtended,
    OfferIssued,
    OfferLocked,
    OfferLockLapsed,
    OfferRecalled,
    OfferRecallWithdrawn,
    OfferRedeemed,
    OfferReinstated,
    OfferRevoked,
    OfferUnlocked,
)
from loyalty_ledger.domain.events.tiers import TierKept, TierLeft
from loyalty_projections.projection import Unrecorded
from loyalty_projections.rows import Reader, copied
from loyalty_projections.timeline_rows import PROJECTION, TIMELINE, HappeningRow

__all__ = ["PROJECTION"]

_AFTER_ALL = 1 << 62  # where the log never gets


# --- what time does to offers -------------------------------------------------------------------

_MOVES = {
    event.__name__
    for event in (
        *(OfferIssued, OfferLocked, OfferUnlocked, OfferLockLapsed),
        *(OfferRedeemed, OfferReinstated, OfferExpired, OfferRevoked, OfferMoved),
    )
}
_FREE = {event.__name__ for event in (OfferIssued, OfferUnlocked, OfferLockLapsed, OfferReinstated)}


def _offers_overdue(rows: Iterable[HappeningRow], now: datetime) -> list[HappeningRow]:
    """Locks that have lapsed and offers that have ended by `now`, as they will be recorded."""
    lives: dict[str, list[HappeningRow]] = {}
    recalled: dict[str, bool] = {}
    ends: dict[str, datetime | None] = {}
    for row in rows:
        if row.kind in (OfferIssued.__name__, OfferExtended.__name__, OfferMoved.__name__):
            ends[row.subject] = _moment(row, "expires_at")
        if row.kind in _MOVES:
            lives.setdefault(row.subject, []).append(row)
        if row.kind in (OfferRecalled.__name__, OfferRecallWithdrawn.__name__):
            recalled[row.subject] = row.kind == OfferRecalled.__name__
        if row.kind == OfferMoved.__name__:
            recalled[row.subject] = bool(msgspec.json.decode(row.facts).get("recalled"))
    return [
        due
        for offer, life in sorted(lives.items())
        for due in _overdue(life, now, ends.get(offer), recalled=recalled.get(offer, False))
    ]


def _overdue(
    life: Sequence[HappeningRow], now: datetime, ends: datetime | None, *, recalled: bool
) -> list[HappeningRow]:
    """What time has done to an offer since; never before what happened to it last."""
    last, at = life[-1], max(row.at for row in life)
    kind, due = _kind(last), []
    blank = HappeningRow(
        last.customer_id, 0, at, None, kind, last.subject, "", "", "", "", "{}", ""
    )
    until = _moment(last, "locked_until") if kind == OfferLocked.__name__ else None
    if until is not None and until <= now:
        kind, at = OfferLockLapsed.__name__, max(until, at)
        due.append(blank._replace(at=at, kind=kind, transaction=last.transaction, why=LAPSED))
        if recalled:
            return [*due, blank._replace(at=at, kind=OfferRevoked.__name__, why=RETURNED)]
    if kind in _FREE and ends is not None and ends <= now:
        expired = OfferExpired.__name__
        due.append(blank._replace(at=max(ends, at), kind=expired, why=TIME_IS_UP))
    return due


def _kind(row: HappeningRow) -> str:
    """What happened last: an offer that came from another customer is as it was there."""
    if row.kind != OfferMoved.__name__:
        return row.kind
    state = msgspec.json.decode(row.facts).get("state")
    as_there = {"ISSUED": OfferIssued, "LOCKED": OfferLocked}
    return as_there[state].__name__ if state in as_there else row.kind


def _moment(row: HappeningRow, name: str) -> datetime | None:
    told = msgspec.json.decode(row.facts).get(name)
    return None if told is None else msgspec.convert(told, datetime)


# --- the view -----------------------------------------------------------------------------------


class Happening(BaseModel):
    """Something that happened to a customer. `kind` is the event's name; money is in minor units.

    `client_id` and `employee_id` say who asked for it; without them it followed from something.
    `recorded_at` is null for what has fallen due and is not recorded yet.
    """

    model_config = ConfigDict(frozen=True)

    at: datetime
    recorded_at: datetime | None
    kind: str
    subject: str | None
    transaction: str | None
    client_id: str | None
    employee_id: str | None
    why: str | None
    facts: dict[str, Any]
    cause: str | None


def timeline(
    reader: Reader,
    customer_id: str,
    now: datetime,
    subject: str | None = None,
    *,
    due_levels: Sequence[TierKept | TierLeft] = (),
) -> list[Happening]:
    """What happened to the customer, at `now`; to one `subject` if it is named.

    In order of time, what happened at one instant in log order. What has fallen due counts,
    recorded or not: of levels as `due_levels` says (see `tier_progress.overdue`).
    """
    rows = copied(reader, PROJECTION.tables, [customer_id])[customer_id]
    for place, event in enumerate(due_levels, _AFTER_ALL):
        PROJECTION.apply(rows, Unrecorded(place, event))
    found = rows.select(TIMELINE)
    found += _offers_overdue(found, now)
    found.sort(key=lambda row: row.at)  # not by log order: that would tell when time was kept
    return [_happening(row) for row in found if subject in (None, row.subject)]


def _happening(row: HappeningRow) -> Happening:
    return Happening(
        at=row.at,
        recorded_at=row.recorded_at,
        kind=row.kind,
        subject=row.subject or None,
        transaction=row.transaction or None,
        client_id=row.client_id or None,
        employee_id=row.employee_id or None,
        why=row.why or None,
        facts=msgspec.json.decode(row.facts),
        cause=row.cause or None,
    )
