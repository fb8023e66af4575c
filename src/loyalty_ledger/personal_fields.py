"""What is kept of a person beside the log, and under which names."""

from datetime import date

from loyalty_ledger.domain.values import Reason, Rejected

BORN, NOTE = "dob", "offer"


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
