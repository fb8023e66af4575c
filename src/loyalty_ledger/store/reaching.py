"""What a database cannot do just now, told apart from what is wrong with what it is asked."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection

from loyalty_ledger.store.records import Busy, NotStored

_HELD = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_AWAY = frozenset({sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL})
_HELD_CLASSES = ("40", "55")
"""Rolled back for another's sake, such as a deadlock; not to be had, such as a lock."""
_AWAY_CLASSES = ("08", "53", "57")
"""No connection; no room for one more, or on the disk; shut down, or stopped by an operator."""


@contextmanager
def in_reach() -> Iterator[None]:
    """Within the block an error that passes by itself is Busy or NotStored; others stay.

    A block that commits has to know by itself whether that was done.
    """
    try:
        yield
    except NoConnection as error:
        raise Busy from error
    except (DBAPIError, psycopg.OperationalError) as error:
        passing = _passing(error)
        if passing is None:
            raise
        raise passing from error


def _passing(error: DBAPIError | psycopg.OperationalError) -> Busy | NotStored | None:
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return NotStored("the connection to the database was lost")
    cause = error.orig if isinstance(error, DBAPIError) else error
    held, away = _kind(cause)
    if held:
        return Busy()
    return NotStored("the database cannot be reached just now") if away else None


def _kind(error: BaseException | None) -> tuple[bool, bool]:
    """Whether others hold what was asked for; whether the database is not to be reached."""
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        return code in _HELD, code in _AWAY
    if isinstance(error, psycopg.Error):
        kind = error.sqlstate or ""
        # Without a state it is the driver that tells it: there was no server to do so.
        nobody = not kind and isinstance(error, psycopg.OperationalError)
        return kind.startswith(_HELD_CLASSES), nobody or kind.startswith(_AWAY_CLASSES)
    return False, False
