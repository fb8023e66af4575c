"""Twenty of the sample's customers are erased: nothing personal of them is left in any byte."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

import databases
from cli.command_line import loyalty
from loyalty_ledger.answers import Moment
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.store.engine import create_engine
from loyalty_ledger.store.migrate import create
from marked_sample import ERASED, KEPT, Marked, at_rest, dump, files_of
from postgres import running_postgres
from sample_ledger import YEAR_ENDS, both_databases, digests, fill_configured, ledger_on

IMPERSONAL = ("tier_progress", "reward_store", "point_history", "books", "agenda")
EXPORTS = ("balances", "tiers", "history", "events")


class Database(NamedTuple):
    """A database with its files, and the program that dumps it, where there is one."""

    url: str
    folder: Path
    dump: Path | None = None


@contextmanager
def alone(backend: str, folder: Path) -> Iterator[Database]:
    """A database of the test's own, all of whose files are its own."""
    home = folder / "database"
    if backend == "sqlite":
        home.mkdir()
        yield Database(databases.fresh_sqlite(home), home)
        return
    with running_postgres() as server:
        engine = create_engine(server.url())
        create(engine)
        engine.dispose()
        program = server.binaries / "pg_dump"
        yield Database(server.url(), server.folder / "data", program if program.exists() else None)


def told(url: str, marked: Marked, folder: Path) -> list[str]:
    """The year of these households; what the commands said."""
    fill_configured(url)
    said = []
    for what, data in (
        ("transactions", marked.early()),
        ("customers", marked.customers()),
        ("transactions", marked.sales()),
    ):
        file = folder / "load.jsonl"
        file.write_bytes(data)
        done = loyalty(url, "load", what, file)
        assert done.code == 0, done
        said += [done.out, done.err]
        file.unlink()
    work(url)
    return said


def work(url: str) -> None:
    assert loyalty(url, "work", "--once", "--until", YEAR_ENDS.isoformat()).code == 0


def exports(url: str, folder: Path, name: str) -> dict[str, bytes]:
    for what in EXPORTS:
        assert loyalty(url, "export", what, folder / f"{name}-{what}.jsonl").code == 0
    return {what: (folder / f"{name}-{what}.jsonl").read_bytes() for what in EXPORTS}


def impersonal(data: bytes) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [msgspec.json.decode(line) for line in data.splitlines()]
    return [{key: value for key, value in row.items() if key != "external_id"} for row in rows]


def profiles(ledger: Ledger, ids: list[str]) -> list[Any]:
    found = ledger.answers.profiles(ids, Moment(YEAR_ENDS))
    return [(one.customer_id, one.accounts, one.tiers, one.offers) for one in found]


def bytes_left(database: Database, marked: Marked) -> list[str]:
    """The files that hold a mark."""
    if database.url.startswith("postgresql"):
        at_rest(database.url)
    files = sorted(files_of(database.folder))
    return [one.name for one in files if marked.found_in(one.read_bytes())]


@both_databases
def test_no_byte_of_twenty_erased_customers_is_left_and_all_else_is_as_before(
    backend: str, tmp_path: Path
) -> None:
    marked = Marked()
    with alone(backend, tmp_path) as database:
        url = database.url
        said = told(url, marked, tmp_path)
        assert bytes_left(database, marked) != []
        with ledger_on(url) as ledger:
            before, books = digests(ledger), loyalty(url, "books", "--json").json
            ids = [row["customer_id"] for row in impersonal(exports(url, tmp_path, "a")["tiers"])]
            assert len(set(ids)) == ERASED + KEPT
            known = profiles(ledger, ids)
            others = {one: ledger.log.personal(one) for one in _ids(url, marked, marked.others)}
        exported = {name: (tmp_path / f"a-{name}.jsonl").read_bytes() for name in EXPORTS}
        said += erased(url, marked)
        work(url)
        with ledger_on(url) as ledger:
            after = digests(ledger)
            assert {n: after[n] for n in IMPERSONAL} == {n: before[n] for n in IMPERSONAL}
            assert profiles(ledger, ids) == known
            assert {one: ledger.log.personal(one) for one in others} == others
            assert all(others.values())
            assert not marked.found_in(dump(ledger.log.engine).encode())
        assert loyalty(url, "books", "--json").json == books
        now = exports(url, tmp_path, "b")
        for name in ("balances", "tiers", "history"):
            assert impersonal(now[name]) == impersonal(exported[name])
        assert now["events"].startswith(exported["events"])
        assert loyalty(url, "projections", "rebuild", "all").code == 0
        with ledger_on(url) as ledger:
            assert digests(ledger) == after
        said += [loyalty(url, "verify").out, loyalty(url, "status").out]
        assert "Every law holds" in said[-2]
        said.append(loyalty(url, "vacuum").out)
        assert bytes_left(database, marked) == []
        dumped = [] if database.dump is None else [_dumped(database)]
        texts = [*said, *dumped, *(text.decode() for text in now.values())]
        assert [text[:60] for text in texts if marked.found_in(text.encode())] == []
        assert any(marked.kept in text for text in dumped) or not dumped


def _ids(url: str, marked: Marked, households: list[str]) -> list[str]:
    names = (f"external:{marked.external_id(one)}" for one in households)
    return [loyalty(url, "profile", name, "--json").json["customer_id"] for name in names]


def erased(url: str, marked: Marked) -> list[str]:
    """Erase the twenty; what the commands said."""
    said = []
    for household in marked.erased:
        name = f"external:{marked.external_id(household)}"
        done = loyalty(url, "customer", "erase", name, "--yes", "--json")
        assert done.code == 0, done
        assert done.json["identifiers"] == 6 and done.json["values"] > 12
        said += [done.out, done.err]
    return said


def _dumped(database: Database) -> str:
    assert database.dump is not None
    command = [str(database.dump), database.url]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_a_reader_who_sees_what_was_before_makes_vacuum_say_busy(sqlite_url: str) -> None:
    with ledger_on(sqlite_url) as ledger, ledger.log.engine.connect() as reading:
        assert reading.exec_driver_sql("SELECT count(*) FROM personal").scalar() == 0
        assert loyalty(sqlite_url, "vacuum").code == 1


@pytest.mark.parametrize("arguments", [("erase", "external:ANN"), ("erase", "external:ANN", "-y")])
def test_nobody_is_erased_without_yes(
    database_url: str, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    file = tmp_path / "ann.jsonl"
    file.write_text('{"identifiers": [{"type": "external", "value": "ANN"}]}\n')
    assert loyalty(database_url, "load", "customers", file).code == 0
    assert loyalty(database_url, "customer", *arguments).code in (1, 2)
    assert loyalty(database_url, "customer", "data", "external:ANN").json["erased"] is False
    out = tmp_path / "ann.json"
    assert loyalty(database_url, "customer", "data", "external:ANN", "--out", out).code == 0
    assert msgspec.json.decode(out.read_bytes())["identifiers"][0]["value"] == "ANN"
    assert loyalty(database_url, "customer", "erase", "external:ANN", "--yes").code == 0
    assert loyalty(database_url, "customer", "data", "external:ANN").code == 1
