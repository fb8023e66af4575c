"""What is kept of a person beside the log, and under which names."""

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from loyalty_ledger.domain.values import Reason, Rejected

BORN, NOTE = "dob", "offer"
KEPT = (
    *("first_name", "last_name", "gender", "dob", "address", "address2", "city", "state", "zip"),
    *("country", "profile_photo_url"),
)
"""Fields about a person that are kept beside the log as they are."""
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


def field_told(field: str) -> str:
    """The name that an auditor is told: any name of one's own, which may name people, as one."""
    kind, _, name = field.partition(":")
    if kind != "about":
        return kind
    return name if name in KEPT else "user_profile"


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
