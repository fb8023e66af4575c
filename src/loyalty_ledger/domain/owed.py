"""What a rule's outcomes owe for the lines it took: exact, and floored once per account."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from loyalty_ledger.domain.basket import Share
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.program.outcomes import (
    Award,
    AwardOutcome,
    CodeOutcome,
    IssueOutcome,
    Outcome,
)


class Qualifying(NamedTuple):
    """The lines a rule takes, their money, and their quantity where the rule asks for it."""

    line_ids: list[str]
    amount: int
    quantity: Decimal | None


NO_LINES = Qualifying([], 0, Decimal(0))
WHOLE = Share("", 1, 1, True)


class Owed(NamedTuple):
    """What a rule owes a customer: points by account and source, offers, codes."""

    points: dict[tuple[str, str], int]
    offers: list[str]
    codes: list[str]

    @property
    def nothing(self) -> bool:
        """Whether there is nothing to give."""
        return not (self.points or self.offers or self.codes)


class _Rate:
    """An award, ready to be worked out exactly: points per money, per quantity, or once."""

    def __init__(self, award: Award, program: Program):
        self.goes_to = (award.account, award.source)
        per = award.per_quantity
        if award.per_amount is not None:
            per = Decimal(program.minor(award.per_amount))
        self._flat = per is None
        self.by_quantity = award.per_quantity is not None
        divisor = Fraction(per or 1)
        self._points = Fraction(award.points) / divisor
        self._by_level = {
            system: {level: Fraction(points) / divisor for level, points in levels.items()}
            for system, levels in award.by_level.items()
        }

    def due(self, taken: Qualifying, levels: Mapping[str, str], share: Share) -> tuple[int, int]:
        """The exact points for the customer's share, as numerator and denominator.

        Flat awards go to who paid most.
        """
        rate = self._rate(levels)
        if self._flat:
            return (rate.numerator if share.first else 0), rate.denominator
        above, below = rate.numerator * share.paid, rate.denominator * share.paid_in_all
        if self.by_quantity and taken.quantity is not None:
            more, less = taken.quantity.as_integer_ratio()
            return above * more, below * less
        return above * taken.amount, below

    def _rate(self, levels: Mapping[str, str]) -> Fraction:
        if not self._by_level:
            return self._points
        matching = [
            rates[levels[system]]
            for system, rates in self._by_level.items()
            if levels.get(system) in rates
        ]
        return max(matching, default=self._points)


class Bundle:
    """Outcomes that are given together."""

    def __init__(self, outcomes: Iterable[Outcome], program: Program):
        outcomes = list(outcomes)
        self._rates = [_Rate(o.award, program) for o in outcomes if isinstance(o, AwardOutcome)]
        self.by_quantity = any(rate.by_quantity for rate in self._rates)
        self._offers = [o.issue for o in outcomes if isinstance(o, IssueOutcome)]
        self._codes = [o.code for o in outcomes if isinstance(o, CodeOutcome)]

    def owed(self, taken: Qualifying, levels: Mapping[str, str], share: Share) -> Owed:
        """What is owed for these lines; floored once per account, whatever the sources."""
        points: dict[tuple[str, str], int] = {}
        exact: dict[str, tuple[int, int]] = {}
        for rate in self._rates:
            account, due = rate.goes_to[0], rate.due(taken, levels, share)
            before = exact.get(account)
            exact[account] = due if before is None else _sum(before, due)
            if whole := _floor(exact[account]) - (_floor(before) if before else 0):
                points[rate.goes_to] = points.get(rate.goes_to, 0) + whole
        if not share.first:
            return Owed(points, [], [])
        return Owed(points, self._offers, self._codes)


def _sum(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    return one[0] * other[1] + other[0] * one[1], one[1] * other[1]


def _floor(exact: tuple[int, int]) -> int:
    return exact[0] // exact[1]
