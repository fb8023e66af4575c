"""Many rows at once, by the quickest way each database has.

PostgreSQL takes new rows by binary COPY and everything else as arrays: never by pipelining single
statements, which can hang over a Unix socket. SQLite takes rows one by one in process, and reads
lists as JSON.
"""

import json
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

import psycopg
from sqlalchemy import BigInteger, Column, Connection, Integer, LargeBinary, Table

from loyalty_ledger.store.trip import told

Row = Sequence[Any]
_ROWS_AT_ONCE = 5_000
_COPY_FROM = 20


def insert_rows(connection: Connection, table: Table, rows: Iterable[Row]) -> None:
    """Insert rows with a value for every column, in the table's order; may stream.

    IntegrityError when one is there already; nothing of this call is usable then.
    """
    if connection.dialect.name == "postgresql":
        # COPY takes three trips to the server where an INSERT takes one.
        if isinstance(rows, list) and len(rows) < _COPY_FROM:
            _insert_arrays(connection, table, rows, "")
        else:
            _copy(connection, table, rows)
        return
    statement = _insert_values(table)
    remaining = iter(rows)
    while batch := [tuple(row) for row in islice(remaining, _ROWS_AT_ONCE)]:
        connection.exec_driver_sql(statement, batch)


def upsert_rows(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows, or replace those with the same key; the last row of a key wins."""
    latest = latest_rows(table, rows)
    if not latest:
        return
    keys = [column.name for column in table.primary_key.columns]
    changes = ", ".join(
        f"{c.name} = excluded.{c.name}" for c in table.columns if c.name not in keys
    )
    resolve = f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {changes}"
    if connection.dialect.name == "postgresql":
        _insert_arrays(connection, table, latest, resolve)
    else:
        connection.exec_driver_sql(f"{_insert_values(table)} {resolve}", latest)


def latest_rows(table: Table, rows: Sequence[Row]) -> list[Row]:
    """The last row of each key."""
    if not rows:
        return []
    places = [place for place, column in enumerate(table.columns) if column.primary_key]
    return list({tuple(row[place] for place in places): tuple(row) for row in rows}.values())


def select_for(
    connection: Connection, select: str, join: str, columns: dict[str, str], rows: Sequence[Row]
) -> list[Any]:
    """`select` for all these rows in one query, whatever their number.

    The rows stand in `join` as the table `asked`; `columns` gives names and PostgreSQL types.
    """
    if connection.dialect.name == "postgresql":
        arrays = ", ".join(f"%s::{kind}[]" for kind in columns.values())
        asked = f"unnest({arrays}) AS asked({', '.join(columns)})"
        values = tuple([row[place] for row in rows] for place in range(len(columns)))
        return list(connection.exec_driver_sql(f"{select} FROM {asked} {join}", values))
    names = ", ".join(
        f"json_extract(value, '$[{place}]') AS {name}" for place, name in enumerate(columns)
    )
    asked = f"(SELECT {names} FROM json_each(?)) AS asked"  # noqa: S608
    parameter = json.dumps([list(row) for row in rows])
    return list(connection.exec_driver_sql(f"{select} FROM {asked} {join}", (parameter,)))


def quickly(connection: Connection, statement: str, values: Any) -> list[Any]:
    """The rows of one statement, as the driver gives them: on PostgreSQL at half the cost.

    IntegrityError and OperationalError as elsewhere. Values are marked as the driver marks them.
    """
    if connection.dialect.name != "postgresql":
        return list(connection.exec_driver_sql(statement, values))
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)  # noqa: S101 - what the engine is made of
    try:
        cursor = driver.execute(statement.encode(), values)
        return cursor.fetchall() if cursor.description else []
    except psycopg.Error as error:
        raise told(connection, driver, statement, error) from error


def _insert_values(table: Table) -> str:
    marks = ", ".join("?" * len(table.columns))
    return f"INSERT INTO {table.name} ({_columns(table)}) VALUES ({marks})"  # noqa: S608


def _insert_arrays(connection: Connection, table: Table, rows: Sequence[Row], resolve: str) -> None:
    if not rows:
        return
    arrays = ", ".join(f"%s::{_pg_type(column)}[]" for column in table.columns)
    into = f"INSERT INTO {table.name} ({_columns(table)})"
    statement = f"{into} SELECT * FROM unnest({arrays}) {resolve}"  # noqa: S608
    connection.exec_driver_sql(statement, tuple(list(c) for c in zip(*rows, strict=True)))


def _copy(connection: Connection, table: Table, rows: Iterable[Row]) -> None:
    statement = f"COPY {table.name} ({_columns(table)}) FROM STDIN (FORMAT BINARY)"
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)  # noqa: S101 - what the engine is made of
    try:
        with driver.cursor() as cursor, cursor.copy(statement.encode()) as copy:
            copy.set_types([_pg_type(column) for column in table.columns])
            write = copy.write_row
            for row in rows:
                write(row)
    except psycopg.Error as error:
        raise told(connection, driver, statement, error) from error


def _columns(table: Table) -> str:
    return ", ".join(table.columns.keys())


def _pg_type(column: Column[Any]) -> str:
    if isinstance(column.type, BigInteger):
        return "int8"
    if isinstance(column.type, Integer):
        return "int4"
    return "bytea" if isinstance(column.type, LargeBinary) else "text"
