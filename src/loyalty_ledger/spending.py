"""Points that are spent on request: at a till, in an app, by an employee."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from loyalty_ledger.asking import (
    check_enrolled,
    check_may_ask,
    rulebook_in_force,
    settled_first_if_lost,
)
from loyalty_ledger.deciding import Reading, decide
from loyalty_ledger.domain import spending
from loyalty_ledger.domain.configuration import Stores
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.points import PointsSpent
from loyalty_ledger.domain.lots import Programs
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.rules import Rulebook
from loyalty_ledger.domain.streams import STORES, customer_of, sale, wallet_of
from loyalty_ledger.domain.values import Rejected
from loyalty_ledger.line_ids import LineId, LineIds
from loyalty_ledger.settlement import Settlement
from loyalty_ledger.states import States


class SpendLine(NamedTuple):
    """One of several spends. Lines of a lower `rank` come first; its id tells a repeat.

    `sale_of` is the sale that it pays for, or why there is none; `kind` of the reference is the
    caller's own, and only told back.
    """

    points: int
    accounts: tuple[str, ...] = ()
    sale_of: tuple[str, str] | Rejected | None = None
    reference: str = ""
    line_id: LineId = LineId()
    rank: int = 0
    kind: str = ""


class Part(NamedTuple):
    """What was taken out of one account, and what could be spent of it after the whole request."""

    account: str
    points: int
    spent_at: datetime
    left: int | None = None


class SpentLine(NamedTuple):
    """What became of a line: what was spent, or why nothing was.

    If it is `repeated`, that is what was spent at first; nothing where an earlier version kept it
    not.
    """

    line: SpendLine
    parts: list[Part]
    refusal: Rejected | None = None
    repeated: bool = False


class Spent(NamedTuple):
    """What became of several spends, in their order; `left` is what can be spent after them.

    `program` is the one that they were made under.
    """

    customer_id: str
    lines: list[SpentLine]
    left: dict[str, int]
    program: Program

    @property
    def asked(self) -> set[str]:
        """The accounts that the lines would be spent from, as far as the program has them."""
        own = self.program.tender_accounts
        named = {account for one in self.lines for account in one.line.accounts or own}
        return named & self.left.keys()


class Spending:
    """Spends points, each request one decision and one commit."""

    def __init__(self, states: States, settlement: Settlement, clock: Callable[[], datetime]):
        self._states = states
        self._settlement = settlement
        self._clock = clock

    def spend(
        self,
        customer_id: str,
        points: int,
        *,
        account: str = "",
        sale_of: tuple[str, str] | None = None,
        reference: str = "",
    ) -> list[PointsSpent]:
        """Take the points, for a sale (store and id) if one is named; Rejected changes nothing."""
        accounts = (account,) if account else ()
        ask = spending.Spend(customer_id, points, self._clock(), accounts, sale_of, reference)

        def decision(reading: Reading) -> tuple[Draft, list[PointsSpent]]:
            rulebook = rulebook_in_force(self._settlement, reading)
            reading.get([customer_of(customer_id), wallet_of(customer_id)])
            check_may_ask(customer_id, reading)
            if sale_of is not None:
                stores: Stores = reading.state(STORES)
                stores.seller(sale_of[0])
                reading.get([sale(*sale_of)])
            draft = reading.draft()
            spent = spending.spend(ask, rulebook, self._settlement.programs, draft)
            settled_first_if_lost(customer_id, draft, self._settlement, reading)
            return draft, spent

        return decide(self._states, decision, self._settlement.settle_all)

    def spend_several(
        self, customer_id: str, lines: Sequence[SpendLine], *, partly: bool = False
    ) -> Spent:
        """Take the points of all lines, in one commit; what became of each, in their order.

        Rejected when one of them cannot be had, unless `partly`: then the others are. A line whose
        id was used before is not done again: it is told as at first, or refused if it is another.
        """
        at = self._clock()
        in_order = sorted(range(len(lines)), key=lambda place: (lines[place].rank, place))
        line_ids = [one.line_id for one in lines]

        def decision(reading: Reading) -> tuple[Draft, Spent]:
            rulebook = rulebook_in_force(self._settlement, reading)
            reading.get([customer_of(customer_id), wallet_of(customer_id)])
            ids = LineIds("spend", customer_id, line_ids, reading)
            check = check_enrolled if ids.all_known(line_ids) else check_may_ask
            check(customer_id, reading)
            sales = (sale(*one.sale_of) for one in lines if isinstance(one.sale_of, tuple))
            reading.get([STORES, *sales])
            draft = reading.draft()
            doing = _Doing(customer_id, at, rulebook, self._settlement.programs, draft, ids)
            came = {place: doing.line(lines[place], partly) for place in in_order}
            settled_first_if_lost(customer_id, draft, self._settlement, reading)
            return draft, doing.told([came[place] for place in range(len(lines))])

        return decide(self._states, decision, self._settlement.settle_all)


class _Doing:
    """The lines of one request, one after the other."""

    def __init__(
        self,
        customer_id: str,
        at: datetime,
        rulebook: Rulebook,
        programs: Programs,
        draft: Draft,
        ids: LineIds,
    ):
        self._customer_id = customer_id
        self._at = at
        self._rulebook = rulebook
        self._programs = programs
        self._draft = draft
        self._ids = ids
        self._new: dict[LineId, SpentLine] = {}

    def line(self, line: SpendLine, partly: bool) -> SpentLine:
        """What becomes of the next line. Rejected when it cannot be had, unless `partly`."""
        try:
            before = self._ids.before(line.line_id)
            if before is None:
                return self._spend(line)
        except Rejected as refusal:
            if not partly:
                raise
            return SpentLine(line, [], refusal)
        first = self._new.get(line.line_id)
        parts = first.parts if first else _KEPT.decode(before.body or b"[]")
        return SpentLine(line, parts, repeated=True)

    def told(self, lines: list[SpentLine]) -> Spent:
        """What is told of all of them, once they are done; kept of those done now."""
        program = self._rulebook.program
        left = spending.left(self._customer_id, program, self._at, self._programs, self._draft)

        def whole(one: SpentLine) -> SpentLine:
            parts = (
                part if part.left is not None else part._replace(left=left[part.account])
                for part in one.parts
            )
            return one._replace(parts=list(parts))

        for line_id, one in self._new.items():
            self._ids.keep(line_id, msgspec.json.encode(whole(one).parts))
        return Spent(self._customer_id, [whole(one) for one in lines], left, program)

    def _spend(self, line: SpendLine) -> SpentLine:
        if isinstance(line.sale_of, Rejected):
            raise line.sale_of
        ask = spending.Spend(
            self._customer_id, line.points, self._at, line.accounts, line.sale_of, line.reference
        )
        spent = spending.spend(ask, self._rulebook, self._programs, self._draft)
        self._ids.done(line.line_id)
        self._ids.name(line.line_id, self._draft, lambda event: any(event is x for x in spent))
        parts = [Part(event.account, event.points, event.spent_at) for event in spent]
        done = SpentLine(line, parts)
        if line.line_id.name:
            self._new[line.line_id] = done
        return done


_KEPT = msgspec.json.Decoder(list[Part])
