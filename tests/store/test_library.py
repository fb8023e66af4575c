"""A stock application of the eventsourcing library opens a ledger and reads every event."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from eventsourcing.application import Application
from eventsourcing.persistence import StoredEvent
from eventsourcing.system import NotificationLogReader
from eventsourcing.utils import Environment

from loyalty_ledger.store.library import Factory, LedgerEvent
from loyalty_ledger.store.log import Commit, Log
from store_examples import commit, new

MODULE = "loyalty_ledger.store.library"


@pytest.fixture
def application(database_url: str) -> Iterator[Application[str]]:
    settings = {
        "PERSISTENCE_MODULE": MODULE,
        "LEDGER_DATABASE_URL": database_url,
        "ORIGINATOR_ID_TYPE": "text",
    }
    with Application[str](settings) as opened:
        yield opened


def fill(log: Log) -> None:
    expected = {"customer/ann": 0, "customer/bob": 0}
    log.append(Commit([new("ann"), new("bob"), new("ann")], expected, 0))


def test_it_reads_every_event_of_the_log(log: Log, application: Application[str]) -> None:
    fill(log)
    reader = NotificationLogReader(application.notification_log, section_size=2)
    notifications = list(reader.read(start=1))
    assert [one.id for one in notifications] == [1, 2, 3]
    mapped: list[Any] = [application.mapper.to_domain_event(one) for one in notifications]
    recorded = log.read(0, 10)
    assert [each.event for each in mapped] == [one.event for one in recorded]
    assert application.notification_log["1,10"].items[0].topic == "CustomerEnrolled"


def test_it_reads_the_events_of_a_stream(log: Log, application: Application[str]) -> None:
    fill(log)
    found: list[Any] = list(application.events.get("customer/ann"))
    assert [(one.originator_version, one.event) for one in found] == [
        (1, new("ann").event),
        (2, new("ann").event),
    ]


def test_its_repository_folds_a_stream(log: Log, application: Application[str]) -> None:
    fill(log)

    def count(_initial: Any, events: Any) -> Any:
        return len(list(events)) or None

    assert application.repository.get("customer/ann", projector_func=count) == 2


def test_what_it_writes_is_in_the_log_and_in_the_chain(
    log: Log, application: Application[str]
) -> None:
    fill(log)
    event: Any = LedgerEvent("customer/ann", 3, new("ann").event, {"request": "r9"})
    (recording,) = application.events.put([event])
    assert recording.notification.id == 4
    assert log.read(3, 10)[0].meta == {"request": "r9"}
    assert log.verify_chain() is None


def test_a_subscription_waits_for_what_is_still_to_come(
    log: Log, application: Application[str]
) -> None:
    log.append(commit("ann"))
    subscription = application.recorder.subscribe(gt=0)
    with subscription:
        assert next(subscription).id == 1
        writer = threading.Thread(target=lambda: log.append(commit("bob", read_at=1)))
        writer.start()
        assert next(subscription).id == 2
        writer.join()
        stopper = threading.Thread(target=subscription.stop)
        stopper.start()
        assert list(subscription) == []
        stopper.join()


@pytest.mark.parametrize(
    "settings", [{}, {"LEDGER_DATABASE_URL": "sqlite:///x.db", "ORIGINATOR_ID_TYPE": "number"}]
)
def test_a_wrong_setting_is_an_error_that_names_it(settings: dict[str, str]) -> None:
    with pytest.raises(OSError, match=r"LEDGER_DATABASE_URL|ORIGINATOR_ID_TYPE"):
        Factory(Environment("x", settings))


def test_snapshots_of_the_librarys_kind_are_refused(application: Application[str]) -> None:
    with pytest.raises(ValueError, match="no snapshots"):
        application.factory.aggregate_recorder(purpose="snapshots")
    with pytest.raises(TypeError, match="StoredEvent"):
        application.factory.tracking_recorder(StoredEvent)  # type: ignore[arg-type]
