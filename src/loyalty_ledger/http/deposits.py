"""Points given by hand over HTTP, from the sources that the program has."""

from typing import Annotated, Any

from pydantic import Field

from loyalty_ledger.client import shapes
from loyalty_ledger.depositing import Deposited, DepositLine
from loyalty_ledger.domain.api_key import Scope
from loyalty_ledger.domain.deposit import Line
from loyalty_ledger.domain.values import Reason
from loyalty_ledger.http.connect import OfUser, Points, caller, customer
from loyalty_ledger.http.line_details import MOST_LINES, LineDetail, counted, id_of, summary_of
from loyalty_ledger.http.operation import Call, Operation
from loyalty_ledger.sent import Text


class DepositDetail(LineDetail):
    """Points from a source into an account."""

    point_source_id: Text
    point_account_id: Text
    amount: Points


class DepositBody(OfUser):
    """Points given by hand, all lines or none."""

    deposit_details: Annotated[list[DepositDetail], Field(min_length=1, max_length=MOST_LINES)]


def _deposit(call: Call) -> Deposited:
    asked: DepositBody = call.body
    in_order = sorted(asked.deposit_details, key=lambda one: one.rank)
    lines = [
        DepositLine(Line(one.point_source_id, one.point_account_id, one.amount), id_of(one))
        for one in in_order
    ]
    return call.ledger.depositing.deposit(customer(call), lines, caller(call))


def _as_deposited(told: Deposited) -> dict[str, Any]:
    details = [
        {
            "point_account_id": one.line.gives.account,
            "point_source_id": one.line.gives.source,
            "amount_deposited": one.points,
            "idempotency_id": one.line.line_id.name or None,
            "idempotency_summary": summary_of(one.repeated),
        }
        for one in told.lines
    ]
    once = counted((one.line.line_id, one) for one in told.lines)
    return {
        "user_id": told.customer_id,
        "details": details,
        "summary": {"amount_deposited": sum(one.points for one in once)},
        "time_of_occurrence": max(one.at for one in told.lines),
    }


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
    summary="Give a customer points by hand, within the limits of their source.",
    asks=DepositBody,
    tells=shapes.Deposited,
    act=_deposit,
    tell=_as_deposited,
    writes=True,
    refuses=(Reason.NOT_AVAILABLE, Reason.LIMIT_REACHED),
)
