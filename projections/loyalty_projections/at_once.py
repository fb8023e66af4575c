"""Customers' rows of several tables by one statement of PostgreSQL, and so in one trip.

A statement sees one state of the database, as a transaction of several does. It tells which builds
are live, too, so that it cannot go unnoticed when it has read others.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection

from loyalty_projections import builds
from loyalty_projections.rows import MemoryRows
from loyalty_projections.sql import stored_row
from loyalty_projections.tables import Table

Live = Mapping[tuple[str, int], int]
"""The number of the live build by name and version of its projection."""
_LIVE_BUILDS = (
    "SELECT json_agg(json_build_array(name, version, build))"  # noqa: S608 - our own name
    f" FROM {builds.NAME} WHERE live"
)


def copied(
    connection: Connection, tables: Sequence[tuple[Table[Any], int]], customer_ids: Sequence[str]
) -> tuple[Live, dict[str, MemoryRows]]:
    """The live builds, and the customers' rows in these builds of tables."""
    copies = {customer_id: MemoryRows() for customer_id in customer_ids}
    values = (list(copies),) * len(tables)
    ((told,),) = connection.exec_driver_sql(_statement(tuple(tables)), values)
    live, *found = told
    for (table, _), rows in zip(tables, found, strict=True):
        owner = table.columns.index("customer_id")
        for row in rows or ():
            copies[row[owner]].insert(table, stored_row(table, row))
    return {(name, version): build for name, version, build in live or ()}, copies


@lru_cache(maxsize=64)
def _statement(tables: tuple[tuple[Table[Any], int], ...]) -> str:
    parts = [_LIVE_BUILDS]
    for table, build in tables:
        columns = ", ".join(f'"{column}"' for column in table.columns)
        parts.append(
            f"SELECT json_agg(json_build_array({columns}))"  # noqa: S608 - our own names
            f" FROM {table.built(build).name} WHERE customer_id = ANY(%s::text[])"
        )
    return f"SELECT json_build_array({', '.join(f'({part})' for part in parts)})"
