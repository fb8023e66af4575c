"""Taking awards back: from what they made, then from what else there is, then as debt.

An award's points may have rolled over since, expired, or been given back after they were spent. So
its lots are followed to where they went; what has expired counts as taken back.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import ClassVar

from msgspec import Struct

from loyalty_ledger.domain.events.points import (
    InactivityReviewed,
    LotPoints,
    PointsClawedBack,
    PointsExpired,
    PointsRestored,
    PointsRolledOver,
)
from loyalty_ledger.domain.lots import Holdings, Lot, PointsEvent, spend_order, take
from loyalty_ledger.domain.pages import Pages
from loyalty_ledger.domain.program.document import Program


class Trace(Struct, frozen=True, array_like=True, gc=False):
    """Where `points` of a lot went: into lot `new_lot` of an account, or, when that is 0, nowhere.

    Traces are filed under the moment the points were earned.
    """

    earned_at: datetime
    lot: int
    points: int
    into: str = ""
    new_lot: int = 0

    @property
    def when(self) -> datetime:
        """The moment the points were earned."""
        return self.earned_at

    @property
    def amount(self) -> int:
        """The points."""
        return self.points

    number: ClassVar[int] = 0


class ClawBack(Struct, frozen=True, kw_only=True):
    """Points of an award to be taken back: its own lots first, then the others, then as debt.

    `own_lots` are all that the sale made in the account. Earlier claw-backs found `gone_before` of
    them expired, and took `taken_before` out of each account.
    """

    customer_id: str
    account: str
    points: int
    at: datetime
    own_lots: Collection[int]
    gone_before: int = 0
    taken_before: Mapping[str, int] = {}
    awarded_at: datetime
    rule: str
    program: Program
    program_version: int
    transaction: str = ""
    cause: str


class _Descent:
    """The lots that an award's lots became, by account, and what was lost on the way."""

    def __init__(self, account: str, lots: Iterable[int], traces: Iterable[Trace]):
        self.lots: dict[int, str] = {}
        self.expired: dict[str, int] = {}
        self.arrived: dict[str, int] = {}
        by_lot: dict[int, list[Trace]] = {}
        for trace in traces:
            by_lot.setdefault(trace.lot, []).append(trace)
        queue = [(lot, account) for lot in lots]
        while queue:
            lot, where = queue.pop()
            self.lots[lot] = where
            for trace in by_lot.get(lot, ()):
                if not trace.new_lot:
                    self._add(self.expired, where, trace.points)
                    continue
                queue.append((trace.new_lot, trace.into))
                if trace.into != where:
                    self._add(self.arrived, trace.into, trace.points)
                    self._add(self.arrived, where, -trace.points)

    @staticmethod
    def _add(sums: dict[str, int], account: str, points: int) -> None:
        sums[account] = sums.get(account, 0) + points

    @property
    def accounts(self) -> list[str]:
        """The accounts it passed through."""
        return list(dict.fromkeys(self.lots.values()))


def claw_back(
    command: ClawBack, holdings: Holdings, traces: Pages[Trace]
) -> list[PointsClawedBack]:
    """What is taken back and from where, an event for each account it comes out of."""
    descent = _Descent(command.account, command.own_lots, traces.at(Trace, command.awarded_at))
    own = _own_points(command.points, holdings, descent)
    rest = command.points - sum(part.points for parts in own.values() for part in parts)
    expired = sum(descent.expired.values()) - command.gone_before
    gone = min(rest, max(0, expired))
    others = _owed_by(command, descent, own, rest - gone)
    return [
        _clawed(command, account, own.get(account, []), others[account], found, holdings)
        for account in others
        if (found := gone if account == command.account else 0)
        or own.get(account)
        or others[account]
    ]


def _own_points(points: int, holdings: Holdings, descent: _Descent) -> dict[str, list[LotPoints]]:
    """What the award's own lots still hold, as far as it is asked for."""
    left = [
        lot
        for account in descent.accounts
        for lot in holdings.account(account).lots.numbered(Lot, descent.lots)
    ]
    taken: dict[str, list[LotPoints]] = {}
    for part in take(spend_order(left), points):
        taken.setdefault(descent.lots[part.lot], []).append(part)
    return taken


def _owed_by(
    command: ClawBack, descent: _Descent, own: Mapping[str, list[LotPoints]], rest: int
) -> dict[str, int]:
    """The accounts that have to find the rest: where points rolled to and were spent, first."""
    owed = {command.account: 0}
    for account in descent.accounts:
        if account == command.account:
            continue
        spent = descent.arrived.get(account, 0) - descent.expired.get(account, 0)
        spent -= command.taken_before.get(account, 0)
        spent -= sum(part.points for part in own.get(account, ()))
        owed[account] = min(rest, max(0, spent))
        rest -= owed[account]
    owed[command.account] = rest
    return owed


def _clawed(
    command: ClawBack,
    account: str,
    own: list[LotPoints],
    rest: int,
    gone: int,
    holdings: Holdings,
) -> PointsClawedBack:
    """The claw-back out of one account; what no lot holds is debt, or written off."""
    open_lots, used = holdings.account(account).lots, {part.lot for part in own}
    left = (lot for lot in open_lots.rows(Lot) if lot.lot not in used) if rest else ()
    others = take(spend_order(left), rest)
    lots = [*own, *others]
    missing = rest - sum(part.points for part in others)
    debt = missing if command.program.account(account).allow_negative else 0
    touched = open_lots.numbered(Lot, {part.lot for part in lots})
    return PointsClawedBack(
        at=max([command.at, *(lot.at for lot in touched)]),
        customer_id=command.customer_id,
        account=account,
        points=sum(part.points for part in lots) + missing + gone,
        lots=lots,
        debt=debt,
        written_off=missing - debt,
        already_gone=gone,
        awarded_in="" if account == command.account else command.account,
        awarded_at=command.awarded_at,
        rule=command.rule,
        transaction=command.transaction,
        program_version=command.program_version,
        cause=command.cause,
    )


def traces_of(before: Holdings, event: PointsEvent) -> list[Trace]:
    """Where points went with which nobody paid."""
    match event:
        case PointsExpired():
            return _ended(before, event.account, event.lots)
        case PointsRolledOver():
            return [
                Trace(lot.earned_at, lot.lot, lot.points, event.into, lot.new_lot)
                for lot in event.lots
            ]
        case PointsRestored():
            return [
                Trace(lot.earned_at, lot.lot, lot.points, event.account, lot.into)
                for lot in event.lots
                if lot.into != lot.lot
            ]
        case InactivityReviewed():
            back = [Trace(lot.earned_at, lot.lot, -lot.points) for lot in event.back]
            return [*_ended(before, event.account, event.lost), *back]
        case _:
            return []


def _ended(before: Holdings, account: str, lots: Iterable[LotPoints]) -> list[Trace]:
    earned = {lot.lot: lot.earned_at for lot in before.account(account).lots.rows(Lot)}
    return [Trace(earned[part.lot], part.lot, part.points) for part in lots]
