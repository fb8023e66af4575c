"""`loyalty verify` finds what was tampered with, and names where."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch

import pytest
from sqlalchemy import Connection, text

from cli.command_line import Said, loyalty
from loyalty_ledger.domain.events.points import LotPoints, PointsExpired
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.store.chain import digest
from loyalty_ledger.store.engine import for_writing
from loyalty_ledger.store.log import Commit, NewEvent
from loyalty_ledger.store.schema import events, head
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


@pytest.mark.parametrize(
    "name",
    ["profile", "point_history", "books", "agenda", "directory", "reward_store", "timeline"],
)
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


def test_an_event_whose_body_became_text_is_named(tmp_path: Path) -> None:
    with told("sqlite", tmp_path) as url:
        change = "UPDATE events SET body = replace(body, 'a', 'b') WHERE position = 700"
        said = tampered(url, run(change))
    assert said.code == 1 and "position 700: its body is not stored as bytes" in said.err


def without_views(url: str, tamper: Tamper) -> Said:
    """What `verify` says of all but the views, which take long."""
    with patch("loyalty_ledger.verification.PROJECTIONS", ()):
        return tampered(url, tamper)


OF_ONE_AWARD = "(SELECT max(position) FROM events WHERE name = 'PointsAwarded')"


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        (f"DELETE FROM event_customer WHERE position = {OF_ONE_AWARD}", "1 missing, 0 too many"),
        (
            f"INSERT INTO event_customer SELECT 'other', {OF_ONE_AWARD}",
            "0 missing, 1 too many",
        ),
        (
            f"UPDATE event_customer SET customer_id = 'x' WHERE position = {OF_ONE_AWARD}",
            "1 missing, 1 too many",
        ),
        ("INSERT INTO event_customer SELECT 'other', 1", "position 1 (ledger"),
        ("INSERT INTO event_customer SELECT 'other', 99999999", "99999999"),
    ],
    ids=["deleted", "added", "changed", "of nobody", "beyond"],
)
def test_what_is_kept_for_other_customers_than_it_concerns_is_found(
    url: str, statement: str, says: str
) -> None:
    said = without_views(url, run(statement))
    assert said.code == 1 and "customers: position" in said.err and says in said.err, said


def snapshot_another_customer(connection: Connection) -> None:
    stream, body = connection.execute(
        text("SELECT stream, body FROM snapshots WHERE stream LIKE 'wallet/%' ORDER BY stream")
    ).all()[0]
    change = text("UPDATE snapshots SET body = :b WHERE stream <> :s AND stream LIKE 'wallet/%'")
    connection.execute(change, {"b": body, "s": stream})


@pytest.mark.parametrize(
    ("tamper", "says"),
    [
        (snapshot_another_customer, "not what the stream's events come to"),
        (run("UPDATE snapshots SET version = version + 9999"), "the stream ends at version"),
        (run("UPDATE snapshots SET version = version - 1"), "not what the stream's events come to"),
        (
            lambda on: on.execute(text("UPDATE snapshots SET body = :b"), {"b": b"\xc1"}),
            "it cannot be read",
        ),
    ],
    ids=["swapped", "too new", "too old", "unreadable"],
)
def test_a_poisoned_snapshot_is_found(url: str, tamper: Tamper, says: str) -> None:
    said = without_views(url, tamper)
    assert said.code == 1 and "snapshot of " in said.err and says in said.err, said


SOME_ITEM = "WHERE sku = (SELECT max(sku) FROM catalog_item)"


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        (f"UPDATE catalog_item SET brand = 'Other' {SOME_ITEM}", "are not those that were loaded"),
        (f"DELETE FROM catalog_item {SOME_ITEM}", "items, and"),
        (f"UPDATE catalog_item SET categories = 'none' {SOME_ITEM}", "cannot be read"),
    ],
    ids=["changed", "deleted", "unreadable"],
)
def test_a_changed_catalog_is_found(url: str, statement: str, says: str) -> None:
    said = without_views(url, run(statement))
    assert said.code == 1 and "catalog 1 (position" in said.err and says in said.err, said


@pytest.mark.parametrize(
    ("name", "body"),
    [("NobodyKnows", b"{}"), ("PointsAwarded", b"{}"), ("PointsAwarded", b"no JSON")],
)
def test_an_event_in_a_whole_chain_that_cannot_be_read_is_named(
    url: str, name: str, body: bytes
) -> None:
    def forge(connection: Connection) -> None:
        end = connection.execute(text("SELECT position, digest, recorded_at FROM head")).one()
        row = (end.position + 1, "wallet/forged", 1, name, end.recorded_at, body)
        made = digest(bytes(end.digest), *row)
        connection.execute(events.insert().values((*row[:5], made, body)))
        connection.execute(head.update().values(position=row[0], digest=made))

    said = without_views(url, forge)
    assert said.code == 1 and "events: position " in said.err and name in said.err, said
