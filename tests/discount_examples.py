"""A breakfast, offers on it, and what they come to."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from loyalty_ledger.domain.discounts import Check, price
from loyalty_ledger.domain.events.offers import PricedDiscount
from loyalty_ledger.domain.events.sales import Discount, Line
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.rules import Item
from loyalty_ledger.domain.values import Reason, Rejected
from specification import line, program

CATALOG = {
    "espresso": Item(("DRINKS", "COFFEE"), "acme"),
    "latte": Item(("DRINKS", "COFFEE"), "acme"),
    "muffin": Item(("BAKERY",), "bono"),
    "bagel": Item(("BAKERY",), None),
}
ESPRESSO, LATTE = line("espresso", "3.00"), line("latte", "5.00")
MUFFIN, BAGEL = line("muffin", "2.50"), line("bagel", "2.00")
BREAKFAST = [ESPRESSO, LATTE, MUFFIN, BAGEL]
NOTHING_FITS = [line("mug", "9.00")]

COFFEE = {"categories": ["COFFEE"]}
BAKERY = {"categories": ["BAKERY"]}
FREE = {"percent_off": 100}
FREE_MUFFIN = {
    "kind": "buy_x_get_y",
    "buy": {"items": COFFEE},
    "get": {"items": {"skus": ["muffin"]}} | FREE,
}


def two_for(dollars: str) -> dict[str, Any]:
    return {"kind": "selection", "items": BAKERY, "choose": 2, "price": dollars}


def pieces(item: str, count: int | str, dollars: str, **more: Any) -> Line:
    return line(item, dollars, quantity=Decimal(count), **more)


def coming_back(item: str, count: int, dollars: str) -> Line:
    return pieces(item, -count, f"-{dollars}", line_id=f"{item} back")


def club(discount: dict[str, Any], settings: dict[str, Any], terms: dict[str, Any]) -> Program:
    offer = {"id": "treat", "title": "A treat", "discount": discount}
    return program(**settings, offers=[offer | terms])


def priced(
    discount: dict[str, Any],
    lines: Sequence[Line],
    *discounts: Discount,
    settings: dict[str, Any] | None = None,
    **terms: Any,
) -> PricedDiscount:
    """What an offer of that discount, on these terms, takes off the check of store s1."""
    ours = club(discount, settings or {}, terms)
    return price(ours.offer("treat"), Check("s1", lines, CATALOG, discounts), ours)


def comes_off(*args: Any, **terms: Any) -> dict[str, tuple[str, int]]:
    """How many of which line get cheaper, and by how much in all."""
    found = priced(*args, **terms)
    assert found.amount == sum(part.amount for part in found.lines)
    return {part.line_id: (str(part.quantity), part.amount) for part in found.lines}


def refused(*args: Any, **terms: Any) -> Rejected:
    """Why the offer does not apply."""
    with pytest.raises(Rejected) as refusal:
        priced(*args, **terms)
    assert refusal.value.code is Reason.OFFER_NOT_APPLICABLE
    return refusal.value
