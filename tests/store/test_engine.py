"""Engines: which addresses mean what, and SQLite's checkpoints by one process at a time."""

import fcntl
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from loyalty_ledger.store.checkpoints import COMMITS_BETWEEN, Checkpoints
from loyalty_ledger.store.engine import create_engine, for_writing
from loyalty_ledger.store.log import Commit, Log, NewEvent
from store_examples import NOON, commit, enrolled


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://someone@db.example/ledger",
        "postgresql+psycopg://someone@db.example/ledger",
        "postgresql+psycopg2://someone@db.example/ledger",
        "postgresql://someone@/ledger?host=/run/postgresql",
    ],
)
def test_postgresql_means_psycopg_3(url: str) -> None:
    engine = create_engine(url)
    assert (engine.dialect.name, engine.dialect.driver) == ("postgresql", "psycopg")
    assert engine.url.database == "ledger"


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://someone@db/ledger"])
def test_what_cannot_hold_a_ledger_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="SQLite"):
        create_engine(url)


def test_postgresql_commits_are_read_by_whoever_waited_whatever_its_default(
    postgres_url: str,
) -> None:
    engine = create_engine(postgres_url)
    with engine.connect() as connection:
        shown = [
            connection.execute(text(f"SHOW {name}")).scalar()
            for name in ("transaction_isolation", "jit")
        ]
    assert shown == ["read committed", "off"]
    engine.dispose()


def pragma(engine: Engine, name: str) -> object:
    with engine.connect() as connection:
        return connection.execute(text(f"PRAGMA {name}")).scalar()


def test_sqlite_is_set_up_for_many_processes_and_for_power_cuts(sqlite_url: str) -> None:
    engine = create_engine(sqlite_url)
    names = ("journal_mode", "synchronous", "busy_timeout", "wal_autocheckpoint")
    assert [pragma(engine, name) for name in names] == ["wal", 2, 30_000, 0]
    engine.dispose()


def test_a_writer_takes_sqlites_lock_when_it_begins(sqlite_url: str) -> None:
    engine = create_engine(sqlite_url, connect_args={"timeout": 0})
    with for_writing(engine).begin(), engine.begin() as reader:
        reader.execute(text("SELECT * FROM head"))
        with pytest.raises(Exception, match="locked"), for_writing(engine).begin():
            pass
    engine.dispose()


def test_checkpoints_pass_when_somebody_else_is_at_it(sqlite_url: str) -> None:
    engine = create_engine(sqlite_url)
    checkpoints = Checkpoints(engine)
    with Path(f"{engine.url.database}.lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_SH)
        assert not checkpoints.take()
    assert checkpoints.take()
    engine.dispose()


def test_the_write_ahead_log_stays_short_over_many_commits(sqlite_url: str) -> None:
    engine = create_engine(sqlite_url)
    log = Log(engine, lambda: NOON)
    wal = Path(f"{engine.url.database}-wal")
    sizes = []
    for position in range(4 * COMMITS_BETWEEN):
        log.append(Commit([NewEvent("s", enrolled("x" * 9_000))], {"s": position}, position))
        sizes.append(wal.stat().st_size)
    assert max(sizes) == max(sizes[: COMMITS_BETWEEN + 2])
    engine.dispose()


def test_postgresql_needs_no_checkpoints_of_ours(postgres_url: str) -> None:
    engine = create_engine(postgres_url)
    assert not Checkpoints(engine).take()
    Log(engine, lambda: NOON).append(commit("ann"))
    assert not list(Path().glob("*.lock"))
    engine.dispose()
