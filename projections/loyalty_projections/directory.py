"""Whom does an identifier name, and by what is a customer known? Keyed hashes only."""

from typing import NamedTuple

from loyalty_ledger.domain.events.customers import IdentifierLinked, IdentifierUnlinked
from loyalty_projections.projection import Projection, Recorded
from loyalty_projections.rows import Reader, Rows
from loyalty_projections.tables import Table


class IdentifierRow(NamedTuple):
    """An identifier's keyed hash and a customer it names, by so many links."""

    kind: str
    type: str
    digest: str
    customer_id: str
    links: int = 0


IDENTIFIERS = Table(
    "directory",
    IdentifierRow,
    keys=4,
    sums=frozenset({"links"}),
    gone=("links",),
    indexes=(("customer_id",),),
)


def _linked(rows: Rows, event: IdentifierLinked, _recorded: Recorded) -> None:
    key = (event.kind, event.type, event.digest, event.customer_id)
    rows.merge(IDENTIFIERS, key, links=1)


def _unlinked(rows: Rows, event: IdentifierUnlinked, _recorded: Recorded) -> None:
    key = (event.kind, event.type, event.digest, event.customer_id)
    if event.why == "unlinked":
        rows.change(IDENTIFIERS, key, links=-1)
    else:
        rows.delete(IDENTIFIERS, key)


PROJECTION = Projection(
    "directory", 3, (IDENTIFIERS,), {IdentifierLinked: _linked, IdentifierUnlinked: _unlinked}
)


def customers_named(reader: Reader, kind: str, type_: str, digest: str) -> list[str]:
    """The customers that the identifier names: several when it says no type and two have one."""
    rows = reader.select(IDENTIFIERS, kind=kind, type=type_, digest=digest)
    return [row.customer_id for row in rows]


def identifiers_of(reader: Reader, customer_id: str) -> list[IdentifierRow]:
    """Every identifier that names the customer."""
    return reader.select(IDENTIFIERS, customer_id=customer_id)
