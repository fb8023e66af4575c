"""The eventsourcing library's view of the log: its factory, and a mapper of our names.

A stock `eventsourcing.application.Application` opens a ledger with `PERSISTENCE_MODULE` set to this
module and `LEDGER_DATABASE_URL` to the database. Streams are its originators, with text ids.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar, cast

from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    Cipher,
    Compressor,
    InfrastructureFactory,
    Mapper,
    ProcessRecorder,
    StoredEvent,
    TrackingRecorder,
    Transcoder,
)
from eventsourcing.utils import Environment, EnvType, resolve_topic

from loyalty_ledger import clock
from loyalty_ledger.domain.events.base import Event
from loyalty_ledger.store.engine import create_engine
from loyalty_ledger.store.mapper import EventCodec, UnknownEvent
from loyalty_ledger.store.migrate import create
from loyalty_ledger.store.recorder import (
    LedgerAggregateRecorder,
    LedgerApplicationRecorder,
    LedgerProcessRecorder,
    LedgerRecorder,
    LedgerTrackingRecorder,
)

_Recorder = TypeVar("_Recorder", bound=LedgerRecorder)


@dataclass(frozen=True)
class LedgerEvent:
    """An event of a stream, as the library asks for it."""

    originator_id: str
    originator_version: int
    event: Event
    meta: Mapping[str, str] = field(default_factory=dict)


class LedgerMapper(Mapper[str]):
    """Maps by the ledger's codec: names from the closed table, upcasting on the way.

    Bodies are hashed and read by others as they stand: compressors and ciphers are refused.
    """

    def __init__(
        self,
        transcoder: Transcoder,
        compressor: Compressor | None = None,
        cipher: Cipher | None = None,
    ):
        if compressor is not None or cipher is not None:
            raise ValueError("a ledger stores events as they are: no compressor, no cipher")
        super().__init__(transcoder)
        self._codec = EventCodec()

    def to_stored_event(self, domain_event: DomainEventProtocol[str]) -> StoredEvent:
        """The stored form; UnknownEvent for what is no event of the ledger."""
        if not isinstance(domain_event, LedgerEvent):
            raise UnknownEvent(f"{type(domain_event).__name__} is no event of this ledger")
        name, body = self._codec.encode(domain_event.event, domain_event.meta)
        return StoredEvent(
            originator_id=domain_event.originator_id,
            originator_version=domain_event.originator_version,
            topic=name,
            state=body,
        )

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEventProtocol[str]:
        """The event; UnknownEvent and UnreadableEvent as the codec says."""
        event, meta = self._codec.decode(stored_event.topic, stored_event.state)
        originator_id = str(stored_event.originator_id)
        found = LedgerEvent(originator_id, stored_event.originator_version, event, meta)
        return cast(DomainEventProtocol[str], found)


class Factory(InfrastructureFactory[LedgerTrackingRecorder]):
    """Makes the library's recorders over a ledger.

    Environment: `LEDGER_DATABASE_URL`; `CREATE_TABLE` (default no) creates the ledger;
    `ORIGINATOR_ID_TYPE` is `text` (default) or `uuid`, for what reads return as ids;
    `MAPPER_TOPIC` replaces the ledger's mapper.
    """

    LEDGER_DATABASE_URL = "LEDGER_DATABASE_URL"
    CREATE_TABLE = "CREATE_TABLE"
    ORIGINATOR_ID_TYPE = "ORIGINATOR_ID_TYPE"

    def __init__(self, env: Environment | EnvType | None):
        super().__init__(env)
        url = self.env.get(self.LEDGER_DATABASE_URL)
        if not url:
            raise OSError(f"{self.LEDGER_DATABASE_URL} does not name the ledger's database")
        id_type = (self.env.get(self.ORIGINATOR_ID_TYPE) or "text").lower()
        if id_type not in ("text", "uuid"):
            raise OSError(f"{self.ORIGINATOR_ID_TYPE} is {id_type!r}, not 'text' or 'uuid'")
        self._id_type = cast(Literal["text", "uuid"], id_type)
        self._engine = create_engine(url)
        if (self.env.get(self.CREATE_TABLE) or "no").lower() in ("1", "t", "true", "y", "yes"):
            create(self._engine)

    def mapper(
        self,
        transcoder: Transcoder | None = None,
        mapper_class: type[Mapper[Any]] | None = None,
    ) -> Mapper[Any]:
        """The ledger's mapper, unless another one is named."""
        if mapper_class is None and not self.env.get(self.MAPPER_TOPIC):
            mapper_class = LedgerMapper
        return super().mapper(transcoder, mapper_class)

    def aggregate_recorder(self, purpose: str = "events") -> AggregateRecorder:
        """A recorder of streams. ValueError for another purpose: snapshots are the ledger's."""
        if purpose != "events":
            raise ValueError(f"a ledger keeps no {purpose} of the library's kind")
        return self._make(LedgerAggregateRecorder)

    def application_recorder(self) -> ApplicationRecorder:
        """A recorder of streams and of the whole log."""
        return self._make(LedgerApplicationRecorder)

    def tracking_recorder(
        self, tracking_recorder_class: type[TrackingRecorder] | None = None
    ) -> LedgerTrackingRecorder:
        """A recorder of how far readers have come, of the class given or named by topic."""
        topic = self.env.get(self.TRACKING_RECORDER_TOPIC)
        if tracking_recorder_class is None and topic:
            tracking_recorder_class = resolve_topic(topic)
        chosen = tracking_recorder_class or LedgerTrackingRecorder
        if not issubclass(chosen, LedgerTrackingRecorder):
            raise TypeError(f"{chosen.__name__} is no {LedgerTrackingRecorder.__name__}")
        return self._make(chosen)

    def process_recorder(self) -> ProcessRecorder:
        """A recorder of events together with the position they follow from."""
        return self._make(LedgerProcessRecorder)

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def _make(self, recorder_class: type[_Recorder]) -> _Recorder:
        return recorder_class(self._engine, clock.now, originator_ids=self._id_type)
