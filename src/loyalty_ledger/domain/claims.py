"""What a rule owes a customer, and the limits that may refuse it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from loyalty_ledger.domain import limits
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.limits import issued as issued_subject
from loyalty_ledger.domain.issuing import unissuable
from loyalty_ledger.domain.owed import Owed, Qualifying
from loyalty_ledger.domain.program.earning import Limits, Promotion
from loyalty_ledger.domain.program.offers import Offer
from loyalty_ledger.domain.sale_record import Standing
from loyalty_ledger.domain.streams import limit, usage_of
from loyalty_ledger.domain.taking_back import Case


class Claim(NamedTuple):
    """What a rule owes a customer, and what that was judged by.

    `beside` are the subjects that the sale counts for already by the share of somebody else: what
    a rule gives for one sale is one grant, however many pay.
    """

    customer_id: str
    rule: str
    owed: Owed
    limits: Limits
    counted: bool
    levels: Mapping[str, str]
    taken: Qualifying | None = None
    not_before: datetime | None = None
    measured: list[dict[str, Any]] = []
    beside: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """The customer and the rule."""
        return self.customer_id, self.rule

    def takes_hold(self, case: Case) -> datetime:
        """The business time, or that of the level that gives it, if that is later."""
        return max(case.now, self.not_before or case.now)


NO_LIMITS = Limits()


def refusal(claim: Claim, before: Standing, case: Case, draft: Draft) -> str | None:
    """The name of the limit that keeps what is owed from being granted; None when none does.

    `before` is what stands of the grant: only what it lacks is asked for.
    """
    owed, program = claim.owed, case.rulebook.program
    more = sum(owed.points.values()) - sum(before.points.values())
    broken = _broken(claim, claim.rule, claim.limits, before, more, case, draft)
    if broken is not None:
        return broken
    if limited := case.rulebook.limited_sources:
        stands = by_source(before.points)
        for source, amount in by_source(owed.points).items():
            if source in limited:
                allowed, more = program.source(source).limits, amount
                more -= stands.get(source, 0)
                broken = _broken(claim, f"source:{source}", allowed, before, more, case, draft)
                if broken is not None:
                    return f"source:{source}:{broken}"
    for name, times in Counter(missing(owed.offers, before.offers)).items():
        broken = _unissuable(claim, program.offer(name), times, case, draft)
        if broken is not None:
            return f"offer:{name}:{broken}"
    for name in missing(owed.codes, before.codes):
        broken = _useless(program.promotions_by_id[name], case, draft)
        if broken is not None:
            return f"code:{name}:{broken}"
    return None


def _useless(promotion: Promotion, case: Case, draft: Draft) -> str | None:
    """Why a code of the promotion could never be claimed, by name; None when it could."""
    if not case.rulebook.program.includes(None, promotion.ends, case.at):
        return "expired"
    claims: limits.Count = draft.state(limit(promotion.reference))
    return "total" if promotion.total is not None and claims.times >= promotion.total else None


def room_left(refused: str, claim: Claim, case: Case, draft: Draft) -> int:
    """The points that the limit had room for when it refused the claim; 0 for a count."""
    allowed, subject = claim.limits, claim.rule
    sources = {source for _, source in claim.owed.points}
    if refused.startswith("source:") and len(sources) == 1:
        (source,) = sources
        allowed, subject = case.rulebook.program.source(source).limits, f"source:{source}"
    if not refused.endswith("points") or allowed.points is None:
        return 0
    return max(0, allowed.points - int(draft.state(limit(subject)).points))


def _broken(
    claim: Claim,
    subject: str,
    allowed: Limits,
    before: Standing,
    points: int,
    case: Case,
    draft: Draft,
) -> str | None:
    new = not before.counts(subject)
    if allowed.unlimited or not (new or points > 0):
        return None
    usage: limits.Usage = draft.state(usage_of(claim.customer_id))
    return limits.refusal(
        allowed,
        usage.of(subject),
        draft.state(limit(subject)),
        case.at,
        case.rulebook.program.time_zone,
        times=int(new),
        in_all=int(new and subject not in claim.beside),
        points=points,
    )


def _unissuable(
    claim: Claim, definition: Offer, times: int, case: Case, draft: Draft
) -> str | None:
    subject = issued_subject(definition.id)
    usage: limits.Usage = draft.state(usage_of(claim.customer_id))
    everybodys: limits.Count = draft.state(limit(subject))
    return unissuable(
        definition,
        case.rulebook.program,
        case.at,
        mine=usage.of(subject).times,
        everybodys=everybodys.times,
        more=times,
    )


def by_source(points: Mapping[tuple[str, str], int]) -> dict[str, int]:
    """Points by point source; a grant counts once for each source it takes from."""
    sums: dict[str, int] = {}
    for (_, source), amount in points.items():
        sums[source] = sums.get(source, 0) + amount
    return sums


def missing(owed: Sequence[str], stands: Mapping[str, str]) -> list[str]:
    """The offers or codes owed, by name, that do not stand yet."""
    return [*(Counter(owed) - Counter(stands.values())).elements()]
