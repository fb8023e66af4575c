"""Points given by hand over HTTP, from the sources that the program has."""

from typing import Annotated, Any

from pydantic import Field

from loyalty_ledger.client import shapes
from loyalty_ledger.depositing import Deposited, DepositedLine, DepositLine
from loyalty_ledger.domain.api_key import Scope
from loyalty_ledger.domain.deposit import Line
from loyalty_ledger.domain.values import Reason
from loyalty_ledger.http.connect import OfUser, Points, caller, customer
from loyalty_ledger.http.line_details import (
    MOST_LINES,
    LineDetail,
    account_of,
    counted,
    error_of,
    id_of,
    summary_of,
)
from loyalty_ledger.http.operation import Call, Operation
from loyalty_ledger.sent import Text


class DepositDetail(LineDetail):
    """Points from a source into an account."""

    point_source_id: Text
    point_account_id: Text
    amount: Points


class DepositBody(OfUser):
    """Points given by hand, all lines or none unless `allow_partial_success`."""

    deposit_details: Annotated[list[DepositDetail], Field(min_length=1, max_length=MOST_LINES)]
    allow_partial_success: bool = False


def _deposit(call: Call) -> Deposited:
    asked: DepositBody = call.body
    in_order = sorted(asked.deposit_details, key=lambda one: one.rank)
    lines = [
        DepositLine(Line(one.point_source_id, one.point_account_id, one.amount), id_of(one))
        for one in in_order
    ]
    partly = asked.allow_partial_success
    return call.ledger.depositing.deposit(customer(call), lines, caller(call), partly=partly)


def _as_deposited(told: Deposited) -> dict[str, Any]:
    given = [one for one in told.lines if one.refusal is None]
    once = counted((one.line.line_id, one) for one in given)
    touched = {one.line.gives.account for one in given or told.lines}
    return {
        "user_id": told.customer_id,
        "details": [_row(one, told) for one in told.lines],
        "summary": {
            "amount_deposited": sum(one.points for one in once),
            "remaining_balance": sum(told.left.get(one, 0) for one in touched),
        },
        "audits": [],
        "time_of_occurrence": max((one.at for one in given if one.at), default=None),
    }


def _row(one: DepositedLine, told: Deposited) -> dict[str, Any]:
    """A line, told like that of a spend; one that was refused tells where it was to go."""
    gives = one.line.gives
    named = account_of(told.customer_id, gives.account, told.program)
    if one.refusal is not None:
        named |= dict.fromkeys(("account_name", "user_point_account_id"))
    return (
        named
        | {
            "point_source_id": gives.source,
            "amount_deposited": one.points,
            "remaining_balance": one.left,
            "reference_id": None,
            "reference_type": None,
            "tracking_id": None,
            "idempotency_id": one.line.line_id.name or None,
            "idempotency_summary": summary_of(one.repeated),
            "retailer_id": told.program.retailer_id,
            "user_id": told.customer_id,
        }
        | error_of(one.refusal)
    )


DEPOSIT = Operation(
    name="deposit",
    family="connect",
    paths=(
        "/api/2.0/user_points/deposit",
        "/incentives/api/2.0/user_points/deposit",
        "/api/1.0/user_points/deposit",
        "/incentives/api/1.0/user_points/deposit",
    ),
    scope=Scope.OPERATOR,
    summary="Give a customer points by hand, all lines or none unless it may be some.",
    asks=DepositBody,
    tells=shapes.Deposited,
    act=_deposit,
    tell=_as_deposited,
    writes=True,
    refuses=(Reason.NOT_AVAILABLE, Reason.LIMIT_REACHED),
)
