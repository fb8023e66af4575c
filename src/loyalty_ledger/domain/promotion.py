"""Claiming a promotion by its code: all that it gives, within every limit, or nothing.

A refusal says which limit is in the way, but of a code that gives nothing now it never says why.
"""

from datetime import datetime
from itertools import chain
from typing import NamedTuple

from loyalty_ledger.domain import upkeep, wallet
from loyalty_ledger.domain.claims import Claim
from loyalty_ledger.domain.customer import Customer
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.offers import Actor
from loyalty_ledger.domain.events.promotions import (
    PromoCodeAccepted,
    PromoCodeRefused,
    PromoCodeUsed,
    PromotionClaimed,
)
from loyalty_ledger.domain.granting import Granting
from loyalty_ledger.domain.leveling import advance_levels
from loyalty_ledger.domain.levels import level_names
from loyalty_ledger.domain.limits import Usage
from loyalty_ledger.domain.lots import Programs
from loyalty_ledger.domain.owed import NO_LINES, WHOLE, Bundle
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.program.earning import CustomerLimit, Limits, Promotion
from loyalty_ledger.domain.program.outcomes import AwardOutcome
from loyalty_ledger.domain.promo_claim import claim_id
from loyalty_ledger.domain.promo_code import PromoCode
from loyalty_ledger.domain.promo_refusals import nothing_left, refusal
from loyalty_ledger.domain.promo_tries import after_wrong, check_limiter
from loyalty_ledger.domain.rules import Rulebook, counted_by
from loyalty_ledger.domain.streams import (
    cause,
    customer_of,
    promo_code_of,
    promotion_claim,
    tiers_of,
    tries_of,
    usage_of,
    wallet_of,
)
from loyalty_ledger.domain.taking_back import Case
from loyalty_ledger.domain.values import Reason, Rejected


class Listed(NamedTuple):
    """A code of one claim that is known: its keyed hash, its promotion, and what became of it."""

    digest: str
    promotion: str
    code: PromoCode = PromoCode()


class Entry(NamedTuple):
    """A customer entered a code. `at` is when.

    `digest` is its keyed hash; `listed` what is known of it where it is a code of one claim.
    """

    customer_id: str
    code: str
    at: datetime
    by: Actor
    digest: str = ""
    listed: Listed | None = None


class Wrong(NamedTuple):
    """Why nothing can be claimed with a code: unknown, used, withdrawn, not_yet or expired."""

    why: str
    promotion: str = ""


def entered(program: Program, entry: Entry) -> Promotion | Wrong:
    """The promotion whose code was entered, if it can be claimed with it now.

    Of a multi-use code spaces around it and its case do not matter.
    """
    listed = entry.listed
    if listed is not None:
        found = [one for one in program.promotions if one.id == listed.promotion]
    else:
        typed = _plain(entry.code)
        codes = (one for one in program.promotions if one.kind == "multi_use")
        found = [one for one in codes if one.code is not None and _plain(one.code) == typed]
    if listed is not None and (listed.code.claim_id or listed.code.withdrawn):
        return Wrong("used" if listed.code.claim_id else "withdrawn", listed.promotion)
    for promotion in found:
        if program.includes(promotion.starts, promotion.ends, entry.at):
            return promotion
        early = not program.includes(promotion.starts, None, entry.at)
        return Wrong("not_yet" if early else "expired", promotion.id)
    return Wrong("expired", listed.promotion) if listed is not None else Wrong("unknown")


def _plain(code: str) -> str:
    return code.strip().casefold()


def refuse(entry: Entry, wrong: Wrong, rulebook: Rulebook, draft: Draft) -> Rejected:
    """Record a wrong try; the one answer to all of them, which never says why."""
    stream = tries_of(entry.customer_id)
    after = after_wrong(draft.state(stream), rulebook.program, entry.at)
    event = PromoCodeRefused(
        at=entry.at,
        customer_id=entry.customer_id,
        digest=entry.digest,
        why=wrong.why,
        promotion=wrong.promotion,
        in_a_row=after.in_a_row,
        in_all=after.in_all,
        locked_until=after.locked_until,
        entered_at=entry.at,
        by=entry.by,
        program_version=rulebook.version,
    )
    draft.emit(stream, event, entry.customer_id)
    return Rejected(Reason.PROMOTION_NOT_AVAILABLE, "nothing can be claimed with this code now")


def subjects(promotion: Promotion, rulebook: Rulebook) -> list[str]:
    """Everything that a claim may count over all customers, levels entered by it included."""
    systems = rulebook.program.tier_systems
    entries = (level.on_entry for system in systems for level in system.levels)
    given = [*promotion.outcomes, *chain(*entries)]
    awards = [one.award for one in given if isinstance(one, AwardOutcome)]
    sources = [f"source:{one.source}" for one in awards if one.source in rulebook.limited_sources]
    counted = counted_by(given, rulebook.program)
    return list(dict.fromkeys((promotion.reference, *sources, *counted)))


def claim(
    entry: Entry, promotion: Promotion, rulebook: Rulebook, programs: Programs, draft: Draft
) -> PromotionClaimed:
    """Grant the promotion to the customer; Rejected says what is in the way.

    What time has done to him is recorded before, and the levels he reaches by it after. Levels of
    a customer with a sale that failed to settle wait for that sale.
    """
    customer_id = entry.customer_id
    check_limiter(draft.state(tries_of(customer_id)), rulebook.program, entry.at)
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
    _note_use(entry, event, draft)
    return event


def _note_use(entry: Entry, event: PromotionClaimed, draft: Draft) -> None:
    """The code was right, and one of one claim is used up."""
    told = {"customer_id": event.customer_id, "promotion": event.promotion}
    accepted = PromoCodeAccepted(at=event.at, claim_id=event.claim_id, entered_at=entry.at, **told)
    draft.emit(tries_of(event.customer_id), accepted, event.customer_id)
    if event.digest:
        code = entry.listed.code if entry.listed else PromoCode()
        used = PromoCodeUsed(
            at=event.at,
            digest=event.digest,
            claim_id=event.claim_id,
            drawn_for=code.drawn_for,
            **told,
        )
        owners = dict.fromkeys(filter(None, (event.customer_id, code.drawn_for)))
        draft.emit(promo_code_of(event.digest), used, *owners)


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
        raise refusal(granting.cuts[-1].limit, owed, promotion, granting)
    granting.post(owed)
    if not granting.grants:
        raise nothing_left(granting)


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
        digest=entry.listed.digest if entry.listed else "",
        claimed_at=entry.at,
        by=entry.by,
        levels=dict(owed.levels),
        program_version=granting.case.rulebook.version,
        grants=granting.grants,
        cuts=granting.cuts,
    )
