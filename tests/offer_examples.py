"""Offers in a customer's hands, and a club that gives, sells and honours them."""

from datetime import datetime, timedelta
from typing import Any

from loyalty_ledger.domain.carried import OFFER_REFERENCE
from loyalty_ledger.domain.decider import Decider
from loyalty_ledger.domain.events.offers import (
    OfferExpired,
    OfferIssued,
    OfferLocked,
    OfferLockLapsed,
    OfferRedeemed,
    OfferReinstated,
    OfferRevoked,
    PricedDiscount,
)
from loyalty_ledger.domain.events.sales import Discount
from loyalty_ledger.domain.offer import Offer, OfferFact
from loyalty_ledger.domain.offer_commands import (
    Carry,
    Command,
    Elapse,
    Lock,
    Redeem,
    Reinstate,
    Revoke,
    Terms,
    Unlock,
)
from loyalty_ledger.domain.offer_decisions import OFFER
from loyalty_ledger.domain.values import Period, Reason, Rejected
from specification import MONDAY_NOON, NEW_YORK, TILL, Shop, at, given, line, program

NOON = MONDAY_NOON
TIMEOUT = timedelta(minutes=30)
TINY = timedelta(microseconds=1)
ENDS = at("2026-04-01 12:00")
OFFER_ID = "ann.abcdefghijklmnop"
NOBODYS = "ann.aaaaaaaaaaaaaaaa"
OFF = PricedDiscount(amount=250)
WHOSE: dict[str, Any] = {"customer_id": "ann", "offer_id": OFFER_ID, "program_version": 3}

# --- one offer ----------------------------------------------------------------------------------


def minutes(number: float) -> datetime:
    """So long after noon."""
    return NOON + timedelta(minutes=number)


def issued(**more: Any) -> OfferIssued:
    """Given at noon, good for thirty days."""
    facts: dict[str, Any] = {"at": NOON, "definition": "treat", "rule": "r", "issued_at": NOON}
    facts |= {"expires_at": ENDS}
    return OfferIssued(**WHOSE, **(facts | more))


ISSUED = issued()
LOCKED = OfferLocked(
    **WHOSE,
    at=minutes(1),
    transaction="s1/1",
    locked_at=minutes(1),
    locked_until=minutes(31),
    discount=OFF,
    total=900,
)
LAPSED = OfferLockLapsed(**WHOSE, at=minutes(31), transaction="s1/1")
REDEEMED = OfferRedeemed(
    **WHOSE, at=minutes(2), transaction="s1/1", redeemed_at=minutes(2), discount=OFF
)
REINSTATED = OfferReinstated(
    **WHOSE, at=minutes(3), transaction="s1/1", reinstated_at=minutes(3), expires_at=ENDS
)
EXPIRED = OfferExpired(**WHOSE, at=ENDS)
REVOKED = OfferRevoked(**WHOSE, at=minutes(2), revoked_at=minutes(2))


def offer(*events: OfferFact) -> given[Command, Offer, OfferFact]:
    """An offer to which this has happened."""
    decider: Decider[Command, Offer, OfferFact] = OFFER
    return given(decider, *events)


def _terms(amount: int, refusal: Reason | None) -> Terms:
    def price() -> PricedDiscount:
        if refusal is not None:
            raise Rejected(refusal, "it is refused")
        return PricedDiscount(amount=amount)

    return Terms(
        timeout=Period(seconds=1800), time_zone=NEW_YORK, price=price, total=900, catalog_version=4
    )


def lock(
    when: datetime, sale: str = "s1/1", amount: int = 250, refusal: Reason | None = None
) -> Lock:
    return Lock(transaction=sale, at=when, terms=_terms(amount, refusal), by=TILL)


def redeem(
    when: datetime, sale: str = "s1/1", amount: int = 250, refusal: Reason | None = None
) -> Redeem:
    return Redeem(transaction=sale, at=when, terms=_terms(amount, refusal), by=TILL)


def carry(read_at: datetime, sale: str = "s1/1", **more: Any) -> Carry:
    """A closed sale carries the offer; it was made when it was read unless told otherwise."""
    facts: dict[str, Any] = {"at": read_at, "sale_time": read_at, "customers": ("ann",)}
    facts |= {"discount": OFF, "cause": "sale/s1/1@1"}
    return Carry(transaction=sale, read_at=read_at, **(facts | more))


def unlock(when: datetime) -> Unlock:
    return Unlock(at=when, by=TILL)


def reinstate(when: datetime) -> Reinstate:
    return Reinstate(at=when, by=TILL)


def revoke(when: datetime) -> Revoke:
    return Revoke(at=when, by=TILL, why="a mistake")


def until(when: datetime) -> Elapse:
    return Elapse(until=when)


# --- a club -------------------------------------------------------------------------------------

LUNCH = line("x", "20.00")


def treat(id: str = "treat", dollars: str = "2.50", **more: Any) -> dict[str, Any]:
    """The definition of an offer: money off the check."""
    discount = {"kind": "amount_off_check", "amount": dollars}
    return {"id": id, "title": id, "discount": discount, **more}


def club(*offers: dict[str, Any], **sections: Any) -> Shop:
    """A shop with these offers."""
    return Shop(program(offers=list(offers) or [treat()], **sections))


def taken(offer_id: str, cents: int = 250) -> Discount:
    """What a till says of an offer it has honoured."""
    return Discount(
        amount=cents, stack_order=1, reference_id=offer_id, reference_id_type=OFFER_REFERENCE
    )


def buyer() -> tuple[Shop, str]:
    """Ann has bought an offer for eight of her ten points, which come back with what it was for."""
    sold = {"id": "treat-8", "offer": "treat", "price": 8, "per_customer": 1, "inventory": 1}
    store = {"id": "store", "name": "S", "point_accounts": ["points"], "offers": [sold]}
    definition = treat(on_return="restore_points", issuance={"total": 1})
    points = {"id": "base", "award": {"account": "points", "source": "shop", "points": 10}}
    only_first = {**points, "when": {"items": {"skus": ["tea"]}}}
    shop = club(definition, reward_stores=[store], rules=[only_first])
    shop.sells(line("tea", "9.00"))
    (offer,) = shop.buys("treat-8")
    return shop, offer.offer_id
