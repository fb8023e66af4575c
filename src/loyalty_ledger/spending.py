"""Points that are spent on request: at a till, in an app, by an employee."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from loyalty_ledger.asking import check_may_ask, rulebook_in_force, settled_first_if_lost
from loyalty_ledger.deciding import Reading, decide
from loyalty_ledger.domain import spending
from loyalty_ledger.domain.configuration import Stores
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.points import PointsSpent
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.rules import Rulebook
from loyalty_ledger.domain.streams import STORES, customer_of, sale, wallet_of
from loyalty_ledger.domain.values import Rejected
from loyalty_ledger.settlement import Settlement
from loyalty_ledger.states import States
from loyalty_ledger.store.log import Answer


class SpendLine(NamedTuple):
    """One of several spends. Lines of a lower `rank` come first; `line_id` tells a repeat.

    `kind` of the reference is the caller's own, and only told back.
    """

    points: int
    accounts: tuple[str, ...] = ()
    sale_of: tuple[str, str] | None = None
    reference: str = ""
    line_id: str = ""
    rank: int = 0
    kind: str = ""


class SpentLine(NamedTuple):
    """What became of a line: what was spent, why nothing was, or that it had been done before."""

    line: SpendLine
    spent: list[PointsSpent]
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
        id was used before is not done again.
        """
        at = self._clock()
        in_order = sorted(range(len(lines)), key=lambda place: (lines[place].rank, place))

        def decision(reading: Reading) -> tuple[Draft, Spent]:
            rulebook = rulebook_in_force(self._settlement, reading)
            reading.get([customer_of(customer_id), wallet_of(customer_id)])
            check_may_ask(customer_id, reading)
            reading.get([STORES, *(sale(*one.sale_of) for one in lines if one.sale_of)])
            keys = {("spend", customer_id, one.line_id) for one in lines if one.line_id}
            done = reading.answered(keys)
            draft = reading.draft()
            came: dict[int, SpentLine] = {}
            for place in in_order:
                line = lines[place]
                key = ("spend", customer_id, line.line_id)
                if key in done:
                    came[place] = SpentLine(line, [], repeated=True)
                    continue
                came[place] = self._spend_line(customer_id, line, at, rulebook, draft)
                refusal = came[place].refusal
                if refusal is not None and not partly:
                    raise refusal
                if refusal is None and line.line_id:
                    reading.answers.append(Answer(*key, "", b""))
                    done[key] = reading.answers[-1]
            settled_first_if_lost(customer_id, draft, self._settlement, reading)
            told = [came[place] for place in range(len(lines))]
            return draft, self._spent(customer_id, told, at, rulebook, draft)

        return decide(self._states, decision, self._settlement.settle_all)

    def _spent(
        self,
        customer_id: str,
        lines: list[SpentLine],
        at: datetime,
        rulebook: Rulebook,
        draft: Draft,
    ) -> Spent:
        program, programs = rulebook.program, self._settlement.programs
        left = spending.left(customer_id, program, at, programs, draft)
        return Spent(customer_id, lines, left, program)

    def _spend_line(
        self, customer_id: str, line: SpendLine, at: datetime, rulebook: Rulebook, draft: Draft
    ) -> SpentLine:
        ask = spending.Spend(
            customer_id, line.points, at, line.accounts, line.sale_of, line.reference
        )
        try:
            return SpentLine(line, spending.spend(ask, rulebook, self._settlement.programs, draft))
        except Rejected as refusal:
            return SpentLine(line, [], refusal)
