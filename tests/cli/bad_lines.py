"""Lines of a file of sales that nobody can load, and what the reason has to name."""

import json
from typing import Any

STORE = "319"
AT = "2017-06-01T12:00:00Z"


def envelope(transaction: str, **changes: Any) -> dict[str, Any]:
    """A sale of ten dollars, or of whatever else it says."""
    payload = {
        "transaction_id": transaction,
        "open_time": AT,
        "modified_time": AT,
        "items": [item("1")],
        "payments": [{"amount": "10.00", "user_id": f"P-{transaction[:50]}"}],
    } | changes
    return {
        "store_id": STORE,
        "client_id": "till",
        "request_id": transaction.encode("ascii", "backslashreplace").hex()[:100],
        "request_payload": payload,
    }


def item(line_id: str, **changes: Any) -> dict[str, Any]:
    return {"line_id": line_id, "item_id": "1082185", "subtotal": "10.00"} | changes


def line(transaction: str, **changes: Any) -> str:
    return json.dumps(envelope(transaction, **changes))


def without(name: str) -> str:
    return json.dumps({k: v for k, v in envelope("w").items() if k != name})


def lacking(name: str) -> str:
    whole = envelope("l")
    del whole["request_payload"][name]
    return json.dumps(whole)


def raw(subtotal: str) -> str:
    """A number that no JSON writer would write."""
    return line("r", items=[item("1", subtotal="HERE")]).replace('"HERE"', subtotal)


def items(count: int) -> list[dict[str, Any]]:
    return [item(str(number), subtotal="0.01") for number in range(count)]


def payments(count: int) -> list[dict[str, Any]]:
    return [{"amount": "0.01"} for _ in range(count)]


def discounts(count: int) -> list[dict[str, Any]]:
    return [{"amount": "0.01", "reference_id": str(number)} for number in range(count)]


def custom(count: int) -> list[dict[str, Any]]:
    """So many objects, three in one another."""
    found: list[dict[str, Any]] = []
    for number in range(count):
        if number % 3 == 0:
            found.append({"n": number})
            continue
        last = found[-1]
        while "in" in last:
            last = last["in"][0]
        last["in"] = [{"n": number}]
    return found


BAD: list[tuple[str, str]] = [
    ("this is no JSON", "not readable as JSON"),
    ('{"store_id": "319"', "not readable as JSON"),
    ("[1, 2]", "object"),
    ('"a sale"', "object"),
    ("null", "object"),
    (without("store_id"), "store_id"),
    (without("client_id"), "client_id"),
    (without("request_id"), "request_id"),
    (without("request_payload"), "request_payload"),
    (line("s").replace('"319"', '"999999"'), "999999"),
    (lacking("items"), "items"),
    (lacking("transaction_id"), "transaction_id"),
    (line("t", open_time=None, modified_time=None), "open_time"),
    (line("i", items=[{"item_id": "1", "subtotal": 1}]), "items[0].line_id"),
    (line("i", items=[{"line_id": "1", "subtotal": 1}]), "items[0].item_id"),
    (line("i", items=[{"line_id": "1", "item_id": "1"}]), "items[0].subtotal"),
    (line("p", payments=[{"type": "CARD"}]), "payments[0].amount"),
    (line("d", discounts=[{"reference_id": "1"}]), "discounts[0].amount"),
    (line("a", items=[item("1", subtotal="abc")]), "items[0].subtotal"),
    (line("a", items=[item("1", subtotal="10.005")]), "items[0].subtotal"),
    (line("a", payments=[{"amount": 0.001}]), "payments[0].amount"),
    (line("a", discounts=[{"amount": "0.001"}]), "discounts[0].amount"),
    (line("a", items=[item("1", subtotal=True)]), "items[0].subtotal"),
    (line("a", items=[item("1", subtotal=[])]), "items[0].subtotal"),
    (line("a", items=[item("1", subtotal="")]), "items[0].subtotal"),
    (line("a", items=[item("1", subtotal="1e5")]), "items[0].subtotal"),
    (line("a", items=[item("1", subtotal="\u0661\u0662")]), "items[0].subtotal"),
    (line("a", items=[item("1", subtotal="Infinity")]), "items[0].subtotal"),
    (raw("NaN"), "not readable as JSON"),
    (raw("Infinity"), "not readable as JSON"),
    (raw("1e400"), "items[0].subtotal"),
    (raw("1e999999999999"), ""),
    (raw("1" + "0" * 30), "items[0].subtotal"),
    (raw("9223372036854775808"), "items[0].subtotal"),
    (line("g", guest_count=2**64), "guest_count"),
    (line("g", guest_count=1.5), "guest_count"),
    (line("g", discounts=[{"amount": 1, "stack_order": 2**40}]), "discounts[0].stack_order"),
    (line("m", items=items(1_001)), "items"),
    (line("m", discounts=discounts(101)), "discounts"),
    (line("m", payments=payments(101)), "payments"),
    (line("m", business_def_collection=custom(1_001)), "business_def_collection"),
    (line("u", items=[item("1"), item("1")]), "line_id 1"),
    (line("f", open_time="2999-01-01T00:00:00Z", modified_time=None), "2999-01-01"),
    (line("b", open_time="yesterday"), "open_time"),
    (line("b", open_time="2017-02-30T10:00:00Z"), "open_time"),
    (line("b", modified_time=1496318400), "modified_time"),
    (line("n\0ul"), "transaction_id"),
    (line("n", items=[item("1", item_id="a\0b")]), "items[0].item_id"),
    (line("n", payments=[{"amount": 1, "user_id": "a\nb"}]), "payments[0].user_id"),
    (line("surrogate-\ud800"), ""),
    (line("e", items=[item("")]), "items[0].line_id"),
    (line("e", items=[item("x" * 121)]), "items[0].line_id"),
    (line("c", is_closed="yes"), "is_closed"),
    (line("c", is_voided=1), "is_voided"),
    (line("w", items={"1": item("1")}), "items"),
    (line("w", items=["1"]), "items[0]"),
    (line("w", payments="CARD"), "payments"),
    (line("w", discounts=[None]), "discounts[0]"),
    (line("h", custom_data={"note": "x" * (1 << 20)}), "1 MiB"),
    ('{"store_id":' + "[" * 100_000 + "]" * 100_000 + "}", ""),
    (line("o", open_time="0001-01-01T00:00:00+14:00"), "open_time"),
    (line("o", modified_time="9999-12-31T23:59:59-14:00"), ""),
]
"""(line, what its reason names); where that is empty any reason will do."""
