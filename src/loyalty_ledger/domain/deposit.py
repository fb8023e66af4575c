"""Giving points by hand: one grant for each source and account, all of them or none."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from loyalty_ledger.domain import upkeep
from loyalty_ledger.domain.claims import NO_LIMITS, Claim
from loyalty_ledger.domain.customer import Customer
from loyalty_ledger.domain.deposited import Deposits
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.deposits import PointsDeposited
from loyalty_ledger.domain.events.offers import Actor
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
"""What the rule of a grant begins with that is a line's; the others are of levels."""


class Line(NamedTuple):
    """Points from a source into an account."""

    source: str
    account: str
    points: int


class Deposit(NamedTuple):
    """What is to be given to a customer, when, and by whom."""

    customer_id: str
    lines: Sequence[Line]
    at: datetime
    by: Actor


def deposit(ask: Deposit, rulebook: Rulebook, programs: Programs, draft: Draft) -> PointsDeposited:
    """Give the points; Rejected says what is in the way. Levels are worked out after."""
    number, granting = by_hand(ask.customer_id, ask.at, rulebook, programs, draft)
    held = draft.state(tiers_of(ask.customer_id)).levels
    levels = level_names(rulebook.program.tier_systems, held)
    for line in ask.lines:
        _give(line, ask, levels, granting)
    advance_levels(granting, ask.customer_id, levels)
    event = PointsDeposited(
        at=max([ask.at, *(outcome.event.at for outcome in draft.outcomes)]),
        customer_id=ask.customer_id,
        number=number,
        by=ask.by,
        levels=dict(levels),
        program_version=rulebook.version,
        grants=granting.grants,
        cuts=granting.cuts,
    )
    draft.emit(deposits_of(ask.customer_id), event, ask.customer_id)
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


def _give(line: Line, ask: Deposit, levels: dict[str, str], granting: Granting) -> None:
    _check(line, granting.case.rulebook.program)
    owed = Owed({(line.account, line.source): line.points}, [], [])
    rule = f"{RULE}{line.source}/{line.account}"
    claim = Claim(ask.customer_id, rule, owed, NO_LIMITS, False, levels)
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
