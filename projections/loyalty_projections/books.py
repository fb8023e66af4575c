"""Do the books balance? Double entry of all points, per account.

A movement adds to the customers' balance and takes the same from another side, or the reverse: the
sides of an account always sum to zero. So `issued` is negative while points are out.
"""

from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from loyalty_ledger.domain.events.merging import PointsMovedIn, PointsMovedOut
from loyalty_ledger.domain.events.points import (
    InactivityReviewed,
    PointsAwarded,
    PointsClawedBack,
    PointsExpired,
    PointsRestored,
    PointsRolledOver,
    PointsSpent,
)
from loyalty_projections.projection import Projection, Recorded
from loyalty_projections.rows import Reader, Rows
from loyalty_projections.tables import Table

SIDES = (
    "balance",
    "issued",
    "redeemed",
    "expired",
    "clawed_back",
    "restored",
    "written_off",
    "adjusted",
    "rolled_over",
    "moved",
)
"""The customers' side, and then the others."""


class SideRow(NamedTuple):
    """What stands on a side of an account."""

    account: str
    side: str
    points: int


BOOKS = Table("books_side", SideRow, keys=2, sums=frozenset({"points"}))


def _post(rows: Rows, account: str, side: str, points: int) -> None:
    """Points go to the customers (negative: come from them), out of the other side."""
    rows.merge(BOOKS, (account, "balance"), points=points)
    rows.merge(BOOKS, (account, side), points=-points)


def _awarded(rows: Rows, event: PointsAwarded, _recorded: Recorded) -> None:
    _post(rows, event.account, "issued", event.points - event.made_up)


def _spent(rows: Rows, event: PointsSpent, _recorded: Recorded) -> None:
    _post(rows, event.account, "redeemed", -event.points)


def _expired(rows: Rows, event: PointsExpired | InactivityReviewed, _recorded: Recorded) -> None:
    _post(rows, event.account, "expired", -event.points)


def _rolled_over(rows: Rows, event: PointsRolledOver, _recorded: Recorded) -> None:
    _post(rows, event.account, "rolled_over", -event.points)
    _post(rows, event.into, "rolled_over", event.points)


def _clawed_back(rows: Rows, event: PointsClawedBack, _recorded: Recorded) -> None:
    _post(rows, event.account, "clawed_back", event.already_gone - event.points)
    if event.written_off:
        _post(rows, event.account, "written_off", event.written_off)


def _restored(rows: Rows, event: PointsRestored, _recorded: Recorded) -> None:
    _post(rows, event.account, "restored", event.points)


def _moved_out(rows: Rows, event: PointsMovedOut, _recorded: Recorded) -> None:
    for moved in event.accounts:
        _post(rows, moved.account, "moved", -moved.points)


def _moved_in(rows: Rows, event: PointsMovedIn, _recorded: Recorded) -> None:
    for moved in event.accounts:
        _post(rows, moved.account, "moved", moved.points)


PROJECTION = Projection(
    "books",
    4,
    (BOOKS,),
    {
        PointsAwarded: _awarded,
        PointsSpent: _spent,
        PointsExpired: _expired,
        PointsRolledOver: _rolled_over,
        PointsClawedBack: _clawed_back,
        PointsRestored: _restored,
        InactivityReviewed: _expired,
        PointsMovedOut: _moved_out,
        PointsMovedIn: _moved_in,
    },
)


class Sides(BaseModel):
    """The sides of an account, or of all of them; `sum` is zero."""

    model_config = ConfigDict(frozen=True)

    balance: int = 0
    issued: int = 0
    redeemed: int = 0
    expired: int = 0
    clawed_back: int = 0
    restored: int = 0
    written_off: int = 0
    adjusted: int = 0
    rolled_over: int = 0
    moved: int = 0
    sum: int = 0


class TrialBalance(BaseModel):
    """The sides per account, and over all accounts."""

    model_config = ConfigDict(frozen=True)

    accounts: dict[str, Sides]
    total: Sides


def trial_balance(reader: Reader) -> TrialBalance:
    """The trial balance; accounts by name."""
    accounts: dict[str, dict[str, int]] = {}
    total: dict[str, int] = {}
    for row in reader.select(BOOKS):
        accounts.setdefault(row.account, {})[row.side] = row.points
        total[row.side] = total.get(row.side, 0) + row.points
    return TrialBalance(
        accounts={name: _summed(sides) for name, sides in accounts.items()}, total=_summed(total)
    )


def _summed(sides: dict[str, int]) -> Sides:
    return Sides(**sides, sum=sum(sides.values()))
