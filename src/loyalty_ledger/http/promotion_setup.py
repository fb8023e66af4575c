"""Promotions as they are set up over HTTP: each is a part of the program."""

from typing import Annotated, Any, Literal

from pydantic import Field

from loyalty_ledger.client import shapes
from loyalty_ledger.domain.api_key import Scope
from loyalty_ledger.http import reasons
from loyalty_ledger.http.connect import MOST_IDS
from loyalty_ledger.http.core import ROOT, core
from loyalty_ledger.http.operation import Body, Call
from loyalty_ledger.http.setup import Whole, edited, put
from loyalty_ledger.program_editing import Edited
from loyalty_ledger.sent import Text


class EditPromotion(Body):
    """A promotion, new or changed: by its id. Of one there is, what is left out stays.

    `outcomes` stand as in a program document.
    """

    id: Text
    name: Text
    kind: Literal["single_use", "multi_use", "third_party"]
    code: Text | None = None
    start_date: Text | None = None
    end_date: Text | None = None
    per_customer: Whole | None = None
    global_entry_cap: Whole | None = None
    outcomes: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=MOST_IDS)]


_NAMED = {
    "name": "name",
    "kind": "kind",
    "code": "code",
    "start_date": "starts",
    "end_date": "ends",
    "per_customer": "per_customer",
    "global_entry_cap": "total",
    "outcomes": "outcomes",
}


def _edit(call: Call) -> Edited:
    return edited(call, lambda document: put(document["promotions"], call.body, _NAMED))


def _as_edited(result: Edited) -> dict[str, Any]:
    return {"promotion": {"id": result.part, "program_version": result.version}}


EDIT_PROMOTION = core(
    "edit_promotion", "POST", (f"{ROOT}/promotions",), Scope.ADMIN,
    "Put a promotion into the program, or change it there.", _edit, asks=EditPromotion,
    tell=_as_edited, tells=shapes.EditedPromotion, writes=True, refuses=reasons.PUBLISHED,
)  # fmt: skip
