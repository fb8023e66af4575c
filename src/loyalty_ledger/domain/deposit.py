"""Giving points by hand: a grant for each line, all of one deposit."""

from datetime import datetime
from typing import NamedTuple

from loyalty_ledger.domain import upkeep
from loyalty_ledger.domain.claims import NO_LIMITS, Claim
from loyalty_ledger.domain.customer import Customer
from loyalty_ledger.domain.deposited import Deposits
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.deposits import PointsDeposited
from loyalty_ledger.domain.events.offers import Actor
from loyalty_ledger.domain.events.settlement import Grant
from loyalty_ledger.domain.granting import Granting
from loyalty_ledger.domain.leveling import advance_levels
from loyalty_ledger.domain.levels import level_names
from loyalty_ledger.domain.lots import Programs
from loyalty_ledger.domain.owed import Owed
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.rules import Rulebook
from loyalty_ledger.domain.streams import cause, customer_of, deposits_of, tiers_of
from loyalty_ledger.domain.taking_back import Case
from loyalty_ledger.domain.values import Reason, Rejected

RULE = "deposit:"
"""What the rule of a grant begins with that is a line's."""


class Line(NamedTuple):
    """Points from a source into an account."""

    source: str
    account: str
    points: int


class Deposit:
    """Points being given to a customer by somebody, line by line."""

    def __init__(
        self,
        customer_id: str,
        at: datetime,
        by: Actor,
        rulebook: Rulebook,
        programs: Programs,
        draft: Draft,
    ):
        """Rejected while a sale of the customer waits."""
        self._number, self._granting = by_hand(customer_id, at, rulebook, programs, draft)
        self._customer_id, self._at, self._by = customer_id, at, by
        held = draft.state(tiers_of(customer_id)).levels
        self._levels = level_names(rulebook.program.tier_systems, held)

    def give(self, line: Line) -> Grant:
        """Give the points of a line; Rejected says what is in the way, and none are given."""
        granting = self._granting
        _check(line, granting.case.rulebook.program)
        owed = Owed({(line.account, line.source): line.points}, [], [])
        rule = f"{RULE}{line.source}/{line.account}"
        claim = Claim(self._customer_id, rule, owed, NO_LIMITS, False, self._levels)
        before = len(granting.grants)
        if not granting.possible(claim):
            raise Rejected(
                Reason.LIMIT_REACHED,
                f"point source {line.source} has given what it may",
                {"limit": granting.cuts[-1].limit, "source": line.source},
            )
        granting.post(claim)
        if len(granting.grants) == before:
            raise Rejected(
                Reason.LIMIT_REACHED,
                f"no more points fit into {line.account}: its maximum balance is reached",
                {"limit": "maximum_balance", "accounts": [line.account]},
            )
        return granting.grants[-1]

    def done(self) -> PointsDeposited | None:
        """Record what was given, if anything was. Levels are worked out after it."""
        granting, draft = self._granting, self._granting.draft
        if not granting.grants:
            return None
        advance_levels(granting, self._customer_id, self._levels)
        event = PointsDeposited(
            at=max([self._at, *(outcome.event.at for outcome in draft.outcomes)]),
            customer_id=self._customer_id,
            number=self._number,
            by=self._by,
            levels=dict(self._levels),
            program_version=granting.case.rulebook.version,
            grants=granting.grants,
            cuts=granting.cuts,
        )
        draft.emit(deposits_of(self._customer_id), event, self._customer_id)
        return event


def by_hand(
    customer_id: str, at: datetime, rulebook: Rulebook, programs: Programs, draft: Draft
) -> tuple[int, Granting]:
    """What giving something by hand begins with: its number, and what is granted by it.

    What fell due before is recorded first. Rejected while a sale of the customer waits.
    """
    customer: Customer = draft.state(customer_of(customer_id))
    if customer.waiting:
        raise Rejected(
            Reason.NOT_AVAILABLE,
            "a sale of this customer failed to settle: `loyalty work --retry` comes first",
        )
    upkeep.bring_up_to_date(draft, customer_id, at, rulebook, programs)
    made: Deposits = draft.state(deposits_of(customer_id))
    number = made.number + 1
    case = Case(rulebook, programs, 0, at, cause(deposits_of(customer_id), number))
    return number, Granting(case, draft)


def _check(line: Line, program: Program) -> None:
    sources = {one.id: one for one in program.point_sources}
    if line.source not in sources:
        known = ", ".join(sources)
        raise Rejected(
            Reason.VALIDATION,
            f"the program has no point source {line.source!r}: there is {known}",
            {"field": "point_source_id"},
        )
    if line.account not in sources[line.source].accounts:
        taken = ", ".join(sources[line.source].accounts)
        raise Rejected(
            Reason.VALIDATION,
            f"point source {line.source} gives into {taken}, not into {line.account!r}",
            {"field": "point_account_id"},
        )
