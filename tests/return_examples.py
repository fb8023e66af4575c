"""Sales that are sent again: later, with less or more, and what stands of them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.points import PointsClawedBack, PointsSpent
from loyalty_ledger.domain.events.sales import Line, Payment
from loyalty_ledger.domain.events.settlement import TransactionSettled
from loyalty_ledger.domain.limits import Count
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.streams import limit, wallet_of
from specification import MONDAY_NOON, Shop, awards, line, only, paid, program, rule

SALE = "7"
COFFEE = line("coffee", "6.00")
CAKE = line("cake", "4.00")
CREDITS = rule(id="credits", award=awards(1, "credits", per_amount="1.00"))
PAYS_FOR_ALL: Sequence[Payment] | None = None


def later(hours: float = 1) -> datetime:
    """So long after noon, when the sale was."""
    return MONDAY_NOON + timedelta(hours=hours)


def sends(shop: Shop, *lines: Line, hours: float = 0, number: str = SALE, **more: Any) -> list[Any]:
    """The sale of Monday noon, or a version of it that was made later."""
    return shop.sells(*lines, number=number, at=later(hours), **more)


def voids(shop: Shop, *lines: Line, hours: float = 1, number: str = SALE, **more: Any) -> list[Any]:
    """The sale is voided."""
    return sends(shop, *lines, hours=hours, number=number, is_voided=True, **more)


def tendered(customer: str | None, dollars: str) -> Payment:
    """A payment with points."""
    return paid(customer, dollars, "POINTS")


def accounts(*more: dict[str, Any], **points: Any) -> dict[str, Any]:
    """The sections with an account `points` like this, and others that a shop gives into."""
    credits = {"id": "credits", "name": "Credits", "expiry": {"kind": "never"}}
    every = [{"id": "points", "name": "Points", **points}, credits, *more]
    source = {"id": "shop", "name": "Shop", "accounts": [one["id"] for one in every]}
    return {"point_accounts": every, "point_sources": [source]}


def system(*levels: dict[str, Any]) -> dict[str, Any]:
    """The section with a club of these levels above the first."""
    base = {"id": "base", "name": "Base"}
    return {"tier_systems": [{"id": "club", "name": "Club", "levels": [base, *levels]}]}


def level(id: str, entrance: dict[str, Any], *on_entry: dict[str, Any], **more: Any) -> Any:
    """A level, what it asks and what entering it gives."""
    return {"id": id, "name": id, "entrance": entrance, "on_entry": list(on_entry), **more}


def spent(dollars: str, **more: Any) -> dict[str, Any]:
    """So much spent."""
    return {"spend": {"amount": dollars, **more}}


def plain(*rules: dict[str, Any], **sections: Any) -> Shop:
    """A shop that gives a point for every dollar unless told otherwise."""
    return Shop(program(rules=list(rules) or [rule()], **sections))


def publishes(shop: Shop, new: Program) -> None:
    """From now on the shop goes by another version of its program; what it knows stays."""
    fresh = Shop(*shop.programs.values(), new)
    shop.programs, catalog = fresh.programs, shop.knowledge.items
    shop.knowledge = fresh.knowledge._replace(items=catalog)


def settled(events: Sequence[Any]) -> TransactionSettled:
    """The settlement among these."""
    found = only(TransactionSettled, events)
    assert isinstance(found, TransactionSettled)
    return found


def clawed(events: Sequence[Any]) -> PointsClawedBack:
    """The one claw-back among these."""
    found = only(PointsClawedBack, events)
    assert isinstance(found, PointsClawedBack)
    return found


def taken_from(event: PointsClawedBack | PointsSpent) -> list[tuple[int, int]]:
    """The lots and how much of each."""
    return [(part.lot, part.points) for part in event.lots]


def differences(event: TransactionSettled) -> dict[str, dict[str, int]]:
    """What each rule's grant moved by, in each account."""
    return {
        one.rule: {
            name: one.deserved.get(name, 0) - one.granted.get(name, 0)
            for name in dict.fromkeys((*one.deserved, *one.granted))
        }
        for one in event.grants
    }


def why_not(event: TransactionSettled) -> list[tuple[str, str, int]]:
    """What was not done, why, and how many points of it."""
    return [(one.what, one.why, one.points) for one in event.not_done]


def debt(shop: Shop, customer: str = "ann", account: str = "points") -> int:
    """What a customer owes."""
    owed: int = Draft(shop.states).state(wallet_of(customer)).holdings.account(account).debt
    return owed


def counted(shop: Shop, subject: str) -> tuple[int, int]:
    """How often and how many points something counts for, over all customers."""
    state: Count = Draft(shop.states).state(limit(subject))
    return state.times, state.points


def standing(shop: Shop, customer: str = "ann") -> dict[str, Any]:
    """What a customer has of the shop, whatever way led there."""
    wallet = Draft(shop.states).state(wallet_of(customer))
    names = wallet.holdings.accounts
    return {
        "points": {name: n for name in names if (n := shop.points(customer, name))},
        "lifetime": {name: n for name in names if (n := shop.lifetime(customer, name))},
        "level": shop.level(customer) if shop.programs[1].tier_systems else None,
    }
