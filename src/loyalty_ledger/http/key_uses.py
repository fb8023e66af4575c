"""Noting when keys are used: beside the requests, in a thread of its own, now and then."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from loyalty_ledger.store import key_uses

NOTED_EVERY = timedelta(minutes=1)
log = structlog.get_logger("loyalty_ledger.http")


class KeyUses:
    """Notes each key at most once a minute. No request waits for it, or fails with it."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime]):
        self._engine = engine
        self._clock = clock
        self._noted: dict[str, datetime] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="key-uses")

    def used(self, key_id: str) -> None:
        """A request was let in under this key."""
        at, noted = self._clock(), self._noted.get(key_id)
        if noted is None or at - noted >= NOTED_EVERY:
            self._noted[key_id] = at
            self._thread.submit(self._note, key_id, at)

    def close(self) -> None:
        """Wait until what was begun is noted."""
        self._thread.shutdown(wait=True)

    def _note(self, key_id: str, at: datetime) -> None:
        try:
            key_uses.note(self._engine, key_id, at)
        except SQLAlchemyError as error:  # the next one is noted in a minute
            log.warning("key_use_not_noted", key=key_id, error=type(error).__name__)
