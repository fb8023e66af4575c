"""What is kept of a person beside the log, and under which names."""

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from loyalty_ledger.domain.streams import identifier
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.store.log import Log, PersonalValue

BORN, NOTE = "dob", "offer"
_encode = msgspec.json.Encoder(order="sorted", decimal_format="number").encode
_decode = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal).decode


def as_text(said: object) -> str:
    """What was said, as it is kept: numbers exactly as they were."""
    return _encode(said).decode()


def of_text(text: str) -> dict[str, Any]:
    """What was said, of what is kept."""
    return _decode(text)


def about(name: str) -> str:
    """The field of personal data that something about a person is kept under."""
    return f"about:{name}"


def born_on(text: str) -> date:
    """The day of birth as it is sent; Rejected when it is no date."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Rejected(
            Reason.VALIDATION,
            "dob: must be a date such as 1990-02-28",
            {"field": "dob"},
        ) from None


def linked_in_order(log: Log, customer_id: str) -> list[PersonalValue]:
    """A customer's personal data; of several external ids the first that was linked comes first."""
    values = log.personal(customer_id)
    external = [one.reference for one in values if one.field.startswith("external")]
    if len(external) < 2:
        return values
    linked = {
        one: max((x.position for x in log.stream(identifier(one))), default=0) for one in external
    }
    return sorted(values, key=lambda one: linked.get(one.reference, 0))
