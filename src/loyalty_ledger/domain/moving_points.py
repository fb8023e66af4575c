"""Points that move with their customer into another's wallet: lots as they are, debts repaid."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from msgspec.structs import replace

from loyalty_ledger.domain.clawing import Trace
from loyalty_ledger.domain.events.merging import (
    MovedAccount,
    MovedEarning,
    MovedLot,
    MovedTrace,
    PointsMovedIn,
)
from loyalty_ledger.domain.events.points import LotPoints
from loyalty_ledger.domain.lots import Account, Holdings, Lot, spend_order, take
from loyalty_ledger.domain.pages import Pages
from loyalty_ledger.domain.progress import Earned
from loyalty_ledger.domain.values import END_OF_TIME

EarnedIn = Mapping[str, Pages[Earned]]


def takes_hold(holdings: Iterable[Holdings], at: datetime) -> datetime:
    """The later of the moment and those of all the lots and debts that are acted on."""
    accounts = [account for one in holdings for account in one.accounts.values()]
    lots = [lot.at for account in accounts for lot in account.lots.rows(Lot)]
    debts = [one.debt_at for one in accounts if one.debt and one.debt_at is not None]
    return max([at, *lots, *debts])


def moved_accounts(gone: Holdings, earned: EarnedIn, there: Holdings) -> list[MovedAccount]:
    """All that one wallet holds, as it comes into the other; what is owed there is repaid."""
    numbering = there.next_lot - 1
    return [
        _moved(name, gone.account(name), earned.get(name, Pages()), there.account(name), numbering)
        for name in dict.fromkeys((*gone.accounts, *earned))
    ]


def _moved(
    name: str, gone: Account, earned: Pages[Earned], there: Account, numbering: int
) -> MovedAccount:
    owed, lots = there.debt, []
    for lot in spend_order(gone.lots.rows(Lot)):
        repaid = min(owed, lot.remaining)
        owed -= repaid
        lots.append(
            MovedLot(
                lot=lot.lot,
                new_lot=lot.lot + numbering,
                points=lot.remaining,
                repaid=repaid,
                earned_at=lot.earned_at,
                expires_at=None if lot.due == END_OF_TIME else lot.due,
                program_version=lot.program_version,
            )
        )
    active = max(
        (gone, there), key=lambda one: (one.idle_from is not None, one.idle_from, one is there)
    )
    debts = [one.debt_at for one in (gone, there) if one.debt_at is not None]
    return MovedAccount(
        account=name,
        lots=sorted(lots, key=lambda one: one.lot),
        debt=gone.debt,
        lots_taken=take(spend_order(there.lots.rows(Lot)), gone.debt),
        earned=[MovedEarning(earned_at=x.when, points=x.amount) for x in earned.rows(Earned)],
        debt_at=max(debts, default=None),
        idle_from=active.idle_from,
        version=active.program_version,
    )


def moved_traces(traces: Pages[Trace], numbering: int) -> list[MovedTrace]:
    """Where points of lots went, by the new numbers."""
    return [
        MovedTrace(
            earned_at=one.earned_at,
            lot=one.lot + numbering,
            points=one.points,
            into=one.into,
            new_lot=one.new_lot + numbering if one.new_lot else 0,
        )
        for one in traces.rows(Trace)
    ]


def renumbered(part: LotPoints, numbering: int) -> LotPoints:
    """Points of a lot, by its new number."""
    return replace(part, lot=part.lot + numbering)


# --- what it does to the wallet they come to ----------------------------------------------------


def holdings_with(holdings: Holdings, event: PointsMovedIn) -> Holdings:
    """The holdings with all that came in."""
    accounts = dict(holdings.accounts)
    for moved in event.accounts:
        accounts[moved.account] = _account_with(holdings.account(moved.account), moved, event.at)
    return Holdings(accounts, max(holdings.next_lot, event.next_lot))


def _account_with(account: Account, moved: MovedAccount, at: datetime) -> Account:
    gone = {part.lot: part.points for part in moved.lots_taken}

    def less(row: Lot) -> Lot | None:
        left = row.remaining - gone[row.lot]
        return replace(row, remaining=left) if left else None

    lots = account.lots.renumbered(Lot, gone, less) if gone else account.lots
    for one in moved.lots:
        if kept := one.points - one.repaid:
            due = one.expires_at or END_OF_TIME
            lots = lots.add(Lot(one.new_lot, kept, at, one.earned_at, due, one.program_version))
    debt = account.debt + moved.owed
    return Account(lots, debt, moved.debt_at, moved.idle_from, moved.version)


def earned_with(earned: EarnedIn, accounts: Iterable[MovedAccount]) -> dict[str, Pages[Earned]]:
    """What was earned, with what the other had earned."""
    found = dict(earned)
    for moved in accounts:
        pages = found.get(moved.account, Pages())
        for one in moved.earned:
            pages = pages.add(Earned(one.earned_at, one.points))
        if moved.earned:
            found[moved.account] = pages
    return found


def traces_with(traces: Pages[Trace], moved: Iterable[MovedTrace]) -> Pages[Trace]:
    """The traces, with those of the other's lots."""
    for one in moved:
        traces = traces.add(Trace(one.earned_at, one.lot, one.points, one.into, one.new_lot))
    return traces
