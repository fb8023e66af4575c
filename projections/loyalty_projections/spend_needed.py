"""How much a customer must spend to earn so many points, at his rate."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.program.earning import Rule, When
from loyalty_ledger.domain.program.outcomes import Award, AwardOutcome

_NO_HURDLE = {"items", "include_free_items", "minimum_spend"}
_NO_HURDLES = When().model_dump(exclude=_NO_HURDLE)


class _Rate(NamedTuple):
    """What a rule gives for each minor unit spent. Of those in a group only the best one gives."""

    group: str
    points: Fraction


def spend_needed(
    points: int, account: str, program: Program, levels: Mapping[str, str]
) -> int | None:
    """The least spend in one sale, in minor units, that earns `points` into the account.

    Counted are rules for every purchase by amount, at the levels held; items they exclude apart.
    None when no such rule gives anything.
    """
    if points <= 0:
        return 0
    rates = _rates(account, program, levels)
    if not rates:
        return None
    low, high = 0, min(-(-points // rate.points) for rate in rates)
    while low < high:
        middle = (low + high) // 2
        if _earned(middle, rates) >= points:
            high = middle
        else:
            low = middle + 1
    return low


def _earned(spend: int, rates: list[_Rate]) -> int:
    best: dict[str, int] = {}
    for rate in rates:
        best[rate.group] = max(best.get(rate.group, 0), int(rate.points * spend))
    return sum(best.values())


def _rates(account: str, program: Program, levels: Mapping[str, str]) -> list[_Rate]:
    rates = []
    for rule in program.rules:
        if _applies(rule, levels):
            points = sum(
                (
                    _rate(outcome.award, program, levels)
                    for outcome in rule.all_outcomes
                    if isinstance(outcome, AwardOutcome) and outcome.award.account == account
                ),
                Fraction(0),
            )
            if points:
                group = rule.exclusive_group
                rates.append(_Rate(f"group:{group}" if group else rule.reference, points))
    return rates


def _applies(rule: Rule, levels: Mapping[str, str]) -> bool:
    """Whether any spend earns by it: a purchase rule without hurdles, for these levels."""
    when = rule.when
    return (
        rule.event is None
        and not when.items.restrictions
        and not when.minimum_spend
        and when.model_dump(exclude=_NO_HURDLE) == _NO_HURDLES
        and all(levels.get(system) in named for system, named in rule.levels.items())
    )


def _rate(award: Award, program: Program, levels: Mapping[str, str]) -> Fraction:
    """Points for each minor unit: of the levels held the highest rate; 0 when not by amount."""
    if award.per_amount is None:
        return Fraction(0)
    matching: list[Decimal] = [
        rates[levels[system]]
        for system, rates in award.by_level.items()
        if levels.get(system) in rates
    ]
    points = max(matching, default=award.points)
    return Fraction(points) / program.minor(award.per_amount)
