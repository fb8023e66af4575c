"""Personal data, beside the log."""

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from sqlalchemy import Connection, delete, select

from loyalty_ledger.store.bulk import select_for
from loyalty_ledger.store.records import Forgotten, PersonalValue
from loyalty_ledger.store.schema import personal
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


def below(
    connection: Connection, field: str, places: Iterable[tuple[str, str]]
) -> list[PersonalValue]:
    """One field of each customer where the reference begins with the one beside him and `#`."""
    # What follows `#` in the order of code points is `$`: the range is read by the key.
    asked = [
        (customer, field, f"{storable(reference, 'reference')}#", f"{reference}$")
        for customer, reference in dict.fromkeys(places)
    ]
    rows = select_for(
        connection,
        _SELECT,
        "JOIN personal AS p ON p.customer_id = asked.customer_id AND p.field = asked.field"
        " AND p.reference >= asked.low AND p.reference < asked.high",
        {"customer_id": "text", "field": "text", "low": "text", "high": "text"},
        asked,
    )
    return [_value(row) for row in rows]


def holding(connection: Connection, field: str, text: str) -> Iterator[PersonalValue]:
    """One field of everybody's where the value holds this text. Reads the whole table."""
    columns = (personal.c.customer_id, personal.c.field, personal.c.reference, personal.c.value)
    found = select(*columns).where(
        personal.c.field == field, personal.c.value.contains(text, autoescape=True)
    )
    yield from map(_value, connection.execute(found))


def forget(connection: Connection, forgotten: Iterable[Forgotten]) -> None:
    """Delete what is named, whether it is there or not."""
    for customer_id, field, reference in forgotten:
        gone = delete(personal).where(personal.c.customer_id == customer_id)
        if field is not None:
            gone = gone.where(personal.c.field == field, personal.c.reference == reference)
        connection.execute(gone)


def _value(row: Any) -> PersonalValue:
    return PersonalValue(row[0], row[1], row[2], row[3])
