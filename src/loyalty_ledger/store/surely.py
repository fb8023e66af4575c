"""One commit, answered rightly even when the connection is cut while it commits."""

import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from loyalty_ledger.store.engine import for_writing
from loyalty_ledger.store.reaching import in_reach
from loyalty_ledger.store.records import NotStored, OutcomeUnknown

Result = TypeVar("Result")
_PAUSES_S = (0.0, 0.1, 0.3, 1.0, 3.0)
_LOST = "the connection to the database was lost while committing"


def commit_once(
    engine: Engine,
    work: Callable[[Connection], Result],
    landed: Callable[[Connection, Result], bool],
) -> Result:
    """Do `work` in one transaction and return its result once it is committed.

    When the connection is lost at COMMIT, `landed` is asked, on a new connection, whether what
    `work` wrote is there: it must take the lock that `work` took, so that it waits for the lost
    transaction to end. NotStored when nothing was written; OutcomeUnknown when the database cannot
    be asked; Busy when others hold the lock for too long. What `work` raises is raised, and
    nothing is written.
    """
    with in_reach(), for_writing(engine).connect() as connection:
        transaction = connection.begin()
        try:
            result = work(connection)
        except BaseException:
            transaction.rollback()
            raise
        try:
            transaction.commit()
            return result
        except DBAPIError as error:
            connection.invalidate(error)
            lost = error
    if _ask(engine, lambda on: landed(on, result)):
        return result
    raise NotStored(_LOST) from lost


def call_once(
    engine: Engine,
    work: Callable[[Engine], Result],
    landed: Callable[[Connection], Result | None],
) -> Result:
    """Do `work`, which is one statement that commits by itself, and return its result.

    When the connection is lost, `landed` is asked on a new one, in a transaction, what was written:
    it must wait as `work` does, and when it tells None, see to it that nothing is written later.
    Raises what `commit_once` raises.
    """
    with in_reach():
        try:
            return work(engine)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            lost = error
    result = _ask(engine, landed)
    if result is None:
        raise NotStored(_LOST) from lost
    return result


def _ask(engine: Engine, landed: Callable[[Connection], Result]) -> Result:
    for pause in _PAUSES_S:
        time.sleep(pause)
        try:
            with for_writing(engine).begin() as connection:
                return landed(connection)
        except DBAPIError as error:
            last = error
    raise OutcomeUnknown("the connection was lost while committing, and stays lost") from last
