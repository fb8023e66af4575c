"""What a version of a sale comes to: worked out from scratch, less what stands of those before."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from msgspec.structs import replace

from loyalty_ledger.domain import upkeep
from loyalty_ledger.domain.arrivals import Arrived, Knowledge
from loyalty_ledger.domain.basket import NetLine, Share, net_lines, shares
from loyalty_ledger.domain.claiming import grant
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.sales import Payment, TransactionReceived
from loyalty_ledger.domain.events.settlement import (
    Asked,
    GivenBack,
    JudgedCustomer,
    JudgedLine,
    NotDone,
    PurchaseCounted,
    PurchaseRecounted,
    TransactionSettled,
)
from loyalty_ledger.domain.granting import Granting
from loyalty_ledger.domain.inheriting import first_total, payments, points_asked
from loyalty_ledger.domain.leveling import advance_levels, review_levels
from loyalty_ledger.domain.membership import judged, member_of
from loyalty_ledger.domain.owed import Qualifying
from loyalty_ledger.domain.requiring import Requiring
from loyalty_ledger.domain.returning import Back, back_of, return_offers
from loyalty_ledger.domain.reviewing_inactivity import review_inactivity
from loyalty_ledger.domain.rules import UNKNOWN_ITEM, Basket, EarningRule, Member
from loyalty_ledger.domain.sale_record import TENDER, Counted, SaleRecord
from loyalty_ledger.domain.streams import sale_name, tiers_of
from loyalty_ledger.domain.taking_back import Case
from loyalty_ledger.domain.tendering import Tendering, Value, Worth
from loyalty_ledger.domain.too_late import outside_window, without_effect
from loyalty_ledger.domain.transaction import Sale
from loyalty_ledger.domain.values import to_wall
from loyalty_ledger.domain.versions import first_closed, kept_lines, last_not_open, up_to


class Judged(NamedTuple):
    """A version as it is judged: whether it `holds` (closed, not voided), its basket, its worth."""

    version: TransactionReceived
    sale: Sale
    case: Case
    holds: bool
    basket: Basket
    value: Value
    payments: Sequence[Payment]

    @property
    def kept(self) -> list[str]:
        """The lines of which something stays with the customer."""
        return [line.line_id for line in self.basket.lines if not line.gone]


def settle_sale(
    arrived: Arrived,
    version: TransactionReceived,
    knowledge: Knowledge,
    draft: Draft,
    *,
    retried: bool,
) -> None:
    """Settle a version of a sale for every customer its payments name, or once named."""
    one = _judged(arrived, version, knowledge, draft)
    if outside_window(one.case, one.sale, arrived.version, version.at):
        settled = without_effect(_settle(arrived, one, knowledge, draft.aside(), retried=retried))
    else:
        settled = _settle(arrived, one, knowledge, draft, retried=retried)
    draft.emit(arrived.stream, settled, *(who.customer_id for who in settled.customers))


def _judged(
    arrived: Arrived, version: TransactionReceived, knowledge: Knowledge, draft: Draft
) -> Judged:
    """The version with the facts it is judged by: frozen by the first one that was settled."""
    sale: Sale = draft.state(arrived.stream)
    facts = facts_of(sale.record, version)
    case = Case(
        knowledge.rulebooks[facts[0]],
        knowledge.programs,
        facts[1],
        sale.sale_time(version),
        arrived.cause,
        sale_name(version.store_id, version.transaction_id),
        arrived.dated if sale.record.first else None,
        sale.record,
    )
    holds = version.is_closed and not version.is_voided
    tax = case.rulebook.program.tax_in_earning
    lines = net_lines(version.lines, version.discounts, tax_in_earning=tax)
    value = Value(sum(line.net for line in lines), any(not line.gone for line in lines))
    if version.is_voided:
        lines, value = [], Value(0, False, holds=False)
    paid = payments(sale, arrived.version, version)
    basket = _basket(version, case, paid, lines, knowledge)
    return Judged(version, sale, case, holds, basket, value, paid)


def facts_of(record: SaleRecord, version: TransactionReceived) -> tuple[int, int]:
    """The program and catalog version that a version of a sale is judged by."""
    if record.first:
        return record.program_version, record.catalog_version
    return version.program_version, version.catalog_version


def _basket(
    version: TransactionReceived,
    case: Case,
    paid: Sequence[Payment],
    lines: Sequence[NetLine],
    knowledge: Knowledge,
) -> Basket:
    return Basket(
        version.store_id,
        version.header.channel,
        case.at,
        to_wall(case.at, version.time_zone),
        frozenset(payment.type for payment in paid if payment.type is not None),
        lines,
        [knowledge.items.get((case.catalog_version, x.item_id), UNKNOWN_ITEM) for x in lines],
    )


def _settle(
    arrived: Arrived, one: Judged, knowledge: Knowledge, draft: Draft, *, retried: bool
) -> TransactionSettled:
    """Post what the version comes to, and tell it."""
    case, rulebook = one.case, one.case.rulebook
    paid = _payers(one)
    for share in paid:
        upkeep.bring_up_to_date(draft, share.customer_id, case.now, rulebook, case.programs)
    members = [
        member_of(share.customer_id, case.at, rulebook, draft, case.record) for share in paid
    ]
    back = _give_back(arrived, one, knowledge, draft)
    granting, asked, customers = Granting(case, draft), list[Asked](), []
    rewards = [_reward(one, member) for member in members]
    granting.take_back_rest(_owed(paid, members, rewards))
    for share, member, reward in zip(paid, members, rewards, strict=True):
        counted = _count(one, share, granting)
        customers.append(judged(share, member, counted.times))
        grant(reward, member, share, Requiring(share.customer_id, counted, granting, asked))
    granting.take_back_rest()
    for customer_id in list(granting.back.losers):
        review_levels(granting, customer_id, case.now)
    for member in members:
        if member.customer_id in granting.gainers:  # a return lifts nobody
            advance_levels(granting, member.customer_id, member.levels)
    returned = (given.customer_id for given in back.given if given.how == TENDER)
    review_inactivity(draft, dict.fromkeys((*granting.back.losers, *returned)), case)
    settled = _told(arrived, one, customers, granting, retried=retried)
    flags = [*one.sale.flags, *back.flags]
    not_done = [*settled.not_done, *back.not_done]
    told = replace(
        settled, asked=asked, given_back=list(back.given), flags=flags, not_done=not_done
    )
    return replace(told, late=arrived.late)


def _payers(one: Judged) -> list[Share]:
    """Who paid, and who paid for another version."""
    record, found = one.case.record, shares(one.payments)
    named = {share.customer_id for share in found}
    return [*found, *(Share(who, 0, 1, False) for who in record.members if who not in named)]


def _give_back(arrived: Arrived, one: Judged, knowledge: Knowledge, draft: Draft) -> Back:
    """Take what the sale is paid with, give back what is no longer; and what to flag.

    This comes before awards are taken back: what is owed then is found among what came back. An
    open version moves nothing; the last one before it that was not open does, if it came late.
    """
    number = arrived.version
    if not (one.holds or one.version.is_voided):
        last = last_not_open(up_to(one.sale.known, number)) if arrived.late else None
        if last is None:
            return Back()
        number = last.number
        one = _judged(arrived._replace(version=number), last.body, knowledge, draft)
    case, program = one.case, one.case.rulebook.program
    worth = Worth(one.value, first_total(one.sale, number, program))
    tendering = Tendering(case, arrived.stream, worth, draft)
    asked = points_asked(one.sale, number, one.payments, program) if one.holds else {}
    tendering.settle(asked, case.record)
    offers: list[GivenBack | NotDone] = []
    first = first_closed(one.sale.known)
    came_first = first is not None and first.number == number  # nothing of it has come back
    if worth.first is not None and not came_first and one.sale.redeemed:
        kept = [*kept_lines(up_to(one.sale.known, number)), one.kept]
        offers = return_offers(case, one.sale, kept, draft)
    return back_of(tendering, offers)


def _count(one: Judged, share: Share, granting: Granting) -> Counted:
    """Count the purchase for the customer, or otherwise than before; how it counts."""
    case, stream = one.case, tiers_of(share.customer_id)
    total = one.value.total if one.holds else 0
    times = int(share.first and one.holds and one.value.kept)
    now = Counted(total * share.paid // share.paid_in_all, total, times)
    before = case.record.counted.get(share.customer_id)
    told: dict[str, Any] = {
        "at": case.now,
        "customer_id": share.customer_id,
        "transaction": case.transaction,
        "total": now.total,
        "spend": now.spend,
        "times": now.times,
        "counted_at": case.at,
        "program_version": case.rulebook.version,
        "cause": case.cause,
    }
    if before is None:
        granting.draft.emit(stream, PurchaseCounted(**told), share.customer_id)
        granting.gainers.add(share.customer_id)
    elif before != now:
        told |= {"was_total": before.total, "was_spend": before.spend, "was_times": before.times}
        granting.draft.emit(stream, PurchaseRecounted(**told), share.customer_id)
        if now.spend < before.spend or now.total < before.total or now.times < before.times:
            granting.back.losers[share.customer_id] = None
        if now.spend > before.spend or now.total > before.total or now.times > before.times:
            granting.gainers.add(share.customer_id)
    return now


Reward = list[tuple[EarningRule, Qualifying]]
"""The rules that a sale meets for a customer, with the lines they take."""


def _reward(one: Judged, member: Member) -> Reward:
    """What the rules may owe this customer for the sale; nothing when it does not hold."""
    if not one.holds:
        return []
    rulebook = one.case.rulebook
    taken = rulebook.taken(one.basket)
    return [
        (rule, qualifying)
        for rule in rulebook.on_purchase
        if rule.open_to(member) and (qualifying := rule.qualifying(one.basket, taken)) is not None
    ]


def _owed(
    paid: Sequence[Share], members: Sequence[Member], rewards: Sequence[Reward]
) -> set[tuple[str, str]]:
    """Customer and rule of all that may be owed: the rest makes room in limits and balances."""
    return {
        (member.customer_id, rule.reference)
        for share, member, reward in zip(paid, members, rewards, strict=True)
        for rule, taken in reward
        if not rule.bundle.owed(taken, member.levels, share).nothing
    }


def _told(
    arrived: Arrived,
    one: Judged,
    customers: list[JudgedCustomer],
    granting: Granting,
    *,
    retried: bool,
) -> TransactionSettled:
    """What the settlement came to, dated by the latest of what it did."""
    version, case, outcomes = one.version, one.case, granting.draft.outcomes
    return TransactionSettled(
        at=max([arrived.dated, *(outcome.event.at for outcome in outcomes)]),
        store_id=version.store_id,
        transaction_id=version.transaction_id,
        version=arrived.version,
        sale_time=case.at,
        total=one.value.total,
        program_version=case.rulebook.version,
        catalog_version=case.catalog_version,
        customers=customers,
        lines=[
            JudgedLine(
                line_id=line.line_id,
                net=line.net,
                quantity=line.quantity,
                categories=item.categories,
                brand=item.brand,
            )
            for line, item in zip(one.basket.lines, one.basket.items, strict=True)
        ],
        grants=granting.grants,
        cuts=granting.cuts,
        modified_time=version.at,
        payment_types=sorted(one.basket.payment_types),
        holds=one.holds,
        taken=granting.back.taken,
        not_done=granting.back.not_done,
        cause=arrived.cause,
        retried=retried,
    )
