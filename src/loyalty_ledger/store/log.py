"""The log of the ledger: everything that happened, in one order, appended commit by commit."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Connection, Engine, func, select

from loyalty_ledger.store import (
    answers,
    append,
    catalog,
    chain,
    key_uses,
    nonces,
    personal,
    promo_codes,
)
from loyalty_ledger.store.checkpoints import Checkpoints
from loyalty_ledger.store.engine import for_writing
from loyalty_ledger.store.instants import from_micros, to_micros
from loyalty_ledger.store.mapper import EventCodec
from loyalty_ledger.store.reading import Reader
from loyalty_ledger.store.records import (
    Advance,
    Answer,
    Appended,
    Busy,
    CatalogItem,
    Commit,
    Conflict,
    Forgotten,
    Head,
    Loaded,
    NewEvent,
    NotStored,
    OutcomeUnknown,
    PersonalValue,
    Recorded,
    Snapshot,
    StreamTail,
)
from loyalty_ledger.store.schema import events, head, tracking
from loyalty_ledger.store.surely import commit_once
from loyalty_ledger.store.text import storable
from loyalty_ledger.store.writing import Prepared, Written

__all__ = [
    "Advance",
    "Answer",
    "Appended",
    "Busy",
    "CatalogItem",
    "Commit",
    "Conflict",
    "Forgotten",
    "Head",
    "Loaded",
    "Log",
    "NewEvent",
    "NotStored",
    "OutcomeUnknown",
    "PersonalValue",
    "Recorded",
    "Snapshot",
    "StreamTail",
]


class Log:
    """A ledger's log in a database whose tables `migrate.create` has made.

    `clock` tells the instant events are recorded at. Safe to share between threads. Text that not
    every database can hold (NUL, lone surrogates, ids over 1,000 bytes) is a ValueError everywhere.
    """

    def __init__(
        self,
        engine: Engine,
        clock: Callable[[], datetime],
        *,
        codec: EventCodec | None = None,
    ):
        self._engine = engine
        self._clock = clock
        self._codec = codec or EventCodec()
        self._reader = Reader(engine, self._codec)
        self._checkpoints = Checkpoints(engine)
        self.committed: Callable[[], object] = lambda: None
        """Told of every commit that this log has appended."""

    @property
    def engine(self) -> Engine:
        """The engine of the database the log lives in."""
        return self._engine

    def append(self, commit: Commit) -> Appended:
        """Write all of a commit, or nothing, in one transaction.

        The events of a stream get the versions after `expected[stream]`, in order. Raises Conflict
        when a stream, a reader or an answer is not what it was; ValueError for what cannot be
        stored or was not `expected`; UnknownEvent for an event outside the table; NotStored when
        the connection was lost and nothing was written; OutcomeUnknown when nobody can tell; Busy
        when somebody else holds the lock of all writers for longer than the database waits.
        """
        appended = Prepared.of(commit, self._codec).append(self._engine, self._clock)
        self._checkpoints.committed()
        self.committed()
        return appended

    def append_alone(self, decide: Callable[[], Commit]) -> Appended:
        """Append what is decided while nobody else can append: it never comes too late.

        What `decide` raises is raised, and nothing is written; it must not append itself. Raises
        what `append` raises, but Conflict about streams that it read. Everybody waits for it.
        """

        def work(connection: Connection) -> tuple[Prepared, Written]:
            append.take_head(connection, 0, self._clock)
            prepared = Prepared.of(decide(), self._codec)
            return prepared, prepared.write(connection, self._clock)

        done = commit_once(self._engine, work, lambda on, made: made[0].landed(on, made[1]))
        self._checkpoints.committed()
        self.committed()
        return done[1].result

    def head(self) -> Head:
        """The end of the log."""
        with self._engine.connect() as connection:
            row = connection.execute(select(head)).one()
        recorded_at = from_micros(row.recorded_at) if row.position else None
        return Head(row.position, bytes(row.digest), recorded_at)

    def read(
        self, after: int, limit: int, *, names: Collection[str] | None = None
    ) -> list[Recorded]:
        """The events behind position `after`, in order: at most `limit`, and about 8 MB of them.

        `names` keeps only those. An empty list means that there is none up to the current head.
        """
        return self._reader.after(after, limit, names)

    def count(self, after: int, names: Collection[str]) -> int:
        """How many events of these names stand behind position `after`."""
        wanted = (events.c.position > after, events.c.name.in_(sorted(names)))
        with self._engine.connect() as connection:
            return connection.execute(select(func.count()).where(*wanted)).scalar_one()

    def first_recorded(self, subjects: Collection[tuple[str, int]]) -> datetime | None:
        """When the first of these events, each by stream and version, was recorded."""
        return self._reader.first_recorded(subjects)

    def load(
        self, streams: Collection[str], state_versions: Mapping[str, str] | None = None
    ) -> Loaded:
        """All these streams: snapshots in one query, the events after them in another.

        `state_versions` maps the kind of a stream, what stands before its first slash, to the form
        of state that its snapshots must have; without an entry no snapshot is used.
        """
        wanted = [storable(stream, "stream") for stream in dict.fromkeys(streams)]
        kinds = state_versions or {}
        if self._engine.name == "postgresql" and not any(
            stream.partition("/")[0] in kinds for stream in wanted
        ):
            position, whole = self._reader.short_tails(wanted)
            return Loaded(position, position, whole)
        with self._engine.connect() as connection:
            position = connection.execute(select(head.c.position)).scalar_one()
            seen, tails = self._reader.tails(connection, wanted, kinds)
            return Loaded(position, max(position, seen), tails)

    def those(self, subjects: Collection[tuple[str, int]]) -> Iterator[Recorded]:
        """These events, each by stream and version, in no order; there need not be any."""
        return self._reader.those(subjects)

    def history(self, customer_id: str, *, known_at: datetime | None = None) -> Iterator[Recorded]:
        """Every event that concerns the customer, in log order; recorded by `known_at` if given."""
        until = None if known_at is None else to_micros(known_at)
        return self._reader.history(storable(customer_id, "customer id"), until)

    def stream(self, stream: str) -> Iterator[Recorded]:
        """Every event of a stream, in order."""
        return self._reader.stream(storable(stream, "stream"))

    def versions(self, streams: Collection[str]) -> dict[str, int]:
        """The versions of these streams; those without events are left out."""
        wanted = [storable(stream, "stream") for stream in streams]
        query = select(events.c.stream, func.max(events.c.version))
        query = query.where(events.c.stream.in_(wanted)).group_by(events.c.stream)
        with self._engine.connect() as connection:
            return {stream: version for stream, version in connection.execute(query)}

    def position_of(self, reader: str) -> int:
        """How far a reader has come; 0 for one nobody knows."""
        return self.readers().get(reader, 0)

    def readers(self) -> dict[str, int]:
        """Every known reader's position."""
        with self._engine.connect() as connection:
            return {row.reader: row.position for row in connection.execute(select(tracking))}

    def find_answers(
        self, keys: Collection[tuple[str, str, str]]
    ) -> dict[tuple[str, str, str], Answer]:
        """The stored answers among these (client id, store id, request id)."""
        with self._engine.connect() as connection:
            return answers.find(connection, keys)

    def personal(self, customer_id: str) -> list[PersonalValue]:
        """All personal data of a customer, by field and reference."""
        with self._engine.connect() as connection:
            return personal.of_customer(connection, customer_id)

    def personal_values(self, field: str, customer_ids: Collection[str]) -> list[PersonalValue]:
        """One field of many customers, in no order."""
        with self._engine.connect() as connection:
            return personal.of_field(connection, field, customer_ids)

    def personal_below(self, field: str, places: Iterable[tuple[str, str]]) -> list[PersonalValue]:
        """One field of each customer about what happened on the stream beside him, in no order."""
        with self._engine.connect() as connection:
            return personal.below(connection, field, places)

    def personal_holding(self, field: str, text: str) -> list[PersonalValue]:
        """One field of everybody's where the value holds this text. Reads the whole table."""
        with self._engine.connect() as connection:
            return list(personal.holding(connection, field, text))

    @staticmethod
    def catalog_digest(items: Iterable[CatalogItem]) -> str:
        """What a catalog is stored under; its items in ascending order of sku, else ValueError."""
        return catalog.catalog_digest(items)

    @staticmethod
    def measured_catalog(items: Iterable[CatalogItem]) -> catalog.Measured:
        """Its digest, and how many items and categories it has; ValueError as for the digest."""
        return catalog.measured(items)

    @staticmethod
    def count_missing(before: Iterable[CatalogItem], after: Iterable[CatalogItem]) -> int:
        """How many items of one catalog another does not have, both by ascending sku."""
        return catalog.count_missing(before, after)

    def all_catalog_items(self, digest: str) -> Iterator[CatalogItem]:
        """Every item of a catalog by ascending sku, streaming."""
        return catalog.all_items(self._engine, digest)

    def catalog_items(self, digest: str, skus: Collection[str]) -> dict[str, CatalogItem]:
        """The items of a catalog among these; what it does not know is left out."""
        with self._engine.connect() as connection:
            return catalog.find_items(connection, digest, skus)

    def code_batches(self, digests: Sequence[bytes]) -> dict[bytes, str]:
        """The batches of the promo codes among these that are known, by keyed hash."""
        return promo_codes.batches_of(self._engine, digests)

    def all_promo_codes(self) -> Iterator[tuple[bytes, str]]:
        """The keyed hash of every code of one claim with its batch, ascending, streaming."""
        return promo_codes.all_codes(self._engine)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction for what stands beside the log; on SQLite it begins with the write lock."""
        with for_writing(self._engine).begin() as connection:
            yield connection
        self._checkpoints.committed()

    def use_nonce(self, key_id: str, nonce: str, until: datetime, now: datetime) -> bool:
        """Use up the nonce of a signed request; False when it was used before."""
        return nonces.use(self._engine, key_id, storable(nonce, "nonce"), until, now)

    def key_uses(self) -> dict[str, datetime]:
        """When each key of the service that was ever used was used last, by its id."""
        return key_uses.last(self._engine)

    def advance(self, connection: Connection, move: Advance) -> None:
        """Move a reader in a transaction; Conflict when it does not stand at `before`."""
        storable(move.reader, "reader")
        append.advance(connection, move)

    def verify_chain(
        self, progress: Callable[[int, int], None] = lambda _position, _last: None
    ) -> chain.Broken | None:
        """The first broken position of the log and why; None when it is whole.

        `progress` is told the position reached and the last one, now and then.
        """
        return chain.verify_chain(self._engine, progress)
