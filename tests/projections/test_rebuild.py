"""Building a projection anew beside the live one."""

import threading

import pytest
from sqlalchemy import Engine, inspect, text

from loyalty_ledger.store.log import Log
from loyalty_projections import books, profile
from loyalty_projections.books import TrialBalance
from loyalty_projections.projection import fold
from loyalty_projections.projections import PROJECTIONS
from loyalty_projections.rebuild import Overtaken
from loyalty_projections.rows import Reader
from projections.projecting import MANY, assert_right, projector
from projections.steps import told
from projections.story import Story, append_to

NAMES = [projection.name for projection in PROJECTIONS]


@pytest.fixture
def story() -> Story:
    return told(MANY)


def tables_of(engine: Engine, name: str) -> list[str]:
    return [table for table in inspect(engine).get_table_names() if table.startswith(f"{name}_")]


def test_a_rebuild_without_events_works(log: Log) -> None:
    for name in NAMES:
        assert projector(log).rebuild(name).same


@pytest.mark.parametrize("batch", [1, 7, 5_000])
def test_a_rebuild_at_any_batch_size_gives_the_same_digest(
    log: Log, story: Story, batch: int
) -> None:
    append_to(log, story.told)
    working = projector(log)
    working.catch_up()
    for name in NAMES:
        before = working.digest(name)
        done = working.rebuild(name, batch=batch)
        assert done.same
        assert (done.position, done.built) == (len(story.told), before)
        assert working.digest(name) == before
    assert_right(log, fold(PROJECTIONS, story.told))


def test_live_rows_that_are_wrong_are_told_and_replaced(
    log: Log, engine: Engine, story: Story
) -> None:
    append_to(log, story.told)
    working = projector(log)
    working.catch_up()
    with engine.begin() as connection:
        connection.execute(text("UPDATE books_side__v1 SET points = points + 1"))
    assert not working.verify("books").same
    assert not working.rebuild("books").same
    assert working.verify("books").same
    assert_right(log, fold(PROJECTIONS, story.told))


def test_to_verify_changes_nothing(log: Log, engine: Engine, story: Story) -> None:
    append_to(log, story.told)
    working = projector(log)
    assert working.verify("profile").same
    assert len(tables_of(engine, "profile")) == len(profile.PROJECTION.tables)
    assert all(name.endswith("__v1") for name in tables_of(engine, "profile"))


def test_the_old_tables_are_gone_and_readers_go_on(log: Log, engine: Engine, story: Story) -> None:
    append_to(log, story.told)
    reading, working = projector(log), projector(log)
    working.catch_up()
    before = reading.ask(books.trial_balance)
    working.rebuild("books")
    working.rebuild("books")
    assert tables_of(engine, "books") == ["books_side__v3"]
    assert reading.ask(books.trial_balance) == before


def test_a_question_asked_while_the_tables_are_swapped_is_answered(log: Log, story: Story) -> None:
    append_to(log, story.told)
    reading, working = projector(log), projector(log)
    working.catch_up()
    asked: list[bool] = []

    def question(reader: Reader) -> TrialBalance:
        if not asked:
            asked.append(working.rebuild("books").same)
        return books.trial_balance(reader)

    assert reading.ask(question) == reading.ask(books.trial_balance)
    assert asked == [True]


def test_events_and_live_writers_go_on_during_a_rebuild(log: Log, story: Story) -> None:
    begun = len(story.told) // 3
    append_to(log, story.told[:begun])
    working, beside = projector(log), projector(log, 3)
    working.catch_up()
    rest = [story.told[at : at + 5] for at in range(begun, len(story.told), 5)]

    def meanwhile(_position: int, _goal: int) -> None:
        if rest:
            append_to(log, rest.pop(0))
            beside.catch_up()

    assert working.rebuild("profile", batch=9, progress=meanwhile).same
    while rest:
        meanwhile(0, 0)
    assert_right(log, fold(PROJECTIONS, story.told))


def test_rebuilds_race_with_live_writers_and_nothing_is_lost(log: Log, story: Story) -> None:
    append_to(log, story.told[:20])
    projector(log).catch_up()
    failures: list[BaseException] = []

    def live() -> None:
        try:
            for at in range(20, len(story.told), 4):
                append_to(log, story.told[at : at + 4])
                projector(log).catch_up()
        except BaseException as error:
            failures.append(error)

    writer = threading.Thread(target=live)
    writer.start()
    working = projector(log, 5)
    rebuilt = [working.rebuild(name) for name in NAMES]
    writer.join()
    assert failures == []
    assert all(one.same for one in rebuilt)
    assert_right(log, fold(PROJECTIONS, story.told))


def test_a_rebuild_that_dies_leaves_the_live_rows_and_the_next_one_clears_up(
    log: Log, engine: Engine, story: Story
) -> None:
    append_to(log, story.told)
    working = projector(log)
    working.catch_up()

    def die(position: int, _goal: int) -> None:
        if position > 40:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        working.rebuild("point_history", progress=die)
    assert_right(log, fold(PROJECTIONS, story.told))
    assert tables_of(engine, "point_history") == ["point_history__v1", "point_history__v2"]
    assert working.rebuild("point_history").same
    assert tables_of(engine, "point_history") == ["point_history__v2"]
    assert_right(log, fold(PROJECTIONS, story.told))


def test_of_two_rebuilds_the_later_one_goes_on(log: Log, story: Story) -> None:
    append_to(log, story.told)
    first, second = projector(log), projector(log)
    first.catch_up()
    begun: list[bool] = []

    def overtake(_position: int, _goal: int) -> None:
        if not begun:
            begun.append(second.rebuild("agenda").same)

    with pytest.raises(Overtaken, match="agenda"):
        first.rebuild("agenda", progress=overtake)
    assert begun == [True]
    assert_right(log, fold(PROJECTIONS, story.told))
