"""Points, as apps and middleware ask for them: balances, spends, the audit log, progress."""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field

from loyalty_ledger.client import shapes
from loyalty_ledger.domain.api_key import Scope
from loyalty_ledger.domain.deposit import Line
from loyalty_ledger.domain.events.deposits import PointsDeposited
from loyalty_ledger.domain.streams import split_sale_name
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.http import reasons
from loyalty_ledger.http.audit_log import AUDIT
from loyalty_ledger.http.connect import Ids, OfUser, caller, customer, program_of
from loyalty_ledger.http.movement import MOVE
from loyalty_ledger.http.operation import Body, Call, Operation
from loyalty_ledger.http.progress import PROGRESS
from loyalty_ledger.sent import Text, refused
from loyalty_ledger.spending import SpendLine, SpentLine
from loyalty_projections.profile import AccountView

MOST_LINES = 100
Points = Annotated[int, Field(strict=True, ge=1, le=10**15)]


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


def _spend(call: Call) -> list[SpentLine]:
    asked: SpendSeveral = call.body
    return call.ledger.spending.spend_several(
        customer(call),
        [_line(one) for one in asked.spend_details],
        partly=asked.allow_partial_success,
    )


def _line(one: SpendDetail) -> SpendLine:
    return SpendLine(
        one.amount,
        tuple(one.point_account_ids),
        _sale(one),
        one.reference_id or "",
        one.idempotency_id or "",
        one.rank,
    )


def _sale(one: SpendDetail) -> tuple[str, str] | None:
    if one.transaction_id is None:
        return None
    if one.store_id is not None:
        return one.store_id, one.transaction_id
    try:
        return split_sale_name(one.transaction_id)
    except ValueError:
        raise refused(
            [("transaction_id", "names no store: write STORE/ID, or a store_id")]
        ) from None


def _as_spent(lines: list[SpentLine]) -> dict[str, Any]:
    details = [row for one in lines for row in _rows(one)]
    return {
        "details": details,
        "summary": {"amount_spent": sum(row["amount_spent"] for row in details)},
        "time_of_occurrence": max((x.spent_at for one in lines for x in one.spent), default=None),
    }


def _rows(one: SpentLine) -> list[dict[str, Any]]:
    common = {
        "reference_id": one.line.reference or None,
        "idempotency_id": one.line.line_id or None,
        "idempotency_summary": "repeated" if one.repeated else None,
    }
    if one.refusal is not None or one.repeated:
        return [common | {"amount_spent": 0, "point_account_id": None} | _error(one.refusal)]
    return [
        common
        | {"amount_spent": event.points, "point_account_id": event.account}
        | {"user_id": event.customer_id}
        | _error(None)
        for event in one.spent
    ]


def _error(refusal: Rejected | None) -> dict[str, Any]:
    if refusal is None:
        return {"error_status": 0, "message": None}
    return {"error_status": 1, "message": refusal.message, "error_response": refusal.code.value}


def _deposit(call: Call) -> PointsDeposited:
    asked: DepositBody = call.body
    in_order = sorted(asked.deposit_details, key=lambda one: one.rank)
    lines = [Line(one.point_source_id, one.point_account_id, one.amount) for one in in_order]
    return call.ledger.depositing.deposit(customer(call), lines, caller(call))


def _as_deposited(event: PointsDeposited) -> dict[str, Any]:
    details = [
        {
            "point_account_id": award.account,
            "point_source_id": award.source,
            "amount_deposited": award.points,
        }
        for grant in event.grants
        if grant.rule.startswith("deposit:")
        for award in grant.awards
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
