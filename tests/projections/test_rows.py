"""Rows in the database are the rows in memory, however the events are cut into batches."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine

import databases
from loyalty_ledger.store.engine import create_engine, for_writing
from loyalty_projections import agenda, digest, profile, tables
from loyalty_projections.projection import Applier, fold
from loyalty_projections.projections import PROJECTIONS
from loyalty_projections.rows import Above, Due, UpTo, Within
from loyalty_projections.sql import Batch, SqlReader, from_micros, micros
from projections.steps import Step, steps, told
from projections.story import Told, day

EVERY_TABLE = [table for projection in PROJECTIONS for table in projection.tables]
BUILD = 1
CONDITIONS: list[dict[str, Any]] = [
    {"customer_id": "ann"},
    {"customer_id": []},
    {"customer_id": ["bob"]},
    {"customer_id": {"ann", "bob"}, "account": "points"},
    {"customer_id": Above("ann")},
    {"due": UpTo(day(20))},
    {"due": Within(day(10), day(30)), "customer_id": ("ann", "bob")},
]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    folder: Path = tmp_path_factory.mktemp("rows")
    if request.param == "sqlite":
        made = create_engine(databases.fresh_sqlite(folder))
        yield made
        made.dispose()
        return
    with databases.fresh_postgres() as url:
        made = create_engine(url)
        yield made
        made.dispose()


def write(connection: Connection, events: list[Told], size: int) -> None:
    applier = Applier(PROJECTIONS)
    for part in (events[start : start + size] for start in range(0, len(events), size)):
        batch = Batch()
        applier.apply(batch, part)
        batch.flush(connection, lambda _table: BUILD)


@given(chosen=steps, size=st.sampled_from((1, 2, 7, 5_000)))
@settings(max_examples=40, deadline=None)
def test_the_database_holds_what_memory_holds(
    engine: Engine, chosen: list[Step], size: int
) -> None:
    story = told(chosen)
    expected = fold(PROJECTIONS, story.told)
    with for_writing(engine).connect() as connection:
        tables.create(connection, EVERY_TABLE, BUILD)
        reader = SqlReader(connection, lambda _table: BUILD)
        write(connection, story.told, size)
        for table in EVERY_TABLE:
            assert reader.select(table) == expected.select(table)
        for projection in PROJECTIONS:
            in_database = digest.of_database(connection, projection.tables, BUILD)
            assert in_database == digest.of_memory(expected, projection.tables)
        until = day(30)
        lots = agenda.PROJECTION.tables[0]
        for where in CONDITIONS:
            for limit in (None, 1):
                found = reader.select(lots, limit=limit, **where)
                assert found == expected.select(lots, limit=limit, **where)
        for after in (None, Due(day(20), "bob")):
            found = reader.due(lots, "due", until, after, 2)
            assert found == expected.due(lots, "due", until, after, 2)
        ids = profile.customer_ids(reader, after="ann", limit=1)
        assert ids == profile.customer_ids(expected, after="ann", limit=1)
        connection.rollback()


def test_the_digest_knows_one_row_from_another_and_counts_equal_ones() -> None:
    story = told([("award", "ann", "points", 10, 0.0)])
    one = digest.of_memory(fold(PROJECTIONS, story.told), EVERY_TABLE)
    story = told([("award", "ann", "points", 11, 0.0)])
    other = digest.of_memory(fold(PROJECTIONS, story.told), EVERY_TABLE)
    assert one.rows == other.rows
    assert one.value != other.value


@given(st.datetimes())
def test_instants_keep_every_microsecond(moment: datetime) -> None:
    aware = moment.replace(tzinfo=UTC)
    assert from_micros(micros(aware)) == aware
