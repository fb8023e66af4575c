"""What commands name things by: STORE/ID for sales, kind:value for what is explained."""

from loyalty_ledger.domain.streams import split_sale_name
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.explaining import KINDS
from loyalty_ledger.sent import named_text


def sale_named(text: str) -> tuple[str, str]:
    """The store and the id of the sale; Rejected when the text is no STORE/ID."""
    named_text("TRANSACTION", text)
    try:
        return split_sale_name(text)
    except ValueError as error:
        raise Rejected(Reason.VALIDATION, str(error), {"field": "transaction"}) from error


def explained(text: str) -> tuple[str, str]:
    """The kind and the value of what is to be explained; Rejected for an unknown kind."""
    named_text("REF", text)
    kind, colon, value = text.partition(":")
    if kind not in KINDS or not colon or not value:
        raise Rejected(
            Reason.VALIDATION,
            f"{text!r} cannot be explained: write transaction:STORE/ID or offer:ID",
            {"field": "ref", "kinds": list(KINDS)},
        )
    return kind, value
