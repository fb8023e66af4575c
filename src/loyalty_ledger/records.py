"""The records that operators load: stores, catalog items, customers, customer events."""

from collections.abc import Iterator
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError, model_validator

from loyalty_ledger.administration import CustomerRecord
from loyalty_ledger.customer_events import CustomerEvent
from loyalty_ledger.domain.program.zones import ZoneName
from loyalty_ledger.domain.values import utc
from loyalty_ledger.identity import Reference, normalised, parse_reference, wire_reference
from loyalty_ledger.json_body import decoded
from loyalty_ledger.lines import Line
from loyalty_ledger.personal_fields import about, as_kept
from loyalty_ledger.sent import Text, Time, problems_of, read_text, refused


def free_text(text: str) -> str:
    """Text that is kept as it is; ValueError for what no database takes."""
    if "\0" in text:
        raise ValueError("must not hold a NUL character")
    return text


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Listed(_Record):
    """A line of a list that is loaded whole."""

    @model_validator(mode="before")
    @classmethod
    def _is_no_change(cls, line: Any) -> Any:
        if isinstance(line, dict) and (asked := sorted(_OF_A_CHANGE & line.keys())):
            raise ValueError(
                f"{asked[0]!r} makes this a change to a list, and loads are always whole lists:"
                " what is absent is retired, so a list of changes would retire all else"
            )
        return line


_OF_A_CHANGE = frozenset(
    {"action", "op", "operation", "change", "change_type", "delta", "delete", "deleted"}
    | {"remove", "removed", "is_deleted", "upsert", "_action", "_op", "_delete", "_deleted"}
)


class StoreRecord(_Listed):
    """A store as it is loaded."""

    store_id: Text
    name: Text
    time_zone: ZoneName

    @property
    def name_of_line(self) -> str:
        """What tells it from the others."""
        return self.store_id


class CatalogRecord(_Listed):
    """A catalog item as it is loaded; categories broadest first."""

    sku: Text
    name: Annotated[str, AfterValidator(free_text)] = ""
    brand: Text | None = None
    categories: list[Text] = []

    @property
    def name_of_line(self) -> str:
        """What tells it from the others."""
        return self.sku


class IdentifierRecord(_Record):
    """An identifier as it is loaded."""

    type: Text
    value: Text


class PersonRecord(BaseModel):
    """A customer as he is loaded; other fields are kept as personal data."""

    model_config = ConfigDict(extra="allow", strict=True)

    identifiers: list[IdentifierRecord] = []
    email: Text | None = None
    phone: Text | None = None
    opted_in: bool | None = None
    tags: list[Text] | None = None


class EventRecord(_Record):
    """A customer event as it is loaded."""

    customer: Text
    event: Text
    event_id: Text
    at: Time


RecordType = TypeVar("RecordType", bound=BaseModel)


def read_record(model: type[RecordType], line: Line) -> RecordType:
    """The record of a line; Rejected names every problem."""
    try:
        document = decoded(line.body)
        return model.model_validate(document)
    except ValidationError as error:
        raise refused(problems_of(error)) from None


def customer_record(record: PersonRecord) -> CustomerRecord:
    """The record as the ledger takes it."""
    references = [wire_reference(one.value, one.type) for one in record.identifiers]
    references += [
        normalised(kind, "", value)
        for kind, value in (("email", record.email), ("phone", record.phone))
        if value is not None
    ]
    if not references:
        raise refused([("identifiers", "are missing: a customer needs one, or an email")])
    return CustomerRecord(
        tuple(dict.fromkeys(references)),
        record.opted_in,
        None if record.tags is None else tuple(record.tags),
        tuple(_kept(record.model_extra or {})),
    )


def _kept(fields: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Fields of a record that say something, under the names they are kept by."""
    for name, value in fields.items():
        if value is not None:
            shown, text = kept_field(name, value)
            yield about(shown), text


def kept_field(name: str, value: object) -> tuple[str, str]:
    """A field about a person, as it is kept. Rejected for what cannot be kept."""
    try:
        shown = read_text(name)
    except ValidationError:
        shown = ascii(name[:40])
        raise refused([(shown, "is no name of a field: 1 to 120 printable characters")]) from None
    try:
        return shown, free_text(as_kept(name, value))
    except ValueError as error:
        raise refused([(shown, str(error))]) from None


def customer_event(record: EventRecord) -> CustomerEvent:
    """The record as the ledger takes it."""
    if record.at.tzinfo is None:
        raise refused([("at", "needs an offset, such as 2026-03-01T09:30:00Z")])
    reference: Reference = parse_reference(record.customer)
    return CustomerEvent(reference, record.event, record.event_id, utc(record.at))
