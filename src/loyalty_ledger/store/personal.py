"""Personal data, beside the log."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection

from loyalty_ledger.store.bulk import select_for
from loyalty_ledger.store.records import PersonalValue
from loyalty_ledger.store.text import storable

_SELECT = "SELECT p.customer_id, p.field, p.reference, p.value"


def of_customer(connection: Connection, customer_id: str) -> list[PersonalValue]:
    """All that is kept about a customer, by field and reference."""
    rows = select_for(
        connection,
        _SELECT,
        "JOIN personal AS p ON p.customer_id = asked.customer_id",
        {"customer_id": "text"},
        [(storable(customer_id, "customer id"),)],
    )
    return sorted(_value(row) for row in rows)


def of_field(
    connection: Connection, field: str, customer_ids: Collection[str]
) -> list[PersonalValue]:
    """One field of many customers, in no order."""
    rows = select_for(
        connection,
        _SELECT,
        "JOIN personal AS p ON p.customer_id = asked.customer_id AND p.field = asked.field",
        {"customer_id": "text", "field": "text"},
        [(storable(customer, "customer id"), field) for customer in dict.fromkeys(customer_ids)],
    )
    return [_value(row) for row in rows]


def _value(row: Any) -> PersonalValue:
    return PersonalValue(row[0], row[1], row[2], row[3])
