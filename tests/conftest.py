"""What every test can ask for: a clock, and a ledger on SQLite and on PostgreSQL."""

import contextlib
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

import databases
import loyalty_ledger
import loyalty_projections
from clocks import Clock
from loyalty_ledger.store.engine import create_engine
from loyalty_ledger.store.log import Log


def _import_everything() -> None:
    # A pydantic model with a datetime cannot be defined while freezegun holds the time. A module
    # that does not import fails in its own tests.
    for package in (loyalty_ledger, loyalty_projections):
        for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            if "__main__" not in module.name and ".migrations" not in module.name:
                with contextlib.suppress(Exception):
                    importlib.import_module(module.name)


_import_everything()


_BEGAN_HERE = pytest.StashKey[bool]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_BEGAN_HERE] = databases.begin_run()


def pytest_unconfigure(config: pytest.Config) -> None:
    if config.stash[_BEGAN_HERE]:
        databases.end_run()


@pytest.fixture
def clock() -> Clock:
    """A clock of the test's own, beginning at 2026-01-01."""
    return Clock()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty ledger: the test runs once on each database."""
    if request.param == "sqlite":
        yield databases.fresh_sqlite(tmp_path)
    else:
        with databases.fresh_postgres() as url:
            yield url


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """The address of an empty ledger on PostgreSQL, for what only PostgreSQL has."""
    with databases.fresh_postgres() as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The address of an empty ledger on SQLite, for what only SQLite has."""
    return databases.fresh_sqlite(tmp_path)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on an empty ledger, on each database."""
    made = create_engine(database_url)
    yield made
    made.dispose()


@pytest.fixture
def log(engine: Engine, clock: Clock) -> Log:
    """The log of an empty ledger, on each database."""
    return Log(engine, clock)
