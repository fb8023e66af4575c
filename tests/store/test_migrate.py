"""The schema: made from nothing, checked against the code, refused when it does not fit."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, text

from loyalty_ledger.store import migrate
from loyalty_ledger.store.engine import create_engine
from loyalty_ledger.store.migrate import SchemaMismatch
from loyalty_ledger.store.schema import metadata


@pytest.fixture
def nothing(engine: Engine) -> Iterator[Engine]:
    """An empty database; on SQLite, no file."""
    if engine.dialect.name == "sqlite":
        assert engine.url.database
        made = create_engine(f"sqlite:///{Path(engine.url.database).with_name('100% new.db')}")
        yield made
        made.dispose()
    else:
        with engine.begin() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
        yield engine


def set_revision(engine: Engine, revision: str) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :r"), {"r": revision})


def test_a_ledger_is_made_from_nothing_and_making_it_twice_changes_nothing(
    nothing: Engine, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    assert not migrate.is_initialised(nothing)
    assert migrate.current_revision(nothing) is None
    with caplog.at_level(logging.WARNING):
        migrate.create(nothing)
        migrate.create(nothing)
    assert migrate.is_initialised(nothing)
    assert migrate.current_revision(nothing) == migrate.latest_revision()
    migrate.require_current(nothing)
    assert (*capfd.readouterr(), caplog.text) == ("", "", "")
    with nothing.connect() as connection:
        assert connection.execute(text("SELECT id, position FROM head")).all() == [(1, 0)]


def test_asking_about_a_ledger_that_is_not_there_creates_no_file(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'none.db'}")
    with pytest.raises(SchemaMismatch, match="loyalty init"):
        migrate.require_current(engine)
    assert list(tmp_path.iterdir()) == []
    engine.dispose()


def test_a_database_that_holds_something_else_is_no_ledger(nothing: Engine) -> None:
    with nothing.begin() as connection:
        connection.execute(text("CREATE TABLE other (id INTEGER)"))
    with pytest.raises(SchemaMismatch, match="loyalty init"):
        migrate.require_current(nothing)


def test_the_migrations_make_exactly_the_tables_of_the_code(engine: Engine) -> None:
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_a_ledger_made_by_a_newer_version_is_refused(engine: Engine) -> None:
    set_revision(engine, "9999")
    for attempt in (migrate.require_current, migrate.upgrade, migrate.create):
        with pytest.raises(SchemaMismatch, match="newer"):
            attempt(engine)


def test_a_ledger_made_by_an_older_version_asks_for_migration(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "latest_revision", lambda: "0002")
    with pytest.raises(SchemaMismatch, match="loyalty migrate"):
        migrate.require_current(engine)
