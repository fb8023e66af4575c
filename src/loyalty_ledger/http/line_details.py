"""What the lines of spends and deposits have in common: an order, and ids of their own."""

import hashlib
from collections.abc import Iterable
from typing import Annotated, Any, TypeVar

import msgspec
from pydantic import Field

from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.values import Rejected
from loyalty_ledger.http.names import Named, code, word
from loyalty_ledger.http.operation import Body
from loyalty_ledger.line_ids import LineId
from loyalty_ledger.sent import Text

T = TypeVar("T")
MOST_LINES = 100


class LineDetail(Body):
    """A line of several. Lower ranks come first; `idempotency_id` is of this line alone."""

    rank: Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)] = 0
    idempotency_id: Text | None = None


def id_of(one: LineDetail) -> LineId:
    """What the line is known by. Its order among others is no part of what it says.

    What is left out counts as its default: a field that a later version adds changes no line.
    """
    said = one.model_dump(exclude={"rank", "idempotency_id"}, exclude_defaults=True)
    text = msgspec.json.encode(said, order="sorted")
    return LineId(one.idempotency_id or "", hashlib.sha256(text).hexdigest()[:32])


def summary_of(repeated: bool) -> Named | None:
    """How an answer says that a line is a repeat."""
    return word("idempotency_summary", "repeated") if repeated else None


def error_of(refusal: Rejected | None) -> dict[str, Any]:
    """How an answer says whether a line was done, and why not."""
    status = word("error_status", "none" if refusal is None else "refused")
    if refusal is None:
        return {"error_status": status, "message": None}
    said = {"error_response": code(refusal.code), "message": refusal.message}
    return {"error_status": status} | said


def account_of(customer_id: str, account: str, program: Program) -> dict[str, Any]:
    """How an answer names the account that a line moved points of."""
    known = program.accounts_by_id.get(account)
    return {
        "account_name": known.name if known else account,
        "user_point_account_id": f"{customer_id}.{account}",
        "point_account_id": account,
    }


def counted(lines: Iterable[tuple[LineId, T]]) -> list[T]:
    """The lines as sums take them: of those with one id, one."""
    return list({one.name or place: line for place, (one, line) in enumerate(lines)}.values())
