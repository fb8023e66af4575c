"""Levels held in tier systems, and what time does to them: the maintenance of a level.

The same arithmetic serves the tiers that decide and the views that answer.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from loyalty_ledger.domain.events.tiers import (
    TierEntered,
    TierKept,
    TierLeft,
    TierSinceMoved,
)
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.program.tiers import Level, Node, TierSystem
from loyalty_ledger.domain.progress import Measures, holds, leaves


class Held(Struct, frozen=True, array_like=True, gc=False):
    """A level, since when, and until when it holds without being looked at again.

    `program_version` set `until`, and so says what is asked then.
    """

    level: str
    since: datetime
    until: datetime | None
    program_version: int


Levels = Mapping[str, Held]
TierEvent = TierEntered | TierKept | TierLeft | TierSinceMoved


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


def levels_match(wanted: Mapping[str, Sequence[str]], held: Mapping[str, str]) -> bool:
    """Whether in every system named one of the levels is held."""
    return all(held.get(system) in levels for system, levels in wanted.items())


def next_evaluation(level: Level, since: datetime, zone_name: str) -> datetime | None:
    """When the maintenance of a level entered then is looked at first."""
    return level.maintenance.every.after(since, zone_name) if level.maintenance else None


def maintain(
    customer_id: str,
    levels: Levels,
    until: datetime,
    measures: Measures,
    programs: Mapping[int, Program],
) -> list[TierKept | TierLeft]:
    """Every evaluation of maintenance that fell due up to and at `until`, in order per system.

    A level is judged by the program version it is held under, whatever was published since, so
    that it makes no difference when somebody looks. A failed one moves one level down. Nothing is
    entered here.
    """
    events: list[TierKept | TierLeft] = []
    for system_id, held in sorted(levels.items()):
        program = programs[held.program_version]
        system = system_of(program, system_id, held.level)
        judged = measures._replace(program=program)
        while system is not None and held.until is not None and held.until <= until:
            event = evaluate(customer_id, system, held, held.until, judged)
            events.append(event)
            held = after(held, event)
    return events


def system_of(program: Program, system_id: str, level: str) -> TierSystem | None:
    """The tier system, if it has that level: a level that is nowhere defined is not looked at."""
    for system in program.tier_systems:
        if system.id == system_id and level in [one.id for one in system.levels]:
            return system
    return None


def evaluate(
    customer_id: str, system: TierSystem, held: Held, at: datetime, measures: Measures
) -> TierKept | TierLeft:
    """What the maintenance of a level comes to at that moment."""
    rank = rank_held(system, {system.id: held})
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
            program_version=held.program_version,
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
        program_version=held.program_version,
    )


def _measured(requires: Node, measures: Measures, at: datetime) -> list[dict[str, object]]:
    return [leaf.as_fact() for leaf in leaves(requires, measures, at)]


def after(held: Held | None, event: TierEvent) -> Held:
    """The level held after the event."""
    match event:
        case TierEntered():
            return Held(event.level, event.at, event.until, event.program_version)
        case TierLeft():
            since = event.since or event.at
            return Held(event.entered, since, event.until, event.program_version)
        case TierSinceMoved():
            since = event.since or event.at
            return Held(event.level, since, event.until, event.program_version)
        case TierKept():
            since = held.since if held else event.at
            return Held(event.level, since, event.until, event.program_version)
