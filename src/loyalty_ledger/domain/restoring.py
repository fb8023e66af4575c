"""Giving spent points back: to their own lots, with their own end."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from loyalty_ledger.domain.events.points import LotPoints, PointsRestored, RestoredLot
from loyalty_ledger.domain.lots import Holdings, Lot
from loyalty_ledger.domain.program.document import Program


class Restore(Struct, frozen=True, kw_only=True):
    """Points of these lots to be given back at `at`, as the spend described them."""

    customer_id: str
    account: str
    lots: Sequence[LotPoints]
    at: datetime
    reference: str
    program: Program
    program_version: int
    transaction: str = ""
    cause: str


def restore(command: Restore, holdings: Holdings) -> PointsRestored:
    """The points back in their lots, debt repaid first.

    A lot whose time was up meanwhile comes back as a new one that lives for the program's grace.
    """
    account = holdings.account(command.account)
    at = _takes_hold(command, holdings)
    debt, number, lots = account.debt, holdings.next_lot, []
    grace = command.program.restored_grace.after(at, command.program.time_zone)
    for part in _by_lot(command.lots):
        over = part.expires_at is not None and part.expires_at <= at
        repaid = min(debt, part.points)
        debt -= repaid
        lots.append(
            RestoredLot(
                lot=part.lot,
                points=part.points,
                into=number if over else part.lot,
                earned_at=part.earned_at or command.at,
                expires_at=grace if over else part.expires_at,
                program_version=part.program_version or command.program_version,
                repaid=repaid,
            )
        )
        number += over
    return PointsRestored(
        at=at,
        customer_id=command.customer_id,
        account=command.account,
        points=sum(lot.points for lot in lots),
        lots=lots,
        restored_at=command.at,
        reference=command.reference,
        transaction=command.transaction,
        program_version=command.program_version,
        cause=command.cause,
    )


def _by_lot(lots: Sequence[LotPoints]) -> list[LotPoints]:
    """Each lot once, though it was taken from several times."""
    found: dict[int, LotPoints] = {}
    for part in lots:
        before = found.get(part.lot)
        found[part.lot] = replace(part, points=part.points + (before.points if before else 0))
    return [*found.values()]


def _takes_hold(command: Restore, holdings: Holdings) -> datetime:
    """The later of the business time, and that of the lots and the debt it acts on."""
    account = holdings.account(command.account)
    own = {part.lot for part in command.lots}
    moments = [lot.at for lot in account.lots.numbered(Lot, own)]
    if account.debt and account.debt_at is not None:
        moments.append(account.debt_at)
    return max([command.at, *moments])


def latest_first(lots: Sequence[LotPoints], points: int) -> list[LotPoints]:
    """`points` of what was spent, from the lot taken last backwards: it would not have been taken.

    Less when the lots do not hold as many.
    """
    found: list[LotPoints] = []
    for part in reversed(lots):
        taken = min(part.points, points)
        if taken:
            found.append(
                LotPoints(
                    lot=part.lot,
                    points=taken,
                    earned_at=part.earned_at,
                    expires_at=part.expires_at,
                    program_version=part.program_version,
                )
            )
            points -= taken
    return found
