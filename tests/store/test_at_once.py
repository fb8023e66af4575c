"""A commit on PostgreSQL in one trip: one statement, which is written or never will be."""

import threading
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, select, text

from clocks import Clock
from loyalty_ledger.store.at_once import AtOnce, fits
from loyalty_ledger.store.engine import create_engine, for_writing
from loyalty_ledger.store.log import (
    Advance,
    Answer,
    Commit,
    Conflict,
    Log,
    NewEvent,
    PersonalValue,
    Snapshot,
)
from loyalty_ledger.store.mapper import EventCodec
from loyalty_ledger.store.schema import events, given_up, personal, snapshots
from loyalty_ledger.store.writing import Prepared
from store_examples import commit, enrolled

DEADLINE_S = 60


@pytest.fixture
def log(postgres_url: str) -> Iterator[Log]:
    engine = create_engine(postgres_url)
    yield Log(engine, Clock())
    engine.dispose()


def whole(asked: Commit) -> AtOnce:
    prepared = Prepared.of(asked, EventCodec())
    assert fits(prepared.commit, prepared.rows)
    return AtOnce(prepared.commit, prepared.rows, Clock())


def ask(log: Log, lost: AtOnce) -> object:
    with for_writing(log.engine).begin() as connection:
        return lost.landed(connection)


def rows(log: Log, table: str) -> int:
    with log.engine.connect() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def test_what_was_given_up_is_never_written_however_late_it_arrives(log: Log) -> None:
    late = whole(commit("ann"))
    assert ask(log, late) is None
    assert ask(log, late) is None
    with pytest.raises(Conflict):
        late.write(log.engine)
    assert (log.head().position, rows(log, given_up.name)) == (0, 1)
    assert log.append(commit("ann")).last == 1  # the same thing done anew is another commit


def test_a_statement_still_on_its_way_is_waited_for_or_never_written(log: Log) -> None:
    """It runs while its writer, who lost it, asks: whoever comes first, both tell the same."""
    for number in range(40):
        lost = whole(commit(f"c{number}", read_at=log.head().position))
        told: list[str] = []

        def arrives(lost: AtOnce = lost, told: list[str] = told) -> None:
            try:
                lost.write(log.engine)
                told.append("written")
            except Conflict:
                told.append("given up")

        running = threading.Thread(target=arrives)
        running.start()
        found = ask(log, lost)
        running.join()
        assert told == (["written"] if found else ["given up"])
        assert bool(log.versions([f"customer/c{number}"])) == bool(found)


def test_what_landed_is_told_as_if_the_answer_had_not_been_lost(log: Log) -> None:
    log.append(commit("bob"))
    done = whole(commit("ann", "ann-2"))
    assert ask(log, done) is None
    done = whole(commit("ann", "ann-2"))
    assert done.write(log.engine) == ask(log, done)


def test_events_that_differ_in_anything_are_somebody_elses(log: Log) -> None:
    log.append(commit("ann"))
    other = NewEvent("customer/ann", enrolled("ann"), ("ann",), {"request_id": "r2"})
    assert ask(log, whole(Commit([other], {"customer/ann": 0}, 0))) is None
    longer = whole(commit("ann", "bob"))
    assert ask(log, longer) is None


def test_everything_that_stands_beside_the_events_is_written_with_them(log: Log) -> None:
    told = commit("ann")
    told.answers = [Answer("c", "s", "r", "f", bytes(range(256)))]
    told.personal = [
        PersonalValue("ann", "name", "", "Bob"),
        PersonalValue("ann", "name", "", "Ann"),
    ]
    told.snapshots = [Snapshot("customer/ann", 1, "1", b"\x00\xff")]
    told.quiet = {"ann": 0}
    assert log.append(told).last == 1
    with log.engine.connect() as connection:
        assert _all(connection, personal) == [("ann", "name", "", "Ann")]
        assert _all(connection, snapshots) == [("customer/ann", 1, "1", b"\x00\xff")]
    assert log.find_answers([("c", "s", "r")])["c", "s", "r"] == told.answers[0]._replace(
        position=1
    )
    assert log.verify_chain() is None


def test_a_batch_goes_with_the_move_of_its_reader(log: Log) -> None:
    names = [f"c{number}" for number in range(600)]
    told = commit(*names)
    told.advance = Advance("settler", 0, 7)
    done = whole(told)
    assert done.write(log.engine) == ask(log, done)
    assert (log.head().position, log.position_of("settler")) == (600, 7)
    assert [one.stream for one in log.read(0, 600)] == [f"customer/{name}" for name in names]
    for place, name in enumerate(names, 1):
        assert [one.position for one in log.history(name)] == [place]
    assert log.verify_chain() is None


@pytest.mark.parametrize("before", [0, 6, 8])
def test_a_reader_that_stands_elsewhere_writes_nothing_at_all(log: Log, before: int) -> None:
    first = commit("ann")
    first.advance = Advance("settler", 0, 7)
    log.append(first)
    second = commit("bob", read_at=1)
    second.advance = Advance("settler", before, 9)
    with pytest.raises(Conflict) as raised:
        log.append(second)
    assert raised.value.what == "tracking"
    assert (log.head().position, log.position_of("settler")) == (1, 7)


def test_who_moves_a_reader_backwards_is_told_so(log: Log) -> None:
    back = commit("ann")
    back.advance = Advance("settler", 7, 6)
    with pytest.raises(ValueError, match="go back"):
        log.append(back)


def _all(connection: Connection, table: object) -> list[tuple[object, ...]]:
    return [tuple(row) for row in connection.execute(select(table))]  # type: ignore[call-overload]


def test_what_is_prepared_is_prepared_anew_after_the_driver_has_had_it_forgotten(
    log: Log,
) -> None:
    names = iter(range(100))
    for _ in range(3):
        log.append(commit(f"c{next(names)}", read_at=log.head().position))
        with pytest.raises(ZeroDivisionError), for_writing(log.engine).begin() as connection:
            for _ in range(10):  # until the driver itself has something prepared
                connection.execute(text("SELECT 1"))
            raise ZeroDivisionError
    assert log.load(["customer/c0"]).streams["customer/c0"].version == 1


@pytest.mark.parametrize("what", ["answers", "quiet", "streams"])
def test_a_conflict_writes_nothing_at_all(log: Log, what: str) -> None:
    first = commit("ann")
    first.answers = [Answer("c", "s", "r", "f", b"first")]
    log.append(first)
    second = commit("bob")
    second.personal = [PersonalValue("bob", "name", "", "Bob")]
    match what:
        case "answers":
            second.answers = [Answer("c", "s", "r", "f", b"second")]
        case "quiet":
            second.quiet = {"ann": 0}
        case _:
            second.expected["customer/ann"] = 0
    with pytest.raises(Conflict) as raised:
        log.append(second)
    assert raised.value.what == what
    assert (log.head().position, rows(log, personal.name), rows(log, "requests")) == (1, 0, 1)


def test_the_servers_default_of_isolation_does_not_hide_what_was_committed_meanwhile(
    log: Log, postgres_url: str
) -> None:
    """Whoever waited for the head sees what the one before committed, and so the conflict."""
    with log.engine.connect() as connection:
        database = log.engine.url.database
        strict = "SET default_transaction_isolation = 'serializable'"
        connection.execute(text(f'ALTER DATABASE "{database}" {strict}'))
    engine = create_engine(postgres_url)
    told: list[str] = []
    waiting = whole(Commit(commit("bob").events, {"customer/bob": 0, "customer/ann": 0}, 0))

    def wait() -> None:
        try:
            waiting.write(engine)
        except Conflict as conflict:
            told.append(",".join(conflict.streams))

    with for_writing(log.engine).begin() as connection:
        connection.execute(text("SELECT 1 FROM head FOR UPDATE"))
        thread = threading.Thread(target=wait)
        thread.start()
        _until_somebody_waits(log)
        _write_ann(connection)
    thread.join()
    engine.dispose()
    assert told == ["customer/ann"]


def _until_somebody_waits(log: Log) -> None:
    waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    here = text(f"{waits} AND datname = current_database()")
    deadline = time.monotonic() + DEADLINE_S
    with log.engine.connect() as connection:
        while not connection.execute(here).scalar_one():
            assert time.monotonic() < deadline


def _write_ann(connection: Connection) -> None:
    prepared = Prepared.of(commit("ann"), EventCodec())
    prepared.write(connection, Clock())
    assert connection.execute(select(events.c.position)).all() == [(1,)]
