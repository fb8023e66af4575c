"""A commit on PostgreSQL in one trip: a function of the database locks, checks and writes.

No writer waits for another one's trips, nor for its turn on a busy machine. The statement commits
by itself; a writer who loses his connection to it finds out whether it was written, and if not,
sees to it that it never will be.
"""

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime

from msgspec import json
from sqlalchemy import Connection, Engine, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IntegrityError

from loyalty_ledger.store.append import EventRow, changed_since, stands_elsewhere
from loyalty_ledger.store.bulk import latest_rows
from loyalty_ledger.store.instants import from_micros, to_micros
from loyalty_ledger.store.records import Appended, Commit, Conflict
from loyalty_ledger.store.schema import events, given_up, head, personal, requests, snapshots
from loyalty_ledger.store.trip import Statement, in_one_trip, number

MOST_EVENTS = 5_000
MOST_BYTES = 8_000_000
"""What is larger takes its trips: it would be held in memory several times over."""

_CALL = Statement(b"append_at_once", b"SELECT * FROM append_at_once($1::jsonb)")
_encode = json.Encoder().encode


def fits(commit: Commit, rows: Sequence[EventRow]) -> bool:
    """Whether one statement can write it: not too much, and nothing that only some commits have."""
    if commit.catalog or commit.codes or commit.forgotten:
        return False
    return 0 < len(rows) < MOST_EVENTS and sum(len(row.body) for row in rows) < MOST_BYTES


class AtOnce:
    """A commit, made ready to be sent and to be recognised."""

    def __init__(self, commit: Commit, rows: Sequence[EventRow], clock: Callable[[], datetime]):
        self._commit = commit
        self._rows = rows
        self._mark = secrets.randbits(62)
        beside = {
            "quiet": commit.quiet,
            "answers": commit.answers,
            "personal": latest_rows(personal, commit.personal),
            "snapshots": latest_rows(snapshots, commit.snapshots),
            "advance": commit.advance,
        }
        self._asked = _encode(
            {
                "mark": self._mark,
                "now": to_micros(clock()),
                "read_at": commit.read_at,
                "expected": commit.expected,
                "events": [
                    (*row, tuple(dict.fromkeys(new.customers)))
                    for row, new in zip(rows, commit.events, strict=True)
                ],
            }
            | {what: rows for what, rows in beside.items() if rows}
        )

    def write(self, engine: Engine) -> Appended:
        """Write it in a statement that commits; Conflict when somebody was faster."""
        try:
            ((outcome, place, told_at, moved),) = in_one_trip(engine, _CALL, [self._asked])
        except IntegrityError as error:
            raise self._taken(error) from error
        first = number(place)
        changed = json.decode(moved) if moved != b"{}" else {}
        if outcome == b"written":
            last = first + len(self._rows) - 1
            return Appended(first, last, changed, from_micros(number(told_at)))
        if outcome == b"ahead":
            read_at = self._commit.read_at
            raise ValueError(f"read at position {read_at}, but the log ends at {first - 1}")
        raise self._conflict(outcome, changed)

    def _taken(self, error: IntegrityError) -> Conflict:
        """The expected version of a written stream was already behind when it was read."""
        if getattr(getattr(error.orig, "diag", None), "table_name", "") == requests.name:
            return _answered()
        return Conflict("streams", frozenset(row.stream for row in self._rows))

    def _conflict(self, outcome: bytes, moved: dict[str, int]) -> Conflict:
        if outcome == b"answers":
            return _answered()
        if outcome == b"tracking" and self._commit.advance:
            return stands_elsewhere(self._commit.advance)
        if outcome == b"quiet":
            return Conflict("quiet", message="customers have new events")
        expected = self._commit.expected
        streams = (s for s, version in moved.items() if expected.get(s, version) != version)
        return Conflict("streams", frozenset(streams))

    def landed(self, connection: Connection) -> Appended | None:
        """What was written, when the answer was lost; else None, and it never will be written.

        Waits for whoever writes just now. It is recognised by all of its events in their places:
        they tell of an instant, of who did it and why.
        """
        connection.execute(select(head.c.id).with_for_update())
        first = self._rows[0]
        at_first = (events.c.stream == first.stream, events.c.version == first.version)
        found = connection.execute(select(events.c.position).where(*at_first)).scalar()
        if found is None or not self._stands_at(connection, found):
            give_up = postgresql.insert(given_up).values(mark=self._mark)
            connection.execute(give_up.on_conflict_do_nothing())
            return None
        told_at = select(events.c.recorded_at).where(events.c.position == found)
        recorded_at = from_micros(connection.execute(told_at).scalar_one())
        changed = changed_since(connection, self._commit.read_at, found - 1)
        return Appended(found, found + len(self._rows) - 1, changed, recorded_at)

    def _stands_at(self, connection: Connection, first: int) -> bool:
        last = first + len(self._rows) - 1
        columns = events.c.stream, events.c.version, events.c.name, events.c.body
        query = select(*columns).where(events.c.position.between(first, last))
        stored = connection.execute(query.order_by(events.c.position))
        return [(*row[:3], bytes(row[3])) for row in stored] == [tuple(row) for row in self._rows]


def _answered() -> Conflict:
    return Conflict("answers", message="a request has already been answered")
