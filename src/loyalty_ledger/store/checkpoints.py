"""Checkpoints of SQLite's write-ahead log, by one process at a time."""

import fcntl
import os
from pathlib import Path
from threading import Lock

from sqlalchemy import Engine

COMMITS_BETWEEN = 64


class Checkpoints:
    """Takes a checkpoint after the first of this process's commits, then after every 64th.

    SQLite before 3.51.3 can corrupt a file when two connections checkpoint at once, so the turn is
    taken with a lock on `<database file>.lock`; when somebody else has it, the turn passes.
    """

    def __init__(self, engine: Engine):
        self._engine = engine if engine.dialect.name == "sqlite" else None
        self._lock_file = Path(f"{engine.url.database}.lock")
        self._commits = 0
        self._counting = Lock()

    def committed(self) -> None:
        """To be called after every commit."""
        if self._engine is None:
            return
        with self._counting:
            self._commits += 1
            due = self._commits % COMMITS_BETWEEN == 1
        if due:
            self.take()

    def take(self) -> bool:
        """Take a checkpoint unless somebody else is at it; says whether it was taken."""
        return self._alone("PRAGMA wal_checkpoint(PASSIVE)") is not None

    def rewrite(self) -> bool:
        """Rewrite the file and empty the write-ahead log; says whether nothing is left in it.

        It is not while somebody else reads what was before, or takes a checkpoint.
        """
        told = self._alone("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)")
        return told is not None and told[0] == 0

    def _alone(self, *statements: str) -> tuple[int, ...] | None:
        """What the last statement says, when nobody else has the turn."""
        if self._engine is None:
            return None
        handle = os.open(self._lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return None
        else:
            with self._engine.connect() as connection:
                driver = connection.connection.driver_connection
                assert driver is not None  # noqa: S101 - a connection in use has one
                said = [driver.execute(statement).fetchall() for statement in statements]
            told: tuple[int, ...] = said[-1][0]
            return told
        finally:
            os.close(handle)
