"""The wallet: a customer's points. Facts in `events.points`, lots in `lots`, decisions here.

Decisions suppose that what fell due before them was recorded: callers elapse first.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import assert_never

from msgspec import Struct

from loyalty_ledger.domain.clawing import ClawBack, Trace, claw_back, traces_of
from loyalty_ledger.domain.decider import Decider
from loyalty_ledger.domain.events.merging import PointsMovedIn, PointsMovedOut
from loyalty_ledger.domain.events.points import (
    PointsAwarded,
    PointsClawedBack,
    PointsExpired,
    PointsRolledOver,
    PointsSpent,
)
from loyalty_ledger.domain.expiry import elapse
from loyalty_ledger.domain.lots import (
    Holdings,
    Lot,
    PointsEvent,
    described,
    expires_at,
    moved,
    spend_order,
    take,
)
from loyalty_ledger.domain.moving_points import earned_with, holdings_with, traces_with
from loyalty_ledger.domain.pages import Pages
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.progress import Earned, less
from loyalty_ledger.domain.restoring import Restore, restore
from loyalty_ledger.domain.values import Reason, Rejected


class Wallet(Struct, frozen=True, array_like=True, gc=False):
    """Holdings, what was earned into each account, the latest moment of an award, and where the
    points of lots went that were not spent.
    """

    holdings: Holdings = Holdings()
    earned: dict[str, Pages[Earned]] = {}
    latest: datetime | None = None
    traces: Pages[Trace] = Pages()


class Elapse(Struct, frozen=True):
    """Record what has fallen due up to and at `until`."""

    customer_id: str
    until: datetime
    programs: Mapping[int, Program]


class Award(Struct, frozen=True, kw_only=True):
    """Points earned. The fields are those of PointsAwarded.

    `not_before` is the `at` of the level that gives them, if one does, or of a later version;
    `repaid_before` what other awards of the same settlement have repaid in the account.
    """

    customer_id: str
    account: str
    source: str
    points: int
    earned_at: datetime
    rule: str
    program: Program
    program_version: int
    catalog_version: int = 0
    transaction: str = ""
    amount: int | None = None
    lines: list[str] = []
    levels: dict[str, str] = {}
    not_before: datetime | None = None
    made_up: int = 0
    repaid_before: int = 0
    cause: str


class Spend(Struct, frozen=True, kw_only=True):
    """Points to be spent from one account at `at`, for `reference`."""

    customer_id: str
    account: str
    points: int
    at: datetime
    reference: str
    program: Program
    program_version: int
    transaction: str = ""
    cause: str = ""


Command = Elapse | Award | Spend | ClawBack | Restore


def decide(command: Command, wallet: Wallet) -> list[PointsEvent]:
    """What the command comes to."""
    match command:
        case Elapse():
            return [*fall_due(command, wallet)]
        case Award():
            event = award(command, wallet)
            return [event] if event else []
        case Spend():
            return [spend(command, wallet)] if command.points else []
        case ClawBack():
            if not command.points:
                return []
            return [*claw_back(command, wallet.holdings, wallet.traces)]
        case Restore():
            return [restore(command, wallet.holdings)] if command.lots else []
        case _:
            assert_never(command)


def fall_due(command: Elapse, wallet: Wallet) -> list[PointsExpired | PointsRolledOver]:
    """Expiries and roll-overs up to and at the moment."""
    return elapse(command.customer_id, wallet.holdings, command.until, command.programs)[0]


def award(command: Award, wallet: Wallet) -> PointsAwarded | None:
    """The award, cut to what the account may hold; None when nothing of it is left.

    What is owed makes no room: who spent, and returned what it was for, would be awarded more.
    """
    definition = command.program.account(command.account)
    account = wallet.holdings.account(command.account)
    made_up = min(command.points, command.made_up)
    points = command.points - made_up
    if definition.maximum_balance is not None:
        held = account.lots.total + command.repaid_before
        points = max(0, min(points, definition.maximum_balance - held))
    if points + made_up <= 0:
        return None
    repaid = min(points, account.debt)
    at = max(command.earned_at, command.not_before or command.earned_at)
    if repaid and account.debt_at:
        at = max(at, account.debt_at)
    expires = expires_at(definition, command.earned_at, command.program.time_zone)
    return PointsAwarded(
        at=at,
        customer_id=command.customer_id,
        account=command.account,
        source=command.source,
        points=points + made_up,
        lot=wallet.holdings.next_lot,
        earned_at=command.earned_at,
        expires_at=expires and max(expires, at),
        repaid=repaid,
        cut=command.points - points - made_up,
        made_up=made_up,
        rule=command.rule,
        transaction=command.transaction,
        amount=command.amount,
        lines=command.lines,
        levels=command.levels,
        program_version=command.program_version,
        catalog_version=command.catalog_version,
        cause=command.cause,
    )


def spend(command: Spend, wallet: Wallet) -> PointsSpent:
    """The spend, or a refusal that says how many points are short."""
    account = wallet.holdings.account(command.account)
    if not command.program.account(command.account).spendable:
        raise Rejected(
            Reason.NOT_SPENDABLE,
            f"points in {command.account} cannot be spent",
            {"account": command.account},
        )
    short = command.points - account.available
    if command.points < 0 or short > 0:
        raise Rejected(
            Reason.INSUFFICIENT_POINTS,
            f"{short} points short" if short > 0 else "a spend takes at least one point",
            {"account": command.account, "available": account.available, "short": max(0, short)},
        )
    lots = spend_order(account.lots.rows(Lot))
    taken = take(lots, command.points)
    used = {part.lot for part in taken}
    return PointsSpent(
        at=max(command.at, *(lot.at for lot in lots if lot.lot in used)),
        customer_id=command.customer_id,
        account=command.account,
        points=command.points,
        lots=described(lots, taken),
        spent_at=command.at,
        reference=command.reference,
        transaction=command.transaction,
        program_version=command.program_version,
        cause=command.cause,
    )


def split(wallet: Wallet, accounts: Iterable[str], points: int) -> dict[str, int]:
    """How points are taken from several accounts, in spend order over all their lots.

    Debt of an account lowers what it can give. Less than asked when they do not hold as many.
    """
    left = {name: wallet.holdings.account(name).available for name in accounts}
    lots = [
        (lot.due, lot.earned_at, lot.lot, name)
        for name in left
        for lot in wallet.holdings.account(name).lots.rows(Lot)
    ]
    remaining = {
        lot.lot: lot.remaining
        for name in left
        for lot in wallet.holdings.account(name).lots.rows(Lot)
    }
    taken: dict[str, int] = {}
    for _, _, lot, name in sorted(lots):
        part = min(remaining[lot], max(0, left[name]), points)
        if part:
            taken[name] = taken.get(name, 0) + part
            left[name] -= part
            points -= part
    return taken


def evolve(wallet: Wallet, event: PointsEvent | PointsMovedOut | PointsMovedIn) -> Wallet:
    """The wallet after the event."""
    match event:
        case PointsMovedOut():
            return Wallet(Holdings({}, wallet.holdings.next_lot))
        case PointsMovedIn():
            return _joined(wallet, event)
        case _:
            return _moved(wallet, event)


def _joined(wallet: Wallet, event: PointsMovedIn) -> Wallet:
    """The wallet with all that was in another customer's."""
    latest = [one for one in (wallet.latest, event.latest) if one is not None]
    return Wallet(
        holdings_with(wallet.holdings, event),
        earned_with(wallet.earned, event.accounts),
        max(latest, default=None),
        traces_with(wallet.traces, event.traces),
    )


def _moved(wallet: Wallet, event: PointsEvent) -> Wallet:
    holdings = moved(wallet.holdings, event)
    match event:
        case PointsAwarded():
            pages = wallet.earned.get(event.account, Pages())
            earned = pages.add(Earned(event.earned_at, event.points))
            latest = event.at if wallet.latest is None else max(wallet.latest, event.at)
            return Wallet(holdings, {**wallet.earned, event.account: earned}, latest, wallet.traces)
        case PointsClawedBack():
            account = event.awarded_in or event.account
            pages = wallet.earned.get(account, Pages())
            left = {**wallet.earned, account: less(pages, event.awarded_at, event.points)}
            return Wallet(holdings, left, _latest(left.values()), wallet.traces)
        case _:
            traces = wallet.traces
            for trace in traces_of(wallet.holdings, event):
                traces = traces.add(trace)
            return Wallet(holdings, wallet.earned, wallet.latest, traces)


def _latest(earned: Iterable[Pages[Earned]]) -> datetime | None:
    """The latest moment of what is left: what was taken back counts as never earned."""
    return max((pages.high for pages in earned if pages.total), default=None)


WALLET: Decider[Command, Wallet, PointsEvent] = Decider(Wallet(), decide, evolve)
