"""A database that fails where it is told to."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Table, text

from http_service.serving import Served


@contextmanager
def nothing_goes_into(table: Table, service: Served) -> Iterator[None]:
    """The database fails whenever a row is put into that table, until the block ends."""
    fails = "INSERT INTO nowhere VALUES (1);"
    made, gone = [f"BEGIN {fails} END"], []
    if service.shop.ledger.log.engine.name == "postgresql":
        body = f"BEGIN {fails} RETURN NEW; END"
        run(service, f"CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS '{body}'")
        made, gone = ["FOR EACH ROW EXECUTE FUNCTION fails()"], [f"ON {table.name} CASCADE"]
    run(service, " ".join([f"CREATE TRIGGER failing BEFORE INSERT ON {table.name}", *made]))
    try:
        yield
    finally:
        run(service, " ".join(["DROP TRIGGER failing", *gone]))


def run(service: Served, statement: str) -> None:
    with service.shop.ledger.log.engine.begin() as connection:
        connection.execute(text(statement))
