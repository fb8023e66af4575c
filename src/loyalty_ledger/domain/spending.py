"""Spending points: for a sale, or for whatever the reference says."""

from datetime import datetime
from typing import NamedTuple

from loyalty_ledger.domain import wallet
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.points import PointsSpent
from loyalty_ledger.domain.events.sales import PointsTendered
from loyalty_ledger.domain.expiry import elapse
from loyalty_ledger.domain.lots import Programs
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.rules import Rulebook
from loyalty_ledger.domain.sale_record import TENDER
from loyalty_ledger.domain.streams import sale as sale_stream
from loyalty_ledger.domain.streams import sale_name, wallet_of
from loyalty_ledger.domain.transaction import Sale
from loyalty_ledger.domain.values import Reason, Rejected

MOST_POINTS = 10**15
NO_REFERENCE = "spend"
"""What a spend is recorded as being for that names no reference, and no sale."""


class Spend(NamedTuple):
    """Points to be spent at `at`, from these `accounts` or from those that pay by themselves.

    `sale` is the store and the id of the sale that they pay for, if they do.
    """

    customer_id: str
    points: int
    at: datetime
    accounts: tuple[str, ...] = ()
    sale: tuple[str, str] | None = None
    reference: str = ""


def spend(ask: Spend, rulebook: Rulebook, programs: Programs, draft: Draft) -> list[PointsSpent]:
    """Take the points, what ends soonest first; Rejected says how many are short."""
    stream = wallet_of(ask.customer_id)
    _check(ask, rulebook, draft)
    elapsed = wallet.Elapse(ask.customer_id, ask.at, programs)
    for event in wallet.fall_due(elapsed, draft.state(stream)):
        draft.emit(stream, event, ask.customer_id)
    accounts = ask.accounts or rulebook.program.tender_accounts
    parts = wallet.split(draft.state(stream), accounts, ask.points)
    short = ask.points - sum(parts.values())
    if short:
        raise Rejected(
            Reason.INSUFFICIENT_POINTS,
            f"{short} points short",
            {"available": ask.points - short, "short": short, "accounts": list(accounts)},
        )
    return [_take(ask, account, part, rulebook, draft) for account, part in parts.items()]


def left(
    customer_id: str, program: Program, at: datetime, programs: Programs, draft: Draft
) -> dict[str, int]:
    """What of each account can be spent at that moment, with what the draft does."""
    holdings = draft.state(wallet_of(customer_id)).holdings
    elapsed = elapse(customer_id, holdings, at, programs)[1]
    return {one.id: elapsed.account(one.id).available for one in program.point_accounts}


def _check(ask: Spend, rulebook: Rulebook, draft: Draft) -> None:
    if not 1 <= ask.points <= MOST_POINTS:
        raise Rejected(Reason.VALIDATION, f"points must be 1 to {MOST_POINTS}", {"field": "points"})
    known = rulebook.program.accounts_by_id
    for account in ask.accounts:
        if account not in known:
            raise Rejected(
                Reason.VALIDATION,
                f"the program has no point account {account!r}: there is {', '.join(known)}",
                {"field": "account"},
            )
        if not known[account].spendable:
            raise Rejected(
                Reason.NOT_SPENDABLE,
                f"points in {account} cannot be spent",
                {"account": account},
            )
    if ask.sale is not None:
        state: Sale = draft.state(sale_stream(*ask.sale))
        if state.is_voided:
            name = sale_name(*ask.sale)
            raise Rejected(Reason.TRANSACTION_CLOSED, f"sale {name} is voided")


def _take(ask: Spend, account: str, points: int, rulebook: Rulebook, draft: Draft) -> PointsSpent:
    stream = wallet_of(ask.customer_id)
    command = wallet.Spend(
        customer_id=ask.customer_id,
        account=account,
        points=points,
        at=ask.at,
        reference=ask.reference or (TENDER if ask.sale else NO_REFERENCE),
        program=rulebook.program,
        program_version=rulebook.version,
        transaction=sale_name(*ask.sale) if ask.sale else "",
    )
    spent = wallet.spend(command, draft.state(stream))
    draft.emit(stream, spent, ask.customer_id)
    if ask.sale is not None:
        _pay(spent, sale_stream(*ask.sale), draft)
    return spent


def _pay(spent: PointsSpent, stream: str, draft: Draft) -> None:
    """The sale knows what pays for it, so that it comes back with the goods."""
    state: Sale = draft.state(stream)
    tendered = PointsTendered(
        at=spent.at,
        customer_id=spent.customer_id,
        account=spent.account,
        points=spent.points,
        lots=spent.lots,
        asked=spent.points,
        total=state.record.total if state.record.first else None,
    )
    draft.emit(stream, tendered, spent.customer_id)
