"""One commit of the ledger: made ready outside the lock, written under it, recognised after."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Self

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import IntegrityError

from loyalty_ledger.store import answers, catalog, promo_codes
from loyalty_ledger.store.append import (
    EventRow,
    Place,
    advance,
    changed_since,
    check_expected,
    check_forward,
    check_quiet,
    take_head,
    write_events,
)
from loyalty_ledger.store.at_once import AtOnce, fits
from loyalty_ledger.store.bulk import upsert_rows
from loyalty_ledger.store.instants import from_micros
from loyalty_ledger.store.mapper import EventCodec
from loyalty_ledger.store.personal import forget
from loyalty_ledger.store.records import Answer, Appended, Commit, Conflict, PersonalValue
from loyalty_ledger.store.schema import events, head, personal, snapshots, tracking
from loyalty_ledger.store.surely import call_once, commit_once
from loyalty_ledger.store.text import storable, storable_id


class Written(NamedTuple):
    """What a commit came to, and the digest of its last event, by which it is recognised."""

    result: Appended
    last_digest: bytes | None


@dataclass(slots=True)
class Prepared:
    """A commit whose events are encoded and whose texts are storable."""

    commit: Commit
    rows: list[EventRow]

    @classmethod
    def of(cls, commit: Commit, codec: EventCodec) -> Self:
        """Encode and check; ValueError and UnknownEvent as `Log.append` says."""
        rows = _event_rows(commit, codec)
        for answer in commit.answers:
            _check_answer(answer)
        for value in commit.personal:
            _check_personal(value)
        for snapshot in commit.snapshots:
            storable_id(snapshot.stream, "stream")
            storable(snapshot.state_version, "state version")
        if commit.advance:
            storable_id(commit.advance.reader, "reader")
            check_forward(commit.advance)
        return cls(commit, rows)

    def append(self, engine: Engine, clock: Callable[[], datetime]) -> Appended:
        """Write it, in the way that suits its size; raises what `Log.append` says."""
        if engine.name == "postgresql" and fits(self.commit, self.rows):
            whole = AtOnce(self.commit, self.rows, clock)
            return call_once(engine, whole.write, whole.landed)
        return commit_once(engine, lambda on: self.write(on, clock), self.landed).result

    def write(self, connection: Connection, clock: Callable[[], datetime]) -> Written:
        """Write everything in the connection's transaction; Conflict when somebody was faster."""
        commit = self.commit
        if commit.codes:  # before the lock of all writers: a million of them take their time
            promo_codes.add_batch(connection, *commit.codes)
        place = take_head(connection, len(self.rows), clock)
        changed = changed_since(connection, commit.read_at, place.position)
        check_expected(commit.expected, changed)
        check_quiet(connection, commit.quiet, place)
        if commit.advance:
            advance(connection, commit.advance)
        last = place.position + len(self.rows)
        answers.store(connection, commit.answers, last)
        if commit.catalog:
            catalog.add_catalog(connection, *commit.catalog)
        last_digest = self._write_events(connection, place) if self.rows else None
        forget(connection, commit.forgotten)
        upsert_rows(connection, personal, commit.personal)
        upsert_rows(connection, snapshots, commit.snapshots)
        recorded_at = from_micros(place.recorded_at)
        return Written(Appended(place.position + 1, last, changed, recorded_at), last_digest)

    def _write_events(self, connection: Connection, place: Place) -> bytes:
        try:
            customers = [new.customers for new in self.commit.events]
            return write_events(connection, place, self.rows, customers)
        except IntegrityError as error:
            # The expected version of a written stream was already behind when it was read.
            written = frozenset(row.stream for row in self.rows)
            raise Conflict("streams", written) from error

    def landed(self, connection: Connection, written: Written) -> bool:
        """Whether what was written is in the database. Waits for whoever writes just now.

        A digest covers everything before it, so that the last event's tells of all events.
        """
        connection.execute(select(head.c.id).with_for_update())
        if written.last_digest is not None:
            at_last = select(events.c.digest).where(events.c.position == written.result.last)
            return connection.execute(at_last).scalar() == written.last_digest
        return self._answers_landed(connection) and self._advance_landed(connection)

    def _answers_landed(self, connection: Connection) -> bool:
        ours = {answers.key_of(answer): answer for answer in self.commit.answers}
        stored = answers.find(connection, list(ours))
        return all(
            key in stored and stored[key]._replace(position=answer.position) == answer
            for key, answer in ours.items()
        )

    def _advance_landed(self, connection: Connection) -> bool:
        move = self.commit.advance
        if move is None:
            # Without events, answers or a reader, writing again is the same as having written.
            return bool(self.commit.answers)
        of_reader = select(tracking.c.position).where(tracking.c.reader == move.reader)
        return connection.execute(of_reader).scalar() == move.after


def _event_rows(commit: Commit, codec: EventCodec) -> list[EventRow]:
    versions = dict(commit.expected)
    rows = []
    encode = codec.encode
    for stream, event, customers, meta in commit.events:
        expected = versions.get(stream)
        if expected is None:
            raise ValueError(f"the commit writes {stream!a} without saying which version it read")
        versions[stream] = version = expected + 1
        if expected == commit.expected[stream]:
            storable_id(stream, "stream")
        for customer in customers:
            storable_id(customer, "customer id")
        name, body = encode(event, meta)
        rows.append(EventRow(stream, version, name, body))
    return rows


def _check_answer(answer: Answer) -> None:
    storable(answer.client_id, "client id")
    storable(answer.store_id, "store id")
    storable_id(answer.request_id, "request id")
    storable(answer.fingerprint, "fingerprint")


def _check_personal(value: PersonalValue) -> None:
    if value.customer_id:
        storable_id(value.customer_id, "customer id")
    storable_id(value.field, "field")
    if value.reference:
        storable_id(value.reference, "reference")
    storable(value.value, value.field)
