"""Claiming a promotion by its code: all that it gives, within every limit, or nothing.

A refusal says which limit is in the way, but of a code that gives nothing now it never says why.
"""

from collections.abc import Iterable
from datetime import datetime
from itertools import chain
from typing import Any, NamedTuple

from loyalty_ledger.domain import upkeep, wallet
from loyalty_ledger.domain.claims import Claim
from loyalty_ledger.domain.customer import Customer
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.limits import issued
from loyalty_ledger.domain.events.offers import Actor
from loyalty_ledger.domain.events.promotions import PromotionClaimed
from loyalty_ledger.domain.granting import Granting
from loyalty_ledger.domain.leveling import advance_levels
from loyalty_ledger.domain.levels import level_names
from loyalty_ledger.domain.limits import Usage
from loyalty_ledger.domain.lots import Programs
from loyalty_ledger.domain.owed import NO_LINES, WHOLE, Bundle
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.program.earning import CustomerLimit, Limits, Promotion
from loyalty_ledger.domain.program.outcomes import AwardOutcome, IssueOutcome, Outcome
from loyalty_ledger.domain.promo_claim import claim_id
from loyalty_ledger.domain.reward_store import Sold, not_to_be_issued
from loyalty_ledger.domain.rules import Rulebook
from loyalty_ledger.domain.streams import (
    cause,
    customer_of,
    limit,
    promotion_claim,
    tiers_of,
    usage_of,
    wallet_of,
)
from loyalty_ledger.domain.taking_back import Case
from loyalty_ledger.domain.values import Reason, Rejected


class Entry(NamedTuple):
    """A customer entered a code. `at` is when."""

    customer_id: str
    code: str
    at: datetime
    by: Actor


def entered(program: Program, entry: Entry) -> Promotion:
    """The promotion whose code was entered. Spaces around it and its case do not matter.

    Rejected in one and the same way whether there is none, or it is not on yet, or no longer.
    """
    typed = _plain(entry.code)
    for promotion in program.promotions:
        if promotion.kind != "multi_use" or promotion.code is None:
            continue
        if _plain(promotion.code) != typed:
            continue
        if program.includes(promotion.starts, promotion.ends, entry.at):
            return promotion
    raise Rejected(Reason.PROMOTION_NOT_AVAILABLE, "nothing can be claimed with this code now")


def _plain(code: str) -> str:
    return code.strip().casefold()


def subjects(promotion: Promotion, rulebook: Rulebook) -> list[str]:
    """Everything that a claim may count over all customers, levels entered by it included."""
    systems = rulebook.program.tier_systems
    entries = (level.on_entry for system in systems for level in system.levels)
    counted = _counted(chain(promotion.outcomes, *entries), rulebook)
    return list(dict.fromkeys((promotion.reference, *counted)))


def _counted(outcomes: Iterable[Outcome], rulebook: Rulebook) -> Iterable[str]:
    for outcome in outcomes:
        match outcome:
            case IssueOutcome():
                yield issued(outcome.issue)
            case AwardOutcome() if outcome.award.source in rulebook.limited_sources:
                yield f"source:{outcome.award.source}"


def claim(
    entry: Entry, promotion: Promotion, rulebook: Rulebook, programs: Programs, draft: Draft
) -> PromotionClaimed:
    """Grant the promotion to the customer; Rejected says what is in the way.

    What time has done to him is recorded before, and the levels he reaches by it after. Levels of
    a customer with a sale that failed to settle wait for that sale.
    """
    customer_id = entry.customer_id
    frozen = _waits(customer_id, draft)
    if frozen:
        _let_points_fall_due(entry, programs, draft)
    else:
        upkeep.bring_up_to_date(draft, customer_id, entry.at, rulebook, programs)
    usage: Usage = draft.state(usage_of(customer_id))
    number = usage.of(promotion.reference).times + 1
    stream = promotion_claim(claim_id(customer_id, promotion.id, number))
    granting = Granting(Case(rulebook, programs, 0, entry.at, cause(stream, 1)), draft)
    owed = _owed(entry, promotion, rulebook, draft)
    _grant(owed, promotion, granting)
    if not frozen:
        advance_levels(granting, customer_id, owed.levels)
    event = _claimed(entry, promotion, number, owed, granting)
    draft.emit(stream, event, customer_id)
    return event


def _waits(customer_id: str, draft: Draft) -> bool:
    customer: Customer = draft.state(customer_of(customer_id))
    return bool(customer.waiting)


def _let_points_fall_due(entry: Entry, programs: Programs, draft: Draft) -> None:
    stream = wallet_of(entry.customer_id)
    elapse = wallet.Elapse(entry.customer_id, entry.at, programs)
    for event in wallet.fall_due(elapse, draft.state(stream)):
        draft.emit(stream, event, entry.customer_id)


def _owed(entry: Entry, promotion: Promotion, rulebook: Rulebook, draft: Draft) -> Claim:
    """What the promotion owes the customer, at the levels he holds."""
    program, held = rulebook.program, draft.state(tiers_of(entry.customer_id)).levels
    levels = level_names(program.tier_systems, held)
    owed = Bundle(promotion.outcomes, program).owed(NO_LINES, levels, WHOLE)
    each = promotion.per_customer
    allowed = Limits(
        per_customer=None if each is None else CustomerLimit(times=each), total=promotion.total
    )
    return Claim(entry.customer_id, promotion.reference, owed, allowed, True, levels)


def _grant(owed: Claim, promotion: Promotion, granting: Granting) -> None:
    """Post all that is owed; Rejected when a limit refuses it, or nothing of it is left."""
    if not granting.possible(owed):
        raise _refusal(granting.cuts[-1].limit, owed, promotion, granting)
    granting.post(owed)
    if not granting.grants:
        raise _nothing_left(granting)


def _claimed(
    entry: Entry, promotion: Promotion, number: int, owed: Claim, granting: Granting
) -> PromotionClaimed:
    """What the claim came to, dated by the latest of what it did."""
    return PromotionClaimed(
        at=max([entry.at, *(outcome.event.at for outcome in granting.draft.outcomes)]),
        customer_id=entry.customer_id,
        claim_id=claim_id(entry.customer_id, promotion.id, number),
        promotion=promotion.id,
        number=number,
        code=promotion.code or "",
        claimed_at=entry.at,
        by=entry.by,
        levels=dict(owed.levels),
        program_version=granting.case.rulebook.version,
        grants=granting.grants,
        cuts=granting.cuts,
    )


# --- refusals -----------------------------------------------------------------------------------


def _refusal(broken: str, owed: Claim, promotion: Promotion, granting: Granting) -> Rejected:
    """In words, the limit that refuses a claim: its own, of an offer, of a source, or no codes."""
    kind, _, rest = broken.partition(":")
    name, _, which = rest.partition(":")
    match kind:
        case "offer":
            return _not_issued(name, owed, granting)
        case "source":
            message = f"point source {name} has given what it may: its limit {which} is reached"
            return _not_available(message, source=name, limit=which)
        case "codes":
            return _not_available(f"there are no codes of {name} to draw", promotion=name)
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


def _nothing_left(granting: Granting) -> Rejected:
    """Accounts are full, or the promotion gives nothing to customers of this level."""
    full = list(dict.fromkeys(cut.limit.partition(":")[2] for cut in granting.cuts))
    if not full:
        return _not_available("the promotion gives this customer nothing")
    message = f"no more points fit into {' and '.join(full)}: the maximum balance is reached"
    return _not_available(message, limit="maximum_balance", accounts=full)


def _not_available(message: str, **details: Any) -> Rejected:
    return Rejected(Reason.NOT_AVAILABLE, message, details)
