"""Sales in a retailer's own words, put into those that the ledger knows."""

from typing import TypeVar

from loyalty_ledger.http.names import Names
from loyalty_ledger.wire import WirePart, WireTransaction

_WORDS = {
    "reference_id_type": "reference_id_type",
    "user_id_type": "user_id_type",
    "additional_user_id_type": "user_id_type",
}
"""The fields of discounts and payments that say a word, and the enumeration it is of."""

Part = TypeVar("Part", bound=WirePart)


def as_known(sale: WireTransaction, names: Names) -> WireTransaction:
    """The same sale; words that are nobody's own are as they were sent."""
    if not names.understands_more:
        return sale
    payments = [_part(one, names) for one in sale.payments]
    discounts = [_part(one, names) for one in sale.discounts]
    return sale.model_copy(update={"payments": payments, "discounts": discounts})


def _part(part: Part, names: Names) -> Part:
    said = {field: getattr(part, field, None) for field in _WORDS}
    known = {
        field: names.meant(_WORDS[field], text) for field, text in said.items() if text is not None
    }
    changed = {field: word for field, word in known.items() if word != said[field]}
    return part.model_copy(update=changed) if changed else part
