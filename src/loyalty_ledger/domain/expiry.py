"""What time does to points: expiry and roll-over, as they fall due.

The same arithmetic serves the wallet that decides and the views that answer, so that a balance
read before an expiry was recorded equals the one read after.
"""

from datetime import datetime
from fractions import Fraction
from typing import NamedTuple

from loyalty_ledger.domain.events.points import (
    LotPoints,
    PointsExpired,
    PointsRolledOver,
    RolledLot,
)
from loyalty_ledger.domain.lots import (
    Account,
    Holdings,
    Lot,
    Programs,
    expires_at,
    moved,
    spend_order,
    take,
)
from loyalty_ledger.domain.program.accounts import InactivityExpiry, RollingExpiry
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.values import END_OF_TIME


class Due(NamedTuple):
    """Something that falls due in an account: its lots' time is up, or it lay idle too long."""

    at: datetime
    account: str
    inactive: bool


def elapse(
    customer_id: str, holdings: Holdings, until: datetime, programs: Programs
) -> tuple[list[PointsExpired | PointsRolledOver], Holdings]:
    """What falls due up to and at `until`, in order, and the holdings after it.

    A lot goes by the definition of the program version it was earned under.
    """
    events: list[PointsExpired | PointsRolledOver] = []
    while (due := next_due(holdings, programs)) is not None and due.at <= until:
        event = _fall_due(customer_id, holdings, due, programs)
        events.append(event)
        holdings = moved(holdings, event)
    return events, holdings


def next_due(holdings: Holdings, programs: Programs) -> Due | None:
    """The first thing that falls due, whenever that is."""
    first: Due | None = None
    for name, account in holdings.accounts.items():
        at = account.lots.low
        if at < END_OF_TIME and (first is None or at < first.at):
            first = Due(at, name, False)
        idle = _idle_due(name, account, programs)
        if idle is not None and (first is None or idle < first.at):
            first = Due(idle, name, True)
    return first


def _idle_due(name: str, account: Account, programs: Programs) -> datetime | None:
    if account.idle_from is None or not account.lots.total:
        return None
    program = programs[account.program_version]
    expiry = program.account(name).expiry
    if not isinstance(expiry, InactivityExpiry) or not _idle_loss(account, expiry):
        return None
    return expiry.after.after(account.idle_from, program.time_zone)


def _idle_loss(account: Account, expiry: InactivityExpiry) -> int:
    return int(Fraction(expiry.percent) * account.lots.total // 100)


def _fall_due(
    customer_id: str, holdings: Holdings, due: Due, programs: Programs
) -> PointsExpired | PointsRolledOver:
    account = holdings.account(due.account)
    in_order = spend_order(account.lots.rows(Lot))
    if due.inactive:
        version = account.program_version
        expiry = programs[version].account(due.account).expiry
        assert isinstance(expiry, InactivityExpiry)  # noqa: S101 - that is how it fell due
        lots = take(in_order, _idle_loss(account, expiry))
    else:
        version = in_order[0].program_version
        expiry = programs[version].account(due.account).expiry
        gone = [x for x in in_order if x.due == due.at and x.program_version == version]
        if isinstance(expiry, RollingExpiry) and expiry.into:
            return _roll_over(customer_id, holdings, due, expiry.into, gone, programs[version])
        lots = [LotPoints(lot=lot.lot, points=lot.remaining) for lot in gone]
    return PointsExpired(
        at=due.at,
        customer_id=customer_id,
        account=due.account,
        points=sum(lot.points for lot in lots),
        lots=lots,
        kind=expiry.kind,
        program_version=version,
    )


def _roll_over(
    customer_id: str, holdings: Holdings, due: Due, into: str, gone: list[Lot], program: Program
) -> PointsRolledOver:
    """The due lots start the other account's expiry at that instant; debt there comes first."""
    target = holdings.account(into)
    debt = target.debt
    at = max(due.at, target.debt_at) if debt and target.debt_at else due.at
    expires = expires_at(program.account(into), due.at, program.time_zone)
    rolled = []
    for number, lot in enumerate(gone, holdings.next_lot):
        repaid = min(debt, lot.remaining)
        debt -= repaid
        rolled.append(
            RolledLot(
                lot=lot.lot,
                points=lot.remaining,
                new_lot=number,
                earned_at=lot.earned_at,
                expires_at=expires and max(expires, at),
                repaid=repaid,
            )
        )
    return PointsRolledOver(
        at=at,
        customer_id=customer_id,
        account=due.account,
        into=into,
        points=sum(lot.remaining for lot in gone),
        lots=rolled,
        program_version=gone[0].program_version,
    )
