"""Levels after a settlement: up when an entrance holds, down when what they stood on is gone."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from loyalty_ledger.domain import tier, upkeep
from loyalty_ledger.domain.claims import NO_LIMITS, Claim
from loyalty_ledger.domain.counting import uncount
from loyalty_ledger.domain.events.settlement import EntryCount, Grant
from loyalty_ledger.domain.events.tiers import (
    RETURNED,
    TierEntered,
    TierEntryRewarded,
    TierEntryUndone,
    TierLeft,
    TierSinceMoved,
)
from loyalty_ledger.domain.granting import Granting
from loyalty_ledger.domain.levels import Held, rank_held, system_of
from loyalty_ledger.domain.program.tiers import TierSystem
from loyalty_ledger.domain.reviewing import ENTERED, Past, Review, review, well_founded
from loyalty_ledger.domain.streams import tiers_of
from loyalty_ledger.domain.tier import Tiers, reward_key

# --- up -----------------------------------------------------------------------------------------


def advance_levels(granting: Granting, customer_id: str, levels: Mapping[str, str]) -> None:
    """Move up as long as a next entrance holds, with the outcomes of each first entry."""
    draft, case = granting.draft, granting.case
    moving = True
    while moving:
        moving = False
        for system in case.rulebook.program.tier_systems:
            command = tier.Advance(
                customer_id,
                system,
                case.at,
                upkeep.latest(draft, customer_id, case.now),
                upkeep.measures_of(draft, customer_id, case.rulebook),
                case.rulebook.version,
                case.cause,
            )
            event = tier.advance(command, draft.state(tiers_of(customer_id)))
            if event is not None:
                moving = True
                enter(granting, customer_id, event, levels)


def enter(
    granting: Granting, customer_id: str, event: TierEntered, levels: Mapping[str, str]
) -> None:
    """Record the entry; the first time with its outcomes. `levels` were held before."""
    granting.draft.emit(tiers_of(customer_id), event, customer_id)
    if not event.first_time:
        return
    already = len(granting.grants)
    rule = f"tier:{event.system}/{event.level}"
    for owed in granting.case.rulebook.entry_outcomes(event.system, event.level, levels):
        claim = Claim(customer_id, rule, owed, NO_LIMITS, False, levels, not_before=event.at)
        if granting.possible(claim):
            granting.post(claim)
    _reward(granting, event, already)


def _reward(granting: Granting, event: TierEntered, already: int) -> None:
    """Remember with the level what entering it gave: a return may take it back."""
    given = granting.grants[already:]
    if not given:
        return
    rewarded = TierEntryRewarded(
        at=event.at,
        customer_id=event.customer_id,
        system=event.system,
        level=event.level,
        awards=[award for grant in given for award in grant.awards],
        offers={offer: name for grant in given for offer, name in grant.held.items()},
        counted=[_counted(grant, subject) for grant in given for subject in grant.counted],
        counted_at=granting.case.at,
        codes={code: name for grant in given for code, name in grant.drawn.items()},
        program_version=granting.case.rulebook.version,
        cause=granting.case.cause,
    )
    granting.draft.emit(tiers_of(event.customer_id), rewarded, event.customer_id)


def _counted(grant: Grant, subject: str) -> EntryCount:
    points = sum(one.points for one in grant.awards if f"source:{one.source}" == subject)
    return EntryCount(subject=subject, points=points)


# --- down ---------------------------------------------------------------------------------------


def review_levels(granting: Granting, customer_id: str, until: datetime) -> None:
    """Work levels out again on what remains; what lost entries had given goes, and again."""
    systems = list(granting.draft.state(tiers_of(customer_id)).ways)
    while any([_reviewed(granting, customer_id, one, until) for one in systems]):
        pass


def _reviewed(granting: Granting, customer_id: str, system_id: str, until: datetime) -> bool:
    """One system, worked out again. Whether anything an entry had given was taken back."""
    programs = granting.case.programs
    tiers: Tiers = granting.draft.state(tiers_of(customer_id))
    measures = upkeep.measures_of(granting.draft, customer_id, granting.case.rulebook)
    pasts = {
        one: Past(one, way, measures, tiers.gifts(one), programs) for one, way in tiers.ways.items()
    }
    found = review(well_founded(pasts, until)[system_id], until)
    return found is not None and _go_down(granting, customer_id, system_id, found)


def _go_down(granting: Granting, customer_id: str, system_id: str, found: Review) -> bool:
    """Record what is left of the way. Whether anything an entry had given was taken back."""
    tiers: Tiers = granting.draft.state(tiers_of(customer_id))
    entered = {step.level: step.at for step in tiers.ways[system_id] if step.kind == ENTERED}
    held = tiers.levels.get(system_id)
    if held is not None:
        _move(granting, customer_id, system_id, held, found)
    undone = False
    for level in found.never:
        key = reward_key(system_id, level)
        if key in tiers.rewarded:
            at = max(granting.case.now, entered[level])
            undone = _undo(granting, customer_id, system_id, level, at) or undone
    return undone


def _move(granting: Granting, customer_id: str, system_id: str, held: Held, found: Review) -> None:
    system = system_of(granting.case.programs[held.program_version], system_id, held.level)
    if system is None:
        return
    rank = rank_held(system, {system_id: held})
    stream, told = tiers_of(customer_id), _told(granting, customer_id, system_id, held, found)
    if found.rank == rank:
        since = found.held.since if found.held else None
        until = found.held.until if found.held else None
        if (since, until) != (held.since, held.until):
            moved = TierSinceMoved(level=held.level, since=since, until=until, **told)
            granting.draft.emit(stream, moved, customer_id)
        return
    for number in range(rank, found.rank, -1):
        left = _left(system, number, found, told)
        granting.draft.emit(stream, left, customer_id)


def _told(
    granting: Granting, customer_id: str, system_id: str, held: Held, found: Review
) -> dict[str, Any]:
    return {
        "at": max(granting.case.now, held.since),
        "customer_id": customer_id,
        "system": system_id,
        "steps": found.steps,
        "program_version": found.held.program_version if found.held else held.program_version,
        "cause": granting.case.cause,
    }


def _left(system: TierSystem, rank: int, found: Review, told: Mapping[str, Any]) -> TierLeft:
    """One level down; only the last step says since when the level counts that is held then."""
    level, below = system.levels[rank].id, system.levels[rank - 1].id
    last = rank - 1 == found.rank
    since = found.held.since if found.held and last else None
    until = found.held.until if found.held and last else None
    return TierLeft(level=level, entered=below, why=RETURNED, since=since, until=until, **told)


def _undo(granting: Granting, customer_id: str, system_id: str, level: str, at: datetime) -> bool:
    """The level counts as never entered; whether its entry had given anything."""
    case, stream = granting.case, tiers_of(customer_id)
    tiers: Tiers = granting.draft.state(stream)
    entry = tiers.entries.get(reward_key(system_id, level))
    undone = TierEntryUndone(
        at=at, customer_id=customer_id, system=system_id, level=level, cause=case.cause
    )
    granting.draft.emit(stream, undone, customer_id)
    rule, gave = f"tier:{system_id}/{level}", Counter[str]()
    for given in entry.each if entry else ():
        told: dict[str, Any] = {"at": at, "counted_at": given.counted_at, "cause": case.cause}
        for award in given.awards:
            granting.back.entry_points(customer_id, rule, award)
            gave[award.account] += award.points
        for one in given.counted:
            uncount(granting.draft, customer_id, one.subject, points=one.points, **told)
        granting.back.offers(customer_id, given.offers, given.counted_at, at)
        granting.back.codes(customer_id, given.codes, at)
    if gave:
        granting.grants.append(Grant(customer_id=customer_id, rule=rule, granted=dict(gave)))
    return entry is not None
