"""Points as lots in accounts: how they are ordered and taken, and what a movement does to them."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import assert_never

from msgspec import Struct
from msgspec.structs import replace

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
)
from loyalty_ledger.domain.pages import Pages
from loyalty_ledger.domain.program.accounts import (
    FixedDateExpiry,
    PointAccount,
    RollingExpiry,
)
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.values import END_OF_TIME, from_wall, to_wall


class Lot(Struct, frozen=True, array_like=True, gc=False):
    """What is left of one award. `at` is when it took hold, `due` when its time is up."""

    lot: int
    remaining: int
    at: datetime
    earned_at: datetime
    due: datetime
    program_version: int

    @property
    def when(self) -> datetime:
        """Lots are filed under the moment they fall due."""
        return self.due

    @property
    def amount(self) -> int:
        """Lots are summed by what remains."""
        return self.remaining

    @property
    def number(self) -> int:
        """Lots are found by their number."""
        return self.lot


class Account(Struct, frozen=True, array_like=True, gc=False):
    """One point account of one customer.

    `idle_from` is the last earning, spending or inactivity expiry, and `program_version` the one
    its inactivity is judged by; `debt_at` is when the debt last grew.
    """

    lots: Pages[Lot] = Pages()
    debt: int = 0
    debt_at: datetime | None = None
    idle_from: datetime | None = None
    program_version: int = 0

    @property
    def available(self) -> int:
        """The balance, as long as nothing has fallen due that was not taken out."""
        return self.lots.total - self.debt


NOTHING = Account()


class Holdings(Struct, frozen=True, array_like=True, gc=False):
    """All point accounts of one customer, and the number the next lot will bear."""

    accounts: dict[str, Account] = {}
    next_lot: int = 1

    def account(self, name: str) -> Account:
        """The account, empty when nothing ever moved in it."""
        return self.accounts.get(name, NOTHING)


Programs = Mapping[int, Program]
PointsEvent = (
    PointsAwarded
    | PointsSpent
    | PointsExpired
    | PointsRolledOver
    | PointsClawedBack
    | PointsRestored
    | InactivityReviewed
)


def expires_at(account: PointAccount, earned_at: datetime, zone_name: str) -> datetime | None:
    """When points earned then in that account fall due; None when time alone never takes them."""
    match account.expiry:
        case RollingExpiry(after=after):
            return after.after(earned_at, zone_name)
        case FixedDateExpiry(month=month, day=day):
            wall = to_wall(earned_at, zone_name)
            midnight = wall.replace(hour=0, minute=0, second=0, microsecond=0)
            for year in range(wall.year, wall.year + 9):  # 29 February: eight years at most
                try:
                    due = midnight.replace(year=year, month=month, day=day)
                except ValueError:
                    continue
                if due > wall:
                    return from_wall(due, zone_name)
            return END_OF_TIME
        case _:
            return None


def spend_order(lots: Iterable[Lot]) -> list[Lot]:
    """What expires soonest first, then the oldest, then in order of award."""
    return sorted(lots, key=lambda lot: (lot.due, lot.earned_at, lot.lot))


def take(lots: Iterable[Lot], points: int) -> list[LotPoints]:
    """How `points` are taken from these lots in order; less when they do not hold as many."""
    taken: list[LotPoints] = []
    for lot in lots:
        if points <= 0:
            break
        part = min(lot.remaining, points)
        taken.append(LotPoints(lot=lot.lot, points=part))
        points -= part
    return taken


def described(lots: Iterable[Lot], taken: Iterable[LotPoints]) -> list[LotPoints]:
    """What was taken, with what each lot was: points given back return to it."""
    known = {lot.lot: lot for lot in lots}
    return [
        LotPoints(
            lot=part.lot,
            points=part.points,
            earned_at=known[part.lot].earned_at,
            expires_at=None if known[part.lot].due == END_OF_TIME else known[part.lot].due,
            program_version=known[part.lot].program_version,
        )
        for part in taken
    ]


def moved(holdings: Holdings, event: PointsEvent) -> Holdings:
    """The holdings after a movement."""
    match event:
        case PointsAwarded():
            return _awarded(holdings, event)
        case PointsRolledOver():
            return _rolled_over(holdings, event)
        case PointsRestored():
            return _given_back(holdings, event, event.lots)
        case InactivityReviewed():
            return _reviewed(holdings, event)
        case PointsClawedBack():
            account = _without(holdings.account(event.account), event.lots)
            if event.debt:
                grown = account.debt_at or event.at
                account = replace(
                    account, debt=account.debt + event.debt, debt_at=max(grown, event.at)
                )
        case PointsSpent():
            account = _without(holdings.account(event.account), event.lots)
            account = _active(account, event.at, event.program_version)
        case PointsExpired():
            account = _without(holdings.account(event.account), event.lots)
            if event.kind == "inactivity":
                account = replace(account, idle_from=event.at)
        case _:
            assert_never(event)
    return _put(holdings, event.account, account)


def _put(holdings: Holdings, name: str, account: Account) -> Holdings:
    return Holdings({**holdings.accounts, name: account}, holdings.next_lot)


def _active(account: Account, at: datetime, program_version: int) -> Account:
    idle_from = at if account.idle_from is None else max(account.idle_from, at)
    return replace(account, idle_from=idle_from, program_version=program_version)


def _awarded(holdings: Holdings, event: PointsAwarded) -> Holdings:
    account = holdings.account(event.account)
    kept = event.points - event.repaid - event.made_up
    lots = account.lots
    if kept:
        due = event.expires_at or END_OF_TIME
        lots = lots.add(Lot(event.lot, kept, event.at, event.earned_at, due, event.program_version))
    account = Account(
        lots,
        account.debt - event.repaid,
        account.debt_at,
        event.at if account.idle_from is None else max(account.idle_from, event.at),
        event.program_version,
    )
    next_lot = max(holdings.next_lot, event.lot + 1)
    return Holdings({**holdings.accounts, event.account: account}, next_lot)


def _rolled_over(holdings: Holdings, event: PointsRolledOver) -> Holdings:
    source = _without(
        holdings.account(event.account),
        [LotPoints(lot=rolled.lot, points=rolled.points) for rolled in event.lots],
    )
    holdings = _put(holdings, event.account, source)
    target = holdings.account(event.into)
    lots = target.lots
    for rolled in event.lots:
        if kept := rolled.points - rolled.repaid:
            due = rolled.expires_at or END_OF_TIME
            lots = lots.add(
                Lot(rolled.new_lot, kept, event.at, rolled.earned_at, due, event.program_version)
            )
    debt = target.debt - sum(rolled.repaid for rolled in event.lots)
    target = _active(replace(target, lots=lots, debt=debt), event.at, event.program_version)
    next_lot = max(holdings.next_lot, *(rolled.new_lot + 1 for rolled in event.lots))
    return Holdings({**holdings.accounts, event.into: target}, next_lot)


def _reviewed(holdings: Holdings, event: InactivityReviewed) -> Holdings:
    """Lost or given back, and idle from another moment, be it an earlier one."""
    holdings = _given_back(holdings, event, event.back)
    account = _without(holdings.account(event.account), event.lost)
    account = replace(account, idle_from=event.idle_from, program_version=event.program_version)
    return _put(holdings, event.account, account)


def _given_back(
    holdings: Holdings, event: PointsRestored | InactivityReviewed, given: Collection[RestoredLot]
) -> Holdings:
    account = holdings.account(event.account)
    back = {lot.into: lot for lot in given if lot.points > lot.repaid}

    def more(row: Lot) -> Lot:
        lot = back.pop(row.lot)
        return replace(row, remaining=row.remaining + lot.points - lot.repaid)

    lots = account.lots.renumbered(Lot, tuple(back), more)
    for number, lot in back.items():  # those of which nothing was left
        due = lot.expires_at or END_OF_TIME
        kept = lot.points - lot.repaid
        lots = lots.add(Lot(number, kept, event.at, lot.earned_at, due, lot.program_version))
    debt = account.debt - sum(lot.repaid for lot in given)
    next_lot = max([holdings.next_lot, *(lot.into + 1 for lot in given)])
    account = replace(account, lots=lots, debt=debt)
    return Holdings({**holdings.accounts, event.account: account}, next_lot)


def _without(account: Account, taken: list[LotPoints]) -> Account:
    gone: dict[int, int] = {}
    for part in taken:
        gone[part.lot] = gone.get(part.lot, 0) + part.points

    def less(row: Lot) -> Lot | None:
        remaining = row.remaining - gone[row.lot]
        return replace(row, remaining=remaining) if remaining else None

    return replace(account, lots=account.lots.renumbered(Lot, gone, less))
