"""Creates a ledger's tables and brings them up to the version of the code."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect

from loyalty_ledger.store.engine import for_writing


class SchemaMismatch(Exception):  # noqa: N818 - a state of the database
    """The database holds no ledger, or one of another version; the message says what to do."""


def create(engine: Engine) -> None:
    """Create the ledger's tables, or bring them up to date: doing it twice changes nothing.

    SchemaMismatch when they were made by a newer version of the code.
    """
    upgrade(engine)


def upgrade(engine: Engine) -> None:
    """Bring the tables up to the version of the code, from nothing if need be.

    SchemaMismatch when they were made by a newer version of the code.
    """
    config = _config()
    with for_writing(engine).begin() as connection:
        revision = MigrationContext.configure(connection).get_current_revision()
        _refuse_newer(config, revision)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def current_revision(engine: Engine) -> str | None:
    """The revision the tables have, None when there are none."""
    if _missing_file(engine):
        return None
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def latest_revision() -> str:
    """The revision that the code works with."""
    latest = ScriptDirectory.from_config(_config()).get_current_head()
    assert latest is not None  # noqa: S101 - the package carries its migrations
    return latest


def is_initialised(engine: Engine) -> bool:
    """Whether the database holds a ledger, of whatever version. Creates nothing."""
    return current_revision(engine) is not None and inspect(engine).has_table("head")


def require_current(engine: Engine) -> None:
    """SchemaMismatch unless the database holds a ledger of exactly the code's version."""
    revision = current_revision(engine)
    if revision is None:
        raise SchemaMismatch("there is no ledger in this database: run `loyalty init`")
    _refuse_newer(_config(), revision)
    if revision != latest_revision():
        raise SchemaMismatch(
            f"the ledger has schema {revision}, this version needs {latest_revision()}: "
            "run `loyalty migrate`"
        )


def _refuse_newer(config: Config, revision: str | None) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if revision is not None and revision not in known:
        raise SchemaMismatch(
            f"the ledger has schema {revision}, which this version does not know: "
            "it was made by a newer one"
        )


def _config() -> Config:
    config = Config()
    # The value is interpolated, so that a percent sign in a path has to be doubled.
    location = str(Path(__file__).parent / "migrations").replace("%", "%%")
    config.set_main_option("script_location", location)
    config.set_main_option("path_separator", "os")
    return config


def _missing_file(engine: Engine) -> bool:
    # Connecting would leave an empty file behind.
    database = engine.url.database
    return engine.dialect.name == "sqlite" and not (database and Path(database).exists())
