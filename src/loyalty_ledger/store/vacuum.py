"""Making deleted bytes go: a deleted row's text stays in the files until its page is rewritten."""

from sqlalchemy import Engine

from loyalty_ledger.store.checkpoints import Checkpoints
from loyalty_ledger.store.records import Busy

_ON_POSTGRES = (
    # The planner's statistics hold examples of values: none are to be taken of these.
    "ALTER TABLE personal ALTER COLUMN value SET STATISTICS 0",
    "VACUUM (FULL, ANALYZE) personal",
    # Only a superuser may; everybody else is told so by the server, and goes on.
    "VACUUM (FULL) pg_statistic",
)


def vacuum(engine: Engine) -> None:
    """Rewrite what held personal data, so that nothing deleted is left in the database's files.

    Waits for others as a writer does; Busy when somebody is still reading what was before. On
    PostgreSQL it takes the owner of the tables, and the write-ahead log is the server's to recycle.
    """
    if engine.name == "postgresql":
        with engine.connect() as connection:
            for statement in _ON_POSTGRES:
                connection.exec_driver_sql(statement)
        return
    if not Checkpoints(engine).rewrite():
        raise Busy
