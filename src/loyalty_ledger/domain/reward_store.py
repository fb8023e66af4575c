"""Reward stores: who may see one, and what keeps somebody from buying an offer in it.

The same arithmetic serves the purchase that decides and the shelf a customer is shown.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from loyalty_ledger.domain.issuing import unissuable
from loyalty_ledger.domain.levels import levels_match
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.program.offers import Offer, RewardStore, StoreOffer
from loyalty_ledger.domain.values import Reason


class Shopper(NamedTuple):
    """A customer as a reward store judges him; `available` is points by account."""

    levels: Mapping[str, str]
    tags: frozenset[str]
    available: Mapping[str, int]
    suspended: bool = False


class Sold(NamedTuple):
    """How often a store's offer was sold, and its offer issued, to this customer and in all."""

    mine: int = 0
    in_all: int = 0
    issued_to_me: int = 0
    issued_in_all: int = 0


class Obstacle(NamedTuple):
    """Why something cannot be bought, and what would have to be different."""

    code: Reason
    message: str
    details: dict[str, Any]


def spendable(store: RewardStore, program: Program) -> list[str]:
    """The accounts of the store from which points can be spent."""
    return [name for name in store.point_accounts if program.account(name).spendable]


def balance(store: RewardStore, shopper: Shopper, program: Program) -> int:
    """What the customer can spend in the store; a debt is no money."""
    return sum(max(0, shopper.available.get(name, 0)) for name in spendable(store, program))


def shut(store: RewardStore, shopper: Shopper, at: datetime, program: Program) -> list[Obstacle]:
    """What keeps the customer out of the store; nothing when it is open to him."""
    return [*_suspended(shopper), *_closed(store, at, program), *_not_for(store, shopper)]


def _suspended(shopper: Shopper) -> Iterator[Obstacle]:
    if shopper.suspended:
        yield Obstacle(Reason.CUSTOMER_SUSPENDED, "this customer is suspended", {})


def _closed(store: RewardStore, at: datetime, program: Program) -> Iterator[Obstacle]:
    if not program.includes(store.starts, store.ends, at):
        yield _not_now(f"reward store {store.id}", store, at, program)


def _not_for(store: RewardStore, shopper: Shopper) -> Iterator[Obstacle]:
    if not levels_match(store.levels, shopper.levels):
        wanted = {system: list(levels) for system, levels in store.levels.items()}
        told = "; ".join(f"{' or '.join(names)} in {system}" for system, names in wanted.items())
        held = {system: shopper.levels.get(system) for system in wanted}
        yield Obstacle(
            Reason.NOT_ELIGIBLE,
            f"reward store {store.id} is for {told}",
            {"levels": wanted, "held": held},
        )
    if store.tags and shopper.tags.isdisjoint(store.tags):
        yield Obstacle(
            Reason.NOT_ELIGIBLE, f"reward store {store.id} is by invitation", {"invitation": True}
        )


def obstacles(
    store: RewardStore,
    offer: StoreOffer,
    shopper: Shopper,
    sold: Sold,
    at: datetime,
    program: Program,
    quantity: int = 1,
) -> list[Obstacle]:
    """All that keeps the customer from buying so many; nothing when he can."""
    return [
        *shut(store, shopper, at, program),
        *_not_on_sale(offer, at, program),
        *_sold_out(offer, sold, quantity),
        *not_to_be_issued(program.offer(offer.offer), sold, at, program, quantity),
        *_too_dear(store, offer, shopper, program, quantity),
    ]


def _not_on_sale(offer: StoreOffer, at: datetime, program: Program) -> Iterator[Obstacle]:
    if not program.includes(offer.starts, offer.ends, at):
        yield _not_now(offer.id, offer, at, program)


def _not_now(
    name: str, period: RewardStore | StoreOffer, at: datetime, program: Program
) -> Obstacle:
    if period.starts is not None and at < program.instant(period.starts):
        starts = program.instant(period.starts).isoformat()
        return Obstacle(Reason.NOT_AVAILABLE, f"{name} opens at {starts}", {"starts": starts})
    assert period.ends is not None  # noqa: S101 - else the period would take in the moment
    ends = program.instant(period.ends).isoformat()
    return Obstacle(Reason.NOT_AVAILABLE, f"{name} ended at {ends}", {"ends": ends})


def _sold_out(offer: StoreOffer, sold: Sold, quantity: int) -> Iterator[Obstacle]:
    each, stock = offer.per_customer, offer.inventory
    if each is not None and sold.mine + quantity > each:
        yield _limit(f"{each} of {offer.id} for one customer", "per_customer", each - sold.mine)
    if stock is not None and sold.in_all + quantity > stock:
        yield _limit(f"the inventory of {offer.id} is {stock}", "inventory", stock - sold.in_all)


def not_to_be_issued(
    definition: Offer, sold: Sold, at: datetime, program: Program, quantity: int
) -> Iterator[Obstacle]:
    """What keeps so many more of an offer from being issued, whoever issues them."""
    counts = {"mine": sold.issued_to_me, "everybodys": sold.issued_in_all, "more": quantity}
    match unissuable(definition, program, at, **counts):
        case None:
            return
        case "per_customer" | "total" as limit:
            most = getattr(definition.issuance, limit)
            so_far = sold.issued_to_me if limit == "per_customer" else sold.issued_in_all
            whom = "to one customer" if limit == "per_customer" else "in all"
            yield _limit(f"{most} of {definition.id} are issued {whom}", limit, most - so_far)
        case period:
            yield _not_issued(definition, period, at, program)


def _not_issued(definition: Offer, period: str, at: datetime, program: Program) -> Obstacle:
    """Not yet, or no longer: by its issuance, or because nobody could redeem it any more."""
    issuance, redemption = definition.issuance, definition.redemption
    if period == "redemption_period":
        name, told, end = "ends", "can be redeemed until", redemption.ends
    elif issuance.starts is not None and at < program.instant(issuance.starts):
        name, told, end = "starts", "is issued from", issuance.starts
    else:
        name, told, end = "ends", "is issued until", issuance.ends
    assert end is not None  # noqa: S101 - else the period would take in the moment
    moment = program.instant(end).isoformat()
    message = f"{definition.id} {told} {moment}" + (" on" if name == "starts" else "")
    return Obstacle(Reason.NOT_AVAILABLE, message, {"period": period, name: moment})


def _limit(rule: str, name: str, left: int) -> Obstacle:
    left = max(0, left)
    return Obstacle(Reason.LIMIT_REACHED, f"{rule}: {left} left", {"limit": name, "left": left})


def _too_dear(
    store: RewardStore, offer: StoreOffer, shopper: Shopper, program: Program, quantity: int
) -> Iterator[Obstacle]:
    price, there = offer.price * quantity, balance(store, shopper, program)
    if price > there:
        short = price - there
        yield Obstacle(
            Reason.INSUFFICIENT_POINTS,
            f"{short} point{'s' if short > 1 else ''} short",
            {"price": price, "available": there, "short": short},
        )
