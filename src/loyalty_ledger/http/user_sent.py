"""What requests say of a customer, field by field."""

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from loyalty_ledger.http.operation import Body
from loyalty_ledger.sent import LONGEST_TEXT, Text

_PART = r"[^@\x00-\x1f\x7f]*[^@\s\x00-\x1f\x7f][^@\x00-\x1f\x7f]*"
_ADDRESS = f"^{_PART}@{_PART}$"


def _as_bool(value: object) -> object:
    """Clients write true as text, too."""
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


def _address(text: str) -> str:
    """Hardly more than whether it can be one: which addresses there are, only mail can tell."""
    local, _, domain = text.partition("@")
    if not local.strip() or not domain.strip() or "@" in domain:
        raise ValueError("must be an e-mail address: text, one @, and text")
    return text


def _one_letter(text: str) -> str:
    """Written m or f, in whatever case; kept as it is read back."""
    if text.lower() not in ("m", "f"):
        raise ValueError("must be m or f")
    return text.lower()


Flag = Annotated[bool, BeforeValidator(_as_bool)]
Email = Annotated[
    Text,
    AfterValidator(_address),
    WithJsonSchema({"type": "string", "maxLength": LONGEST_TEXT, "pattern": _ADDRESS}),
]
Gender = Annotated[
    Text, AfterValidator(_one_letter), WithJsonSchema({"enum": ["m", "f", "M", "F"]})
]


class Phone(Body):
    """A phone number; what else is said of it is no matter."""

    phone_number: Text


class UserSent(Body):
    """What can be said of a customer. What is left out stays as it is.

    `phone_numbers` are all that he has: one that is not among them is his no more.
    """

    external_id: Text | None = None
    external_id_type: Text | None = None
    email: Email | None = None
    phone_numbers: Annotated[list[Phone], Field(max_length=10)] | None = None
    opted_in: Flag | None = None
    suspended: Flag | None = None
    test_account: Flag | None = None
    first_name: Text | None = None
    last_name: Text | None = None
    gender: Gender | None = None
    dob: Text | None = None
    address: Text | None = None
    address2: Text | None = None
    city: Text | None = None
    state: Text | None = None
    zip: Text | None = None
    country: Text | None = None
    profile_photo_url: Text | None = None
