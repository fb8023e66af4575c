"""Promotions as they are set up over HTTP: each is a part of the program."""

from typing import Annotated, Any, Literal

from pydantic import Field

from loyalty_ledger.client import shapes
from loyalty_ledger.domain.api_key import Scope
from loyalty_ledger.http import reasons
from loyalty_ledger.http.connect import MOST_IDS
from loyalty_ledger.http.core import ROOT, core
from loyalty_ledger.http.operation import Body, Call
from loyalty_ledger.http.setup import Document, Whole, edited
from loyalty_ledger.program_editing import Edited
from loyalty_ledger.sent import Text


class EditPromotion(Body):
    """A promotion, new or changed: by its id. `outcomes` stand as in a program document."""

    id: Text
    name: Text
    kind: Literal["single_use", "multi_use", "third_party"]
    code: Text | None = None
    start_date: Text | None = None
    end_date: Text | None = None
    per_customer: Whole | None = None
    global_entry_cap: Whole | None = None
    outcomes: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=MOST_IDS)]


def _edit(call: Call) -> Edited:
    asked: EditPromotion = call.body

    def edit(document: Document) -> None:
        others = [one for one in document.get("promotions", []) if one["id"] != asked.id]
        promotion = {
            "id": asked.id,
            "name": asked.name,
            "kind": asked.kind,
            "code": asked.code,
            "starts": asked.start_date,
            "ends": asked.end_date,
            "per_customer": asked.per_customer,
            "total": asked.global_entry_cap,
            "outcomes": asked.outcomes,
        }
        document["promotions"] = [*others, promotion]

    return edited(call, edit)


def _as_edited(result: Edited) -> dict[str, Any]:
    return {"promotion": {"id": result.part, "program_version": result.version}}


EDIT_PROMOTION = core(
    "edit_promotion", "POST", (f"{ROOT}/promotions",), Scope.ADMIN,
    "Put a promotion into the program, or change it there.", _edit, asks=EditPromotion,
    tell=_as_edited, tells=shapes.EditedPromotion, writes=True, refuses=reasons.PUBLISHED,
)  # fmt: skip
