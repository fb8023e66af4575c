"""Points and levels that somebody gives by hand: each request one decision and one commit."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple, TypeVar

import msgspec

from loyalty_ledger.asking import check_enrolled, rulebook_in_force, settled_first_if_lost
from loyalty_ledger.deciding import Reading, decide
from loyalty_ledger.domain import assigning, deposit, spending
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.base import Event
from loyalty_ledger.domain.events.offers import Actor
from loyalty_ledger.domain.events.points import PointsAwarded
from loyalty_ledger.domain.events.settlement import Grant
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.rules import Rulebook
from loyalty_ledger.domain.streams import (
    customer_of,
    deposits_of,
    limit,
    tiers_of,
    usage_of,
    wallet_of,
)
from loyalty_ledger.domain.values import Rejected
from loyalty_ledger.line_ids import LineId, LineIds
from loyalty_ledger.settlement import Settlement
from loyalty_ledger.states import States

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
    """What a line gave, when, and what could be spent of its account after the whole request.

    If it is `repeated` that is as at first; what was `left` is None where an earlier version kept
    it not. Of one that was refused nothing is told but why.
    """

    line: DepositLine
    points: int = 0
    at: datetime | None = None
    left: int | None = None
    refusal: Rejected | None = None
    repeated: bool = False


class Deposited(NamedTuple):
    """What became of several deposits, in their order; `left` is what can be spent after them.

    `program` is the one that they were made under.
    """

    customer_id: str
    lines: list[DepositedLine]
    left: dict[str, int]
    program: Program


class Depositing:
    """Gives points and levels by hand."""

    def __init__(self, states: States, settlement: Settlement, clock: Callable[[], datetime]):
        self._states = states
        self._settlement = settlement
        self._clock = clock

    def deposit(
        self, customer_id: str, lines: Sequence[DepositLine], by: Actor, *, partly: bool = False
    ) -> Deposited:
        """Give the points of all lines, in one commit; what became of each, in their order.

        Rejected when one of them cannot be given, unless `partly`: then the others are. A line
        whose id was used before is not done again: it is told as at first, or refused if it is
        another.
        """
        at = self._clock()

        def give(rulebook: Rulebook, draft: Draft, reading: Reading) -> Deposited:
            ids = LineIds("deposit", customer_id, [one.line_id for one in lines], reading)
            programs = self._settlement.programs
            began = partial(deposit.Deposit, customer_id, at, by, rulebook, programs, draft)
            doing = _Doing(began, draft, ids, partly)
            came = [doing.line(one) for one in lines]
            doing.end()
            left = spending.left(customer_id, rulebook.program, at, programs, draft)
            return Deposited(customer_id, doing.told(came, left), left, rulebook.program)

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


class _Doing:
    """The lines of one request, one after the other; a deposit begins with the first new one."""

    def __init__(
        self, begin: Callable[[], deposit.Deposit], draft: Draft, ids: LineIds, partly: bool
    ):
        self._begin = begin
        self._draft = draft
        self._ids = ids
        self._partly = partly
        self._making: deposit.Deposit | None = None
        self._at: datetime | None = None
        self._new: dict[LineId, DepositedLine] = {}

    def line(self, line: DepositLine) -> DepositedLine:
        """What becomes of the next line. Rejected when it cannot be given, unless `partly`."""
        try:
            before = self._ids.before(line.line_id)
        except Rejected as refusal:
            return self._refused(line, refusal)
        if before is None:
            making = self._making = self._making or self._begin()
            try:
                return self._give(line, making)
            except Rejected as refusal:
                return self._refused(line, refusal)
        first = self._new.get(line.line_id)
        if first is not None:
            return first._replace(repeated=True)
        return DepositedLine(line, *_KEPT.decode(before.body), repeated=True)

    def _refused(self, line: DepositLine, refusal: Rejected) -> DepositedLine:
        if not self._partly:
            raise refusal
        return DepositedLine(line, refusal=refusal)

    def _give(self, line: DepositLine, making: deposit.Deposit) -> DepositedLine:
        grant = making.give(line.gives)
        self._ids.done(line.line_id)
        self._ids.name(line.line_id, self._draft, partial(_is_of, grant))
        done = DepositedLine(line, sum(award.points for award in grant.awards))
        if line.line_id.name:
            self._new[line.line_id] = done
        return done

    def end(self) -> None:
        """Nothing more is given."""
        event = self._making.done() if self._making is not None else None
        self._at = event.at if event is not None else None

    def told(self, lines: Sequence[DepositedLine], left: Mapping[str, int]) -> list[DepositedLine]:
        """What is told of all of them, once they are done; kept of those done now."""

        def whole(one: DepositedLine) -> DepositedLine:
            if one.at is not None or one.refusal is not None:
                return one
            return one._replace(at=self._at, left=left[one.line.gives.account])

        for line_id, one in self._new.items():
            told = whole(one)
            self._ids.keep(line_id, msgspec.json.encode((told.points, told.at, told.left)))
        return [whole(one) for one in lines]


def _is_of(grant: Grant, event: Event) -> bool:
    return isinstance(event, PointsAwarded) and event.rule == grant.rule and event.lot in grant.lots


class _Kept(NamedTuple):
    points: int
    at: datetime
    left: int | None = None


_KEPT = msgspec.json.Decoder(_Kept)
