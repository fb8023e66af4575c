"""The service's role adds to the log and cannot change it."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import ProgrammingError

from clocks import Clock
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.store import key_uses
from loyalty_ledger.store.engine import create_engine
from loyalty_ledger.store.log import Advance, Answer, CatalogItem, Log, PersonalValue, Snapshot
from loyalty_ledger.store.migrate import require_current
from loyalty_ledger.store.roles import grants
from store_examples import commit

ROLE = 'ledger "service"'
QUOTED = ROLE.replace('"', '""')
SECRET = b"a secret of the tests, long enough to be one"
OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"


@pytest.fixture
def service(postgres_url: str) -> Iterator[Log]:
    """A log opened by a role that has only what `grants` gives."""
    owner = create_engine(postgres_url)
    with owner.begin() as connection:
        connection.execute(text(f'CREATE ROLE "{QUOTED}" LOGIN'))
        for statement in grants(ROLE):
            connection.execute(text(statement))
    engine = create_engine(make_url(postgres_url).set(username=ROLE))
    yield Log(engine, Clock())
    engine.dispose()
    with owner.begin() as connection:
        connection.execute(text(f'DROP OWNED BY "{QUOTED}"'))
        connection.execute(text(f'DROP ROLE "{QUOTED}"'))
    owner.dispose()


def test_the_service_appends_everything(service: Log) -> None:
    require_current(service.engine)
    items = [CatalogItem("a", "A", None, ())]
    for position in range(2):
        everything = commit("ann", read_at=position, version=position)
        everything.answers.append(Answer("c", "s", f"r{position}", "f", b"a"))
        everything.personal.append(PersonalValue("ann", "name", "", "Ann"))
        everything.snapshots.append(Snapshot("customer/ann", position + 1, "1", b"s"))
        everything.advance = Advance("settler", position, position + 1)
        everything.catalog = (service.catalog_digest(items), items)
        service.append(everything)
    many = commit(*(f"c{number}" for number in range(100)), read_at=2)
    assert service.append(many).last == 102
    assert service.verify_chain() is None


def test_the_service_notes_when_a_key_was_used(service: Log) -> None:
    first, then = datetime(2026, 3, 10, tzinfo=UTC), datetime(2026, 3, 11, tzinfo=UTC)
    for at in (first, then):
        key_uses.note(service.engine, "key", at)
    assert service.key_uses() == {"key": then}


@pytest.mark.parametrize("statement", ["UPDATE events SET name = 'x'", "DELETE FROM events"])
def test_the_service_cannot_change_the_log(service: Log, statement: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), service.transaction() as on:
        on.execute(text(statement))


def test_views_that_the_owner_made_are_given_to_the_service_as_documented(
    service: Log, postgres_url: str
) -> None:
    owner = create_engine(postgres_url)
    with owner.begin() as connection:
        connection.execute(text(f'GRANT USAGE, CREATE ON SCHEMA public TO "{QUOTED}"'))
    Ledger(owner, SECRET, Clock()).projector.install()
    ledger = Ledger(service.engine, SECRET, Clock())
    with pytest.raises(ProgrammingError, match="permission denied for table projection_builds"):
        ledger.projector.digest("books")
    (block,) = re.findall(r"```sql\n(DO .*?)```", OPERATIONS.read_text(), re.S)
    block = block.replace("OWNER TO loyalty", f'OWNER TO "{QUOTED}"').replace("%", "%%")
    with owner.begin() as connection:
        connection.exec_driver_sql(block)
    owner.dispose()
    assert ledger.projector.rebuild("books").same
