"""Counting what a grant takes of limits: the difference to what counts already."""

from collections.abc import Sequence
from typing import Any

from loyalty_ledger.domain.claims import Claim, by_source
from loyalty_ledger.domain.counting import count, uncount
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.settlement import PostedAward
from loyalty_ledger.domain.sale_record import Standing
from loyalty_ledger.domain.taking_back import Case


def recount(
    claim: Claim,
    before: Standing,
    awards: Sequence[PostedAward],
    case: Case,
    draft: Draft,
    *,
    granted: bool,
) -> tuple[str, ...]:
    """Count the difference, by the rule and by its sources; the subjects that count now."""
    had, has = before.points, Standing(tuple(awards)).points
    moves = {}
    if claim.counted:
        moves[claim.rule] = sum(had.values()), sum(has.values()), granted
    sources = by_source(had), by_source(has)
    for source in dict.fromkeys((*sources[1], *sources[0])):
        if source in case.rulebook.limited_sources:
            was, now = sources[0].get(source, 0), sources[1].get(source, 0)
            moves[f"source:{source}"] = was, now, now > 0
    for subject, (was, now, counts) in moves.items():
        times = int(counts) - int(before.counts(subject))
        _count(claim, subject, times, now - was, case, draft)
    return tuple(subject for subject, (_, _, counts) in moves.items() if counts)


def _count(claim: Claim, subject: str, times: int, points: int, case: Case, draft: Draft) -> None:
    """Count a subject anew, more, less or no more."""
    told: dict[str, Any] = {"at": claim.takes_hold(case), "counted_at": case.at}
    told |= {"times": abs(times), "points": abs(points), "cause": case.cause}
    in_all = 0 if subject in claim.beside else abs(times)
    if times > 0 or points > 0:
        count(draft, claim.customer_id, subject, in_all, **told)
    elif times < 0 or points < 0:
        uncount(draft, claim.customer_id, subject, in_all, **told)
