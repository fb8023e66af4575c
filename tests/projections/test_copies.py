"""Customers' rows in memory: in one trip on PostgreSQL, and never of tables that are gone."""

from typing import Any

import pytest
from sqlalchemy import Engine, event

from loyalty_ledger.store.log import Log
from loyalty_projections.profile import PROJECTION
from loyalty_projections.projector import Projector
from loyalty_projections.rows import MemoryRows, copied
from projections.projecting import MANY, projector
from projections.steps import told
from projections.story import append_to

NAMED = ["ann", "bob", "nobody"]


@pytest.fixture
def reading(log: Log) -> Projector:
    append_to(log, told(MANY).told)
    working = projector(log)
    working.catch_up()
    return working


def rows(copies: dict[str, MemoryRows]) -> dict[str, list[Any]]:
    return {
        name: [copy.select(table) for table in PROJECTION.tables] for name, copy in copies.items()
    }


def expected(reading: Projector) -> dict[str, list[Any]]:
    return rows(reading.ask(lambda reader: copied(reader, PROJECTION.tables, NAMED)))


def test_they_are_the_rows_that_are_there(reading: Projector) -> None:
    for _ in range(2):  # the first time, and when it is known which builds there are
        found = rows(reading.copied(PROJECTION.tables, NAMED))
        assert found == expected(reading)
    assert any(found["ann"]) and not any(found["nobody"])


def test_they_are_there_when_the_tables_were_swapped_meanwhile(
    log: Log, reading: Projector
) -> None:
    reading.copied(PROJECTION.tables, NAMED)
    before = expected(reading)
    for _ in range(2):
        projector(log).rebuild("profile")
        assert rows(reading.copied(PROJECTION.tables, NAMED)) == before


def test_what_other_projections_swapped_does_not_matter(log: Log, reading: Projector) -> None:
    reading.copied(PROJECTION.tables, NAMED)
    projector(log).rebuild("books")
    assert rows(reading.copied(PROJECTION.tables, NAMED)) == expected(reading)


def test_a_build_that_lives_no_more_is_not_told_though_its_tables_are_there(
    engine: Engine, reading: Projector
) -> None:
    reading.copied(PROJECTION.tables, NAMED)
    with engine.begin() as connection:
        for table in PROJECTION.tables:
            new, old = table.built(2).name, table.built(1).name
            unlike = f"CREATE TABLE {new} AS SELECT * FROM {old} WHERE customer_id <> 'ann'"
            connection.exec_driver_sql(unlike)
        connection.exec_driver_sql("UPDATE projection_builds SET build = 2 WHERE name = 'profile'")
    found = rows(reading.copied(PROJECTION.tables, NAMED))
    assert not any(found["ann"]) and any(found["bob"])


def test_postgresql_is_asked_once(engine: Engine, reading: Projector) -> None:
    reading.copied(PROJECTION.tables, NAMED)
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        asked.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        reading.copied(PROJECTION.tables, NAMED)
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert (len(asked) == 1) == (engine.name == "postgresql")
