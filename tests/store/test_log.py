"""Appending to the log and reading it back."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from freezegun import freeze_time
from sqlalchemy import Connection, event

from clocks import Clock
from loyalty_ledger.domain.events.base import Event
from loyalty_ledger.domain.events.program import ProgramPublished
from loyalty_ledger.store import reading
from loyalty_ledger.store.log import Commit, Conflict, Log, NewEvent, PersonalValue, Snapshot
from loyalty_ledger.store.mapper import UnknownEvent
from store_examples import NOON, commit, enrolled, new

ANN, BOB, CLEO = "customer/ann", "customer/bob", "customer/cleo"


class NotInTheTable(Event, kw_only=True, frozen=True):
    """An event nobody has put into the closed table."""


def test_an_empty_log_has_a_head_at_zero_and_nothing_to_read(log: Log) -> None:
    head = log.head()
    assert (head.position, head.digest, head.recorded_at) == (0, bytes(32), None)
    assert log.read(0, 10) == []
    assert log.load([ANN]).streams[ANN].version == 0


def test_what_is_appended_is_read_back_in_order(log: Log) -> None:
    meta = {"request": "r1"}
    both = [NewEvent(ANN, enrolled("ann"), ("ann",), meta), new("bob")]
    appended = log.append(Commit(both, {ANN: 0, BOB: 0}, 0))
    first, second = log.read(0, 10)
    assert (appended.first, appended.last) == (1, 2)
    assert (first.position, first.stream, first.version) == (1, ANN, 1)
    assert (first.event, first.meta) == (enrolled("ann"), meta)
    assert (second.position, second.stream, second.meta) == (2, BOB, {})
    assert first.recorded_at == second.recorded_at == appended.recorded_at


def test_versions_go_on_from_what_was_expected(log: Log) -> None:
    log.append(Commit([new("ann"), new("bob"), new("ann")], {ANN: 0, BOB: 0}, 0))
    log.append(Commit([new("ann")], {ANN: 2}, 3))
    assert [one.version for one in log.stream(ANN)] == [1, 2, 3]
    assert [one.version for one in log.stream(BOB)] == [1]


def test_a_stream_written_by_somebody_else_is_a_conflict_and_writes_nothing(log: Log) -> None:
    log.append(commit("ann"))
    with pytest.raises(Conflict) as raised:
        log.append(commit("ann", "bob"))
    assert raised.value.what == "streams"
    assert raised.value.streams == {ANN}
    assert log.head().position == 1


def test_a_stream_that_was_only_read_is_a_conflict_when_it_has_changed(log: Log) -> None:
    log.append(commit("ann"))
    with pytest.raises(Conflict) as raised:
        log.append(Commit([new("bob")], {BOB: 0, ANN: 0}, 0))
    assert raised.value.streams == {ANN}
    log.append(Commit([new("bob")], {BOB: 0, ANN: 1}, 0))


def test_a_version_that_was_behind_before_it_was_read_is_a_conflict_too(log: Log) -> None:
    log.append(commit("ann"))
    with pytest.raises(Conflict):
        log.append(commit("ann", read_at=1))
    assert log.head().position == 1


def test_an_append_tells_what_others_wrote_since_the_read(log: Log) -> None:
    log.append(commit("ann"))
    log.append(Commit([new("bob"), new("bob")], {BOB: 0}, 1))
    assert log.append(commit("cleo", read_at=1)).changed == {BOB: 2}
    assert log.append(Commit([new("cleo")], {CLEO: 1}, 4)).changed == {}


def test_a_written_stream_needs_an_expected_version(log: Log) -> None:
    with pytest.raises(ValueError, match="customer/ann"):
        log.append(Commit([new("ann")], {}, 0))


def test_reading_a_head_that_is_not_there_yet_is_an_error(log: Log) -> None:
    with pytest.raises(ValueError, match="position 5"):
        log.append(commit("ann", read_at=5))


def test_an_event_outside_the_table_is_an_error_that_names_it(log: Log) -> None:
    with pytest.raises(UnknownEvent, match="NotInTheTable"):
        log.append(Commit([NewEvent(ANN, NotInTheTable(at=NOON))], {ANN: 0}, 0))


def test_recorded_at_never_goes_back_when_the_clock_does(log: Log, clock: Clock) -> None:
    first = log.append(commit("ann")).recorded_at
    clock.now -= timedelta(hours=1)
    assert log.append(commit("bob", read_at=1)).recorded_at == first
    clock.now += timedelta(hours=2)
    assert log.append(commit("cleo", read_at=2)).recorded_at > first
    assert log.verify_chain() is None


def test_recorded_at_keeps_its_microseconds(log: Log, clock: Clock) -> None:
    clock.now = NOON.replace(microsecond=123_456) - timedelta(milliseconds=1)
    log.append(commit("ann"))
    assert log.read(0, 1)[0].recorded_at == NOON.replace(microsecond=123_456)
    assert log.head().recorded_at == NOON.replace(microsecond=123_456)


@freeze_time("2026-05-06 07:08:09.000001")
def test_frozen_time_is_stored_as_time(log: Log) -> None:
    from datetime import UTC, datetime

    now = datetime.now(UTC)
    frozen = Log(log.engine, lambda: datetime.now(UTC))
    happened = msgspec.structs.replace(enrolled("ann"), at=now)
    frozen.append(Commit([NewEvent(ANN, happened)], {ANN: 0}, 0))
    (stored,) = frozen.read(0, 1)
    assert stored.event.at == stored.recorded_at == now
    assert type(stored.event.at).__name__ == "datetime"


def test_client_json_that_looks_like_a_librarys_markup_is_only_data(log: Log) -> None:
    document = {"_type_": "uuid_hex", "_data_": "zz", "nested": [{"_type_": "x", "_data_": {}}]}
    published = ProgramPublished(at=NOON, program="p", version=1, document=document)
    log.append(Commit([NewEvent("program", published)], {"program": 0}, 0))
    (stored,) = log.read(0, 1)
    assert stored.event == published


def test_reading_is_bounded_in_bytes_and_goes_on_where_it_ended(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.append(commit(*(f"c{number}" for number in range(10))))
    monkeypatch.setattr(reading, "BYTES_AT_ONCE", 200)
    first = log.read(0, 10)
    assert 0 < len(first) < 10
    assert log.read(first[-1].position, 1)[0].position == first[-1].position + 1


def test_reading_goes_through_many_small_batches(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_ROWS_AT_ONCE", 3)
    events = [NewEvent(ANN, enrolled("ann"), ("ann",)) for _ in range(10)]
    log.append(Commit(events, {ANN: 0}, 0))
    for found in (log.read(0, 100), log.stream(ANN), log.history("ann")):
        assert [one.version for one in found] == list(range(1, 11))


def test_reading_by_name_finds_only_those(log: Log) -> None:
    published = ProgramPublished(at=NOON, program="p", version=1, document={})
    mixed = [new("ann"), NewEvent("program", published), new("bob")]
    log.append(Commit(mixed, {ANN: 0, BOB: 0, "program": 0}, 0))
    found = log.read(0, 10, names={"ProgramPublished"})
    assert [one.position for one in found] == [2]


def test_a_customers_history_holds_what_concerns_him_in_log_order(log: Log) -> None:
    shared = NewEvent("sale/s1/t1", enrolled("x"), ("ann", "bob", "ann"))
    log.append(Commit([new("ann"), shared, new("bob")], {ANN: 0, "sale/s1/t1": 0, BOB: 0}, 0))
    assert [one.position for one in log.history("ann")] == [1, 2]
    assert [one.position for one in log.history("bob")] == [2, 3]
    assert list(log.history("nobody")) == []


def test_history_can_stop_at_what_was_known_at_a_moment(log: Log, clock: Clock) -> None:
    known = log.append(commit("ann")).recorded_at
    log.append(commit("ann", read_at=1, version=1))
    assert [one.position for one in log.history("ann", known_at=known)] == [1]
    before = known - timedelta(microseconds=1)
    assert list(log.history("ann", known_at=before)) == []


def test_loading_gives_snapshots_of_the_wanted_form_and_tails(log: Log) -> None:
    events = [NewEvent(stream, enrolled("x")) for stream in (ANN, BOB) for _ in range(3)]
    snapshots = [Snapshot(ANN, 2, "1", b"a"), Snapshot(BOB, 3, "0", b"old")]
    log.append(Commit(events, {ANN: 0, BOB: 0}, 0, snapshots=snapshots))
    loaded = log.load([ANN, BOB, CLEO], {"customer": "1"})
    assert loaded.position == 6
    ann, bob, cleo = (loaded.streams[stream] for stream in (ANN, BOB, CLEO))
    assert (ann.snapshot, [one.version for one in ann.events], ann.version) == (
        snapshots[0],
        [3],
        3,
    )
    assert (bob.snapshot, [one.version for one in bob.events]) == (None, [1, 2, 3])
    assert (cleo.snapshot, cleo.events, cleo.version) == (None, [], 0)
    assert log.load([ANN]).streams[ANN].snapshot is None


def test_a_snapshot_at_the_end_of_its_stream_tells_the_version(log: Log) -> None:
    log.append(commit("ann"))
    log.append(Commit([], {ANN: 1}, 1, snapshots=[Snapshot(ANN, 1, "1", b"a")]))
    tail = log.load([ANN], {"customer": "1"}).streams[ANN]
    assert (tail.events, tail.version) == ([], 1)


def test_a_later_snapshot_replaces_the_one_before(log: Log) -> None:
    both = [Snapshot(ANN, 1, "1", b"a"), Snapshot(ANN, 2, "1", b"b")]
    log.append(Commit([], {}, 0, snapshots=both[:1]))
    log.append(Commit([], {}, 0, snapshots=both))
    assert log.load([ANN], {"customer": "1"}).streams[ANN].snapshot == both[1]


def test_loading_two_thousand_streams_takes_three_queries(log: Log) -> None:
    kinds = ("customer", "wallet", "tiers", "usage")
    streams = [f"{kind}/{number}" for number in range(500) for kind in kinds]
    events = [NewEvent(stream, enrolled("x")) for stream in streams]
    snapshots = [Snapshot(stream, 1, "1", b"s") for stream in streams[:100]]
    log.append(Commit(events, dict.fromkeys(streams, 0), 0, snapshots=snapshots))
    asked: list[str] = []

    def count(_connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    event.listen(log.engine, "before_cursor_execute", count)
    loaded = log.load(streams, dict.fromkeys(kinds, "1"))
    assert len([statement for statement in asked if statement.startswith("SELECT")]) == 3
    assert all(loaded.streams[stream].version == 1 for stream in streams)
    assert sum(len(tail.events) for tail in loaded.streams.values()) == 1900


def test_personal_data_is_kept_beside_the_log_and_replaced(log: Log) -> None:
    ann, email = PersonalValue("c1", "name", "", "Ann"), PersonalValue("c1", "email", "", "a@b")
    bob = PersonalValue("c2", "name", "", "Bob")
    log.append(Commit([], {}, 0, personal=[ann, email, bob]))
    anna = ann._replace(value="Anna")
    log.append(Commit([], {}, 0, personal=[ann, anna]))
    assert log.personal("c1") == [email, anna]
    assert sorted(log.personal_values("name", ["c1", "c2", "c3"])) == [anna, bob]
    assert log.personal_values("name", []) == []
    assert log.head().position == 0
