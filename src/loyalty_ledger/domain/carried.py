"""Discounts of a sale that name offers: those it carries."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from loyalty_ledger.domain.events.offers import LineDiscount, PricedDiscount
from loyalty_ledger.domain.events.sales import Discount

OFFER_REFERENCE = "UserOfferId"
"""The type of reference by which a discount of a sale names an offer."""


def names_offer(reference_id_type: str | None) -> bool:
    """Whether a discount with a reference of that type names an offer, in whatever case."""
    return (reference_id_type or "").lower() == OFFER_REFERENCE.lower()


def is_for(discount: Discount, offer_id: str) -> bool:
    """Whether the discount is what a till has taken off for this offer."""
    return names_offer(discount.reference_id_type) and discount.reference_id == offer_id


def carried(discounts: Iterable[Discount]) -> dict[str, PricedDiscount]:
    """The discounts that name offers, by what they name; several of one offer are one."""
    found: dict[str, PricedDiscount] = {}
    for discount in discounts:
        if not names_offer(discount.reference_id_type):
            continue
        name = discount.reference_id or ""
        before = found.get(name)
        found[name] = PricedDiscount(
            amount=discount.amount + (before.amount if before else 0),
            lines=[*(before.lines if before else []), *_lines(discount)],
            stack_order=discount.stack_order,
        )
    return found


def _lines(discount: Discount) -> Iterator[LineDiscount]:
    """The lines as the till names them; what each of them lost it does not say."""
    for place, line_id in enumerate(discount.lines):
        told = place < len(discount.quantities)
        quantity = discount.quantities[place] if told else Decimal(1)
        yield LineDiscount(line_id=line_id, quantity=quantity, amount=0)
