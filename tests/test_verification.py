"""`loyalty verify` finds what was tampered with, and names where."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from cli.command_line import Said, loyalty
from loyalty_ledger.domain.events.points import LotPoints, PointsExpired
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.store.engine import for_writing
from loyalty_ledger.store.log import Commit, NewEvent
from sample_ledger import ledger_on, told

Tamper = Callable[[Connection], object]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with told(request.param, tmp_path) as address:
        yield address


def tampered(url: str, tamper: Tamper) -> Said:
    """What `verify` says after somebody was at the tables."""
    with ledger_on(url) as ledger, for_writing(ledger.log.engine).begin() as connection:
        tamper(connection)
    return loyalty(url, "verify")


def run(statement: str) -> Tamper:
    return lambda connection: connection.execute(text(statement))


def test_a_whole_ledger_is_clean(url: str) -> None:
    said = loyalty(url, "verify")
    assert (said.code, said.err) == (0, "")
    assert "Every law holds." in said.out
    shown = loyalty(url, "verify", "--json").json
    assert shown["verified"] is True and shown["problems"] == [] and shown["events"] > 1_000


def changed_byte(connection: Connection) -> None:
    body = bytes(
        connection.execute(text("SELECT body FROM events WHERE position = 777")).scalar_one()
    )
    broken = body[:-3] + bytes([body[-3] ^ 1]) + body[-2:]
    connection.execute(text("UPDATE events SET body = :b WHERE position = 777"), {"b": broken})


@pytest.mark.parametrize(
    ("tamper", "where"),
    [
        (changed_byte, "777"),
        (run("DELETE FROM events WHERE position = 555"), "555"),
        (run("UPDATE events SET position = 99999999 WHERE position = 556"), "556"),
        (run("UPDATE events SET recorded_at = recorded_at - 1 WHERE position = 600"), "600"),
        (run("UPDATE events SET name = 'PointsSpent' WHERE position = 601"), "601"),
        (run("UPDATE events SET stream = 'wallet/other' WHERE position = 602"), "602"),
        (run("UPDATE head SET position = position + 1"), "missing"),
    ],
    ids=["byte", "deleted", "moved", "time", "name", "stream", "head"],
)
def test_a_changed_log_is_found_at_the_first_event_that_differs(
    url: str, tamper: Tamper, where: str
) -> None:
    said = tampered(url, tamper)
    assert said.code == 1
    assert f"position {where}" in said.err.replace(",", "") or where in said.err, said


def test_a_changed_head_is_found(url: str) -> None:
    changed = b"\x07" * 32
    said = tampered(url, lambda on: on.execute(text("UPDATE head SET digest = :d"), {"d": changed}))
    assert said.code == 1 and "chain" in said.err


@pytest.mark.parametrize("name", ["profile", "point_history", "books", "agenda", "directory"])
def test_a_changed_row_of_a_view_is_found_and_a_rebuild_mends_it(url: str, name: str) -> None:
    with ledger_on(url) as ledger:
        before = ledger.projector.digest(name)
        with for_writing(ledger.log.engine).begin() as connection:
            for table in tables_of(connection, name):
                connection.execute(text(f'DELETE FROM "{table}"'))
    said = loyalty(url, "verify")
    assert said.code == 1 and f"projection {name}" in said.err
    assert loyalty(url, "projections", "verify", name).code == 1
    assert loyalty(url, "projections", "rebuild", name).code == 1  # says that it differed
    assert loyalty(url, "verify").code == 0
    with ledger_on(url) as ledger:
        assert ledger.projector.digest(name) == before


def tables_of(connection: Connection, name: str) -> list[str]:
    catalog = (
        "SELECT name FROM sqlite_master WHERE type = 'table'"
        if connection.dialect.name == "sqlite"
        else "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    )
    names = connection.execute(text(catalog)).scalars()
    return [table for table in names if table.startswith(f"{name}_") and "__v" in table] or [
        table for table in names if table.startswith(f"{name}_")
    ]


def test_a_lot_that_gives_more_than_is_in_it_is_found(url: str) -> None:
    with ledger_on(url) as ledger:
        stream, version = overdraw(ledger)
        ledger.projector.catch_up()
    said = loyalty(url, "verify")
    assert said.code == 1
    assert f"{stream}@{version}" in said.err
    assert "no more is taken from a lot than is in it" in said.err


def overdraw(ledger: Ledger) -> tuple[str, int]:
    awarded = ledger.log.read(0, 1, names=["PointsAwarded"])[0]
    customer = awarded.stream.removeprefix("wallet/")
    event = PointsExpired(
        at=datetime(2018, 1, 3, tzinfo=UTC),
        customer_id=customer,
        account=awarded.event.account,  # type: ignore[attr-defined]
        points=10**6,
        lots=[LotPoints(lot=awarded.event.lot, points=10**6)],  # type: ignore[attr-defined]
        kind="rolling",
        program_version=1,
    )
    loaded = ledger.log.load([awarded.stream])
    version = loaded.streams[awarded.stream].version
    new = NewEvent(awarded.stream, event, (customer,))
    ledger.log.append(Commit([new], {awarded.stream: version}, loaded.position))
    return awarded.stream, version + 1
