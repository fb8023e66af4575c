"""The rows behind a customer's profile, and what happens to them. The answer is in `profile`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from loyalty_ledger.domain.events.customers import (
    CustomerChanged,
    CustomerEnrolled,
    CustomerErased,
)
from loyalty_ledger.domain.events.merging import (
    MovedLot,
    PointsMovedIn,
    PointsMovedOut,
    TiersMovedIn,
    TiersMovedOut,
)
from loyalty_ledger.domain.events.points import (
    InactivityReviewed,
    LotPoints,
    PointsAwarded,
    PointsClawedBack,
    PointsExpired,
    PointsRestored,
    PointsRolledOver,
    PointsSpent,
    RestoredLot,
    RolledLot,
)
from loyalty_ledger.domain.events.tiers import (
    RETURNED,
    TierEntered,
    TierKept,
    TierLeft,
    TierSinceMoved,
)
from loyalty_ledger.domain.values import END_OF_TIME
from loyalty_projections.profile_codes import CODE_HANDLERS, CODES
from loyalty_projections.profile_offers import OFFER_HANDLERS, OFFERS
from loyalty_projections.profile_tables import ACCOUNTS, CUSTOMERS, LEVELS, LOTS
from loyalty_projections.projection import Projection, Recorded
from loyalty_projections.rows import Reader, Rows

_Movement = PointsSpent | PointsExpired | PointsClawedBack | PointsRestored | InactivityReviewed

# --- what happens -------------------------------------------------------------------------------


def _enrolled(rows: Rows, event: CustomerEnrolled, _recorded: Recorded) -> None:
    rows.merge(CUSTOMERS, (event.customer_id,), enrolled_at=event.at, **_standing(event))


def _changed(rows: Rows, event: CustomerChanged, _recorded: Recorded) -> None:
    rows.merge(CUSTOMERS, (event.customer_id,), **_standing(event))


def _standing(event: CustomerEnrolled | CustomerChanged) -> dict[str, Any]:
    return {
        "opted_in": int(event.opted_in),
        "tags": _json(event.tags),
        "tag_ends": _json(event.tag_ends),
        "suspended": int(event.suspended),
        "test": int(event.test),
    }


def _erased(rows: Rows, event: CustomerErased, _recorded: Recorded) -> None:
    rows.merge(CUSTOMERS, (event.customer_id,), opted_in=0, tags=_json([]))


def _awarded(rows: Rows, event: PointsAwarded, _recorded: Recorded) -> None:
    rows.merge(
        ACCOUNTS,
        (event.customer_id, event.account),
        debt=-event.repaid,
        lifetime=event.points,
        idle_from=event.at,
        program_version=event.program_version,
        last_lot=event.lot,
    )
    key = event.customer_id, event.account, event.lot
    kept = event.points - event.repaid - event.made_up
    _put(rows, key, kept, event.at, event, event.program_version)


def _put(
    rows: Rows,
    key: tuple[str, str, int],
    kept: int,
    at: datetime,
    lot: PointsAwarded | RestoredLot | RolledLot | MovedLot,
    program_version: int,
) -> None:
    """Put what was `kept` of the points into a lot, if anything was; `at` is when."""
    if kept:
        rows.merge(
            LOTS,
            key,
            remaining=kept,
            at=at,
            earned_at=lot.earned_at,
            due=lot.expires_at or END_OF_TIME,
            program_version=program_version,
        )


def _take(rows: Rows, event: _Movement, parts: Sequence[LotPoints]) -> None:
    for part in parts:
        key = (event.customer_id, event.account, part.lot)
        rows.change(LOTS, key, remaining=-part.points)


def _spent(rows: Rows, event: PointsSpent, _recorded: Recorded) -> None:
    _take(rows, event, event.lots)
    purse, version = (event.customer_id, event.account), event.program_version
    rows.merge(ACCOUNTS, purse, idle_from=event.at, program_version=version)


def _expired(rows: Rows, event: PointsExpired, _recorded: Recorded) -> None:
    _take(rows, event, event.lots)
    if event.kind == "inactivity":
        rows.merge(ACCOUNTS, (event.customer_id, event.account), idle_from=event.at)


def _clawed_back(rows: Rows, event: PointsClawedBack, _recorded: Recorded) -> None:
    _take(rows, event, event.lots)
    rows.merge(
        ACCOUNTS,
        (event.customer_id, event.account),
        debt=event.debt,
        debt_at=event.at if event.debt else None,
    )
    earned_in = (event.customer_id, event.awarded_in or event.account)
    rows.merge(ACCOUNTS, earned_in, lifetime=-event.points)


def _restored(rows: Rows, event: PointsRestored, _recorded: Recorded) -> None:
    _give_back(rows, event, event.lots)


def _give_back(rows: Rows, event: _Movement, lots: Sequence[RestoredLot]) -> None:
    for lot in lots:
        key = event.customer_id, event.account, lot.into
        _put(rows, key, lot.points - lot.repaid, event.at, lot, lot.program_version)
    debt, last_lot = -sum(x.repaid for x in lots), max((x.into for x in lots), default=None)
    rows.merge(ACCOUNTS, (event.customer_id, event.account), debt=debt, last_lot=last_lot)


def _reviewed(rows: Rows, event: InactivityReviewed, _recorded: Recorded) -> None:
    purse = event.customer_id, event.account
    _take(rows, event, event.lost)
    _give_back(rows, event, event.back)
    rows.forget(ACCOUNTS, purse, "idle_from")
    idle_from, version = event.idle_from, event.program_version
    rows.merge(ACCOUNTS, purse, idle_from=idle_from, program_version=version)


def _rolled_over(rows: Rows, event: PointsRolledOver, _recorded: Recorded) -> None:
    for rolled in event.lots:
        rows.change(LOTS, (event.customer_id, event.account, rolled.lot), remaining=-rolled.points)
        key = event.customer_id, event.into, rolled.new_lot
        _put(rows, key, rolled.points - rolled.repaid, event.at, rolled, event.program_version)
    rows.merge(
        ACCOUNTS,
        (event.customer_id, event.into),
        debt=-sum(rolled.repaid for rolled in event.lots),
        idle_from=event.at,
        program_version=event.program_version,
        last_lot=max(rolled.new_lot for rolled in event.lots),
    )


def _entered(rows: Rows, event: TierEntered, _recorded: Recorded) -> None:
    key = (event.customer_id, event.system)
    rows.merge(LEVELS, key, level=event.level, since=event.at, until=event.until)


def _kept(rows: Rows, event: TierKept, _recorded: Recorded) -> None:
    rows.merge(LEVELS, (event.customer_id, event.system), level=event.level, until=event.until)


def _left(rows: Rows, event: TierLeft, _recorded: Recorded) -> None:
    key, since = (event.customer_id, event.system), event.since or event.at
    if event.why == RETURNED and event.since is None:
        rows.delete(LEVELS, key)  # as everybody begins
        return
    rows.merge(LEVELS, key, level=event.entered, since=since, until=event.until)


def _since_moved(rows: Rows, event: TierSinceMoved, _recorded: Recorded) -> None:
    key = (event.customer_id, event.system)
    if event.since is None:
        rows.delete(LEVELS, key)  # as everybody begins
        return
    rows.merge(LEVELS, key, level=event.level, since=event.since, until=event.until)


def _moved_out(rows: Rows, event: PointsMovedOut, _recorded: Recorded) -> None:
    for moved in event.accounts:
        for lot in moved.lots:
            key = event.customer_id, moved.account, lot.lot
            rows.change(LOTS, key, remaining=-lot.points)
        purse = (event.customer_id, moved.account)
        rows.merge(ACCOUNTS, purse, debt=-moved.debt, lifetime=-moved.lifetime)


def _moved_in(rows: Rows, event: PointsMovedIn, _recorded: Recorded) -> None:
    for moved in event.accounts:
        for part in moved.lots_taken:
            taken = event.customer_id, moved.account, part.lot
            rows.change(LOTS, taken, remaining=-part.points)
        for lot in moved.lots:
            key = event.customer_id, moved.account, lot.new_lot
            _put(rows, key, lot.points - lot.repaid, event.at, lot, lot.program_version)
        rows.merge(
            ACCOUNTS,
            (event.customer_id, moved.account),
            debt=moved.owed,
            debt_at=moved.debt_at,
            lifetime=moved.lifetime,
            idle_from=moved.idle_from,
            program_version=moved.version,
            last_lot=event.next_lot - 1,
        )


def _tiers_gone(rows: Rows, event: TiersMovedOut, _recorded: Recorded) -> None:
    for one in event.levels:
        rows.delete(LEVELS, (event.customer_id, one.system))


def _tiers_come(rows: Rows, event: TiersMovedIn, _recorded: Recorded) -> None:
    for one in event.levels:
        key = (event.customer_id, one.system)
        rows.merge(LEVELS, key, level=one.level, since=one.since, until=one.until)


def _json(value: list[str] | dict[str, datetime]) -> str:
    return msgspec.json.encode(value, order="sorted").decode()


PROJECTION = Projection(
    "profile",
    7,
    (CUSTOMERS, ACCOUNTS, LOTS, LEVELS, OFFERS, CODES),
    {
        CustomerEnrolled: _enrolled,
        CustomerChanged: _changed,
        CustomerErased: _erased,
        PointsAwarded: _awarded,
        PointsSpent: _spent,
        PointsExpired: _expired,
        PointsRolledOver: _rolled_over,
        PointsClawedBack: _clawed_back,
        PointsRestored: _restored,
        InactivityReviewed: _reviewed,
        PointsMovedOut: _moved_out,
        PointsMovedIn: _moved_in,
        TierEntered: _entered,
        TierKept: _kept,
        TierLeft: _left,
        TierSinceMoved: _since_moved,
        TiersMovedOut: _tiers_gone,
        TiersMovedIn: _tiers_come,
        **OFFER_HANDLERS,
        **CODE_HANDLERS,
    },
)


class Facts(NamedTuple):
    """How a customer stands, and when he joined; None for one not enrolled, without consent.

    `tags` says when each ends; None is never.
    """

    enrolled_at: datetime | None = None
    opted_in: bool = False
    tags: tuple[tuple[str, datetime | None], ...] = ()
    suspended: bool = False
    test: bool = False


def facts(reader: Reader, customer_id: str) -> Facts:
    """How the customer stands, and when he joined."""
    found = reader.select(CUSTOMERS, customer_id=customer_id)
    if not found:
        return Facts()
    row = found[0]
    ends = msgspec.json.decode(row.tag_ends, type=dict[str, datetime])
    tags = msgspec.json.decode(row.tags, type=tuple[str, ...])
    dated = tuple((tag, ends.get(tag)) for tag in tags)
    flags = bool(row.suspended), bool(row.test)
    return Facts(row.enrolled_at, bool(row.opted_in), dated, *flags)
