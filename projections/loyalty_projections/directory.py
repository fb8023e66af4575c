"""Whom does an identifier name, and by what is a customer known? Keyed hashes only."""

from typing import NamedTuple

from loyalty_ledger.domain.events.customers import IdentifierLinked, IdentifierUnlinked
from loyalty_projections.projection import Projection, Recorded
from loyalty_projections.rows import Reader, Rows
from loyalty_projections.tables import Table


class IdentifierRow(NamedTuple):
    """An identifier's keyed hash and a customer it names."""

    kind: str
    type: str
    digest: str
    customer_id: str


IDENTIFIERS = Table("directory", IdentifierRow, keys=4, indexes=(("customer_id",),))


def _linked(rows: Rows, event: IdentifierLinked, _recorded: Recorded) -> None:
    rows.merge(IDENTIFIERS, (event.kind, event.type, event.digest, event.customer_id))


def _unlinked(rows: Rows, event: IdentifierUnlinked, _recorded: Recorded) -> None:
    rows.delete(IDENTIFIERS, (event.kind, event.type, event.digest, event.customer_id))


PROJECTION = Projection(
    "directory", 2, (IDENTIFIERS,), {IdentifierLinked: _linked, IdentifierUnlinked: _unlinked}
)


def customers_named(reader: Reader, kind: str, type_: str, digest: str) -> list[str]:
    """The customers that the identifier names: several when it says no type and two have one."""
    rows = reader.select(IDENTIFIERS, kind=kind, type=type_, digest=digest)
    return [row.customer_id for row in rows]


def identifiers_of(reader: Reader, customer_id: str) -> list[IdentifierRow]:
    """Every identifier that names the customer."""
    return reader.select(IDENTIFIERS, customer_id=customer_id)
