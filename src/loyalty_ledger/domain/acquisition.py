"""How a customer comes by an offer outside settlement: bought with points, or given by hand.

All of it is one decision: points spent, limits counted, the offer issued, or none of it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from loyalty_ledger.domain import levels as tier_levels
from loyalty_ledger.domain import upkeep, wallet
from loyalty_ledger.domain.counting import count
from loyalty_ledger.domain.customer import Customer
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events import limits as subjects
from loyalty_ledger.domain.events.offers import AccountSpent, Actor, OfferIssued
from loyalty_ledger.domain.issuing import Issue, issued
from loyalty_ledger.domain.limits import Count, Usage
from loyalty_ledger.domain.lots import Programs
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.program.offers import Offer, RewardStore, StoreOffer
from loyalty_ledger.domain.reward_store import Shopper, Sold, not_to_be_issued, obstacles, spendable
from loyalty_ledger.domain.rules import Rulebook
from loyalty_ledger.domain.streams import (
    cause,
    customer_of,
    limit,
    offer,
    tiers_of,
    usage_of,
    wallet_of,
)
from loyalty_ledger.domain.values import Reason, Rejected

MOST_AT_ONCE = 100
PRICE_OF = "offer:"
"""What the reference of a spend begins with that pays for an offer; its id follows."""


class Purchase(NamedTuple):
    """A customer wants so many of what a reward store sells. `at` is when it was asked.

    He pays from these `accounts` of the store, or without any from all of them.
    """

    customer_id: str
    store_offer: str
    quantity: int
    at: datetime
    by: Actor
    accounts: tuple[str, ...] = ()


class Gift(NamedTuple):
    """An employee gives a customer so many of an offer, and says why."""

    customer_id: str
    definition: str
    quantity: int
    at: datetime
    by: Actor
    why: str


def on_sale(program: Program, store_offer: str) -> tuple[RewardStore, StoreOffer]:
    """The reward store that sells it, and at what price; Rejected when none does."""
    for store in program.reward_stores:
        for sold in store.offers:
            if sold.id == store_offer:
                return store, sold
    raise Rejected(
        Reason.OFFER_NOT_FOUND,
        f"no reward store sells {store_offer!r}",
        {"sold": [sold.id for store in program.reward_stores for sold in store.offers][:100]},
    )


def buy(
    purchase: Purchase, rulebook: Rulebook, programs: Programs, draft: Draft
) -> list[OfferIssued]:
    """Spend the points and issue the offers; Rejected says what is in the way."""
    program, customer_id = rulebook.program, purchase.customer_id
    _check_quantity(purchase.quantity)
    store, sold = on_sale(program, purchase.store_offer)
    if purchase.accounts:
        store = store.model_copy(update={"point_accounts": list(purchase.accounts)})
    elapsed = wallet.Elapse(customer_id, purchase.at, programs)
    for event in wallet.fall_due(elapsed, draft.state(wallet_of(customer_id))):
        draft.emit(wallet_of(customer_id), event, customer_id)
    shopper = _shopper(purchase, rulebook, programs, draft)
    in_the_way = obstacles(
        store, sold, shopper, _sold(sold, customer_id, draft), purchase.at, program,
        purchase.quantity,
    )  # fmt: skip
    if in_the_way:
        first = in_the_way[0]
        raise Rejected(first.code, first.message, first.details)
    return [_bought(purchase, store, sold, rulebook, draft) for _ in range(purchase.quantity)]


def give(gift: Gift, rulebook: Rulebook, draft: Draft) -> list[OfferIssued]:
    """Issue the offers by hand, within their limits; Rejected says what is in the way."""
    program, customer_id = rulebook.program, gift.customer_id
    _check_quantity(gift.quantity)
    definition = program.offers_by_id.get(gift.definition)
    if definition is None:
        raise Rejected(
            Reason.OFFER_NOT_FOUND, f"the program has no offer {gift.definition!r}",
            {"offers": list(program.offers_by_id)[:100]},
        )  # fmt: skip
    subject = subjects.issued(definition.id)
    usage: Usage = draft.state(usage_of(customer_id))
    counted: Count = draft.state(limit(subject))
    issued_so_far = Sold(issued_to_me=usage.of(subject).times, issued_in_all=counted.times)
    for obstacle in not_to_be_issued(definition, issued_so_far, gift.at, program, gift.quantity):
        raise Rejected(obstacle.code, obstacle.message, obstacle.details)
    return [_given(gift, definition, rulebook, draft) for _ in range(gift.quantity)]


def _check_quantity(quantity: int) -> None:
    if not 1 <= quantity <= MOST_AT_ONCE:
        raise Rejected(
            Reason.VALIDATION, f"quantity must be 1 to {MOST_AT_ONCE}", {"field": "quantity"}
        )


def _shopper(purchase: Purchase, rulebook: Rulebook, programs: Programs, draft: Draft) -> Shopper:
    """The customer as he stands at that moment; maintenance that is due counts, recorded or not."""
    customer_id = purchase.customer_id
    customer: Customer = draft.state(customer_of(customer_id))
    held = dict(draft.state(tiers_of(customer_id)).levels)
    measures = upkeep.measures_of(draft, customer_id, rulebook)
    for event in tier_levels.maintain(customer_id, held, purchase.at, measures, programs):
        held[event.system] = tier_levels.after(held.get(event.system), event)
    holdings = draft.state(wallet_of(customer_id)).holdings
    return Shopper(
        tier_levels.level_names(rulebook.program.tier_systems, held),
        customer.tags_at(purchase.at),
        {name: holdings.account(name).available for name in holdings.accounts},
        customer.suspended,
    )


def _sold(sold: StoreOffer, customer_id: str, draft: Draft) -> Sold:
    usage: Usage = draft.state(usage_of(customer_id))
    in_all: Mapping[str, int] = {
        subject: draft.state(limit(subject)).times
        for subject in (subjects.sold(sold.id), subjects.issued(sold.offer))
    }
    return Sold(
        usage.of(subjects.sold(sold.id)).times,
        in_all[subjects.sold(sold.id)],
        usage.of(subjects.issued(sold.offer)).times,
        in_all[subjects.issued(sold.offer)],
    )


def _bought(
    purchase: Purchase, store: RewardStore, sold: StoreOffer, rulebook: Rulebook, draft: Draft
) -> OfferIssued:
    """One of them: counted, paid, issued. Its cause is what counts it."""
    customer_id, program = purchase.customer_id, rulebook.program
    because = _next_count(customer_id, draft)
    issue = Issue(
        customer_id,
        program.offer(sold.offer),
        program,
        rulebook.version,
        f"reward_store:{store.id}/{sold.id}",
        0,
        purchase.at,
        because,
        by=purchase.by,
        why="bought",
        reward_store=store.id,
        store_offer=sold.id,
        price=sold.price,
    )
    paid, latest = _pay(issue, spendable(store, program), draft)
    for subject in (subjects.sold(sold.id), subjects.issued(sold.offer)):
        count(draft, customer_id, subject, at=latest, counted_at=purchase.at, cause=because)
    event = issued(issue._replace(not_before=latest), paid)
    draft.emit(offer(issue.offer_id), event, customer_id)
    return event


def _pay(issue: Issue, accounts: list[str], draft: Draft) -> tuple[list[AccountSpent], datetime]:
    """Take the price from the accounts, what expires soonest first; and when that holds from."""
    stream = wallet_of(issue.customer_id)
    paid, latest = [], issue.at
    for account, points in wallet.split(draft.state(stream), accounts, issue.price).items():
        command = wallet.Spend(
            customer_id=issue.customer_id,
            account=account,
            points=points,
            at=issue.at,
            reference=f"{PRICE_OF}{issue.offer_id}",
            program=issue.program,
            program_version=issue.program_version,
            cause=issue.cause,
        )
        event = wallet.spend(command, draft.state(stream))
        draft.emit(stream, event, issue.customer_id)
        paid.append(AccountSpent(account=account, points=points, lots=event.lots))
        latest = max(latest, event.at)
    return paid, latest


def _given(gift: Gift, definition: Offer, rulebook: Rulebook, draft: Draft) -> OfferIssued:
    because = _next_count(gift.customer_id, draft)
    issue = Issue(
        gift.customer_id,
        definition,
        rulebook.program,
        rulebook.version,
        "by_hand:issue",
        0,
        gift.at,
        because,
        by=gift.by,
        why=gift.why,
    )
    subject = subjects.issued(definition.id)
    count(draft, gift.customer_id, subject, at=gift.at, counted_at=gift.at, cause=because)
    event = issued(issue)
    draft.emit(offer(issue.offer_id), event, gift.customer_id)
    return event


def _next_count(customer_id: str, draft: Draft) -> str:
    """How the next event of the customer's counts will be named as a cause."""
    usage: Usage = draft.state(usage_of(customer_id))
    return cause(usage_of(customer_id), usage.events + 1)
