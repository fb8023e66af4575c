"""Writing to the log: the one way in, for the ledger's own commits and for the library's."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from loyalty_ledger.store.bulk import insert_rows, quickly
from loyalty_ledger.store.chain import digest
from loyalty_ledger.store.instants import to_micros
from loyalty_ledger.store.records import Advance, Conflict
from loyalty_ledger.store.schema import event_customer, events, tracking


class EventRow(NamedTuple):
    """An event ready to be stored."""

    stream: str
    version: int
    name: str
    body: bytes


class Place(NamedTuple):
    """The end of the log as a writer finds it: nobody else can move it until he commits."""

    position: int
    digest: bytes
    recorded_at: int


_TAKE_HEAD = (
    "UPDATE head SET position = position + {mark} WHERE id = 1"
    " RETURNING position, digest, recorded_at"
)
_MOVE_HEAD = "UPDATE head SET digest = {mark}, recorded_at = {mark} WHERE id = 1"


def take_head(connection: Connection, count: int, clock: Callable[[], datetime]) -> Place:
    """Take the lock of all writers and room for `count` events.

    The place is the end before these events, but for `recorded_at`, which is theirs: now, or the
    last event's when the clock has gone back.
    """
    ((position, last_digest, recorded_at),) = quickly(
        connection, _marked(connection, _TAKE_HEAD), (count,)
    )
    now = max(to_micros(clock()), recorded_at) if count else recorded_at
    return Place(position - count, last_digest, now)


def changed_since(connection: Connection, read_at: int, last: int) -> dict[str, int]:
    """The streams written after position `read_at` and until `last`, with their versions.

    ValueError when something was read where there is nothing yet.
    """
    if read_at > last:
        raise ValueError(f"read at position {read_at}, but the log ends at {last}")
    if read_at == last:
        return {}
    rows = connection.execute(
        select(events.c.stream, func.max(events.c.version))
        .where(events.c.position > read_at, events.c.position <= last)
        .group_by(events.c.stream)
    )
    return {stream: version for stream, version in rows}


def check_expected(expected: Mapping[str, int], changed: Mapping[str, int]) -> None:
    """Conflict when a stream was written to since its expected version was read."""
    if len(changed) < len(expected):
        moved = {s for s, version in changed.items() if expected.get(s, version) != version}
    else:
        moved = {s for s, version in expected.items() if changed.get(s, version) != version}
    if moved:
        raise Conflict("streams", frozenset(moved))


def check_quiet(connection: Connection, quiet: Mapping[str, int], place: Place) -> None:
    """Conflict when something was recorded about one of these customers after his position."""
    after = min(quiet.values(), default=place.position)
    if after == place.position:
        return
    last = func.max(event_customer.c.position)
    for names in batched(list(quiet), _NAMES_IN_A_QUERY):
        rows = connection.execute(
            select(event_customer.c.customer_id, last)
            .where(event_customer.c.customer_id.in_(names), event_customer.c.position > after)
            .group_by(event_customer.c.customer_id)
        )
        loud = [customer for customer, position in rows if position > quiet[customer]]
        if loud:
            raise Conflict("quiet", message=f"{len(loud)} customers have new events")


def batched(names: Sequence[str], most: int) -> Iterator[Sequence[str]]:
    """The names in groups of at most that many."""
    for start in range(0, len(names), most):
        yield names[start : start + most]


_NAMES_IN_A_QUERY = 500


def write_events(
    connection: Connection,
    place: Place,
    rows: Sequence[EventRow],
    customers: Iterable[tuple[str, ...]] = (),
) -> bytes:
    """Write events behind `place`, move the head, and return the last digest.

    `customers` has a tuple for each event, or is empty.
    """
    chained = list(_chain(place, rows))
    insert_rows(connection, events, chained)
    concerned = _concerned(place, customers)
    if concerned:
        insert_rows(connection, event_customer, concerned)
    last = chained[-1][5]
    connection.exec_driver_sql(_marked(connection, _MOVE_HEAD), (last, place.recorded_at))
    return last


def _concerned(place: Place, customers: Iterable[tuple[str, ...]]) -> list[tuple[str, int]]:
    return [
        (customer, position)
        for position, named in enumerate(customers, place.position + 1)
        for customer in (dict.fromkeys(named) if len(named) > 1 else named)
    ]


def _marked(connection: Connection, statement: str) -> str:
    """The statement with the driver's own marks for values."""
    return statement.format(mark="%s" if connection.dialect.name == "postgresql" else "?")


def _chain(
    place: Place, rows: Sequence[EventRow]
) -> Iterator[tuple[int, str, int, str, int, bytes, bytes]]:
    last, recorded_at = place.digest, place.recorded_at
    for position, (stream, version, name, body) in enumerate(rows, place.position + 1):
        last = digest(last, position, stream, version, name, recorded_at, body)
        yield position, stream, version, name, recorded_at, last, body


def check_forward(move: Advance) -> None:
    """ValueError for a move backwards."""
    if move.after < move.before:
        raise ValueError(f"{move.reader} cannot go back from {move.before} to {move.after}")


def advance(connection: Connection, move: Advance) -> None:
    """Move a reader's position; Conflict when it does not stand at `before`.

    A reader nobody knows stands at 0. ValueError for a move backwards.
    """
    check_forward(move)
    moved = connection.execute(
        update(tracking)
        .where(tracking.c.reader == move.reader, tracking.c.position == move.before)
        .values(position=move.after)
    ).rowcount
    if not moved and not (move.before == 0 and _first_advance(connection, move)):
        raise stands_elsewhere(move)


def stands_elsewhere(move: Advance) -> Conflict:
    """A reader is not where a move begins: somebody else has moved it."""
    return Conflict("tracking", message=f"{move.reader} does not stand at {move.before}")


def _first_advance(connection: Connection, move: Advance) -> bool:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    insert = dialect.insert(tracking).values(reader=move.reader, position=move.after)
    first = insert.on_conflict_do_nothing().returning(tracking.c.position)
    return connection.execute(first).first() is not None


def advance_to(connection: Connection, reader: str, position: int) -> bool:
    """Move a reader forward to `position` from wherever it stands; False when it is not forward."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    insert = dialect.insert(tracking).values(reader=reader, position=position)
    forward = insert.on_conflict_do_update(
        index_elements=[tracking.c.reader],
        set_={"position": position},
        where=tracking.c.position < position,
    )
    return connection.execute(forward.returning(tracking.c.position)).first() is not None
