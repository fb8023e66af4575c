"""Which rules give what for a sale or a customer event: the claims, and the best of rivals."""

from typing import Any

from loyalty_ledger.domain.basket import Share
from loyalty_ledger.domain.claims import Claim
from loyalty_ledger.domain.granting import Granting
from loyalty_ledger.domain.owed import Qualifying
from loyalty_ledger.domain.requiring import Requiring
from loyalty_ledger.domain.rules import EarningRule, Member


def grant(
    candidates: list[tuple[EarningRule, Qualifying]],
    member: Member,
    share: Share,
    requiring: Requiring,
) -> None:
    """Grant first what asks nothing of the past, then what is judged after these awards."""
    patient = {
        rule.definition.exclusive_group or rule.reference
        for rule, _ in candidates
        if rule.definition.when.requires is not None
    }
    for late in (False, True):
        claims: list[tuple[EarningRule, Claim]] = []
        for rule, taken in candidates:
            group = rule.definition.exclusive_group or rule.reference
            if (group in patient) is not late:
                continue
            requires = rule.definition.when.requires
            measured = requiring.measured(rule.reference, requires) if requires else []
            if measured is not None:
                claims.append((rule, _claim(rule, taken, member, share, measured)))
        _post_best(claims, requiring.granting)


def _claim(
    rule: EarningRule,
    taken: Qualifying,
    member: Member,
    share: Share,
    measured: list[dict[str, Any]],
) -> Claim:
    return Claim(
        member.customer_id,
        rule.reference,
        rule.bundle.owed(taken, member.levels, share),
        rule.definition.limits,
        rule.limited or rule.reference.startswith("campaign:"),
        member.levels,
        taken,
        measured=measured,
    )


def _post_best(claims: list[tuple[EarningRule, Claim]], granting: Granting) -> None:
    """Post the claims; of an exclusive group only the best that no limit refuses."""
    groups: dict[str, list[Claim]] = {}
    for rule, claim in claims:
        if not claim.owed.nothing:
            group = rule.definition.exclusive_group
            groups.setdefault(f"group {group}" if group else claim.rule, []).append(claim)
    for rivals in groups.values():
        best_first = sorted(rivals, key=lambda claim: -sum(claim.owed.points.values()))
        granted = next(filter(granting.possible, best_first), None)
        if granted is not None:
            granting.post(granted)
