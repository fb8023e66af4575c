"""Putting a customer into a level by hand, up or down, whatever its entrance asks for.

A level entered for the first time gives what entering it gives. A return does not undo it: only the
maintenance of the level, or somebody, moves him down again.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from msgspec.structs import replace

from loyalty_ledger.domain import upkeep
from loyalty_ledger.domain.deposit import by_hand
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.deposits import LevelAssigned
from loyalty_ledger.domain.events.offers import Actor
from loyalty_ledger.domain.events.tiers import BY_HAND, TierEntered, TierLeft
from loyalty_ledger.domain.granting import Granting
from loyalty_ledger.domain.leveling import enter
from loyalty_ledger.domain.levels import level_names, next_evaluation, rank_held
from loyalty_ledger.domain.lots import Programs
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.program.tiers import TierSystem
from loyalty_ledger.domain.progress import holds, leaves
from loyalty_ledger.domain.rules import Rulebook
from loyalty_ledger.domain.streams import deposits_of, tiers_of
from loyalty_ledger.domain.tier import Tiers, reward_key
from loyalty_ledger.domain.values import Reason, Rejected


class Assign(NamedTuple):
    """The level that a customer is to be put into, when, and by whom.

    `each`: he enters every level on the way up, with what entering it gives. `qualified`: only
    where the entrance of every level that he enters holds.
    """

    customer_id: str
    system: str
    level: str
    at: datetime
    by: Actor
    each: bool = False
    qualified: bool = False


class Assigned(NamedTuple):
    """The level that a customer held before, and now."""

    customer_id: str
    system: str
    left: str
    level: str


def assign(ask: Assign, rulebook: Rulebook, programs: Programs, draft: Draft) -> Assigned:
    """Put the customer into the level; Rejected says why not. Where he is, nothing happens."""
    system = _system(ask, rulebook.program)
    number, granting = by_hand(ask.customer_id, ask.at, rulebook, programs, draft)
    tiers: Tiers = draft.state(tiers_of(ask.customer_id))
    rank, goal = rank_held(system, tiers.levels), system.rank(ask.level)
    left = system.levels[rank].id
    if rank == goal:
        return Assigned(ask.customer_id, system.id, left, ask.level)
    if goal > rank:
        _up(ask, system, rank, granting)
    else:
        for event in _down(ask, system, rank, granting):
            draft.emit(tiers_of(ask.customer_id), event, ask.customer_id)
    assigned = LevelAssigned(
        at=max([ask.at, *(outcome.event.at for outcome in draft.outcomes)]),
        customer_id=ask.customer_id,
        number=number,
        system=system.id,
        level=ask.level,
        left=left,
        by=ask.by,
        program_version=rulebook.version,
        grants=granting.grants,
        cuts=granting.cuts,
    )
    draft.emit(deposits_of(ask.customer_id), assigned, ask.customer_id)
    return Assigned(ask.customer_id, system.id, left, ask.level)


def _up(ask: Assign, system: TierSystem, rank: int, granting: Granting) -> None:
    tiers: Tiers = granting.draft.state(tiers_of(ask.customer_id))
    levels = level_names(granting.case.rulebook.program.tier_systems, tiers.levels)
    goal = system.rank(ask.level)
    for number in range(rank + 1 if ask.each else goal, goal + 1):
        event = _entered(ask, system, number, granting)
        enter(granting, ask.customer_id, event, levels)


def _entered(ask: Assign, system: TierSystem, rank: int, granting: Granting) -> TierEntered:
    draft, case, level = granting.draft, granting.case, system.levels[rank]
    tiers: Tiers = draft.state(tiers_of(ask.customer_id))
    at = _not_before(ask, tiers, system)
    event = TierEntered(
        at=at,
        customer_id=ask.customer_id,
        system=system.id,
        level=level.id,
        left=system.levels[rank_held(system, tiers.levels)].id,
        entered_at=ask.at,
        until=next_evaluation(level, at, case.rulebook.program.time_zone),
        first_time=reward_key(system.id, level.id) not in tiers.rewarded,
        by_hand=True,
        program_version=case.rulebook.version,
        cause=case.cause,
    )
    if level.entrance is None:
        return event
    measures = upkeep.measures_of(draft, ask.customer_id, case.rulebook)
    measured_at = max(at, upkeep.latest(draft, ask.customer_id, ask.at))
    measured = [leaf.as_fact() for leaf in leaves(level.entrance, measures, measured_at)]
    if ask.qualified and not holds(level.entrance, measures, measured_at):
        raise Rejected(
            Reason.NOT_ELIGIBLE,
            f"the entrance of level {level.id} does not hold for this customer",
            {"level": level.id, "measured": measured},
        )
    return replace(event, measured=measured)


def _down(ask: Assign, system: TierSystem, rank: int, granting: Granting) -> Iterator[TierLeft]:
    """One level after the other, as maintenance would."""
    rulebook = granting.case.rulebook
    at = _not_before(ask, granting.draft.state(tiers_of(ask.customer_id)), system)
    for number in range(rank, system.rank(ask.level), -1):
        below = system.levels[number - 1]
        yield TierLeft(
            at=at,
            customer_id=ask.customer_id,
            system=system.id,
            level=system.levels[number].id,
            entered=below.id,
            until=next_evaluation(below, at, rulebook.program.time_zone) if number > 1 else None,
            why=BY_HAND,
            program_version=rulebook.version,
            cause=granting.case.cause,
        )


def _not_before(ask: Assign, tiers: Tiers, system: TierSystem) -> datetime:
    """No level is held from before the one that was held before."""
    held = tiers.levels.get(system.id)
    return max(ask.at, held.since) if held else ask.at


def _system(ask: Assign, program: Program) -> TierSystem:
    systems = {one.id: one for one in program.tier_systems}
    if ask.system not in systems:
        known = ", ".join(systems) or "none"
        raise _unknown("tier_system_id", f"tier system {ask.system!r}: there is {known}")
    system = systems[ask.system]
    if ask.level not in system.ranks:
        known = ", ".join(system.ranks)
        raise _unknown("tier_level_id", f"level {ask.level!r} in {system.id}: there is {known}")
    return system


def _unknown(field: str, what: str) -> Rejected:
    return Rejected(Reason.VALIDATION, f"the program has no {what}", {"field": field})
