"""One statement in one trip on PostgreSQL, as its own transaction.

It is prepared once for each connection, and sent and read through libpq itself: what the driver
does for every statement costs several times what a short statement does.
"""

import select
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import psycopg
from psycopg import pq
from psycopg.errors import InvalidSqlStatementName, error_from_result
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.pool import PoolProxiedConnection

from loyalty_ledger.store.reaching import in_reach

Values = Sequence[bytes]
Row = list[bytes]
_BINARY = pq.Format.BINARY


class Statement(NamedTuple):
    """SQL with values marked $1, $2, … under the name that it is prepared as."""

    name: bytes
    sql: bytes


def in_one_trip(engine: Engine, statement: Statement, values: Values) -> list[Row]:
    """The rows, each column in PostgreSQL's binary form; NULL is empty.

    Values are in the text form. IntegrityError and OperationalError as SQLAlchemy raises them;
    NotStored when there is no connection to be had.
    """
    with in_reach():
        connection = engine.raw_connection()
    driver = connection.driver_connection
    assert isinstance(driver, psycopg.Connection)  # noqa: S101 - what the engine is made of
    try:
        return _asked(driver.pgconn, connection.info, statement, values)
    except psycopg.Error as error:
        raise told(connection, driver, statement.sql.decode(), error) from error
    except BaseException:
        connection.invalidate()  # its answer would be taken for the next one's
        raise
    finally:
        connection.close()


def _asked(
    server: pq.abc.PGconn, known: dict[Any, Any], statement: Statement, values: Values
) -> list[Row]:
    """The answer; the driver has all that is prepared forgotten whenever it rolls back."""
    if statement.name in known:
        with suppress(InvalidSqlStatementName):
            return _answered(server, statement, values)
    _prepare(server, known, statement)
    return _answered(server, statement, values)


def _prepare(server: pq.abc.PGconn, known: dict[Any, Any], statement: Statement) -> None:
    result = server.prepare(statement.name, statement.sql)
    if result.status != pq.ExecStatus.COMMAND_OK:
        raise error_from_result(result)
    known[statement.name] = True


def _answered(server: pq.abc.PGconn, statement: Statement, values: Values) -> list[Row]:
    server.send_query_prepared(statement.name, values, None, _BINARY)
    socket = select.poll()
    while server.flush():
        socket.register(server.socket, select.POLLIN | select.POLLOUT)
        socket.poll()
        server.consume_input()
    socket.register(server.socket, select.POLLIN)
    while server.is_busy():
        socket.poll()
        server.consume_input()
    result = server.get_result()
    while server.get_result() is not None:
        pass
    if result is None or result.status != pq.ExecStatus.TUPLES_OK:
        raise error_from_result(result) if result else psycopg.OperationalError("no answer")
    columns = range(result.nfields)
    return [
        [result.get_value(row, column) or b"" for column in columns]
        for row in range(result.ntuples)
    ]


def number(value: bytes) -> int:
    """An int8 from its binary form."""
    return int.from_bytes(value, signed=True)


def told(
    connection: Connection | PoolProxiedConnection,
    driver: "psycopg.Connection[Any]",
    statement: str,
    error: psycopg.Error,
) -> Exception:
    """The error as SQLAlchemy tells it; a connection that is lost is not used again."""
    if isinstance(error, psycopg.IntegrityError):
        return IntegrityError(statement, None, error)
    if driver.closed:
        connection.invalidate(error)
    return OperationalError(statement, None, error, connection_invalidated=bool(driver.closed))
