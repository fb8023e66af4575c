"""Keeping projections up with the log: every event counts once, whoever does it."""

import threading

import pytest
from sqlalchemy import Engine, text

from loyalty_ledger.store.log import Log
from loyalty_projections import books, point_history
from loyalty_projections.books import TrialBalance
from loyalty_projections.projection import Projection, fold
from loyalty_projections.projections import PROJECTIONS
from loyalty_projections.projector import OutOfStep
from loyalty_projections.rows import MemoryRows, Reader
from projections.projecting import MANY, assert_right, projector
from projections.steps import told
from projections.story import Story, append_to, day


@pytest.fixture
def story() -> Story:
    return told(MANY)


def test_an_empty_log_gives_empty_rows(log: Log) -> None:
    assert projector(log).catch_up() == 0
    assert_right(log, MemoryRows())


@pytest.mark.parametrize("batch", [1, 7, 5_000])
def test_rows_are_the_fold_of_the_log_at_any_batch_size(log: Log, story: Story, batch: int) -> None:
    append_to(log, story.told)
    working = projector(log, batch)
    working.catch_up()
    assert_right(log, fold(PROJECTIONS, story.told))
    assert {one.position for one in working.status()} == {len(story.told)}
    assert working.catch_up() == 0


def test_progress_is_told_up_to_the_goal(log: Log, story: Story) -> None:
    append_to(log, story.told)
    seen: list[tuple[int, int]] = []
    projector(log, 50).catch_up(progress=lambda at, goal: seen.append((at, goal)))
    assert seen[-1] == (len(story.told), len(story.told))
    assert [at for at, _ in seen] == sorted(at for at, _ in seen)


def test_what_no_projection_cares_for_moves_the_position_too(log: Log) -> None:
    story = Story()
    story.bought("ann", 100, day(1))
    append_to(log, story.told)
    projector(log, projections=(books.PROJECTION,)).catch_up()
    assert log.position_of(books.PROJECTION.reader) == 1


def test_a_new_projection_catches_up_with_the_others(log: Log, story: Story) -> None:
    half = len(story.told) // 2
    append_to(log, story.told[:half])
    projector(log, projections=PROJECTIONS[:3]).catch_up()
    append_to(log, story.told[half:])
    projector(log).catch_up()
    assert_right(log, fold(PROJECTIONS, story.told))


def test_some_can_be_asked_to_catch_up_and_only_so_far(log: Log, story: Story) -> None:
    append_to(log, story.told)
    working = projector(log)
    working.catch_up(only=["books"], until=20)
    positions = {one.name: one.position for one in working.status()}
    assert positions.pop("books") == 20
    assert set(positions.values()) == {0}


def test_two_projectors_at_once_count_every_event_once(log: Log, story: Story) -> None:
    append_to(log, story.told)
    together = threading.Barrier(2)
    failures: list[BaseException] = []

    def work() -> None:
        try:
            together.wait()
            projector(log, 3).catch_up()
        except BaseException as error:
            failures.append(error)

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert failures == []
    assert_right(log, fold(PROJECTIONS, story.told))


def test_a_projector_that_dies_in_a_batch_leaves_nothing_of_it(log: Log, story: Story) -> None:
    append_to(log, story.told)
    projector(log).catch_up(until=30)

    def stumble(*_: object) -> None:
        raise RuntimeError("a bug")

    handlers = {**point_history.PROJECTION.handlers}
    handlers = dict.fromkeys(handlers, stumble)
    broken = Projection("point_history", 1, point_history.PROJECTION.tables, handlers)
    with pytest.raises(RuntimeError) as raised:
        projector(log, projections=(PROJECTIONS[0], broken)).catch_up()
    assert "while projecting" in raised.value.__notes__[0]
    assert set(one.position for one in projector(log).status()) == {30}
    projector(log).catch_up()
    assert_right(log, fold(PROJECTIONS, story.told))


def test_rows_that_are_not_those_of_the_position_are_told_and_healed(
    log: Log, engine: Engine, story: Story
) -> None:
    append_to(log, story.told)
    working = projector(log)
    working.catch_up(until=50)
    with engine.begin() as connection:
        connection.execute(text("UPDATE projection_builds SET position = 3 WHERE name = 'books'"))
    with pytest.raises(OutOfStep, match="books"):
        working.catch_up()
    working.rebuild("books")
    working.catch_up()
    assert_right(log, fold(PROJECTIONS, story.told))


def test_a_question_sees_one_state_of_the_rows(log: Log, story: Story) -> None:
    append_to(log, story.told)
    working = projector(log)
    working.catch_up(until=40)

    def ask_twice(reader: Reader) -> tuple[TrialBalance, TrialBalance]:
        first = books.trial_balance(reader)
        working.catch_up()
        return first, books.trial_balance(reader)

    first, second = working.ask(ask_twice)
    assert first == second
    assert working.ask(books.trial_balance) != first
