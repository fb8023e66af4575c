"""A connection lost at COMMIT: the answer is right, whichever side of it the cut was."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest
from eventsourcing.persistence import StoredEvent, Tracking
from sqlalchemy import Connection, Engine, text

from clocks import Clock
from loyalty_ledger.domain.events.customers import CustomerEnrolled
from loyalty_ledger.store import surely
from loyalty_ledger.store.engine import create_engine
from loyalty_ledger.store.log import (
    Advance,
    Answer,
    Commit,
    Conflict,
    Log,
    NewEvent,
    NotStored,
    OutcomeUnknown,
    PersonalValue,
)
from loyalty_ledger.store.recorder import LedgerProcessRecorder
from tcp_proxy import Moment, proxied

ANN = NewEvent(
    "customer/ann",
    CustomerEnrolled(at=datetime(2026, 1, 1, tzinfo=UTC), customer_id="ann"),
    ("ann",),
)
ANSWER = Answer("till", "s1", "r1", "f1", b"done")
HAPPENED: list[Moment] = ["sent", "answered"]


def enrol_ann() -> Commit:
    return Commit([ANN], {ANN.stream: 0}, 0)


class CutConnection(sqlite3.Connection):
    """Fails at COMMIT, once, when told to: before it is done or after."""

    moment: ClassVar[str] = ""

    def commit(self) -> None:
        moment, CutConnection.moment = CutConnection.moment, ""
        if moment == "before":
            raise sqlite3.OperationalError("disk I/O error")
        super().commit()
        if moment:
            raise sqlite3.OperationalError("disk I/O error")


class Cutter:
    """A log whose next COMMIT can be cut."""

    def __init__(self, engine: Engine, arm: Any):
        self.engine = engine
        self.log = Log(engine, Clock())
        self.arm = arm


@pytest.fixture
def cutter(database_url: str) -> Iterator[Cutter]:
    with (_postgres if database_url.startswith("postgresql") else _sqlite)(database_url) as made:
        made.log.head()
        yield made


@contextmanager
def _postgres(url: str) -> Iterator[Cutter]:
    with proxied(url) as (through, proxy):
        engine = create_engine(through)
        yield Cutter(engine, proxy.arm)
        engine.dispose()


@contextmanager
def _sqlite(url: str) -> Iterator[Cutter]:
    options = {"timeout": 30, "factory": CutConnection}
    engine = create_engine(url, connect_args=options)

    def arm(moment: Moment) -> None:
        CutConnection.moment = moment

    yield Cutter(engine, arm)
    engine.dispose()


@pytest.mark.parametrize("moment", HAPPENED)
def test_a_commit_that_happened_is_reported_as_done_and_is_there_once(
    cutter: Cutter, moment: Moment
) -> None:
    for version in range(10):
        told = Commit([ANN], {ANN.stream: version}, version)
        cutter.arm(moment)
        try:
            appended = cutter.log.append(told)
        except NotStored:  # a server that had not begun with what was sent never will
            assert (cutter.engine.name, moment) == ("postgresql", "sent")
            assert cutter.log.head().position == version
            appended = cutter.log.append(told)
        assert (appended.first, appended.last) == (version + 1, version + 1)
    assert [one.position for one in cutter.log.read(0, 100)] == list(range(1, 11))
    assert cutter.log.verify_chain() is None


def test_a_commit_that_did_not_happen_is_reported_so_and_can_be_repeated(cutter: Cutter) -> None:
    for version in range(5):
        commit = Commit([ANN], {ANN.stream: version}, version)
        cutter.arm("before")
        with pytest.raises(NotStored):
            cutter.log.append(commit)
        assert cutter.log.head().position == version
        assert cutter.log.append(commit).last == version + 1
    assert cutter.log.verify_chain() is None


def test_somebody_elses_commit_in_between_is_not_taken_for_ours(
    cutter: Cutter, database_url: str
) -> None:
    engine = create_engine(database_url)
    cutter.arm("before")
    with pytest.raises(NotStored):
        cutter.log.append(enrol_ann())
    Log(engine, Clock()).append(enrol_ann())
    with pytest.raises(Conflict) as raised:
        cutter.log.append(enrol_ann())
    assert raised.value.streams == {ANN.stream}
    engine.dispose()


@pytest.mark.parametrize("moment", HAPPENED)
def test_an_answer_without_events_that_was_stored_is_reported_as_done(
    cutter: Cutter, moment: Moment
) -> None:
    cutter.arm(moment)
    cutter.log.append(Commit([], {}, 0, Advance("worker", 0, 0), [ANSWER]))
    assert list(cutter.log.find_answers([("till", "s1", "r1")]).values()) == [ANSWER]


def test_an_answer_that_was_not_stored_is_reported_so(cutter: Cutter) -> None:
    cutter.arm("before")
    with pytest.raises(NotStored):
        cutter.log.append(Commit([], {}, 0, answers=[ANSWER]))
    assert cutter.log.find_answers([("till", "s1", "r1")]) == {}


@pytest.mark.parametrize("moment", HAPPENED)
def test_a_position_that_moved_is_reported_as_moved(cutter: Cutter, moment: Moment) -> None:
    cutter.log.append(enrol_ann())
    cutter.arm(moment)
    cutter.log.append(Commit([], {}, 1, Advance("worker", 0, 1)))
    assert cutter.log.position_of("worker") == 1


def test_what_writing_twice_does_not_change_is_simply_to_be_written_again(cutter: Cutter) -> None:
    name = PersonalValue("ann", "first_name", "", "Ann")
    cutter.arm("sent")
    with pytest.raises(NotStored):
        cutter.log.append(Commit([], {}, 0, personal=[name]))
    cutter.log.append(Commit([], {}, 0, personal=[name]))
    assert cutter.log.personal("ann") == [name]


@pytest.mark.parametrize("moment", HAPPENED)
def test_the_librarys_recorder_answers_as_rightly(cutter: Cutter, moment: Moment) -> None:
    recorder = LedgerProcessRecorder(cutter.engine, Clock())
    for number in range(1, 6):
        cutter.arm(moment)
        stored = StoredEvent(f"stream-{number}", 1, "topic", b"{}")
        assert recorder.insert_events([stored], tracking=Tracking("up", number)) == [number]
        cutter.arm(moment)
        recorder.insert_events([], tracking=Tracking("other", number))
    assert recorder.max_notification_id() == recorder.max_tracking_id("up") == 5
    assert recorder.max_tracking_id("other") == 5


def test_when_the_database_cannot_be_asked_the_outcome_is_unknown(
    cutter: Cutter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(surely, "_PAUSES_S", (0.0, 0.0))

    def cannot_tell(connection: Connection, _result: object) -> bool:
        return bool(connection.execute(text("SELECT 1 FROM nowhere")))

    cutter.arm("sent")
    with pytest.raises(OutcomeUnknown):
        surely.commit_once(cutter.engine, lambda on: on.execute(text("SELECT 1")), cannot_tell)
