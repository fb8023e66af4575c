"""Whom does an identifier name, and by what is a customer known? Keyed hashes only."""

from typing import NamedTuple

from loyalty_ledger.domain.events.customers import IdentifierLinked
from loyalty_projections.projection import Projection, Recorded
from loyalty_projections.rows import Reader, Rows
from loyalty_projections.tables import Table


class IdentifierRow(NamedTuple):
    """An identifier's keyed hash and the customer it names."""

    kind: str
    type: str
    digest: str
    customer_id: str


IDENTIFIERS = Table("directory", IdentifierRow, keys=3, indexes=(("customer_id",),))


def _linked(rows: Rows, event: IdentifierLinked, _recorded: Recorded) -> None:
    rows.merge(IDENTIFIERS, (event.kind, event.type, event.digest), customer_id=event.customer_id)


PROJECTION = Projection("directory", 1, (IDENTIFIERS,), {IdentifierLinked: _linked})


def customer_named(reader: Reader, kind: str, type_: str, digest: str) -> str | None:
    """The customer that the identifier names."""
    rows = reader.select(IDENTIFIERS, kind=kind, type=type_, digest=digest)
    return rows[0].customer_id if rows else None


def identifiers_of(reader: Reader, customer_id: str) -> list[IdentifierRow]:
    """Every identifier that names the customer."""
    return reader.select(IDENTIFIERS, customer_id=customer_id)
