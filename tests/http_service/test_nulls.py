"""A field that is null is as if it were left out, wherever in a request it stands."""

from collections.abc import Iterator
from typing import Any

import pytest

from http_service.serving import SALE, Served
from loyalty_ledger.domain.values import Rejected
from loyalty_ledger.http.app import OPERATIONS
from loyalty_ledger.http.openapi import examples
from loyalty_ledger.http.operation import Operation
from loyalty_ledger.http.service import read_model
from loyalty_ledger.wire import WireDiscount, WireItem, WirePart, WirePayment, request_of
from offers.till import item

SPEND = "/incentives/api/1.0/user_points/spend_multiple"
DEPOSIT = "/incentives/api/2.0/user_points/deposit"
GIVES = {"point_account_id": "points", "point_source_id": "purchases", "amount": 5}
NO_ENTRY = {"rank": None, "idempotency_id": None}
NO_SPEND = dict.fromkeys(
    ("point_account_ids", "reference_id", "reference_type", "transaction_id", "is_return")
)
PARTS: dict[str, tuple[type[WirePart], dict[str, Any]]] = {
    "items": (WireItem, item("ESPRESSO", "4.00")),
    "payments": (WirePayment, {"amount": "4.00", "user_id": "ANN", "user_id_type": "External_ID"}),
    "discounts": (WireDiscount, {"amount": "1.00"}),
}

AS_BEFORE = "9d069f657bb41264d4453a1d17836c12"
"""What the sale of these parts has always been known by; ledgers hold it."""


def with_nulls(part: dict[str, Any], model: type[WirePart]) -> dict[str, Any]:
    """The part with every field that may be left out, null where nothing was said."""
    return dict.fromkeys(model.model_fields) | part


def test_a_spend_may_say_null_in_its_lines(service: Served) -> None:
    told = service.told(SPEND, spend_details=[{"amount": 10} | NO_ENTRY | NO_SPEND])
    assert told["summary"] == {"amount_spent": 10, "remaining_balance": 990}


def test_a_deposit_may_say_null_in_its_lines(service: Served) -> None:
    told = service.told(DEPOSIT, deposit_details=[GIVES | NO_ENTRY])
    assert told["summary"] == {"amount_deposited": 5, "remaining_balance": 1005}


def test_a_line_with_null_is_the_same_line(service: Served) -> None:
    line = {"amount": 10, "idempotency_id": "once"}
    service.told(SPEND, spend_details=[line])
    (again,) = service.told(SPEND, spend_details=[line | NO_SPEND])["details"]
    assert again["idempotency_summary"] == "repeated"


@pytest.mark.parametrize("field", ["quantity", "tax_included", "unit_price", "status"])
def test_a_line_of_a_sale_may_say_null(service: Served, field: str) -> None:
    answer = service.pos("send_transaction", SALE | {"items": [PARTS["items"][1] | {field: None}]})
    assert answer.json()["status"] == "OK", answer.text
    (event,) = service.shop.events("TransactionReceived")[-1:]
    (line,) = event.lines  # type: ignore[attr-defined]
    assert (line.quantity, line.tax, line.subtotal) == (1, 0, 400)


def test_a_sale_that_says_null_is_the_sale_that_does_not(service: Served) -> None:
    full = {name: [with_nulls(one, model)] for name, (model, one) in PARTS.items()}
    first = service.pos("send_transaction", SALE | {x: [one] for x, (_, one) in PARTS.items()})
    assert first.json()["status"] == "OK"
    before = service.events()
    again = service.pos("send_transaction", SALE | full)
    assert (again.json()["status"], service.events()) == ("OK", before)


def test_what_only_the_till_knows_keeps_its_null(service: Served) -> None:
    odd = PARTS["items"][1] | {"quantity": None, "custom_data": {"gift": None}, "robot": None}
    service.pos("send_transaction", SALE | {"items": [odd]})
    with service.client() as app:
        (line,) = app.get_transaction("T1", "main")["items"]
    assert line["custom_data"] == {"gift": None}
    assert line["other_fields"] == {"robot": None}


def test_null_does_not_stand_for_what_is_needed(service: Served) -> None:
    needed = [("items", "subtotal"), ("payments", "amount"), ("discounts", "amount")]
    for name, field in needed:
        sale = SALE | {name: [PARTS[name][1] | {field: None}]}
        answer = service.pos("send_transaction", sale).json()
        assert answer["errors"]["code"] == "validation"
        assert f"{name}[0].{field} is missing" in answer["errors"]["message"]
    answer = service.pos("send_transaction", SALE | {"items": [None]}).json()
    assert "items[0] must be an object" in answer["errors"]["message"]


def test_a_sale_is_known_by_the_same_digest_with_and_without_null() -> None:
    envelope = {"store_id": "main", "client_id": "till", "request_id": "1"}
    plain = SALE | {name: [one] for name, (_, one) in PARTS.items()}
    full = SALE | {name: [with_nulls(one, model)] for name, (model, one) in PARTS.items()}
    digests = {request_of(envelope | {"request_payload": one}).digest for one in (plain, full)}
    assert digests == {AS_BEFORE}


Both = tuple[Any, Any]


def places(value: Any, schema: dict[str, Any], defs: dict[str, Any]) -> Iterator[Both]:
    """The value with null at a place that may be left out, and without it; for every place."""
    if "$ref" in schema:
        schema = defs[schema["$ref"].rsplit("/", 1)[-1]]
    for one in schema.get("anyOf", []):
        yield from places(value, one, defs)
    if isinstance(value, list) and value and "items" in schema:
        first, *others = value
        for null, without in places(first, schema["items"], defs):
            yield [null, *others], [without, *others]
    if isinstance(value, dict) and "properties" in schema:
        for name, known in schema["properties"].items():
            for null, without in places(value.get(name), known, defs):
                yield value | {name: null}, value | {name: without}
            if name not in schema.get("required", []):
                yield value | {name: None}, {x: one for x, one in value.items() if x != name}


def read(operation: Operation, body: Any) -> Any:
    """What is made of a body, or why it is refused."""
    try:
        return read_model(operation, body)
    except Rejected as refusal:
        return refusal.message


@pytest.mark.parametrize(
    "operation", [one for one in OPERATIONS if one.asks], ids=lambda one: one.name
)
def test_every_body_takes_null_for_what_may_be_left_out(operation: Operation) -> None:
    assert operation.asks is not None
    schema = operation.asks.model_json_schema()
    asked = examples().get(operation.name, {}).get("asks", {})
    for null, without in places(asked, schema, schema.get("$defs", {})):
        assert read(operation, null) == read(operation, without)


def test_the_description_says_so_of_every_part(service: Served) -> None:
    described = service.caller().get("/openapi.json").json()["components"]["schemas"]
    for name in ("WireItem", "WirePayment", "SpendDetail", "DepositDetail", "UserSent"):
        needed = described[name].get("required", [])
        for field, one in described[name]["properties"].items():
            assert (field in needed) != ({"type": "null"} in one.get("anyOf", [])), (name, field)
