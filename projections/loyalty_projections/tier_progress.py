"""How far is a customer from the next level?"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from loyalty_ledger.domain.events.tiers import (
    TierKept,
    TierLeft,
)
from loyalty_ledger.domain.levels import Held, maintain, rank_held
from loyalty_ledger.domain.lots import Programs
from loyalty_ledger.domain.pages import packed
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.program.tiers import All, Node, TierSystem
from loyalty_ledger.domain.program.tiers import Any as AnyOf
from loyalty_ledger.domain.progress import Earned, Measured, Measures, Purchase, holds, measure
from loyalty_ledger.domain.values import major_units
from loyalty_projections.projection import Unrecorded
from loyalty_projections.rows import Reader, copied
from loyalty_projections.spend_needed import spend_needed
from loyalty_projections.tier_progress_rows import EARNED, JOINED, LEVELS, PROJECTION, PURCHASES

__all__ = ["PROJECTION"]

# --- queries ------------------------------------------------------------------------------------


def overdue(
    reader: Reader, customer_id: str, now: datetime, programs: Programs
) -> list[TierKept | TierLeft]:
    """Every evaluation of maintenance that has fallen due by `now` and is not in the rows.

    Each is judged by its own version of the `programs`.
    """
    held = _held(reader, customer_id)
    if all(level.until is None or level.until > now for level in held.values()):
        return []
    measures = _measures(reader, customer_id, programs[max(programs)])
    return maintain(customer_id, held, now, measures, programs)


def overdue_of(
    reader: Reader, customer_ids: Collection[str], now: datetime, programs: Programs
) -> dict[str, list[TierKept | TierLeft]]:
    """`overdue` for many customers, in as many queries as for one."""
    return {
        one: overdue(rows, one, now, programs)
        for one, rows in copied(reader, PROJECTION.tables, customer_ids).items()
    }


def progress(
    reader: Reader,
    customer_id: str,
    now: datetime,
    program: Program,
    *,
    due_levels: Sequence[TierKept | TierLeft] = (),
    also: Collection[tuple[str, str]] = (),
) -> list[dict[str, Any]]:
    """The customer's place in each tier system, and what the next level still takes, at `now`.

    `[{system, level, since, until, next: {level, entrance} | null}]`. `entrance` is the tree of the
    next level; `also` names others (system, level), told as `entrances` by their levels. A leaf is
    `{kind, account, within, present, target, missing, holds, spend_needed}`, a branch
    `{all | any: [...], holds}`. Money is in major units, as text. `spend_needed` stands on
    `points_earned` alone: what must be spent at the customer's rate; null when no rule says.
    `due_levels` is what `overdue` found.
    """
    rows = copied(reader, PROJECTION.tables, [customer_id])[customer_id]
    for event in due_levels:
        PROJECTION.apply(rows, Unrecorded(0, event))
    held = _held(rows, customer_id)
    joined = next((row.enrolled_at for row in rows.select(JOINED)), None)
    tree = _Tree(_measures(rows, customer_id, program), now, _level_names(program, held))
    return [
        _place(system, held, joined, tree) | _entrances(system, also, tree)
        for system in program.tier_systems
    ]


def _held(reader: Reader, customer_id: str) -> dict[str, Held]:
    return {
        row.system: Held(row.level, row.since, row.until, row.program_version)
        for row in reader.select(LEVELS, customer_id=customer_id)
        if row.since is not None
    }


def _level_names(program: Program, held: Mapping[str, Held]) -> dict[str, str]:
    return {system.id: system.levels[rank_held(system, held)].id for system in program.tier_systems}


def _measures(reader: Reader, customer_id: str, program: Program) -> Measures:
    earned: dict[str, list[Earned]] = {}
    for row in reader.select(EARNED, customer_id=customer_id):
        earned.setdefault(row.account, []).append(Earned(row.earned_at, row.points))
    purchases = [
        Purchase(row.counted_at, row.spend, row.total, row.times)
        for row in reader.select(PURCHASES, customer_id=customer_id)
    ]
    return Measures(
        {account: packed(rows) for account, rows in earned.items()}, packed(purchases), program
    )


def _place(
    system: TierSystem, held: Mapping[str, Held], joined: datetime | None, tree: "_Tree"
) -> dict[str, Any]:
    rank = rank_held(system, held)
    at = held.get(system.id)
    following = system.levels[rank + 1] if rank + 1 < len(system.levels) else None
    return {
        "system": system.id,
        "level": system.levels[rank].id,
        "since": at.since if at else joined,
        "until": at.until if at else None,
        "next": following
        and {
            "level": following.id,
            "entrance": tree.node(following.entrance) if following.entrance else None,
        },
    }


def _entrances(
    system: TierSystem, also: Collection[tuple[str, str]], tree: "_Tree"
) -> dict[str, Any]:
    shown = {
        level.id: tree.node(level.entrance)
        for level in system.levels
        if level.entrance and (system.id, level.id) in also
    }
    return {"entrances": shown} if shown else {}


class _Tree(NamedTuple):
    """Shows a tree of requirements as it stands."""

    measures: Measures
    now: datetime
    levels: Mapping[str, str]

    def node(self, node: Node) -> dict[str, Any]:
        match node:
            case All(all=parts):
                shown = {"all": [self.node(part) for part in parts]}
            case AnyOf(any=parts):
                shown = {"any": [self.node(part) for part in parts]}
            case _:
                return self._leaf(measure(node, self.measures, self.now))
        return {**shown, "holds": holds(node, self.measures, self.now)}

    def _leaf(self, leaf: Measured) -> dict[str, Any]:
        money = leaf.kind == "spend"
        shown: dict[str, Any] = {
            "kind": leaf.kind,
            "account": leaf.account,
            "within": str(leaf.within) if leaf.within else None,
            "present": self._money(leaf.present) if money else leaf.present,
            "target": self._money(leaf.target) if money else leaf.target,
            "missing": self._money(leaf.missing) if money else leaf.missing,
            "holds": leaf.missing == 0,
        }
        if leaf.account is not None:
            program = self.measures.program
            spend = spend_needed(leaf.missing, leaf.account, program, self.levels)
            shown["spend_needed"] = None if spend is None else self._money(spend)
        return shown

    def _money(self, units: int) -> str:
        return f"{major_units(units, self.measures.program.exponent):f}"
