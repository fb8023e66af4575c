"""The rows behind progress, and what happens to them. The answers are in `tier_progress`."""

from datetime import datetime
from typing import NamedTuple

from loyalty_ledger.domain.events.customers import CustomerEnrolled
from loyalty_ledger.domain.events.merging import (
    PointsMovedIn,
    PointsMovedOut,
    TiersMovedIn,
    TiersMovedOut,
)
from loyalty_ledger.domain.events.points import PointsAwarded, PointsClawedBack
from loyalty_ledger.domain.events.settlement import PurchaseCounted, PurchaseRecounted
from loyalty_ledger.domain.events.tiers import (
    RETURNED,
    TierEntered,
    TierKept,
    TierLeft,
    TierSinceMoved,
)
from loyalty_ledger.domain.levels import TierEvent
from loyalty_projections.projection import Projection, Recorded
from loyalty_projections.rows import Rows
from loyalty_projections.tables import Table

# --- rows ---------------------------------------------------------------------------------------


class EarnedRow(NamedTuple):
    """Points earned at a moment, less what was clawed back of them."""

    customer_id: str
    account: str
    earned_at: datetime
    points: int


class PurchaseRow(NamedTuple):
    """A sale that counts; money in minor units."""

    customer_id: str
    counted_at: datetime
    transaction: str
    spend: int
    total: int
    times: int


class LevelRow(NamedTuple):
    """The level held in a tier system."""

    customer_id: str
    system: str
    level: str
    since: datetime | None
    until: datetime | None
    program_version: int


class JoinedRow(NamedTuple):
    """When the customer joined, and so began in every first level."""

    customer_id: str
    enrolled_at: datetime | None


EARNED = Table(
    "tier_progress_earned", EarnedRow, keys=3, sums=frozenset({"points"}), gone=("points",)
)
PURCHASES = Table(
    "tier_progress_purchase",
    PurchaseRow,
    keys=3,
    sums=frozenset({"spend", "total", "times"}),
    gone=("spend", "total", "times"),
)
LEVELS = Table("tier_progress_level", LevelRow, keys=2)
JOINED = Table("tier_progress_joined", JoinedRow, keys=1)


# --- what happens -------------------------------------------------------------------------------


def _enrolled(rows: Rows, event: CustomerEnrolled, _recorded: Recorded) -> None:
    rows.merge(JOINED, (event.customer_id,), enrolled_at=event.at)


def _awarded(rows: Rows, event: PointsAwarded, _recorded: Recorded) -> None:
    # The wallet files it there too, and a claw-back finds it there: after a debt, `at` is later.
    rows.merge(EARNED, (event.customer_id, event.account, event.earned_at), points=event.points)


def _clawed_back(rows: Rows, event: PointsClawedBack, _recorded: Recorded) -> None:
    key = (event.customer_id, event.awarded_in or event.account, event.awarded_at)
    rows.merge(EARNED, key, points=-event.points)


def _counted(rows: Rows, event: PurchaseCounted, _recorded: Recorded) -> None:
    key = (event.customer_id, event.counted_at, event.transaction)
    rows.merge(PURCHASES, key, spend=event.spend, total=event.total, times=event.times)


def _recounted(rows: Rows, event: PurchaseRecounted, _recorded: Recorded) -> None:
    rows.merge(
        PURCHASES,
        (event.customer_id, event.counted_at, event.transaction),
        spend=event.spend - event.was_spend,
        total=event.total - event.was_total,
        times=event.times - event.was_times,
    )


def _entered(rows: Rows, event: TierEntered, _recorded: Recorded) -> None:
    _hold(rows, event, event.level, since=event.at)


def _kept(rows: Rows, event: TierKept, _recorded: Recorded) -> None:
    _hold(rows, event, event.level)


def _left(rows: Rows, event: TierLeft, _recorded: Recorded) -> None:
    if event.why == RETURNED and event.since is None:
        rows.delete(LEVELS, (event.customer_id, event.system))  # as everybody begins
        return
    _hold(rows, event, event.entered, since=event.since or event.at)


def _since_moved(rows: Rows, event: TierSinceMoved, _recorded: Recorded) -> None:
    if event.since is None:
        rows.delete(LEVELS, (event.customer_id, event.system))  # as everybody begins
        return
    _hold(rows, event, event.level, since=event.since)


def _hold(rows: Rows, event: TierEvent, level: str, **since: datetime) -> None:
    version = event.program_version
    key = (event.customer_id, event.system)
    rows.merge(LEVELS, key, level=level, until=event.until, program_version=version, **since)


def _points_gone(rows: Rows, event: PointsMovedOut, _recorded: Recorded) -> None:
    _earned(rows, event, -1)


def _points_come(rows: Rows, event: PointsMovedIn, _recorded: Recorded) -> None:
    _earned(rows, event, 1)


def _earned(rows: Rows, event: PointsMovedOut | PointsMovedIn, sign: int) -> None:
    for moved in event.accounts:
        for one in moved.earned:
            key = (event.customer_id, moved.account, one.earned_at)
            rows.merge(EARNED, key, points=sign * one.points)


def _tiers_gone(rows: Rows, event: TiersMovedOut, _recorded: Recorded) -> None:
    _purchases(rows, event, -1)
    for one in event.levels:
        rows.delete(LEVELS, (event.customer_id, one.system))


def _tiers_come(rows: Rows, event: TiersMovedIn, _recorded: Recorded) -> None:
    _purchases(rows, event, 1)
    for one in event.levels:
        rows.merge(
            LEVELS,
            (event.customer_id, one.system),
            level=one.level,
            since=one.since,
            until=one.until,
            program_version=one.program_version,
        )


def _purchases(rows: Rows, event: TiersMovedOut | TiersMovedIn, sign: int) -> None:
    for one in event.purchases:
        rows.merge(
            PURCHASES,
            (event.customer_id, one.counted_at, one.transaction),
            spend=sign * one.spend,
            total=sign * one.total,
            times=sign * one.times,
        )


PROJECTION = Projection(
    "tier_progress",
    3,
    (EARNED, PURCHASES, LEVELS, JOINED),
    {
        CustomerEnrolled: _enrolled,
        PointsAwarded: _awarded,
        PointsClawedBack: _clawed_back,
        PurchaseCounted: _counted,
        PurchaseRecounted: _recounted,
        TierEntered: _entered,
        TierKept: _kept,
        TierLeft: _left,
        TierSinceMoved: _since_moved,
        PointsMovedOut: _points_gone,
        PointsMovedIn: _points_come,
        TiersMovedOut: _tiers_gone,
        TiersMovedIn: _tiers_come,
    },
)
