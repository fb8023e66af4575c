"""Points and levels that somebody gives by hand: each request one decision and one commit."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple, TypeVar

import msgspec

from loyalty_ledger.asking import check_enrolled, rulebook_in_force, settled_first_if_lost
from loyalty_ledger.deciding import Reading, decide
from loyalty_ledger.domain import assigning, deposit
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.base import Event
from loyalty_ledger.domain.events.deposits import PointsDeposited
from loyalty_ledger.domain.events.offers import Actor
from loyalty_ledger.domain.events.points import PointsAwarded
from loyalty_ledger.domain.events.settlement import Grant
from loyalty_ledger.domain.rules import Rulebook
from loyalty_ledger.domain.streams import (
    customer_of,
    deposits_of,
    limit,
    tiers_of,
    usage_of,
    wallet_of,
)
from loyalty_ledger.line_ids import LineId, LineIds
from loyalty_ledger.settlement import Settlement
from loyalty_ledger.states import States
from loyalty_ledger.store.log import Answer

T = TypeVar("T")


class Level(NamedTuple):
    """A level of a tier system; whether each one on the way is entered, and only if its entrance
    holds.
    """

    system: str
    level: str
    each: bool = False
    qualified: bool = False


class DepositLine(NamedTuple):
    """One of several deposits; its id tells a repeat."""

    gives: deposit.Line
    line_id: LineId = LineId()


class DepositedLine(NamedTuple):
    """What a line gave, and when: at first, if it is `repeated`."""

    line: DepositLine
    points: int
    at: datetime
    repeated: bool = False


class Deposited(NamedTuple):
    """What became of several deposits, in their order."""

    customer_id: str
    lines: list[DepositedLine]


class Depositing:
    """Gives points and levels by hand."""

    def __init__(self, states: States, settlement: Settlement, clock: Callable[[], datetime]):
        self._states = states
        self._settlement = settlement
        self._clock = clock

    def deposit(self, customer_id: str, lines: Sequence[DepositLine], by: Actor) -> Deposited:
        """Give the points of all lines, or none; Rejected changes nothing.

        A line whose id was used before is not done again: it is told as at first, or refused if it
        is another.
        """
        at = self._clock()

        def give(rulebook: Rulebook, draft: Draft, reading: Reading) -> Deposited:
            ids = LineIds("deposit", customer_id, [one.line_id for one in lines], reading)
            before = [_before(one, ids) for one in lines]
            new = [one for one, known in zip(lines, before, strict=True) if known is None]
            made: list[DepositedLine] = []
            if new:
                ask = deposit.Deposit(customer_id, [one.gives for one in new], at, by)
                event = deposit.deposit(ask, rulebook, self._settlement.programs, draft)
                made = _made(new, event, ids, draft)
            return Deposited(customer_id, _told(lines, before, made))

        return self._given(customer_id, give)

    def assign(self, customer_id: str, level: Level, by: Actor) -> assigning.Assigned:
        """Put the customer into a level of a tier system; Rejected changes nothing."""
        ask = assigning.Assign(
            customer_id, level.system, level.level, self._clock(), by, level.each, level.qualified
        )

        def give(rulebook: Rulebook, draft: Draft, _reading: Reading) -> assigning.Assigned:
            return assigning.assign(ask, rulebook, self._settlement.programs, draft)

        return self._given(customer_id, give)

    def _given(self, customer_id: str, give: Callable[[Rulebook, Draft, Reading], T]) -> T:
        def decision(reading: Reading) -> tuple[Draft, T]:
            rulebook = rulebook_in_force(self._settlement, reading)
            check_enrolled(customer_id, reading)
            own = (customer_of, wallet_of, tiers_of, usage_of, deposits_of)
            reading.get([*(of(customer_id) for of in own), *map(limit, rulebook.subjects)])
            draft = reading.draft()
            made = give(rulebook, draft, reading)
            settled_first_if_lost(customer_id, draft, self._settlement, reading)
            return draft, made

        return decide(self._states, decision, self._settlement.settle_all)


def _before(line: DepositLine, ids: LineIds) -> Answer | None:
    """What is kept of the line if it was done before, or stands earlier among these lines."""
    known = ids.before(line.line_id)
    if known is None:
        ids.done(line.line_id)
    return known


def _made(
    lines: Sequence[DepositLine], event: PointsDeposited, ids: LineIds, draft: Draft
) -> list[DepositedLine]:
    """What each of the lines gave: there is a grant for each, in their order, and others of levels.

    It is kept of those that have ids.
    """
    grants = (one for one in event.grants if one.rule.startswith(deposit.RULE))
    made = []
    for line, grant in zip(lines, grants, strict=True):
        points = sum(award.points for award in grant.awards)
        ids.name(line.line_id, draft, partial(_is_of, grant))
        ids.keep(line.line_id, msgspec.json.encode((points, event.at)))
        made.append(DepositedLine(line, points, event.at))
    return made


def _is_of(grant: Grant, event: Event) -> bool:
    return isinstance(event, PointsAwarded) and event.rule == grant.rule and event.lot in grant.lots


def _told(
    lines: Sequence[DepositLine], before: Sequence[Answer | None], made: Sequence[DepositedLine]
) -> list[DepositedLine]:
    """What is told of all the lines: of a repeat, what it was at first."""
    now, first = iter(made), {one.line.line_id: one for one in made}
    told = []
    for line, known in zip(lines, before, strict=True):
        if known is None:
            told.append(next(now))
        elif line.line_id in first:
            told.append(first[line.line_id]._replace(repeated=True))
        else:
            told.append(DepositedLine(line, *_KEPT.decode(known.body), repeated=True))
    return told


_KEPT = msgspec.json.Decoder(tuple[int, datetime])
