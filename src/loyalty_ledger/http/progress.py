"""How far a customer is: his level in each tier system, and what the next one still takes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from loyalty_ledger.client import shapes
from loyalty_ledger.domain.api_key import Scope
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.program.tiers import Level, TierSystem
from loyalty_ledger.http.connect import Ids, OfUser, customer, program_of
from loyalty_ledger.http.known import check_known
from loyalty_ledger.http.names import Names, word
from loyalty_ledger.http.operation import Call, Operation


class ProgressBody(OfUser):
    """Progress in these tier systems, or rule trees (`system/level`); without any in all.

    Of a system the tree of the next level is told, of a tree that one, whichever level it enters.
    """

    ids: Ids = []


class _Asked(NamedTuple):
    """What is asked about: tier systems and rule trees; without any, every system."""

    program: Program
    ids: frozenset[str] = frozenset()

    @property
    def levels(self) -> list[tuple[str, str]]:
        """The levels whose own trees are asked for."""
        trees = _trees(self.program) if self.ids else {}
        return [level for tree, level in trees.items() if tree in self.ids]

    def is_next(self, system_id: str) -> bool:
        """Whether the tree of the next level of this system is told."""
        return not self.ids or system_id in self.ids

    def is_told(self, place: Mapping[str, Any]) -> bool:
        """Whether the place in this system is told."""
        return self.is_next(place["system"]) or "entrances" in place


def _trees(program: Program) -> dict[str, tuple[str, str]]:
    """The system and the level that each rule tree is the entrance of."""
    return {
        _tree_id(system, level.id): (system.id, level.id)
        for system in program.tier_systems
        for level in system.levels
        if level.entrance
    }


def _tree_id(system: TierSystem, level_id: str) -> str:
    return f"{system.id}/{level_id}"


def tier_details(call: Call, customer_id: str, ids: Iterable[str] = ()) -> list[dict[str, Any]]:
    """The level a customer holds in each tier system, and the rules of those that are asked for."""
    program = program_of(call)
    asked = _Asked(program, frozenset(ids))
    systems = {one.id: one for one in program.tier_systems}
    places = call.ledger.answers.tiers(customer_id, call.moment, asked.levels)
    return [
        _place(one, systems[one["system"]], customer_id, asked, call)
        for one in places
        if asked.is_told(one)
    ]


def _progress(call: Call) -> dict[str, Any]:
    customer_id = customer(call)
    _check_known(call.body.ids, call)
    return {"user_id": customer_id, "tier_levels": tier_details(call, customer_id, call.body.ids)}


def _check_known(ids: list[str], call: Call) -> None:
    """Rejected for an id that no version of the program had; one that is gone tells nothing."""
    check_known(call, "ids", ids, "tier system or rule tree", _told_by)


def _told_by(program: Program) -> list[str]:
    return [*(one.id for one in program.tier_systems), *_trees(program)]


def _place(
    place: Mapping[str, Any], system: TierSystem, customer_id: str, asked: _Asked, call: Call
) -> dict[str, Any]:
    following, program = place["next"], asked.program
    shown = dict(place.get("entrances", {}))
    if following and asked.is_next(system.id):
        shown[following["level"]] = following["entrance"]
    return {
        "id": f"{customer_id}.{system.id}",
        "tier_system_id": system.id,
        "tier_level_id": place["level"],
        "user_id": customer_id,
        "join_date": place["since"],
        "next_maintenance_eval_date": place["until"],
        "tier_overview": _overview(system, place["level"], program),
        "next_tier_overview": following and _overview(system, following["level"], program),
        "tier_progress": [
            _tree(shown[level.id], level, system, program, call)
            for level in system.levels
            if level.id in shown
        ],
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
    entrance: Mapping[str, Any], level: Level, system: TierSystem, program: Program, call: Call
) -> dict[str, Any]:
    tree = _Tree(_tree_id(system, level.id), level.name, program, call.names)
    return {"rule_tree_id": tree.id, "rules": [*tree.rules(entrance, "1", None)]}


class _Tree(NamedTuple):
    """The tree of rules that a level is entered by; it is called as the level is."""

    id: str
    name: str
    program: Program
    names: Names

    def rules(
        self, node: Mapping[str, Any], place: str, parent_id: str | None
    ) -> Iterator[dict[str, Any]]:
        """A node and all below it, parents first."""
        rule_id, numbers = f"{self.id}.{place}", self.names.enumeration("rule")
        branch = next((name for name in ("all", "any") if name in node), None)
        parts = node[branch] if branch else []
        present, target = _of_branch(branch, parts) if branch else _of_leaf(node)
        discriminator = numbers[branch or node["kind"]]
        yield {
            "rule_id": rule_id,
            "parent_id": parent_id,
            "tree_id": self.id,
            "rule_tree_name": self.name,
            "rule_passed": node["holds"],
            "discriminator": discriminator,
            "query_result": present,
            "rule": {
                "id": rule_id,
                "retailer_id": self.program.retailer_id,
                "parent_id": parent_id,
                "discriminator": discriminator,
                "target_balance": target,
                "comparison": self.names.enumeration("comparison")["at_least"],
                "rank": int(place.rpartition(".")[2]),
                "is_new": False,
                "constraints": _constraints(node, rule_id, self.program),
            },
        }
        for number, part in enumerate(parts, 1):
            yield from self.rules(part, f"{place}.{number}", rule_id)


def _of_branch(branch: str, parts: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
    """How many of its parts hold, and how many have to."""
    return sum(one["holds"] for one in parts), len(parts) if branch == "all" else 1


def _of_leaf(node: Mapping[str, Any]) -> tuple[Decimal, Decimal]:
    return _number(node["present"]), _number(node["target"])


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
