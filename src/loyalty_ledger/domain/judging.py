"""What a sale or a customer event comes to: the facts it is judged by, and the grants."""

from datetime import datetime
from typing import Any

from loyalty_ledger.domain import upkeep
from loyalty_ledger.domain.arrivals import Arrived, Knowledge
from loyalty_ledger.domain.basket import Share, net_lines, shares
from loyalty_ledger.domain.customer import Customer
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.sales import CustomerEventReceived, TransactionReceived
from loyalty_ledger.domain.events.settlement import (
    CustomerEventSettled,
    JudgedCustomer,
    JudgedLine,
    PurchaseCounted,
    TransactionSettled,
)
from loyalty_ledger.domain.granting import Case, Claim, Granting
from loyalty_ledger.domain.levels import level_names
from loyalty_ledger.domain.owed import NO_LINES, Qualifying
from loyalty_ledger.domain.progress import holds, leaves
from loyalty_ledger.domain.rules import UNKNOWN_ITEM, Basket, EarningRule, Member, Rulebook
from loyalty_ledger.domain.streams import customer_of, happening, sale_name, tiers_of
from loyalty_ledger.domain.transaction import Sale
from loyalty_ledger.domain.values import to_wall


def settle_sale(
    arrived: Arrived,
    version: TransactionReceived,
    knowledge: Knowledge,
    draft: Draft,
    *,
    retried: bool,
) -> None:
    """Settle the first closed version of a sale for every customer its payments name."""
    rulebook = knowledge.rulebooks[version.program_version]
    state: Sale = draft.state(arrived.stream)
    case = Case(
        rulebook,
        knowledge.programs,
        version.catalog_version,
        state.sale_time(version),
        arrived.cause,
        sale_name(version.store_id, version.transaction_id),
    )
    granting = Granting(case, draft)
    basket = _basket(version, case.at, rulebook, knowledge)
    paid = shares(version.payments)
    for share in paid:
        upkeep.bring_up_to_date(draft, share.customer_id, case.at, rulebook, knowledge.programs)
    members = [_member(share.customer_id, rulebook, draft) for share in paid]
    total = sum(line.net for line in basket.lines)
    for share, member in zip(paid, members, strict=True):
        _reward(share, member, basket, total, granting)
    for member in members:
        granting.advance_levels(member.customer_id, member.levels)
    judged = [_judged(share, member) for share, member in zip(paid, members, strict=True)]
    settled = _settled(arrived, version, basket, judged, granting, retried=retried)
    draft.emit(arrived.stream, settled, *arrived.customers)


def _settled(
    arrived: Arrived,
    version: TransactionReceived,
    basket: Basket,
    judged: list[JudgedCustomer],
    granting: Granting,
    *,
    retried: bool,
) -> TransactionSettled:
    """What the settlement came to, dated by the latest of what it did."""
    outcomes = granting.draft.outcomes
    return TransactionSettled(
        at=max([version.at, *(outcome.event.at for outcome in outcomes)]),
        store_id=version.store_id,
        transaction_id=version.transaction_id,
        version=arrived.version,
        sale_time=granting.case.at,
        total=sum([line.net for line in basket.lines]),
        program_version=version.program_version,
        catalog_version=version.catalog_version,
        customers=judged,
        lines=[
            JudgedLine(
                line_id=line.line_id,
                net=line.net,
                quantity=line.quantity,
                categories=item.categories,
                brand=item.brand,
            )
            for line, item in zip(basket.lines, basket.items, strict=True)
        ],
        grants=granting.grants,
        cuts=granting.cuts,
        flags=list(granting.draft.state(arrived.stream).flags),
        cause=arrived.cause,
        retried=retried,
    )


def _basket(
    version: TransactionReceived, at: datetime, rulebook: Rulebook, knowledge: Knowledge
) -> Basket:
    lines = net_lines(
        version.lines, version.discounts, tax_in_earning=rulebook.program.tax_in_earning
    )
    catalog = version.catalog_version
    return Basket(
        version.store_id,
        version.header.channel,
        at,
        to_wall(at, version.time_zone),
        frozenset(payment.type for payment in version.payments if payment.type is not None),
        lines,
        [knowledge.items.get((catalog, line.item_id), UNKNOWN_ITEM) for line in lines],
    )


def _member(customer_id: str, rulebook: Rulebook, draft: Draft) -> Member:
    """The customer as he is before this sale."""
    state: Customer = draft.state(customer_of(customer_id))
    levels = level_names(rulebook.program.tier_systems, draft.state(tiers_of(customer_id)).levels)
    return Member(customer_id, levels, state.opted_in, frozenset(state.tags))


def _judged(share: Share, member: Member) -> JudgedCustomer:
    return JudgedCustomer(
        customer_id=member.customer_id,
        paid=share.paid,
        paid_in_all=share.paid_in_all,
        first=share.first,
        levels=dict(member.levels),
        opted_in=member.opted_in,
        tags=sorted(member.tags),
    )


def _reward(share: Share, member: Member, basket: Basket, total: int, granting: Granting) -> None:
    """Count the purchase, then grant what the rules owe this customer for the sale."""
    case = granting.case
    granting.draft.emit(
        tiers_of(member.customer_id),
        PurchaseCounted(
            at=case.at,
            customer_id=member.customer_id,
            transaction=case.transaction,
            total=total,
            spend=total * share.paid // share.paid_in_all,
            times=int(share.first),
            counted_at=case.at,
            program_version=case.rulebook.version,
            cause=case.cause,
        ),
        member.customer_id,
    )
    taken = case.rulebook.taken(basket)
    candidates = [
        (rule, qualifying)
        for rule in case.rulebook.on_purchase
        if rule.open_to(member) and (qualifying := rule.qualifying(basket, taken)) is not None
    ]
    _grant(candidates, member, share, granting)


def _grant(
    candidates: list[tuple[EarningRule, Qualifying]],
    member: Member,
    share: Share,
    granting: Granting,
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
            measured = _measured(rule, member, granting)
            if measured is not None:
                claims.append((rule, _claim(rule, taken, member, share, measured)))
        _post_best(claims, granting)


def _measured(rule: EarningRule, member: Member, granting: Granting) -> list[dict[str, Any]] | None:
    """How the customer stands to what the rule requires; None when he does not meet it."""
    requires = rule.definition.when.requires
    if requires is None:
        return []
    draft, case = granting.draft, granting.case
    measures = upkeep.measures_of(draft, member.customer_id, case.rulebook)
    at = upkeep.latest(draft, member.customer_id, case.at)
    if not holds(requires, measures, at):
        return None
    return [leaf.as_fact() for leaf in leaves(requires, measures, at)]


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


def settle_event(
    arrived: Arrived,
    event: CustomerEventReceived,
    knowledge: Knowledge,
    draft: Draft,
    *,
    retried: bool,
) -> None:
    """Settle a customer event by the rules that it sets off."""
    rulebook = knowledge.rulebooks[event.program_version]
    case = Case(rulebook, knowledge.programs, event.catalog_version, event.at, arrived.cause)
    granting = Granting(case, draft)
    upkeep.bring_up_to_date(draft, event.customer_id, event.at, rulebook, knowledge.programs)
    member = _member(event.customer_id, rulebook, draft)
    wall = to_wall(event.at, rulebook.program.time_zone)
    candidates = [
        (rule, NO_LINES)
        for rule in rulebook.on_event(event.event)
        if rule.open_to(member) and rule.runs_at(event.at, wall)
    ]
    whole = Share(event.customer_id, 1, 1, True)
    _grant(candidates, member, whole, granting)
    granting.advance_levels(event.customer_id, member.levels)
    settled = CustomerEventSettled(
        at=max([event.at, *(outcome.event.at for outcome in draft.outcomes)]),
        customer_id=event.customer_id,
        customer=_judged(whole, member),
        event=event.event,
        event_id=event.event_id,
        program_version=event.program_version,
        catalog_version=event.catalog_version,
        grants=granting.grants,
        cuts=granting.cuts,
        cause=arrived.cause,
        retried=retried,
    )
    draft.emit(happening(event.customer_id, event.event_id), settled, event.customer_id)
