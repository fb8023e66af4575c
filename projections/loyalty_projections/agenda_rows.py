"""The rows behind the agenda, and what happens to them. The answers are in `agenda`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from loyalty_ledger.domain.events.customers import SettlementHeld, SettlementResumed
from loyalty_ledger.domain.events.merging import (
    OfferMoved,
    PointsMovedIn,
    PointsMovedOut,
    TiersMovedIn,
    TiersMovedOut,
)
from loyalty_ledger.domain.events.offers import (
    OfferEvent,
    OfferExpired,
    OfferExtended,
    OfferIssued,
    OfferLocked,
    OfferLockLapsed,
    OfferRedeemed,
    OfferReinstated,
    OfferRevoked,
    OfferUnlocked,
)
from loyalty_ledger.domain.events.points import (
    InactivityReviewed,
    PointsAwarded,
    PointsClawedBack,
    PointsExpired,
    PointsRestored,
    PointsRolledOver,
    PointsSpent,
    RestoredLot,
)
from loyalty_ledger.domain.events.settlement import SettlementFailed
from loyalty_ledger.domain.events.tiers import TierEntered, TierKept, TierLeft, TierSinceMoved
from loyalty_projections.agenda_tables import FAILED, IDLE, LEVELS, LOCKS, LOTS, OFFERS, WAITING
from loyalty_projections.projection import Projection, Recorded
from loyalty_projections.rows import Rows


def _awarded(rows: Rows, event: PointsAwarded, _recorded: Recorded) -> None:
    kept = event.points - event.repaid - event.made_up
    rows.merge(
        IDLE,
        (event.customer_id, event.account),
        remaining=kept,
        idle_from=event.at,
        program_version=event.program_version,
    )
    key = event.customer_id, event.lot
    _put(rows, key, event.account, kept, event.expires_at, event.program_version)


def _put(
    rows: Rows,
    key: tuple[str, int],
    account: str,
    kept: int,
    due: datetime | None,
    program_version: int,
) -> None:
    """Put what was `kept` of points into a lot; one that never ends is not on the agenda."""
    if kept and due is not None:
        told: dict[str, Any] = {"account": account, "due": due, "remaining": kept}
        rows.merge(LOTS, key, program_version=program_version, **told)


def _take(rows: Rows, event: PointsSpent | PointsExpired | PointsClawedBack) -> int:
    """Lots that never end are not on the agenda, and are not changed. How much was taken."""
    for part in event.lots:
        rows.change(LOTS, (event.customer_id, part.lot), remaining=-part.points)
    return sum(part.points for part in event.lots)


def _spent(rows: Rows, event: PointsSpent, _recorded: Recorded) -> None:
    rows.merge(
        IDLE,
        (event.customer_id, event.account),
        remaining=-_take(rows, event),
        idle_from=event.at,
        program_version=event.program_version,
    )


def _expired(rows: Rows, event: PointsExpired, _recorded: Recorded) -> None:
    idle_from = event.at if event.kind == "inactivity" else None
    key = (event.customer_id, event.account)
    rows.merge(IDLE, key, remaining=-_take(rows, event), idle_from=idle_from)


def _clawed_back(rows: Rows, event: PointsClawedBack, _recorded: Recorded) -> None:
    rows.merge(IDLE, (event.customer_id, event.account), remaining=-_take(rows, event))


def _restored(rows: Rows, event: PointsRestored, _recorded: Recorded) -> None:
    back = _give_back(rows, event, event.lots)
    rows.merge(IDLE, (event.customer_id, event.account), remaining=back)


def _reviewed(rows: Rows, event: InactivityReviewed, _recorded: Recorded) -> None:
    for part in event.lost:
        rows.change(LOTS, (event.customer_id, part.lot), remaining=-part.points)
    key = event.customer_id, event.account
    back = _give_back(rows, event, event.back)
    rows.forget(IDLE, key, "idle_from")
    rows.merge(
        IDLE,
        key,
        remaining=back - sum(part.points for part in event.lost),
        idle_from=event.idle_from,
        program_version=event.program_version,
    )


def _give_back(
    rows: Rows, event: PointsRestored | InactivityReviewed, lots: Sequence[RestoredLot]
) -> int:
    """Put them into their lots, as far as these are on the agenda; how much."""
    kept = {lot.into: lot.points - lot.repaid for lot in lots}
    for lot in lots:
        key, left = (event.customer_id, lot.into), kept[lot.into]
        _put(rows, key, event.account, left, lot.expires_at, lot.program_version)
    return sum(kept.values())


def _rolled_over(rows: Rows, event: PointsRolledOver, _recorded: Recorded) -> None:
    kept = 0
    for rolled in event.lots:
        rows.change(LOTS, (event.customer_id, rolled.lot), remaining=-rolled.points)
        left = rolled.points - rolled.repaid
        kept += left
        key = event.customer_id, rolled.new_lot
        _put(rows, key, event.into, left, rolled.expires_at, event.program_version)
    rows.merge(IDLE, (event.customer_id, event.account), remaining=-event.points)
    rows.merge(
        IDLE,
        (event.customer_id, event.into),
        remaining=kept,
        idle_from=event.at,
        program_version=event.program_version,
    )


def _moved(
    rows: Rows, event: TierEntered | TierKept | TierLeft | TierSinceMoved, _recorded: Recorded
) -> None:
    key = (event.customer_id, event.system)
    if event.until is None:
        rows.delete(LEVELS, key)
    else:
        rows.merge(LEVELS, key, until=event.until)


def _issued(rows: Rows, event: OfferIssued | OfferReinstated, _recorded: Recorded) -> None:
    if event.expires_at is not None:
        rows.merge(OFFERS, (event.customer_id, event.offer_id), expires_at=event.expires_at)


def _extended(rows: Rows, event: OfferExtended, _recorded: Recorded) -> None:
    key = (event.customer_id, event.offer_id)
    if event.expires_at is None:
        rows.delete(OFFERS, key)
    else:
        rows.merge(OFFERS, key, expires_at=event.expires_at)


def _locked(rows: Rows, event: OfferLocked, _recorded: Recorded) -> None:
    rows.merge(LOCKS, (event.customer_id, event.offer_id), locked_until=event.locked_until)


def _freed(rows: Rows, event: OfferEvent, _recorded: Recorded) -> None:
    rows.delete(LOCKS, (event.customer_id, event.offer_id))


def _over(rows: Rows, event: OfferEvent, _recorded: Recorded) -> None:
    rows.delete(LOCKS, (event.customer_id, event.offer_id))
    rows.delete(OFFERS, (event.customer_id, event.offer_id))


def _failed(rows: Rows, event: SettlementFailed, _recorded: Recorded) -> None:
    rows.merge(
        FAILED,
        (event.cause,),
        subject=event.subject,
        version=event.version,
        customers=msgspec.json.encode(event.customers).decode(),
        reason=event.reason,
        at=event.at,
    )


def _held(rows: Rows, event: SettlementHeld, _recorded: Recorded) -> None:
    key = (event.customer_id, event.subject, event.version)
    rows.merge(WAITING, key, blocked_by=event.blocked_by, at=event.at)


def _resumed(rows: Rows, event: SettlementResumed, _recorded: Recorded) -> None:
    """What failed is healed when its customers wait for it no more.

    Settlements themselves are not looked at: they are many and large, and none is needed here.
    """
    rows.delete(WAITING, (event.customer_id, event.subject, event.version))
    rows.delete(FAILED, (f"{event.subject}@{event.version}",))


def _moved_out(rows: Rows, event: PointsMovedOut, _recorded: Recorded) -> None:
    for moved in event.accounts:
        for lot in moved.lots:
            rows.change(LOTS, (event.customer_id, lot.lot), remaining=-lot.points)
        gone = sum(lot.points for lot in moved.lots)
        rows.merge(IDLE, (event.customer_id, moved.account), remaining=-gone)


def _moved_in(rows: Rows, event: PointsMovedIn, _recorded: Recorded) -> None:
    for moved in event.accounts:
        for part in moved.lots_taken:
            rows.change(LOTS, (event.customer_id, part.lot), remaining=-part.points)
        kept = -sum(part.points for part in moved.lots_taken)
        for lot in moved.lots:
            left = lot.points - lot.repaid
            kept += left
            key = event.customer_id, lot.new_lot
            _put(rows, key, moved.account, left, lot.expires_at, lot.program_version)
        rows.merge(
            IDLE,
            (event.customer_id, moved.account),
            remaining=kept,
            idle_from=moved.idle_from,
            program_version=moved.version,
        )


def _tiers_gone(rows: Rows, event: TiersMovedOut, _recorded: Recorded) -> None:
    for one in event.levels:
        rows.delete(LEVELS, (event.customer_id, one.system))


def _tiers_come(rows: Rows, event: TiersMovedIn, _recorded: Recorded) -> None:
    for one in event.levels:
        if one.until is None:
            rows.delete(LEVELS, (event.customer_id, one.system))
        else:
            rows.merge(LEVELS, (event.customer_id, one.system), until=one.until)


def _offer_moved(rows: Rows, event: OfferMoved, _recorded: Recorded) -> None:
    gone, come = (event.moved_from, event.offer_id), (event.customer_id, event.offer_id)
    rows.delete(LOCKS, gone)
    rows.delete(OFFERS, gone)
    if event.state in ("ISSUED", "LOCKED") and event.expires_at is not None:
        rows.merge(OFFERS, come, expires_at=event.expires_at)
    if event.state == "LOCKED" and event.locked_until is not None:
        rows.merge(LOCKS, come, locked_until=event.locked_until)


PROJECTION = Projection(
    "agenda",
    5,
    (LOTS, IDLE, LEVELS, OFFERS, LOCKS, FAILED, WAITING),
    {
        PointsAwarded: _awarded,
        PointsSpent: _spent,
        PointsExpired: _expired,
        PointsRolledOver: _rolled_over,
        PointsClawedBack: _clawed_back,
        PointsRestored: _restored,
        InactivityReviewed: _reviewed,
        PointsMovedOut: _moved_out,
        PointsMovedIn: _moved_in,
        TierEntered: _moved,
        TierKept: _moved,
        TierLeft: _moved,
        TierSinceMoved: _moved,
        TiersMovedOut: _tiers_gone,
        TiersMovedIn: _tiers_come,
        OfferMoved: _offer_moved,
        OfferIssued: _issued,
        OfferReinstated: _issued,
        OfferExtended: _extended,
        OfferLocked: _locked,
        OfferUnlocked: _freed,
        OfferLockLapsed: _freed,
        OfferRedeemed: _over,
        OfferExpired: _over,
        OfferRevoked: _over,
        SettlementFailed: _failed,
        SettlementHeld: _held,
        SettlementResumed: _resumed,
    },
)
