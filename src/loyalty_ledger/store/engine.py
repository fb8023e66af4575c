"""Engines as the ledger needs them, for SQLite and PostgreSQL."""

import time
from sqlite3 import Connection as SqliteConnection
from typing import Any

import psycopg
import sqlalchemy
from psycopg import Connection as PostgresConnection
from sqlalchemy import URL, Connection, Engine, event, make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

BUSY_TIMEOUT_S = 30
TRUSTED_S = 1.0
"""A connection that was used so recently is taken to be there still."""

_WAL_BYTES_KEPT = 64 * 1024 * 1024
_WRITES = "ledger_writes"
_COMMITTED = "READ COMMITTED"


def create_engine(url: str | URL, **options: Any) -> Engine:
    """An engine for the database that holds, or will hold, a ledger.

    `postgresql://` means psycopg 3. ValueError for other databases and for SQLite in memory.
    """
    address = make_url(url)
    backend = address.get_backend_name()
    if backend in ("postgresql", "postgres"):
        return _postgres(address, options)
    if backend == "sqlite":
        return _sqlite(address, options)
    raise ValueError(f"a ledger lives in SQLite or PostgreSQL, not in {backend}")


def for_writing(engine: Engine) -> Engine:
    """The same engine, for transactions that write: on SQLite they begin by taking the lock."""
    options = {_WRITES: True} | ({"isolation_level": _COMMITTED} if _is_postgres(engine) else {})
    return engine.execution_options(**options)


def for_streaming(engine: Engine, rows_at_once: int) -> Engine:
    """The same engine, for results that are fetched as they are asked for, in a transaction."""
    options = {"isolation_level": _COMMITTED} if _is_postgres(engine) else {}
    return engine.execution_options(yield_per=rows_at_once, **options)


def _is_postgres(engine: Engine) -> bool:
    return engine.name == "postgresql"


def _postgres(address: URL, options: dict[str, Any]) -> Engine:
    # Each statement is one trip, in no transaction but its own, unless one is asked for.
    # What takes a transaction ends it itself: to roll back after each use would be for nothing.
    options = {"isolation_level": "AUTOCOMMIT", "pool_reset_on_return": None} | options
    engine = sqlalchemy.create_engine(address.set(drivername="postgresql+psycopg"), **options)
    event.listen(engine, "connect", _prepare_postgres)
    event.listen(engine, "checkin", _note_return)
    event.listen(engine, "checkout", _ping_after_a_pause)
    return engine


def _note_return(_connection: object, record: ConnectionPoolEntry) -> None:
    record.info["returned"] = time.monotonic()


def _ping_after_a_pause(
    connection: PostgresConnection, record: ConnectionPoolEntry, _proxy: object
) -> None:
    # A server that went away while nothing was asked shows here, not in the middle of a decision.
    # To ask each time would cost as much as the question.
    returned = record.info.get("returned")
    if returned is None or time.monotonic() - returned < TRUSTED_S:
        return
    try:
        connection.execute("")
    except psycopg.OperationalError as error:
        raise DisconnectionError("the connection was lost while it was idle") from error


_SETTINGS = (
    # Whatever the server's default: who waited for the head row must see what the one before him
    # committed.
    "SET default_transaction_isolation = 'read committed'",
    # Compiling takes longer than a short query does.
    "SET jit = off",
    # Every query here goes by keys, so that one plan serves for ever. Planning anew each time would
    # take as long as the query; a plan that reads whole tables is one of when they were empty.
    "SET plan_cache_mode = force_generic_plan",
    "SET enable_seqscan = off",
    "SET enable_hashjoin = off",
    "SET enable_mergejoin = off",
)


def _prepare_postgres(connection: PostgresConnection, _record: object) -> None:
    connection.autocommit = True
    for setting in _SETTINGS:
        connection.execute(setting)


def _sqlite(address: URL, options: dict[str, Any]) -> Engine:
    if not address.database or ":memory:" in address.database:
        raise ValueError("a ledger in SQLite lives in a file, not in memory")
    options = {"connect_args": {"timeout": BUSY_TIMEOUT_S}} | options
    engine = sqlalchemy.create_engine(address, **options)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: SqliteConnection, _record: object) -> None:
    # The driver would begin transactions late and without the lock; `_begin_sqlite` does it.
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    # Checkpoints are taken by one process at a time: see Checkpoints.
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute(f"PRAGMA journal_size_limit = {_WAL_BYTES_KEPT}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
