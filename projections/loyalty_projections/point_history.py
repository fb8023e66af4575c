"""How did a customer's points move? Every movement, gross, by both clocks, with its cause."""

from collections.abc import Sequence
from datetime import datetime
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
from loyalty_ledger.domain.lots import PointsEvent
from loyalty_projections.projection import Projection, Recorded, Unrecorded
from loyalty_projections.rows import Reader, Rows, copied
from loyalty_projections.tables import Table

_AFTER_ALL = 1 << 62  # where the log never gets


class MovementRow(NamedTuple):
    """A movement of points; `part` numbers those of one event, `version` is the event's."""

    customer_id: str
    position: int
    part: int
    at: datetime
    recorded_at: datetime | None
    account: str
    points: int
    repaid: int
    kind: str
    rule: str
    transaction: str
    cause: str
    version: int


MOVEMENTS = Table(
    "point_history",
    MovementRow,
    keys=3,
    undigested=frozenset({"position", "recorded_at"}),
)


# --- what happens -------------------------------------------------------------------------------


def _awarded(rows: Rows, event: PointsAwarded, recorded: Recorded) -> None:
    rows.insert(
        MOVEMENTS,
        MovementRow(
            event.customer_id,
            recorded.position,
            0,
            event.at,
            recorded.recorded_at,
            event.account,
            event.points - event.made_up,
            event.repaid,
            "awarded",
            event.rule,
            event.transaction,
            event.cause,
            recorded.version,
        ),
    )


def _spent(rows: Rows, event: PointsSpent, recorded: Recorded) -> None:
    row = _row(event, recorded, 0, "spent", -event.points)
    rows.insert(
        MOVEMENTS,
        row._replace(rule=event.reference, transaction=event.transaction, cause=event.cause),
    )


def _expired(rows: Rows, event: PointsExpired, recorded: Recorded) -> None:
    rows.insert(MOVEMENTS, _row(event, recorded, 0, "expired", -event.points))


def _rolled_over(rows: Rows, event: PointsRolledOver, recorded: Recorded) -> None:
    repaid = sum(rolled.repaid for rolled in event.lots)
    rows.insert(MOVEMENTS, _row(event, recorded, 0, "rolled_out", -event.points))
    arrived = _row(event, recorded, 1, "rolled_in", event.points)
    rows.insert(MOVEMENTS, arrived._replace(account=event.into, repaid=repaid))


def _clawed_back(rows: Rows, event: PointsClawedBack, recorded: Recorded) -> None:
    row = _row(event, recorded, 0, "clawed_back", -event.points)
    row = row._replace(rule=event.rule, transaction=event.transaction, cause=event.cause)
    rows.insert(MOVEMENTS, row)
    if event.written_off:  # the house bears it: it never left the customer's balance
        rows.insert(MOVEMENTS, row._replace(part=1, kind="written_off", points=event.written_off))
    if event.already_gone:
        rows.insert(MOVEMENTS, row._replace(part=2, kind="had_expired", points=event.already_gone))


def _restored(rows: Rows, event: PointsRestored, recorded: Recorded) -> None:
    row = _row(event, recorded, 0, "restored", event.points)
    row = row._replace(rule=event.reference, transaction=event.transaction, cause=event.cause)
    rows.insert(MOVEMENTS, row._replace(repaid=sum(lot.repaid for lot in event.lots)))


def _reviewed(rows: Rows, event: InactivityReviewed, recorded: Recorded) -> None:
    """Where only the clock went back, no points moved."""
    kind = "expired" if event.points > 0 else "restored"
    row = _row(event, recorded, 0, kind, -event.points)
    row = row._replace(rule="inactivity", transaction=event.transaction, cause=event.cause)
    if event.points:
        rows.insert(MOVEMENTS, row._replace(repaid=sum(lot.repaid for lot in event.back)))


def _moved_out(rows: Rows, event: PointsMovedOut, recorded: Recorded) -> None:
    _moved(rows, event, recorded, "moved_out", event.into, -1)


def _moved_in(rows: Rows, event: PointsMovedIn, recorded: Recorded) -> None:
    _moved(rows, event, recorded, "moved_in", event.moved_from, 1)


def _moved(
    rows: Rows,
    event: PointsMovedOut | PointsMovedIn,
    recorded: Recorded,
    kind: str,
    other: str,
    sign: int,
) -> None:
    """A row for each account; `rule` names the other customer."""
    for part, moved in enumerate(event.accounts):
        row = MovementRow(
            customer_id=event.customer_id,
            position=recorded.position,
            part=part,
            at=event.at,
            recorded_at=recorded.recorded_at,
            account=moved.account,
            points=sign * moved.points,
            repaid=moved.repaid if sign > 0 else 0,
            kind=kind,
            rule=f"customer:{other}",
            transaction="",
            cause="",
            version=recorded.version,
        )
        rows.insert(MOVEMENTS, row)


def _row(event: PointsEvent, recorded: Recorded, part: int, kind: str, points: int) -> MovementRow:
    return MovementRow(
        customer_id=event.customer_id,
        position=recorded.position,
        part=part,
        at=event.at,
        recorded_at=recorded.recorded_at,
        account=event.account,
        points=points,
        repaid=0,
        kind=kind,
        rule="",
        transaction="",
        cause="",
        version=recorded.version,
    )


PROJECTION = Projection(
    "point_history",
    4,
    (MOVEMENTS,),
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
    },
)


# --- the view -----------------------------------------------------------------------------------


class Movement(BaseModel):
    """A movement: `points` is what it did to the balance, `repaid` of them paid back debt.

    `recorded_at` is null for what has fallen due and is not recorded yet.
    """

    model_config = ConfigDict(frozen=True)

    at: datetime
    recorded_at: datetime | None
    account: str
    points: int
    repaid: int
    kind: str
    rule: str | None
    transaction: str | None
    cause: str | None


def history(
    reader: Reader, customer_id: str, *, overdue: Sequence[PointsEvent] = ()
) -> list[Movement]:
    """The customer's movements in log order; then what is `overdue` (see `profile.overdue`)."""
    rows = copied(reader, PROJECTION.tables, [customer_id])[customer_id]
    for place, event in enumerate(overdue, _AFTER_ALL):
        PROJECTION.apply(rows, Unrecorded(place, event))
    return [_movement(row) for row in rows.select(MOVEMENTS)]


def _movement(row: MovementRow) -> Movement:
    return Movement(
        at=row.at,
        recorded_at=row.recorded_at,
        account=row.account,
        points=row.points,
        repaid=row.repaid,
        kind=row.kind,
        rule=row.rule or None,
        transaction=row.transaction or None,
        cause=row.cause or None,
    )
