"""Points, as apps and middleware ask for them: balances, spends, the audit log, progress."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from loyalty_ledger.client import shapes
from loyalty_ledger.domain.api_key import Scope
from loyalty_ledger.domain.values import Rejected
from loyalty_ledger.http import reasons
from loyalty_ledger.http.audit_log import AUDIT
from loyalty_ledger.http.connect import (
    Ids,
    OfUser,
    Points,
    customer,
    program_of,
    sale_named,
)
from loyalty_ledger.http.deposits import DEPOSIT
from loyalty_ledger.http.line_details import (
    MOST_LINES,
    LineDetail,
    account_of,
    counted,
    error_of,
    id_of,
    summary_of,
)
from loyalty_ledger.http.movement import MOVE
from loyalty_ledger.http.operation import Call, Operation
from loyalty_ledger.http.progress import PROGRESS
from loyalty_ledger.sent import Text
from loyalty_ledger.spending import Part, SpendLine, Spent, SpentLine
from loyalty_projections.profile import AccountView


class BalancesBody(OfUser):
    """A customer's balances."""


def _no_return(value: object) -> object:
    if value is True:
        raise ValueError(
            "cannot be true: points that a sale gave or was paid with come back by themselves when"
            " the sale is sent without what was returned, see send_transaction"
        )
    return value


def _no_source(value: object) -> object:
    if value is not None:
        raise ValueError(
            "cannot be obeyed: points are spent in the order in which they end, whatever source"
            " they came from; point_account_ids says where they are taken"
        )
    return value


class SpendDetail(LineDetail):
    """One spend: from these accounts, or from the program's default ones.

    It takes points and never gives any back: nothing `is_return` here. Nor does it choose among the
    points of an account: it has no `point_source_id`.
    """

    amount: Points
    point_account_ids: Ids = []
    reference_id: Text | None = None
    reference_type: Text | None = None
    transaction_id: Text | None = None
    store_id: Text | None = None
    is_return: Annotated[Literal[False], BeforeValidator(_no_return)] = False
    point_source_id: Annotated[None, BeforeValidator(_no_source)] = None


class SpendSeveral(OfUser):
    """Several spends, all or none unless `allow_partial_success`."""

    spend_details: Annotated[list[SpendDetail], Field(min_length=1, max_length=MOST_LINES)]
    allow_partial_success: bool = False


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
    return SpendLine(
        one.amount,
        tuple(one.point_account_ids),
        _sale(one, call),
        one.reference_id or "",
        id_of(one),
        one.rank,
        one.reference_type or "",
    )


def _sale(one: SpendDetail, call: Call) -> tuple[str, str] | Rejected | None:
    """The sale of a line, or why there is none: of a repeat its name need not be one any more."""
    if one.transaction_id is None:
        return None
    try:
        return sale_named(one.transaction_id, one.store_id, call)
    except Rejected as refusal:
        return refusal


def _as_spent(spent: Spent) -> dict[str, Any]:
    granted = [one for one in spent.lines if one.parts]
    once = counted((one.line.line_id, one) for one in granted)
    touched = {part.account for one in granted for part in one.parts} or spent.asked
    times = (part.spent_at for one in granted for part in one.parts)
    return {
        "details": [row for one in spent.lines for row in _rows(one, spent)],
        "summary": {
            "amount_spent": sum(part.points for one in once for part in one.parts),
            "remaining_balance": sum(spent.left.get(one, 0) for one in touched),
        },
        "audits": [],
        "time_of_occurrence": max(times, default=None),
    }


def _rows(one: SpentLine, spent: Spent) -> list[dict[str, Any]]:
    common = {
        "reference_id": one.line.reference or None,
        "reference_type": one.line.kind or None,
        "tracking_id": None,
        "idempotency_id": one.line.line_id.name or None,
        "idempotency_summary": summary_of(one.repeated),
        "retailer_id": spent.program.retailer_id,
        "user_id": spent.customer_id,
        "point_source_id": None,
    } | error_of(one.refusal)
    if not one.parts:
        return [common | {"amount_spent": 0} | _NO_ACCOUNT]
    return [common | {"amount_spent": part.points} | _account(part, spent) for part in one.parts]


_NO_ACCOUNT = dict.fromkeys(
    ("account_name", "user_point_account_id", "point_account_id", "remaining_balance")
)


def _account(part: Part, spent: Spent) -> dict[str, Any]:
    named = account_of(spent.customer_id, part.account, spent.program)
    return named | {"remaining_balance": part.left}


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
    DEPOSIT,
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
