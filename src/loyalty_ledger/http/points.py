"""Points, as apps and middleware ask for them: balances, spends, the audit log, progress."""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field

from loyalty_ledger.client import shapes
from loyalty_ledger.domain.api_key import Scope
from loyalty_ledger.domain.deposit import Line
from loyalty_ledger.domain.events.deposits import PointsDeposited
from loyalty_ledger.domain.events.settlement import PostedAward
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.http import reasons
from loyalty_ledger.http.audit_log import AUDIT
from loyalty_ledger.http.connect import (
    Ids,
    OfUser,
    Points,
    caller,
    customer,
    program_of,
    sale_named,
)
from loyalty_ledger.http.movement import MOVE
from loyalty_ledger.http.names import code, word
from loyalty_ledger.http.operation import Body, Call, Operation
from loyalty_ledger.http.progress import PROGRESS
from loyalty_ledger.sent import Text
from loyalty_ledger.spending import SpendLine, Spent, SpentLine
from loyalty_projections.profile import AccountView

MOST_LINES = 100


class BalancesBody(OfUser):
    """A customer's balances."""


class SpendDetail(Body):
    """One spend: from these accounts, or from the program's default ones."""

    amount: Points
    point_account_ids: Ids = []
    reference_id: Text | None = None
    reference_type: Text | None = None
    transaction_id: Text | None = None
    store_id: Text | None = None
    rank: Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)] = 0
    idempotency_id: Text | None = None


class SpendSeveral(OfUser):
    """Several spends, all or none unless `allow_partial_success`."""

    spend_details: Annotated[list[SpendDetail], Field(min_length=1, max_length=MOST_LINES)]
    allow_partial_success: bool = False


class DepositDetail(Body):
    """Points from a source into an account."""

    point_source_id: Text
    point_account_id: Text
    amount: Points
    rank: Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)] = 0


class DepositBody(OfUser):
    """Points given by hand, all lines or none."""

    deposit_details: Annotated[list[DepositDetail], Field(min_length=1, max_length=MOST_LINES)]


# --- balances -----------------------------------------------------------------------------------


def _balances(call: Call) -> dict[str, Any]:
    customer_id = customer(call)
    return as_balances(customer_id, call.ledger.answers.accounts(customer_id, call.moment), call)


def as_balances(customer_id: str, accounts: Sequence[AccountView], call: Call) -> dict[str, Any]:
    """Balances in the shape they have wherever they appear. A debt is a balance below zero."""
    program = program_of(call)
    names = {one.id: one.name for one in program.point_accounts}
    details = [
        {
            "account_name": names.get(one.account, one.account),
            "user_point_account_id": f"{customer_id}.{one.account}",
            "point_account_id": one.account,
            "grouping_label": None,
            "available_balance": one.available,
            "life_time_value": one.lifetime,
        }
        for one in accounts
    ]
    return {
        "retailer_id": program.retailer_id,
        "user_id": customer_id,
        "summary": {
            "total_points": sum(one.available for one in accounts),
            "life_time_points": sum(one.lifetime for one in accounts),
        },
        "details": details,
    }


# --- spending -----------------------------------------------------------------------------------


def _spend(call: Call) -> Spent:
    asked: SpendSeveral = call.body
    return call.ledger.spending.spend_several(
        customer(call),
        [_line(one, call) for one in asked.spend_details],
        partly=asked.allow_partial_success,
    )


def _line(one: SpendDetail, call: Call) -> SpendLine:
    name = one.transaction_id
    return SpendLine(
        one.amount,
        tuple(one.point_account_ids),
        None if name is None else sale_named(name, one.store_id, call),
        one.reference_id or "",
        one.idempotency_id or "",
        one.rank,
        one.reference_type or "",
    )


def _as_spent(spent: Spent) -> dict[str, Any]:
    details = [row for one in spent.lines for row in _rows(one, spent)]
    times = (event.spent_at for one in spent.lines for event in one.spent)
    touched = {row["point_account_id"] for row in details} - {None}
    return {
        "details": details,
        "summary": {
            "amount_spent": sum(row["amount_spent"] for row in details),
            "remaining_balance": sum(spent.left[one] for one in touched),
        },
        "audits": [],
        "time_of_occurrence": max(times, default=None),
    }


def _rows(one: SpentLine, spent: Spent) -> list[dict[str, Any]]:
    common = {
        "reference_id": one.line.reference or None,
        "reference_type": one.line.kind or None,
        "tracking_id": None,
        "idempotency_id": one.line.line_id or None,
        "idempotency_summary": word("idempotency_summary", "repeated") if one.repeated else None,
        "retailer_id": spent.program.retailer_id,
        "user_id": spent.customer_id,
        "point_source_id": None,
    } | _error(one.refusal)
    if one.refusal is not None or one.repeated:
        return [common | {"amount_spent": 0} | _NO_ACCOUNT]
    return [
        common | {"amount_spent": event.points} | _account(event.account, spent)
        for event in one.spent
    ]


_NO_ACCOUNT = dict.fromkeys(
    ("account_name", "user_point_account_id", "point_account_id", "remaining_balance")
)


def _account(account: str, spent: Spent) -> dict[str, Any]:
    return {
        "account_name": spent.program.account(account).name,
        "user_point_account_id": f"{spent.customer_id}.{account}",
        "point_account_id": account,
        "remaining_balance": spent.left[account],
    }


def _error(refusal: Rejected | None) -> dict[str, Any]:
    status = word("error_status", "none" if refusal is None else "refused")
    if refusal is None:
        return {"error_status": status, "message": None}
    said = {"error_response": code(refusal.code), "message": refusal.message}
    return {"error_status": status} | said


def _deposit(call: Call) -> PointsDeposited:
    asked: DepositBody = call.body
    in_order = sorted(asked.deposit_details, key=lambda one: one.rank)
    lines = [Line(one.point_source_id, one.point_account_id, one.amount) for one in in_order]
    return call.ledger.depositing.deposit(customer(call), lines, caller(call))


def given(event: PointsDeposited) -> list[PostedAward]:
    """What was asked for; levels that it opens may have given more."""
    grants = (one for one in event.grants if one.rule.startswith("deposit:"))
    return [award for one in grants for award in one.awards]


def _as_deposited(event: PointsDeposited) -> dict[str, Any]:
    details = [
        {
            "point_account_id": award.account,
            "point_source_id": award.source,
            "amount_deposited": award.points,
        }
        for award in given(event)
    ]
    return {
        "user_id": event.customer_id,
        "details": details,
        "summary": {"amount_deposited": sum(row["amount_deposited"] for row in details)},
        "time_of_occurrence": event.at,
    }


def _paths(version: str, rest: str) -> tuple[str, ...]:
    path = f"/api/{version}/{rest}"
    return (path, f"/incentives{path}")


OPERATIONS = (
    Operation(
        name="all_balances",
        family="connect",
        paths=(*_paths("1.0", "user_points/all_balances"), *_paths("1.0", "user_points/balance")),
        scope=Scope.MEMBER,
        summary="A customer's balances, account by account.",
        asks=BalancesBody,
        tells=shapes.Balances,
        act=_balances,
        as_of=True,
    ),
    Operation(
        name="deposit",
        family="connect",
        paths=(*_paths("2.0", "user_points/deposit"), *_paths("1.0", "user_points/deposit")),
        scope=Scope.OPERATOR,
        summary="Give a customer points by hand, within the limits of their source.",
        asks=DepositBody,
        tells=shapes.Deposited,
        act=_deposit,
        tell=_as_deposited,
        writes=True,
        refuses=(Reason.NOT_AVAILABLE, Reason.LIMIT_REACHED),
    ),
    Operation(
        name="spend_multiple",
        family="connect",
        paths=_paths("1.0", "user_points/spend_multiple"),
        scope=Scope.OPERATOR,
        summary="Spend points several times in one go, all or none unless it may be some.",
        asks=SpendSeveral,
        tells=shapes.Spends,
        act=_spend,
        tell=_as_spent,
        writes=True,
        refuses=reasons.SPENT,
    ),
    AUDIT,
    PROGRESS,
    MOVE,
)
