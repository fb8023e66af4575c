"""The recorders pass the tests that ship inside the library, on both databases."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest
from eventsourcing.tests.persistence import (
    AggregateRecorderTestCase,
    ApplicationRecorderTestCase,
    InfrastructureFactoryTestCase,
    NonInterleavingNotificationIDsBaseCase,
    ProcessRecorderTestCase,
    TrackingRecorderTestCase,
)
from eventsourcing.utils import Environment
from sqlalchemy import Engine

from loyalty_ledger.store.engine import create_engine
from loyalty_ledger.store.library import Factory
from loyalty_ledger.store.recorder import (
    LedgerAggregateRecorder,
    LedgerApplicationRecorder,
    LedgerProcessRecorder,
    LedgerTrackingRecorder,
)


@contextmanager
def engine_of(url: str) -> Iterator[Engine]:
    """An engine that outlives the reading threads which some of the tests leave running."""
    running = set(threading.enumerate())
    engine = create_engine(url)
    try:
        yield engine
    finally:
        for thread in set(threading.enumerate()) - running:
            thread.join()
        engine.dispose()


class OnSqlite:
    """Gives a test case of the library's an empty ledger on SQLite."""

    @pytest.fixture(autouse=True)
    def take(self, sqlite_url: str) -> Any:
        self.url = sqlite_url
        with engine_of(sqlite_url) as self.engine:
            yield


class OnPostgres:
    """Gives a test case of the library's an empty ledger on PostgreSQL."""

    @pytest.fixture(autouse=True)
    def take(self, postgres_url: str) -> Any:
        self.url = postgres_url
        with engine_of(postgres_url) as self.engine:
            yield


class Makes:
    """Makes the recorder under test; the library's tests name streams by UUID."""

    recorder_class: ClassVar[type[Any]]
    engine: Engine

    def create_recorder(self) -> Any:
        return self.recorder_class(self.engine, lambda: datetime.now(UTC), originator_ids="uuid")


class Aggregate(Makes):
    recorder_class = LedgerAggregateRecorder


class Application(Makes):
    recorder_class = LedgerApplicationRecorder

    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()  # type: ignore[attr-defined]


class Following(Makes):
    recorder_class = LedgerTrackingRecorder


class Process(Makes):
    recorder_class = LedgerProcessRecorder


class TestAggregateRecorderOnSqlite(OnSqlite, Aggregate, AggregateRecorderTestCase):
    pass


class TestAggregateRecorderOnPostgres(OnPostgres, Aggregate, AggregateRecorderTestCase):
    pass


class TestApplicationRecorderOnSqlite(OnSqlite, Application, ApplicationRecorderTestCase[Any]):
    pass


class TestApplicationRecorderOnPostgres(OnPostgres, Application, ApplicationRecorderTestCase[Any]):
    pass


class TestTrackingRecorderOnSqlite(OnSqlite, Following, TrackingRecorderTestCase):
    pass


class TestTrackingRecorderOnPostgres(OnPostgres, Following, TrackingRecorderTestCase):
    pass


class TestProcessRecorderOnSqlite(OnSqlite, Process, ProcessRecorderTestCase):
    pass


class TestProcessRecorderOnPostgres(OnPostgres, Process, ProcessRecorderTestCase):
    pass


class TestProcessTracksOnSqlite(OnSqlite, Process, TrackingRecorderTestCase):
    pass


class TestProcessTracksOnPostgres(OnPostgres, Process, TrackingRecorderTestCase):
    pass


class TestPositionsOnSqlite(OnSqlite, Makes, NonInterleavingNotificationIDsBaseCase):
    recorder_class = LedgerApplicationRecorder


class TestPositionsOnPostgres(OnPostgres, Makes, NonInterleavingNotificationIDsBaseCase):
    recorder_class = LedgerApplicationRecorder


class TrackingRecorderOfOurs(LedgerTrackingRecorder):
    """A recorder such as somebody's own projection would bring."""


class FactoryCase:
    """The library's tests of factories; its mapper tests bring compressors and ciphers, which the
    ledger's own mapper refuses, so that they run with the library's mapper."""

    url: str

    def setUp(self) -> None:
        topic = "loyalty_ledger.store.library"
        self.env = Environment("Ledger", {"PERSISTENCE_MODULE": topic})
        self.env["LEDGER_DATABASE_URL"] = self.url
        self.env["MAPPER_TOPIC"] = "eventsourcing.persistence:Mapper"
        super().setUp()  # type: ignore[misc]

    def expected_factory_class(self) -> Any:
        return Factory

    def expected_aggregate_recorder_class(self) -> Any:
        return LedgerAggregateRecorder

    def expected_application_recorder_class(self) -> Any:
        return LedgerApplicationRecorder

    def expected_tracking_recorder_class(self) -> Any:
        return LedgerTrackingRecorder

    def tracking_recorder_subclass(self) -> Any:
        return TrackingRecorderOfOurs

    def expected_process_recorder_class(self) -> Any:
        return LedgerProcessRecorder


class TestFactoryOnSqlite(OnSqlite, FactoryCase, InfrastructureFactoryTestCase[Any]):
    pass


class TestFactoryOnPostgres(OnPostgres, FactoryCase, InfrastructureFactoryTestCase[Any]):
    pass
