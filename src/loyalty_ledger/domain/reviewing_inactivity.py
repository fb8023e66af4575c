"""What inactivity takes, worked out again after a return: as if the sale had been what it is now.

The sale counts as activity no more, as far as it came back. What would have been lost meanwhile is
lost now, dated by the return: until then the points were there and could be spent. What was lost
only because of the sale is given back.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from msgspec.structs import replace

from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.base import Event
from loyalty_ledger.domain.events.merging import MovedLot, PointsMovedIn
from loyalty_ledger.domain.events.points import (
    InactivityReviewed,
    LotPoints,
    PointsAwarded,
    PointsClawedBack,
    PointsExpired,
    PointsRestored,
    PointsRolledOver,
    RestoredLot,
    RolledLot,
)
from loyalty_ledger.domain.lots import Account, Lot, Programs, spend_order
from loyalty_ledger.domain.program.accounts import InactivityExpiry
from loyalty_ledger.domain.retelling import retold
from loyalty_ledger.domain.streams import wallet_of
from loyalty_ledger.domain.taking_back import Case
from loyalty_ledger.domain.values import BEGINNING_OF_TIME
from loyalty_ledger.domain.wallet import Wallet

_Described = PointsAwarded | RolledLot | RestoredLot | MovedLot


def review_inactivity(draft: Draft, customers: Iterable[str], case: Case) -> None:
    """Work it out again for customers of whom something was taken back, or to whom given."""
    for customer_id in customers:
        stream = wallet_of(customer_id)
        wallet: Wallet = draft.state(stream)
        accounts = wallet.holdings.accounts
        if not any(_shrinks(name, one, case.programs) for name, one in accounts.items()):
            continue
        history: list[Any] = draft.history(stream)
        told = retold(customer_id, history, case.now, case.programs)
        for name, account in accounts.items():
            would = told.holdings.account(name)
            if _shrinks(name, account, case.programs) or _shrinks(name, would, case.programs):
                review = _Review(name, account, would, _Recorded(name, history))
                event = review.event(customer_id, told.due.get(name, ()), case)
                if event is not None:
                    draft.emit(stream, event, customer_id)


def _shrinks(name: str, account: Account, programs: Programs) -> bool:
    program = programs.get(account.program_version)
    return program is not None and isinstance(program.account(name).expiry, InactivityExpiry)


class _Recorded:
    """What the history says of an account: its lots, what inactivity took of each, and when.

    What was lost of an award and counted as taken back when it came back is `lost` no more.
    """

    def __init__(self, account: str, history: Iterable[Event]):
        self._account = account
        self._awards: dict[str, list[tuple[str, int]]] = {}
        self.lots: dict[int, RestoredLot] = {}
        self.lost: dict[int, int] = {}
        self.due: set[datetime] = set()
        self.at = BEGINNING_OF_TIME
        for event in history:
            self._note_lots(event)
            self._note_losses(event)

    def _note_lots(self, event: Event) -> None:
        match event:
            case PointsAwarded(account=self._account, lot=lot):
                self._made(lot, event, event.program_version)
                self._awards.setdefault(event.transaction, []).append((event.rule, lot))
            case PointsRolledOver(into=self._account):
                for rolled in event.lots:
                    self._made(rolled.new_lot, rolled, event.program_version)
            case PointsRestored(account=self._account):
                for given in event.lots:
                    self._made(given.into, given, given.program_version)
            case PointsMovedIn():
                lots = (one for x in event.accounts if x.account == self._account for one in x.lots)
                for one in lots:
                    self._made(one.new_lot, one, one.program_version)
            case _:
                pass

    def _note_losses(self, event: Event) -> None:
        match event:
            case PointsExpired(account=self._account, kind="inactivity"):
                self._took(event.at, event.lots, [event.at])
            case InactivityReviewed(account=self._account):
                self._took(event.at, event.lost, event.due)
                for part in event.back:
                    self.lost[part.lot] -= part.points
            case PointsClawedBack(account=self._account):
                self._came_back(event)
            case _:
                pass

    def _made(self, number: int, lot: _Described, program_version: int) -> None:
        self.lots[number] = RestoredLot(
            lot=number,
            points=0,
            into=number,
            earned_at=lot.earned_at,
            expires_at=lot.expires_at,
            program_version=program_version,
        )

    def _took(self, at: datetime, lots: Iterable[LotPoints], due: Iterable[datetime]) -> None:
        self.at = max(self.at, at)
        self.due.update(due)
        for part in lots:
            self.lost[part.lot] = self.lost.pop(part.lot, 0) + part.points  # the latest comes last

    def _came_back(self, event: PointsClawedBack) -> None:
        """The award's own lots first, then what else the sale made."""
        left = event.already_gone
        awards = self._awards.get(event.transaction, ())
        for _, lot in sorted(awards, key=lambda award: award[0] != event.rule):
            part = min(left, self.lost.get(lot, 0))
            if part:
                self.lost[lot] -= part
                left -= part


class _Review(NamedTuple):
    """An account as it is, and as it would be."""

    name: str
    account: Account
    would: Account
    recorded: _Recorded

    def event(self, customer_id: str, due: Iterable[datetime], case: Case) -> Event | None:
        """What is posted; None when it is as it would be."""
        more = self.would.available - self.account.available
        lost, back = self._lost(-more), self._back(more, case.now)
        before = self.account.program_version
        version = self.would.program_version or before
        same = (self.would.idle_from, version) == (self.account.idle_from, before)
        if same and not lost and not back:
            return None
        return InactivityReviewed(
            at=max([case.now, self.recorded.at, *self._moments(lost, back)]),
            customer_id=customer_id,
            account=self.name,
            lost=lost,
            back=back,
            due=sorted(set(due) - self.recorded.due),
            idle_from=self.would.idle_from,
            transaction=case.transaction,
            program_version=version,
            cause=case.cause,
        )

    def _lost(self, points: int) -> list[LotPoints]:
        """Points that are there and would not be; nobody owes what is not there any more."""
        there = {lot.lot: lot.remaining for lot in spend_order(self.account.lots.rows(Lot))}
        would = self._would()
        more = {lot: held - would.get(lot, 0) for lot, held in there.items()}
        return [LotPoints(lot=lot, points=n) for lot, n in _spread(points, more, there).items()]

    def _back(self, points: int, now: datetime) -> list[RestoredLot]:
        """Points that inactivity took and would not have, the latest first; debt comes first."""
        there = {lot.lot: lot.remaining for lot in self.account.lots.rows(Lot)}
        lots, would = self.recorded.lots, self._would()
        lost = {
            lot: n
            for lot, n in reversed(self.recorded.lost.items())
            if (ends := lots[lot].expires_at) is None or ends > now
        }
        more = {lot: min(n, would.get(lot, 0) - there.get(lot, 0)) for lot, n in lost.items()}
        debt, back = self.account.debt, []
        for lot, n in _spread(points, more, lost).items():
            repaid = min(debt, n)
            debt -= repaid
            back.append(replace(lots[lot], points=n, repaid=repaid))
        return back

    def _would(self) -> dict[int, int]:
        return {lot.lot: lot.remaining for lot in self.would.lots.rows(Lot)}

    def _moments(
        self, lost: Sequence[LotPoints], back: Sequence[RestoredLot]
    ) -> Iterator[datetime]:
        """Of all that it acts on."""
        numbers = {part.lot for part in lost} | {part.lot for part in back}
        yield from (lot.at for lot in self.account.lots.numbered(Lot, numbers))
        if self.account.debt_at is not None and any(part.repaid for part in back):
            yield self.account.debt_at


def _spread(points: int, *turns: Mapping[int, int]) -> dict[int, int]:
    """Points by lot: in each turn as many as it has of each, less what it gave in those before."""
    found: dict[int, int] = {}
    for turn in turns:
        for lot, most in turn.items():
            part = min(points, most - found.get(lot, 0))
            if part > 0:
                found[lot] = found.get(lot, 0) + part
                points -= part
    return found
