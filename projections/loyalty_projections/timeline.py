"""What happened to a customer, besides points? Joining, levels, promotions, offers."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from pydantic import BaseModel, ConfigDict

from loyalty_ledger.domain.events.base import Event
from loyalty_ledger.domain.events.customers import CustomerChanged, CustomerEnrolled
from loyalty_ledger.domain.events.offers import (
    LAPSED,
    TIME_IS_UP,
    DiscountChanged,
    DiscountNotHonoured,
    OfferCodeMade,
    OfferCodeUsed,
    OfferEvent,
    OfferExpired,
    OfferIssued,
    OfferLocked,
    OfferLockLapsed,
    OfferRedeemed,
    OfferReinstated,
    OfferRevoked,
    OfferUnlocked,
)
from loyalty_ledger.domain.events.promotions import PromotionClaimed
from loyalty_ledger.domain.events.tiers import TierEntered, TierKept, TierLeft
from loyalty_projections.projection import Projection, Recorded, Unrecorded
from loyalty_projections.rows import Reader, Rows, copied
from loyalty_projections.tables import Table

_AFTER_ALL = 1 << 62  # where the log never gets


class HappeningRow(NamedTuple):
    """Something that happened; `facts` is a JSON object.

    `subject` is the offer, the tier system, or `promotion:ID`.
    """

    customer_id: str
    position: int
    at: datetime
    recorded_at: datetime | None
    kind: str
    subject: str
    transaction: str
    client_id: str
    employee_id: str
    why: str
    facts: str
    cause: str


TIMELINE = Table(
    "timeline", HappeningRow, keys=2, undigested=frozenset({"position", "recorded_at"})
)

# --- what happens -------------------------------------------------------------------------------


def _row(customer_id: str, event: Event, recorded: Recorded, **told: Any) -> HappeningRow:
    facts = {name: value for name, value in told.pop("facts", {}).items() if value is not None}
    return HappeningRow(
        customer_id=customer_id,
        position=recorded.position,
        at=event.at,
        recorded_at=recorded.recorded_at,
        kind=type(event).__name__,
        subject=told.get("subject", ""),
        transaction=told.get("transaction", ""),
        client_id=told.get("client_id", ""),
        employee_id=told.get("employee_id", ""),
        why=told.get("why", ""),
        facts=msgspec.json.encode(facts, order="sorted").decode(),
        cause=told.get("cause", ""),
    )


def _offer(
    facts: Callable[[Any], dict[str, Any]] = lambda _event: {},
) -> Callable[[Rows, Any, Recorded], None]:
    """A row for an event of an offer, with these facts of it."""

    def handle(rows: Rows, event: OfferEvent, recorded: Recorded) -> None:
        row = _row(
            event.customer_id,
            event,
            recorded,
            subject=event.offer_id,
            transaction=getattr(event, "transaction", ""),
            client_id=event.by.client_id,
            employee_id=event.by.employee_id,
            why=event.why,
            facts=facts(event),
            cause=event.cause,
        )
        rows.insert(TIMELINE, row)

    return handle


def _flagged(rows: Rows, event: DiscountNotHonoured | DiscountChanged, recorded: Recorded) -> None:
    for customer_id in event.customers:
        if isinstance(event, DiscountNotHonoured):
            subject, why, facts = event.reference_id, event.reason, {"amount": event.amount}
        else:
            subject, why = event.offer_id, "another amount"
            facts = {"locked": event.locked, "taken": event.taken}
        told = {"subject": subject, "why": why, "facts": facts, "cause": event.cause}
        rows.insert(TIMELINE, _row(customer_id, event, recorded, **told))


def _joined(rows: Rows, event: CustomerEnrolled, recorded: Recorded) -> None:
    facts = {"opted_in": event.opted_in, "tags": event.tags or None}
    row = _row(event.customer_id, event, recorded, facts=facts, cause=event.cause)
    rows.insert(TIMELINE, row)


def _changed(rows: Rows, event: CustomerChanged, recorded: Recorded) -> None:
    facts = {"opted_in": event.opted_in, "tags": event.tags}
    rows.insert(TIMELINE, _row(event.customer_id, event, recorded, facts=facts))


def _entered(rows: Rows, event: TierEntered, recorded: Recorded) -> None:
    told = {"subject": event.system, "facts": {"level": event.level}, "cause": event.cause}
    rows.insert(TIMELINE, _row(event.customer_id, event, recorded, **told))


def _left(rows: Rows, event: TierLeft, recorded: Recorded) -> None:
    facts = {"level": event.level, "entered": event.entered}
    told = {"subject": event.system, "why": event.why, "facts": facts, "cause": event.cause}
    rows.insert(TIMELINE, _row(event.customer_id, event, recorded, **told))


def _claimed(rows: Rows, event: PromotionClaimed, recorded: Recorded) -> None:
    """A claim tells what the promotion gave; levels entered by it stand for themselves."""
    subject = f"promotion:{event.promotion}"
    granted = [grant for grant in event.grants if grant.rule == subject]
    facts = {
        "claim_id": event.claim_id,
        "awarded": {name: n for one in granted for name, n in one.deserved.items()} or None,
        "offers": [offer for one in granted for offer in one.offers] or None,
    }
    who = {"client_id": event.by.client_id, "employee_id": event.by.employee_id}
    row = _row(event.customer_id, event, recorded, subject=subject, facts=facts, **who)
    rows.insert(TIMELINE, row)


def _issue_facts(event: OfferIssued) -> dict[str, Any]:
    return {
        "definition": event.definition,
        "rule": event.rule,
        "price": event.price or None,
        "expires_at": event.expires_at,
    }


def _lock_facts(event: OfferLocked) -> dict[str, Any]:
    return {"amount": event.discount.amount, "locked_until": event.locked_until}


PROJECTION = Projection(
    "timeline",
    2,
    (TIMELINE,),
    {
        CustomerEnrolled: _joined,
        CustomerChanged: _changed,
        TierEntered: _entered,
        TierLeft: _left,
        OfferIssued: _offer(_issue_facts),
        OfferLocked: _offer(_lock_facts),
        OfferUnlocked: _offer(),
        OfferLockLapsed: _offer(),
        OfferRedeemed: _offer(lambda event: {"amount": event.discount.amount}),
        OfferReinstated: _offer(),
        OfferExpired: _offer(),
        OfferRevoked: _offer(),
        OfferCodeMade: _offer(lambda event: {"expires_at": event.expires_at}),
        OfferCodeUsed: _offer(),
        DiscountNotHonoured: _flagged,
        DiscountChanged: _flagged,
        PromotionClaimed: _claimed,
    },
)


# --- what time does to offers -------------------------------------------------------------------

_MOVES = {
    event.__name__
    for event in (
        *(OfferIssued, OfferLocked, OfferUnlocked, OfferLockLapsed),
        *(OfferRedeemed, OfferReinstated, OfferExpired, OfferRevoked),
    )
}
_FREE = {event.__name__ for event in (OfferIssued, OfferUnlocked, OfferLockLapsed, OfferReinstated)}


def _offers_overdue(rows: Iterable[HappeningRow], now: datetime) -> list[HappeningRow]:
    """Locks that have lapsed and offers that have ended by `now`, as they will be recorded."""
    lives: dict[str, list[HappeningRow]] = {}
    for row in rows:
        if row.kind in _MOVES:
            lives.setdefault(row.subject, []).append(row)
    return [due for _, life in sorted(lives.items()) for due in _overdue(life, now)]


def _overdue(life: Sequence[HappeningRow], now: datetime) -> list[HappeningRow]:
    """What time has done to an offer since; never before what happened to it last."""
    last, at = life[-1], max(row.at for row in life)
    kind, due = last.kind, []
    blank = HappeningRow(
        last.customer_id, 0, at, None, kind, last.subject, "", "", "", "", "{}", ""
    )
    until = _moment(last, "locked_until") if kind == OfferLocked.__name__ else None
    if until is not None and until <= now:
        kind, at = OfferLockLapsed.__name__, max(until, at)
        due.append(blank._replace(at=at, kind=kind, transaction=last.transaction, why=LAPSED))
    ends = _moment(life[0], "expires_at") if kind in _FREE else None
    if ends is not None and ends <= now:
        expired = OfferExpired.__name__
        due.append(blank._replace(at=max(ends, at), kind=expired, why=TIME_IS_UP))
    return due


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
