"""The POS wire: what a till sends as `send_transaction`, read exactly and refused clearly.

Decimals are JSON numbers, parsed exactly and never through a float, or strings of digits. Unknown
fields are kept beside the log, with the free-form ones, since they may hold personal data.
"""

import hashlib
from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, NamedTuple

import msgspec
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    ValidationError,
)

from loyalty_ledger.domain.values import from_wall, utc
from loyalty_ledger.json_body import decoded
from loyalty_ledger.sale_limits import MOST, too_many
from loyalty_ledger.sent import (
    WORDING,
    Number,
    Text,
    Time,
    problems_of,
    read_text,
    refused,
)

MOST_LINES = Field(max_length=MOST["items"])


def _most(name: str) -> Any:
    return Field(max_length=MOST[name])


class WirePart(BaseModel):
    """A part of a body: known fields are read strictly, others are kept."""

    model_config = ConfigDict(extra="allow", strict=True, arbitrary_types_allowed=True)


class WireItem(WirePart):
    """A line of the sale."""

    line_id: Text
    item_id: Text
    subtotal: Number
    quantity: Number = Decimal(1)
    unit_price: Number | None = None
    tax_included: Number = Decimal(0)
    modifies_line_id: Text | None = None
    status: Text | None = None


class WirePayment(WirePart):
    """A payment; it may name the customer who paid."""

    amount: Number
    payment_id: Text | None = None
    type: Text | None = None
    payment_time: Time | None = None
    user_id: Text | None = None
    user_id_type: Text | None = None
    additional_user_id: Text | None = None
    additional_user_id_type: Text | None = None
    receipt_code: Text | None = None


class WireDiscount(WirePart):
    """A discount the till has applied."""

    amount: Number
    reference_id: Text | None = None
    reference_id_type: Text | None = None
    pos_discount_id: Text | None = None
    status: Text | None = None
    discounted_line_ids: Annotated[list[Text], MOST_LINES] | None = None
    discounted_line_id_quantities: Annotated[list[Number], MOST_LINES] | None = None
    discount_source: Text | None = None
    stack_order: Annotated[int, Field(strict=True, ge=-(2**31), le=2**31 - 1)] | None = None
    applied_time: Time | None = None


class WireTransaction(WirePart):
    """A version of a sale, whole."""

    transaction_id: Text
    from_transaction_id: Text | None = None
    is_closed: StrictBool = True
    is_voided: StrictBool = False
    channel: Text | None = None
    pos_employee_id: Text | None = None
    sm_employee_id: Text | None = None
    table_id: Text | None = None
    guest_count: Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)] | None = None
    subtotal: Number | None = None
    tax_total: Number | None = None
    open_time: Time | None = None
    modified_time: Time | None = None
    status: Text | None = None
    receipt_code: Text | None = None
    guest_receipt_code: Text | None = None
    items: Annotated[list[WireItem], _most("items")]
    payments: Annotated[list[WirePayment], _most("payments")] = []
    discounts: Annotated[list[WireDiscount], _most("discounts")] = []


class Request(NamedTuple):
    """The POS envelope around a transaction, and a digest of its content."""

    store_id: str
    client_id: str
    request_id: str
    transaction: WireTransaction
    digest: str


def _content(part: WirePart) -> dict[str, Any]:
    """What a part says, however it was spelled."""
    said = {name: value for name, value in part.__dict__.items() if value is not None}
    if extra := part.__pydantic_extra__:
        said |= extra
    return said


_CANONICAL = msgspec.json.Encoder(order="sorted", decimal_format="string", enc_hook=_content)


def read_request(body: bytes) -> Request:
    """The request in these bytes; Rejected names every problem, field by field."""
    return request_of(decoded(body))


def request_of(envelope: Mapping[str, Any]) -> Request:
    """The request in this object; Rejected names every problem, field by field."""
    problems: list[tuple[str, str]] = []
    store_id, client_id, request_id = (
        _name(envelope, name, problems) for name in ("store_id", "client_id", "request_id")
    )
    payload = envelope.get("request_payload")
    if isinstance(payload, dict) and isinstance(payload.get("transaction"), dict):
        payload = payload["transaction"]
    if not isinstance(payload, dict):
        problems.append(("request_payload", "must be the transaction, as an object"))
        raise refused(problems)
    if problems:
        raise refused(problems + list(too_many(payload)))
    transaction = read_transaction(payload)
    digest = hashlib.sha256(_CANONICAL.encode(transaction)).hexdigest()[:32]
    return Request(store_id, client_id, request_id, transaction, digest)


def read_transaction(payload: object) -> WireTransaction:
    """The transaction in this object, within the limits; Rejected names every problem."""
    if not isinstance(payload, Mapping):
        raise refused([("transaction", "must be an object")])
    problems = list(too_many(payload))
    if problems:
        raise refused(problems)
    return _transaction(payload)


def _name(envelope: Mapping[str, Any], name: str, problems: list[tuple[str, str]]) -> str:
    if name not in envelope:
        problems.append((name, "is missing"))
        return ""
    try:
        return read_text(envelope[name])
    except ValidationError:
        problems.append((name, WORDING["string_type"]))
        return ""


def _transaction(payload: Mapping[str, Any]) -> WireTransaction:
    given = {name: value for name, value in payload.items() if value is not None}
    try:
        transaction = WireTransaction.model_validate(given)
    except ValidationError as error:
        transaction = _read_again(given, error)
    problems = []
    if transaction.modified_time is None and transaction.open_time is None:
        problems.append(("open_time", "is missing, and modified_time too; one of them is needed"))
    line_ids = [item.line_id for item in transaction.items]
    if len(set(line_ids)) < len(line_ids):
        twice = sorted({name for name in line_ids if line_ids.count(name) > 1})
        problems.append(("items", f"line_id {', '.join(twice[:3])} stands more than once"))
    if transaction.discounts:
        problems += _wrong_discounts(transaction)
    if problems:
        raise refused(problems)
    return transaction


def _wrong_discounts(sale: WireTransaction) -> list[tuple[str, str]]:
    """What is wrong with discounts for itself. A line that one names may be gone: it came back."""
    problems = []
    for place, one in enumerate(sale.discounts):
        lines, quantities = one.discounted_line_ids, one.discounted_line_id_quantities
        if lines and quantities and len(lines) != len(quantities):
            field = f"discounts[{place}].discounted_line_id_quantities"
            why = f"holds {len(quantities)}, one for each of the {len(lines)} discounted_line_ids"
            problems.append((field, f"{why} is needed, or none"))
        if one.amount < 0 and not _gives_back(sale):
            why = "must not be below 0: it is what is taken off, and nothing of this sale came back"
            problems.append((f"discounts[{place}].amount", why))
    return problems


def _gives_back(sale: WireTransaction) -> bool:
    """Whether something of it came back, so that a discount, too, may be taken back.

    Tills write returns in many ways; none of them may be refused for it.
    """
    return (
        sale.is_voided
        or not sale.items
        or sum(one.amount for one in sale.discounts) >= 0
        or any(one.subtotal < 0 or one.quantity <= 0 for one in sale.items)
        or any(one.amount < 0 for one in sale.payments)
    )


def _read_again(given: dict[str, Any], first: ValidationError) -> WireTransaction:
    """What could not be read as it is, without the nulls of its parts; Rejected when that fails.

    Nearly no till sends any, and sales are what the service is asked most: others are not looked
    through for them.
    """
    without = _without_nulls(given)
    if without == given:
        raise refused(problems_of(first)) from None
    try:
        return WireTransaction.model_validate(without)
    except ValidationError as error:
        raise refused(problems_of(error)) from None


_PARTS: dict[str, type[WirePart]] = {
    "items": WireItem,
    "payments": WirePayment,
    "discounts": WireDiscount,
}


def _without_nulls(given: dict[str, Any]) -> dict[str, Any]:
    """The same, without the known fields of its parts that are null: they are as if left out.

    Of what nobody knows here nothing is changed: there null may say something.
    """

    def cut(part: object, known: Collection[str]) -> object:
        if not isinstance(part, dict):
            return part
        return {name: x for name, x in part.items() if x is not None or name not in known}

    return given | {
        name: [cut(part, model.model_fields) for part in given[name]]
        for name, model in _PARTS.items()
        if isinstance(given.get(name), list)
    }


def extras(transaction: WireTransaction) -> tuple[dict[str, Any], dict[int, dict[str, Any]]]:
    """What the wire knows no name for: of the sale by where it stood, and of its payments."""
    kept = dict(transaction.model_extra or {})
    parts: dict[str, list[tuple[object, WirePart]]] = {
        "items": [(item.line_id, item) for item in transaction.items],
        "discounts": list(enumerate(transaction.discounts)),
    }
    for name, entries in parts.items():
        found = {str(key): part.model_extra for key, part in entries if part.model_extra}
        if found:
            kept[name] = found
    payments = enumerate(transaction.payments)
    return kept, {place: part.model_extra for place, part in payments if part.model_extra}


def resolved(moment: datetime | None, time_zone: str) -> datetime | None:
    """The instant; a zone-less time is the store's wall time."""
    if moment is None:
        return None
    return utc(moment) if moment.tzinfo is not None else from_wall(moment, time_zone)
