"""The Discount object of the POS wire: what lock and redeem answer, and a sale sends back."""

from typing import Any

from loyalty_ledger.domain.carried import OFFER_REFERENCE
from loyalty_ledger.domain.events.offers import OfferLocked
from loyalty_ledger.domain.values import major_units
from loyalty_ledger.offer_requests import Bound

OURS = "SessionM"
"""The source that tills know a ledger's own discounts by."""


def discount_object(bound: Bound) -> dict[str, Any]:
    """The discount as it goes to the till. Amounts are decimals in major units."""
    event, definition = bound.event, bound.definition
    locked = isinstance(event, OfferLocked)
    told: dict[str, Any] = {
        "reference_id": event.offer_id,
        "reference_id_type": OFFER_REFERENCE,
        "pos_discount_id": definition.pos_discount_id,
        "status": "LOCKED" if locked else "REDEEMED",
        "display_name": definition.title,
        "discount_source": OURS,
        "amount": major_units(event.discount.amount, bound.program.exponent),
        "stack_order": event.discount.stack_order,
        "applied_time": event.locked_at if isinstance(event, OfferLocked) else event.redeemed_at,
        "user_id": event.customer_id,
    }
    if event.discount.lines:
        told["discounted_line_ids"] = [line.line_id for line in event.discount.lines]
        told["discounted_line_id_quantities"] = [line.quantity for line in event.discount.lines]
    return {name: value for name, value in told.items() if value is not None}
