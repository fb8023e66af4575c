"""Levels held in tier systems, and what time does to them: the maintenance of a level.

The same arithmetic serves the tiers that decide and the views that answer.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from msgspec import Struct

from loyalty_ledger.domain.events.tiers import TierEntered, TierKept, TierLeft
from loyalty_ledger.domain.program.tiers import Level, Node, TierSystem
from loyalty_ledger.domain.progress import Measures, holds, leaves


class Held(Struct, frozen=True, array_like=True, gc=False):
    """A level, since when, and until when it holds without being looked at again."""

    level: str
    since: datetime
    until: datetime | None = None


Levels = Mapping[str, Held]
TierEvent = TierEntered | TierKept | TierLeft


def rank_held(system: TierSystem, levels: Levels) -> int:
    """The rank of the level held; everybody starts in the first."""
    held = levels.get(system.id)
    if held is None:
        return 0
    names = [level.id for level in system.levels]
    return names.index(held.level) if held.level in names else 0


def level_names(systems: Iterable[TierSystem], levels: Levels) -> dict[str, str]:
    """System -> the id of the level held in it."""
    return {system.id: system.levels[rank_held(system, levels)].id for system in systems}


def next_evaluation(level: Level, since: datetime, zone_name: str) -> datetime | None:
    """When the maintenance of a level entered then is looked at first."""
    return level.maintenance.every.after(since, zone_name) if level.maintenance else None


def maintain(
    customer_id: str,
    levels: Levels,
    until: datetime,
    measures: Measures,
    program_version: int,
) -> list[TierKept | TierLeft]:
    """Every evaluation of maintenance that fell due up to and at `until`, in order per system.

    A failed one moves one level down. Nothing is entered here.
    """
    events: list[TierKept | TierLeft] = []
    for system in measures.program.tier_systems:
        held = levels.get(system.id)
        while held is not None and held.until is not None and held.until <= until:
            rank = rank_held(system, {system.id: held})
            event = _evaluate(customer_id, system, rank, held.until, measures, program_version)
            events.append(event)
            held = after(held, event)
    return events


def _evaluate(
    customer_id: str,
    system: TierSystem,
    rank: int,
    at: datetime,
    measures: Measures,
    program_version: int,
) -> TierKept | TierLeft:
    level = system.levels[rank]
    asked = level.maintenance
    zone_name = measures.program.time_zone
    if asked is None or rank == 0 or holds(asked.requires, measures, at):
        following = asked.every.after(at, zone_name) if asked and rank else None
        return TierKept(
            at=at,
            customer_id=customer_id,
            system=system.id,
            level=level.id,
            until=following,
            measured=_measured(asked.requires, measures, at) if asked else [],
            program_version=program_version,
        )
    below = system.levels[rank - 1]
    return TierLeft(
        at=at,
        customer_id=customer_id,
        system=system.id,
        level=level.id,
        entered=below.id,
        until=next_evaluation(below, at, zone_name) if rank > 1 else None,
        why="maintenance",
        measured=_measured(asked.requires, measures, at),
        program_version=program_version,
    )


def _measured(requires: Node, measures: Measures, at: datetime) -> list[dict[str, object]]:
    return [leaf.as_fact() for leaf in leaves(requires, measures, at)]


def after(held: Held | None, event: TierEvent) -> Held:
    """The level held after the event."""
    match event:
        case TierEntered():
            return Held(event.level, event.at, event.until)
        case TierLeft():
            return Held(event.entered, event.at, event.until)
        case TierKept():
            return Held(event.level, held.since if held else event.at, event.until)
