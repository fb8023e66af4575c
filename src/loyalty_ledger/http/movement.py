"""Moving a customer into a level of a tier system by hand."""

from typing import Any

from loyalty_ledger.client import shapes
from loyalty_ledger.depositing import Level
from loyalty_ledger.domain.api_key import Scope
from loyalty_ledger.domain.assigning import Assigned
from loyalty_ledger.domain.values import Reason
from loyalty_ledger.http import reasons
from loyalty_ledger.http.connect import OfUser, caller, customer
from loyalty_ledger.http.operation import Call, Operation
from loyalty_ledger.sent import Text


class MoveUser(OfUser):
    """Put a customer into a level, up or down.

    `process_intermediate_levels`: he enters each one on the way, with what that gives.
    `evaluate_qualifying_rules`: only where the entrance of every level that he enters holds.
    """

    tier_system_id: Text
    tier_level_id: Text
    process_intermediate_levels: bool = False
    evaluate_qualifying_rules: bool = False


def _move(call: Call) -> Assigned:
    asked: MoveUser = call.body
    level = Level(
        asked.tier_system_id,
        asked.tier_level_id,
        asked.process_intermediate_levels,
        asked.evaluate_qualifying_rules,
    )
    return call.ledger.depositing.assign(customer(call), level, caller(call))


def _as_moved(assigned: Assigned) -> dict[str, Any]:
    return {
        "user_id": assigned.customer_id,
        "tier_system_id": assigned.system,
        "tier_level_id": assigned.level,
        "previous_tier_level_id": assigned.left,
        "moved": assigned.left != assigned.level,
    }


MOVE = Operation(
    name="move_user",
    family="connect",
    paths=("/api/1.0/movement/move_user", "/incentives/api/1.0/movement/move_user"),
    scope=Scope.OPERATOR,
    summary="Put a customer into a level by hand, up or down.",
    asks=MoveUser,
    tells=shapes.Moved,
    act=_move,
    tell=_as_moved,
    writes=True,
    refuses=(*reasons.MAY_NOT_ASK, Reason.NO_PROGRAM, Reason.NOT_ELIGIBLE),
)
