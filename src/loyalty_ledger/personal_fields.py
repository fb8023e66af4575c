"""What is kept of a person beside the log, and under which names."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from loyalty_ledger.domain.streams import identifier
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.store.log import Forgotten, Log, PersonalValue

BORN, NOTE = "dob", "offer"
CORE = (
    *("first_name", "last_name", "gender", "dob", "address", "address2", "city", "state", "zip"),
    *("country", "profile_photo_url"),
)
"""What every customer has besides identifiers. All other fields are the operator's own."""
VERSION = "_version"
"""The field that counts how often fields of the operator's own became other than they were."""
_ABOUT, _TYPED = "about:", "\x1e"
_encode = msgspec.json.Encoder(order="sorted", decimal_format="number").encode
_decode = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal).decode
_decode_any = msgspec.json.Decoder(float_hook=Decimal).decode


def as_text(said: object) -> str:
    """What was said, as it is kept: numbers exactly as they were."""
    return _encode(said).decode()


def of_text(text: str) -> dict[str, Any]:
    """What was said, of what is kept."""
    return _decode(text)


def about(name: str) -> str:
    """The field of personal data that something about a person is kept under."""
    return f"{_ABOUT}{name}"


# --- fields about a person ----------------------------------------------------------------------


def as_kept(name: str, value: object) -> str:
    """A value as it is kept: text as it is, all else of the operator's own behind a mark."""
    if name in CORE:
        return value if isinstance(value, str) else as_text(value)
    plain = isinstance(value, str) and not value.startswith(_TYPED)
    return str(value) if plain else _TYPED + as_text(value)


def from_kept(text: str) -> Any:
    """The value with the type it was sent with; what was kept as plain text is text."""
    if not text.startswith(_TYPED):
        return text
    try:
        return _decode_any(text.removeprefix(_TYPED))
    except msgspec.DecodeError:
        return text


def core_fields(values: Iterable[PersonalValue]) -> dict[str, str]:
    """What every customer has, of one of them, by name."""
    kept = {one.field.removeprefix(_ABOUT): one.value for one in values if _is_about(one.field)}
    return {name: kept[name] for name in CORE if name in kept}


def own_fields(values: Iterable[PersonalValue]) -> dict[str, Any]:
    """The operator's own fields about a customer by name, and how often they have changed."""
    there = list(values)
    own = [one for one in there if _is_own(one.field)]
    fields = {one.field.removeprefix(_ABOUT): from_kept(one.value) for one in own}
    return {VERSION: _version(there)} | fields


def changes(
    customer_id: str, fields: Mapping[str, str | None], there: Iterable[PersonalValue]
) -> tuple[list[PersonalValue], list[Forgotten]]:
    """What becomes of what is there when fields are set so, and None takes one away."""
    before = list(there)
    known = {one.field: one.value for one in before if not one.reference}
    asked = {about(name): text for name, text in fields.items()}
    new = [
        PersonalValue(customer_id, field, "", text)
        for field, text in asked.items()
        if text is not None and known.get(field) != text
    ]
    gone = [
        Forgotten(customer_id, field, "")
        for field, text in asked.items()
        if text is None and field in known
    ]
    changed = [*(one.field for one in new), *(one.field or "" for one in gone)]
    return [*new, *counted(customer_id, before, changed)], gone


def counted(
    customer_id: str, before: Iterable[PersonalValue], changed: Iterable[str]
) -> list[PersonalValue]:
    """The count after these fields have changed, when one of them is the operator's own."""
    if not any(map(_is_own, changed)):
        return []
    count = _TYPED + str(_version(before) + 1)
    return [PersonalValue(customer_id, about(VERSION), "", count)]


def _version(values: Iterable[PersonalValue]) -> int:
    counts = [from_kept(one.value) for one in values if one.field == about(VERSION)]
    return max((one for one in counts if isinstance(one, int)), default=0)


def _is_about(field: str) -> bool:
    return field.startswith(_ABOUT)


def _is_own(field: str) -> bool:
    return _is_about(field) and field.removeprefix(_ABOUT) not in (*CORE, VERSION)


def field_told(field: str) -> str:
    """The name that an auditor is told: any name of one's own, which may name people, as one."""
    kind, _, name = field.partition(":")
    if kind != "about":
        return kind
    return name if name in CORE else "user_profile"


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
