"""How far a customer is: his level in each tier system, and what the next one still takes."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from loyalty_ledger.client import shapes
from loyalty_ledger.domain.api_key import Scope
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.program.tiers import TierSystem
from loyalty_ledger.http.connect import Ids, OfUser, customer, program_of
from loyalty_ledger.http.names import word
from loyalty_ledger.http.operation import Call, Operation


class ProgressBody(OfUser):
    """Progress in these tier systems, or rule trees (`system/level`); without any in all."""

    ids: Ids = []


def tier_details(call: Call, customer_id: str) -> list[dict[str, Any]]:
    """The level a customer holds in each tier system, and the rules of the next one."""
    program = program_of(call)
    systems = {one.id: one for one in program.tier_systems}
    return [
        _place(one, systems[one["system"]], customer_id, program, call)
        for one in call.ledger.answers.tiers(customer_id, call.moment)
    ]


def _progress(call: Call) -> dict[str, Any]:
    customer_id = customer(call)
    wanted: list[str] = call.body.ids
    places = tier_details(call, customer_id)
    if wanted:
        places = [one for one in places if _is_asked(one, wanted)]
    return {"user_id": customer_id, "tier_levels": places}


def _is_asked(place: Mapping[str, Any], wanted: list[str]) -> bool:
    trees = {tree["rule_tree_id"] for tree in place["tier_progress"]}
    return place["tier_system_id"] in wanted or not trees.isdisjoint(wanted)


def _place(
    place: Mapping[str, Any], system: TierSystem, customer_id: str, program: Program, call: Call
) -> dict[str, Any]:
    following = place["next"]
    return {
        "id": f"{customer_id}.{system.id}",
        "tier_system_id": system.id,
        "tier_level_id": place["level"],
        "user_id": customer_id,
        "join_date": place["since"],
        "next_maintenance_eval_date": place["until"],
        "tier_overview": _overview(system, place["level"], program),
        "next_tier_overview": following and _overview(system, following["level"], program),
        "tier_progress": [_tree(following, system, program, call)] if following else [],
    }


def _overview(system: TierSystem, level_id: str, program: Program) -> dict[str, Any]:
    ranks = {one.id: rank for rank, one in enumerate(system.levels)}
    rank = ranks[level_id]
    level = system.levels[rank]
    return {
        "id": level.id,
        "tier_system_id": system.id,
        "retailer_id": program.retailer_id,
        "name": level.name,
        "rank": rank,
        "status": word("level_status", "live"),
    }


def _tree(
    following: Mapping[str, Any], system: TierSystem, program: Program, call: Call
) -> dict[str, Any]:
    tree_id = f"{system.id}/{following['level']}"
    return {
        "rule_tree_id": tree_id,
        "rules": list(_rules(following["entrance"], tree_id, "1", None, program, call)),
    }


def _rules(
    node: Mapping[str, Any],
    tree_id: str,
    place: str,
    parent_id: str | None,
    program: Program,
    call: Call,
) -> Iterator[dict[str, Any]]:
    """A node and all below it, parents first."""
    branch = next((name for name in ("all", "any") if name in node), None)
    numbers = call.names.enumeration("rule")
    rule_id = f"{tree_id}.{place}"
    known = {"rule_id": rule_id, "parent_id": parent_id, "tree_id": tree_id}
    known |= {"rule_passed": node["holds"], "rule_tree_name": tree_id}
    if branch is not None:
        yield known | {"discriminator": numbers[branch], "query_result": None, "rule": None}
        for number, part in enumerate(node[branch], 1):
            yield from _rules(part, tree_id, f"{place}.{number}", rule_id, program, call)
        return
    discriminator = numbers[node["kind"]]
    yield known | {
        "discriminator": discriminator,
        "query_result": _number(node["present"]),
        "rule": {
            "id": rule_id,
            "retailer_id": program.retailer_id,
            "parent_id": parent_id,
            "discriminator": discriminator,
            "target_balance": _number(node["target"]),
            "comparison": call.names.enumeration("comparison")["at_least"],
            "rank": int(place.rpartition(".")[2]),
            "is_new": False,
            "constraints": _constraints(node, rule_id, program),
        },
    }


def _number(value: object) -> Decimal:
    return Decimal(str(value))


def _constraints(node: Mapping[str, Any], rule_id: str, program: Program) -> list[dict[str, Any]]:
    found: list[tuple[str, dict[str, Any]]] = []
    if node.get("account"):
        name = program.account(node["account"]).name
        found.append(("point_accounts", {"point_accounts": {node["account"]: name}}))
    if node.get("within"):
        found.append(("within", {"within": str(node["within"])}))
    return [
        {
            "id": f"{rule_id}.{rank}",
            "rule_id": rule_id,
            "discriminator": word("constraint", kind),
            "is_new": False,
            "rank": rank,
            "version": 1,
        }
        | told
        for rank, (kind, told) in enumerate(found, 1)
    ]


PROGRESS = Operation(
    name="user_progress",
    family="connect",
    paths=(
        "/api/1.0/progress/rule_tree/user_progress",
        "/incentives/api/1.0/progress/rule_tree/user_progress",
    ),
    scope=Scope.MEMBER,
    summary="The level a customer holds, and how far he is from the next one, rule by rule.",
    asks=ProgressBody,
    tells=shapes.Progress,
    act=_progress,
    as_of=True,
)
