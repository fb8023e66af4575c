"""Levels worked out again, after a return took away what they stood on.

The way a customer went through a tier system is gone again on what remains: no level is reached
earlier than he reached it, none that he never reached, and every maintenance is looked at again.
Where somebody put him by hand he is put again.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from loyalty_ledger.domain.events.settlement import PostedAward
from loyalty_ledger.domain.events.tiers import TierEntered, TierKept, TierLeft, TierStep
from loyalty_ledger.domain.levels import (
    Held,
    after,
    evaluate,
    next_evaluation,
    rank_held,
    system_of,
)
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.program.tiers import Node, TierSystem
from loyalty_ledger.domain.progress import Earned, Measures, Purchase, holds, less

ENTERED, ASSIGNED, KEPT, LEFT = "entered", "assigned", "kept", "left"
Way = Sequence[TierStep]
Gifts = Mapping[str, Sequence[PostedAward]]
"""What entering each level had given: it counts once the level is entered, never for it."""


class Past(NamedTuple):
    """A customer's way through one tier system, and all that it is judged by now."""

    system_id: str
    way: Way
    measures: Measures
    gifts: Gifts
    programs: Mapping[int, Program]

    def measured(self, entered: Collection[str]) -> Measures:
        """The measures without what levels gave that are not entered."""
        return _without_gifts(self.measures, self.gifts, entered)


class Review(NamedTuple):
    """The level that is left, with the way there; no level: the first, as if never moved.

    `never` names the levels that were entered and count as never entered now.
    """

    held: Held | None
    rank: int
    steps: list[TierStep]
    never: list[str]


def step_of(event: TierEntered | TierKept | TierLeft) -> TierStep:
    """The event as a step of the way."""
    match event:
        case TierEntered():
            kind, level = ASSIGNED if event.by_hand else ENTERED, event.level
        case TierKept():
            kind, level = KEPT, event.level
        case TierLeft():
            kind, level = LEFT, event.entered
    return TierStep(kind=kind, level=level, at=event.at, program_version=event.program_version)


def review(past: Past, until: datetime) -> Review | None:
    """What remains of the way, with maintenance up to and at `until`; None when all of it does."""
    if _all_stand(past):
        return None
    walk = _walked(past, until)
    lost = {step.level for step in past.way if step.kind == ENTERED} - walk.entered
    return Review(walk.held, walk.rank, walk.steps, sorted(lost))


def _walked(past: Past, until: datetime) -> "_Walk":
    walk = _Walk(past)
    for moment in _moments(past.way, past.measures):
        walk.go_to(moment)
    walk.keep(max([until, *(step.at for step in past.way)]))
    return walk


def well_founded(pasts: Mapping[str, Past], until: datetime) -> dict[str, Past]:
    """Each system's past without what levels of the others gave that nothing leads to.

    Two levels of two systems may each have given what the other asks for. What leads to them is
    found from what no level gave: level by level, until no more are reached.
    """
    if sum(bool(past.gifts) for past in pasts.values()) < 2:
        return dict(pasts)
    reached: dict[str, set[str]] = {system: set() for system in pasts}

    def founded(system: str) -> Past:
        found = pasts[system].measures
        for other in pasts.keys() - {system}:
            found = _without_gifts(found, pasts[other].gifts, reached[other])
        return pasts[system]._replace(measures=found)

    growing = True
    while growing:
        growing = False
        for system in pasts:
            walk = _walked(founded(system), until)
            growing = growing or not walk.entered <= reached[system]
            reached[system] |= walk.entered
    return {system: founded(system) for system in pasts}


def _all_stand(past: Past) -> bool:
    entered: set[str] = set()
    for step in past.way:
        if not _stands(past, step, past.measured(entered)):
            return False
        entered.add(step.level)
    return True


def _without_gifts(measures: Measures, gifts: Gifts, entered: Collection[str]) -> Measures:
    """The measures without what levels gave that are not entered."""
    earned = dict(measures.earned)
    for level, awards in gifts.items():
        for award in awards if level not in entered else ():
            if award.account in earned:
                earned[award.account] = less(earned[award.account], award.earned_at, award.points)
    return measures._replace(earned=earned)


def _stands(past: Past, step: TierStep, measures: Measures) -> bool:
    """Whether what remains would have led to this step as well."""
    program = past.programs[step.program_version]
    system = system_of(program, past.system_id, step.level)
    if system is None or step.kind in (ASSIGNED, LEFT):
        return True
    level = next(one for one in system.levels if one.id == step.level)
    asked: Node | None = level.entrance
    if step.kind == KEPT:
        asked = level.maintenance.requires if level.maintenance else None
    return asked is None or holds(asked, measures._replace(program=program), step.at)


def _moments(way: Way, measures: Measures) -> list[datetime]:
    """When something was reached: only then does more count than before.

    A maintenance that held reaches nothing: a level that it does not hold now is not entered then.
    """
    begin = way[0].at
    found = {step.at for step in way if step.kind != KEPT}
    for pages in measures.earned.values():
        found.update(row.when for row in pages.rows(Earned) if row.when >= begin)
    found.update(row.when for row in measures.purchases.rows(Purchase) if row.when >= begin)
    return sorted(found)


class _Walk:
    """The way through a tier system, gone again."""

    def __init__(self, past: Past):
        self._past = past
        self._way = sorted(past.way, key=lambda step: step.at)
        self._measures = past.measured(())
        self.held: Held | None = None
        self.rank = 0
        self.steps: list[TierStep] = []
        self.entered: set[str] = set()

    def go_to(self, moment: datetime) -> None:
        """Go on to the moment: maintenance first, then up as far as the customer was then."""
        self.keep(moment)
        reached = [step for step in self._way if step.at <= moment]
        highest = self._rank_of(reached[-1]) if reached else 0
        for step in reached:
            if step.kind == ASSIGNED and step.at == moment:
                self._put(step)
        while self.rank < highest and self._enter(reached, moment):
            pass
        while self.rank > highest:
            self._fall(reached[-1], moment)

    def keep(self, until: datetime) -> None:
        """Look at every maintenance that falls due up to and at that moment."""
        while self.held is not None and self.held.until is not None and self.held.until <= until:
            system = self._system(self.held.program_version, self.held.level)
            if system is None:
                return
            program = self._past.programs[self.held.program_version]
            judged = self._measures._replace(program=program)
            event = evaluate("", system, self.held, self.held.until, judged)
            self.held = after(self.held, event)
            self.rank = rank_held(system, {system.id: self.held})
            self.steps.append(step_of(event))

    def _enter(self, reached: Iterable[TierStep], moment: datetime) -> bool:
        """Enter the next level if its entrance holds, by the version it was entered under."""
        for step in reversed([step for step in reached if step.kind == ENTERED]):
            if self._rank_of(step) != self.rank + 1:
                continue
            program = self._past.programs[step.program_version]
            system = self._system(step.program_version, step.level)
            if system is None:
                return False
            level = system.levels[self.rank + 1]
            judged = self._measures._replace(program=program)
            if level.entrance is not None and not holds(level.entrance, judged, moment):
                return False
            until = next_evaluation(level, moment, program.time_zone)
            self._hold(ENTERED, Held(level.id, moment, until, step.program_version), self.rank + 1)
            self.entered.add(level.id)
            self._measures = self._past.measured(self.entered)
            return True
        return False

    def _put(self, step: TierStep) -> None:
        self._go(ASSIGNED, step, step.at)
        self.entered.add(step.level)
        self._measures = self._past.measured(self.entered)

    def _fall(self, step: TierStep, moment: datetime) -> None:
        """Down to where the customer was: nothing is kept longer than he had it."""
        self._go(LEFT, step, moment)

    def _go(self, kind: str, step: TierStep, moment: datetime) -> None:
        program = self._past.programs[step.program_version]
        system = self._system(step.program_version, step.level)
        until = None
        if system is not None:
            level = system.levels[rank_held(system, {system.id: Held(step.level, moment, None, 0)})]
            until = next_evaluation(level, moment, program.time_zone)
        held = Held(step.level, moment, until, step.program_version)
        self._hold(kind, held, self._rank_of(step))

    def _hold(self, kind: str, held: Held, rank: int) -> None:
        self.held, self.rank = held, rank
        version = held.program_version
        step = TierStep(kind=kind, level=held.level, at=held.since, program_version=version)
        self.steps.append(step)

    def _system(self, version: int, level: str) -> TierSystem | None:
        return system_of(self._past.programs[version], self._past.system_id, level)

    def _rank_of(self, step: TierStep) -> int:
        system = self._system(step.program_version, step.level)
        if system is None:
            return 0
        return [level.id for level in system.levels].index(step.level)
