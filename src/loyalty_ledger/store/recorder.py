"""The eventsourcing library's recorders over the ledger's tables.

They store what they are given under whatever name it has: names are the mapper's concern. Events
written through them concern no customer.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from threading import Event
from typing import Any, Literal
from uuid import UUID

from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    IntegrityError,
    Notification,
    ProcessRecorder,
    StoredEvent,
    Subscription,
    Tracking,
    TrackingRecorder,
)
from sqlalchemy import Connection, Engine, Select, select
from sqlalchemy.exc import IntegrityError as DatabaseIntegrityError

from loyalty_ledger.store.append import EventRow, advance_to, take_head, write_events
from loyalty_ledger.store.checkpoints import Checkpoints
from loyalty_ledger.store.schema import events, head, tracking
from loyalty_ledger.store.surely import commit_once
from loyalty_ledger.store.text import storable_id

POLL_EVERY_S = 0.2
"""How long a subscription that has read everything waits before it looks again."""

_SELECT_AT_ONCE = 500


class LedgerRecorder:
    """What the recorders share: the database, the clock, and the type of ids that reads return."""

    def __init__(
        self,
        engine: Engine,
        clock: Callable[[], datetime],
        *,
        originator_ids: Literal["text", "uuid"] = "text",
    ):
        self._engine = engine
        self._clock = clock
        self._id_type: type[str] | type[UUID] = UUID if originator_ids == "uuid" else str
        self._checkpoints = Checkpoints(engine)

    def _insert(
        self, stored_events: Sequence[StoredEvent], new_tracking: Tracking | None
    ) -> list[int]:
        rows = [_row(stored) for stored in stored_events]
        if not rows and new_tracking is None:
            return []
        inserted = commit_once(
            self._engine, lambda on: self._write(on, rows, new_tracking), _landed
        )
        self._checkpoints.committed()
        return list(range(inserted.first, inserted.first + len(rows)))

    def _write(
        self, connection: Connection, rows: list[EventRow], new_tracking: Tracking | None
    ) -> "_Inserted":
        place = take_head(connection, len(rows), self._clock)
        digest = None
        if new_tracking is not None:
            reader, position = new_tracking.application_name, new_tracking.notification_id
            if not advance_to(connection, storable_id(reader, "reader"), position):
                raise IntegrityError(f"{reader} has already come to {position}")
        if rows:
            try:
                digest = write_events(connection, place, rows)
            except DatabaseIntegrityError as error:
                raise IntegrityError("a stream has that version already") from error
        return _Inserted(place.position + 1, place.position + len(rows), digest, new_tracking)

    def _read(self, query: Select[Any]) -> list[Any]:
        with self._engine.connect() as connection:
            return list(connection.execute(query))


class _Inserted:
    def __init__(self, first: int, last: int, digest: bytes | None, new: Tracking | None):
        self.first = first
        self.last = last
        self.digest = digest
        self.tracking = new


def _landed(connection: Connection, inserted: _Inserted) -> bool:
    connection.execute(select(head.c.id).with_for_update())
    if inserted.digest is not None:
        at_last = select(events.c.digest).where(events.c.position == inserted.last)
        return connection.execute(at_last).scalar() == inserted.digest
    if inserted.tracking is None:
        return True
    name = inserted.tracking.application_name
    of_reader = select(tracking.c.position).where(tracking.c.reader == name)
    return connection.execute(of_reader).scalar() == inserted.tracking.notification_id


def _row(stored: StoredEvent) -> EventRow:
    stream = storable_id(str(stored.originator_id), "originator id")
    name = storable_id(stored.topic, "topic")
    return EventRow(stream, stored.originator_version, name, stored.state)


class LedgerAggregateRecorder(LedgerRecorder, AggregateRecorder):
    """Writes and reads streams."""

    def insert_events(
        self, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        """Store events, all or none. The library's IntegrityError when a version is there."""
        self._insert(stored_events, None)
        return None

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """The events of a stream, by version."""
        query = select(events).where(events.c.stream == str(originator_id))
        query = query if gt is None else query.where(events.c.version > gt)
        query = query if lte is None else query.where(events.c.version <= lte)
        query = query.order_by(events.c.version.desc() if desc else events.c.version)
        return [
            StoredEvent(originator_id, row.version, row.name, bytes(row.body))
            for row in self._read(query.limit(limit))
        ]


class LedgerApplicationRecorder(LedgerAggregateRecorder, ApplicationRecorder):
    """Writes and reads streams, and reads the whole log."""

    def insert_events(
        self, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        """Store events, all or none, and say their positions."""
        return self._insert(stored_events, None)

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """Events by position."""
        first = 0 if start is None else start if inclusive_of_start else start + 1
        query = select(events).where(events.c.position >= first)
        query = query if stop is None else query.where(events.c.position <= stop)
        query = query.where(events.c.name.in_(topics)) if topics else query
        return [
            Notification(
                originator_id=self._id_type(row.stream),
                originator_version=row.version,
                topic=row.name,
                state=bytes(row.body),
                id=row.position,
            )
            for row in self._read(query.order_by(events.c.position).limit(limit))
        ]

    def max_notification_id(self) -> int | None:
        """The last position, None when the log is empty."""
        return self._read(select(head.c.position))[0].position or None

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> "PollingSubscription":
        """All events behind `gt`, and those to come, as they come."""
        return PollingSubscription(self, gt, topics)


class LedgerTrackingRecorder(LedgerRecorder, TrackingRecorder):
    """Writes and reads how far readers have come."""

    def insert_tracking(self, tracking: Tracking) -> None:
        """Move a reader forward; the library's IntegrityError when it is there or beyond."""
        self._insert((), tracking)

    def max_tracking_id(self, application_name: str) -> int | None:
        """How far a reader has come, None for one nobody knows."""
        found = self._read(select(tracking.c.position).where(tracking.c.reader == application_name))
        return found[0].position if found else None


class LedgerProcessRecorder(LedgerTrackingRecorder, LedgerApplicationRecorder, ProcessRecorder):
    """Writes events together with the position they follow from."""

    def insert_events(
        self, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        """Store events, and `tracking` if given, all or none, and say their positions."""
        return self._insert(stored_events, kwargs.get("tracking"))


class PollingSubscription(Subscription[LedgerApplicationRecorder]):
    """Looks for new events again and again: nothing has to be announced, so nothing is missed."""

    def __init__(self, recorder: LedgerApplicationRecorder, gt: int | None, topics: Sequence[str]):
        super().__init__(recorder, gt, topics)
        self._found: list[Notification] = []
        self._stopped = Event()

    def stop(self) -> None:
        """End the iteration, also one that waits in another thread."""
        super().stop()
        self._stopped.set()

    def __next__(self) -> Notification:
        while not self._stopped.is_set():
            if self._found:
                notification = self._found.pop()
                self._last_notification_id = notification.id
                return notification
            self._found = list(reversed(self._next_ones()))
            if not self._found:
                self._stopped.wait(POLL_EVERY_S)
        raise StopIteration

    def _next_ones(self) -> Sequence[Notification]:
        return self._recorder.select_notifications(
            start=self._last_notification_id or 0,
            limit=_SELECT_AT_ONCE,
            topics=self._topics,
            inclusive_of_start=False,
        )
