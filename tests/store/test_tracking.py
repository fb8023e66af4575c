"""A reader's position moves only forward, and each step once."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from loyalty_ledger.store.log import Advance, Commit, Conflict, Log
from store_examples import commit


def move(log: Log, before: int, after: int) -> None:
    with log.transaction() as connection:
        log.advance(connection, Advance("projector", before, after))


def test_a_reader_nobody_knows_stands_at_zero(log: Log) -> None:
    assert log.position_of("projector") == 0
    assert log.readers() == {}
    move(log, 0, 5)
    assert log.readers() == {"projector": 5}


def test_a_reader_moves_only_from_where_it_stands(log: Log) -> None:
    move(log, 0, 5)
    for before, after in ((0, 5), (0, 9), (4, 9), (6, 9)):
        with pytest.raises(Conflict) as raised:
            move(log, before, after)
        assert raised.value.what == "tracking"
    move(log, 5, 9)
    assert log.position_of("projector") == 9


def test_a_reader_never_goes_back(log: Log) -> None:
    move(log, 0, 5)
    with pytest.raises(ValueError, match="go back"):
        move(log, 5, 4)


def test_a_position_moves_in_the_commit_of_its_events_or_not_at_all(log: Log) -> None:
    enrolment = commit("ann")
    enrolment.advance = Advance("settler", 0, 7)
    log.append(enrolment)
    again = commit("bob", read_at=1)
    again.advance = Advance("settler", 0, 7)
    with pytest.raises(Conflict):
        log.append(again)
    assert (log.head().position, log.position_of("settler")) == (1, 7)


def test_a_transaction_that_fails_moves_nothing(log: Log) -> None:
    def fail() -> None:
        with log.transaction() as connection:
            log.advance(connection, Advance("projector", 0, 5))
            raise RuntimeError("planted")

    with pytest.raises(RuntimeError, match="planted"):
        fail()
    assert log.position_of("projector") == 0


def test_two_workers_do_every_step_exactly_once(log: Log) -> None:
    steps = 30

    def work(worker: int) -> list[int]:
        done = []
        while (at := log.position_of("settler")) < steps:
            step = Commit([], {}, 0, Advance("settler", at, at + 1))
            try:
                log.append(step) if worker else move_settler(at)
            except Conflict:
                continue
            done.append(at)
        return done

    def move_settler(at: int) -> None:
        with log.transaction() as connection:
            log.advance(connection, Advance("settler", at, at + 1))

    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(work, range(2))
    assert sorted(first + second) == list(range(steps))
