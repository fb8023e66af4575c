"""One commit, answered rightly even when the connection is cut while it commits."""

import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from loyalty_ledger.store.engine import for_writing
from loyalty_ledger.store.records import NotStored, OutcomeUnknown

Result = TypeVar("Result")
_PAUSES_S = (0.0, 0.1, 0.3, 1.0, 3.0)


def commit_once(
    engine: Engine,
    work: Callable[[Connection], Result],
    landed: Callable[[Connection, Result], bool],
) -> Result:
    """Do `work` in one transaction and return its result once it is committed.

    When the connection is lost at COMMIT, `landed` is asked, on a new connection, whether what
    `work` wrote is there: it must take the lock that `work` took, so that it waits for the lost
    transaction to end. NotStored when nothing was written; OutcomeUnknown when the database cannot
    be asked. What `work` raises is raised, and nothing is written.
    """
    with for_writing(engine).connect() as connection:
        transaction = connection.begin()
        try:
            result = work(connection)
        except BaseException as error:
            transaction.rollback()
            if isinstance(error, DBAPIError) and error.connection_invalidated:
                raise NotStored("the connection to the database was lost") from error
            raise
        try:
            transaction.commit()
            return result
        except DBAPIError as error:
            connection.invalidate(error)
            lost = error
    if _ask(engine, landed, result):
        return result
    raise NotStored("the connection to the database was lost while committing") from lost


def _ask(engine: Engine, landed: Callable[[Connection, Result], bool], result: Result) -> bool:
    for pause in _PAUSES_S:
        time.sleep(pause)
        try:
            with for_writing(engine).begin() as connection:
                return landed(connection, result)
        except DBAPIError as error:
            last = error
    raise OutcomeUnknown("the connection was lost while committing, and stays lost") from last
