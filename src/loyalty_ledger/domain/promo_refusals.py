"""Why a claim with a right code gives nothing, in words: the limit that is in the way."""

from typing import Any

from loyalty_ledger.domain.claims import Claim
from loyalty_ledger.domain.events.limits import issued
from loyalty_ledger.domain.granting import Granting
from loyalty_ledger.domain.limits import Usage
from loyalty_ledger.domain.program.earning import Promotion
from loyalty_ledger.domain.reward_store import Sold, not_to_be_issued
from loyalty_ledger.domain.streams import limit, usage_of
from loyalty_ledger.domain.values import Reason, Rejected


def refusal(broken: str, owed: Claim, promotion: Promotion, granting: Granting) -> Rejected:
    """In words, the limit that refuses a claim: its own, of an offer, of a source, or of a code."""
    kind, _, rest = broken.partition(":")
    name, _, which = rest.partition(":")
    match kind:
        case "offer":
            return _not_issued(name, owed, granting)
        case "source":
            message = f"point source {name} has given what it may: its limit {which} is reached"
            return _not_available(message, source=name, limit=which)
        case "code":
            over = "its time is over" if which == "expired" else "its total of claims is reached"
            message = f"no code of {name} can be drawn: {over}"
            return _not_available(message, promotion=name, limit=which)
    most = promotion.per_customer if broken == "per_customer" else promotion.total
    whom = "by one customer" if broken == "per_customer" else "in all"
    times = "once" if most == 1 else f"{most} times"
    return Rejected(
        Reason.LIMIT_REACHED,
        f"{promotion.id} can be claimed {times} {whom}: 0 left",
        {"limit": broken, "left": 0},
    )


def _not_issued(name: str, owed: Claim, granting: Granting) -> Rejected:
    subject, program = issued(name), granting.case.rulebook.program
    usage: Usage = granting.draft.state(usage_of(owed.customer_id))
    so_far = Sold(
        issued_to_me=usage.of(subject).times,
        issued_in_all=granting.draft.state(limit(subject)).times,
    )
    wanted = owed.owed.offers.count(name)
    definition, at = program.offer(name), granting.case.at
    for obstacle in not_to_be_issued(definition, so_far, at, program, wanted):
        return _not_available(obstacle.message, offer=name, **obstacle.details)
    return _not_available(f"{name} cannot be issued now", offer=name)


def nothing_left(granting: Granting) -> Rejected:
    """Accounts are full, or the promotion gives nothing to customers of this level."""
    full = list(dict.fromkeys(cut.limit.partition(":")[2] for cut in granting.cuts))
    if not full:
        return _not_available("the promotion gives this customer nothing")
    message = f"no more points fit into {' and '.join(full)}: the maximum balance is reached"
    return _not_available(message, limit="maximum_balance", accounts=full)


def _not_available(message: str, **details: Any) -> Rejected:
    return Rejected(Reason.NOT_AVAILABLE, message, details)
