"""Every command: what it prints, for people and for programs, and how it ends."""

import csv
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cli.bad_lines import line
from cli.command_line import Said, loyalty
from loyalty_projections.projections import PROJECTIONS
from sample_ledger import GROCER, PROGRAM, SAMPLE, both_databases, configured, ledger_on, told

TYPED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
ELSEWHERE = hex(3**160)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A copy of the told sample."""
    with told(request.param, tmp_path) as address:
        yield address


@pytest.fixture
def somebody(url: str) -> tuple[str, str]:
    """A customer's internal and external id."""
    with ledger_on(url) as ledger:
        (one, *_) = ledger.log.read(0, 1, names=["CustomerEnrolled"])
        values = ledger.log.personal(one.event.customer_id)  # type: ignore[attr-defined]
        (name,) = (value for value in values if value.field == "external")
        return name.customer_id, name.value


def refused(said: Said, code: str) -> bool:
    """Refused with that code, in one clear line."""
    return said.code == 1 and said.err.startswith(f"Refused ({code}): ") and said.out == ""


# --- init, migrate, status ----------------------------------------------------------------------


def test_init_makes_a_ledger_and_a_key_only_the_owner_can_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LOYALTY_SECRET_KEY", raising=False)
    url, key = f"sqlite:///{tmp_path / 'x.db'}", tmp_path / "x.db.key"
    said = loyalty(url, "init", LOYALTY_SECRET_KEY="")
    assert (said.code, said.err) == (0, "")
    assert str(key) in said.out and "Created" in said.out
    assert stat.S_IMODE(os.stat(key).st_mode) == 0o600
    kept = key.read_bytes()
    again = loyalty(url, "init", LOYALTY_SECRET_KEY="")
    assert (again.code, again.err) == (0, "")
    assert "There is a ledger" in again.out and key.read_bytes() == kept
    assert kept.decode().strip() not in said.out + again.out
    assert loyalty(url, "status", LOYALTY_SECRET_KEY="").code == 0
    assert loyalty(url, "migrate", LOYALTY_SECRET_KEY="").code == 0
    key.unlink()
    assert refused(loyalty(url, "status", LOYALTY_SECRET_KEY=""), "validation")
    assert loyalty(url, "init", LOYALTY_SECRET_KEY="").code == 1
    assert not key.exists(), "a new key would be another ledger's"


def test_a_key_file_may_lie_anywhere(tmp_path: Path) -> None:
    url, key = f"sqlite:///{tmp_path / 'x.db'}", tmp_path / "secret"
    assert loyalty(None, "init", "--key-file", key, "--database", url).code == 0
    assert loyalty(url, "status", "--key-file", key, LOYALTY_SECRET_KEY="").code == 0
    assert refused(
        loyalty(url, "status", "--key-file", tmp_path / "no", LOYALTY_SECRET_KEY=""), "validation"
    )


def test_another_key_than_the_ledgers_is_refused(url: str) -> None:
    for command in (["status"], ["init"], ["work", "--once"], ["verify"]):
        assert refused(loyalty(url, *command, LOYALTY_SECRET_KEY=ELSEWHERE), "wrong_key"), command
    assert refused(loyalty(url, "status", LOYALTY_SECRET_KEY="short"), "validation")


def test_the_database_may_stand_before_and_after_the_command_or_in_the_environment(
    url: str,
) -> None:
    position = loyalty(url, "status", "--json").json["position"]
    for said in (
        loyalty(None, "status", "--database", url, "--json"),
        loyalty(None, "status", f"--database={url}", "--json"),
        loyalty(None, "status", "--json", LOYALTY_DATABASE_URL=url),
    ):
        assert said.json["position"] == position


def test_status_tells_positions_lags_and_counts(url: str) -> None:
    shown = loyalty(url, "status", "--json").json
    names = [one["name"] for one in shown["readers"]]
    assert names[0] == "settlement" and len(names) == 1 + len(PROJECTIONS)
    assert {one["lag"] for one in shown["readers"]} == {0}
    assert {one["position"] for one in shown["readers"]} == {shown["position"]}
    assert (shown["waiting"], shown["failed"]) == (0, [])
    with ledger_on(url) as ledger:
        first = loyalty(url, "load", "transactions", "-", stdin=line("new").encode())
        assert first.code == 0
        new = ledger.log.head().position - shown["position"]
    shown = loyalty(url, "status", "--json").json
    assert {one["lag"] for one in shown["readers"]} == {new}
    assert shown["waiting"] == 1


@pytest.mark.parametrize(
    "command",
    [
        ["status"],
        ["work", "--once"],
        ["profile", "external:1"],
        ["verify"],
        ["export", "tiers", "x.csv"],
        ["program", "show"],
        ["projections", "status"],
    ],
)
def test_without_a_ledger_every_command_says_that_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert refused(loyalty("sqlite:///none.db", *command), "not_initialised")
    assert not (tmp_path / "none.db").exists() or (tmp_path / "none.db").stat().st_size == 0


def test_databases_that_cannot_be_reached_or_are_none_are_refused(tmp_path: Path) -> None:
    gone = "postgresql://nobody:hunter2@127.0.0.1:1/none"
    for command in (["status"], ["init"], ["work", "--once"]):
        said = loyalty(gone, *command)
        assert refused(said, "database"), said
        assert "hunter2" not in said.err
    for none in ("mysql://x/y", "nonsense", "sqlite://", "postgresql://[::1"):
        assert loyalty(none, "status").code == 1, none
    (tmp_path / "text").write_text("no database at all, but long enough to be looked at")
    assert refused(loyalty(f"sqlite:///{tmp_path / 'text'}", "status"), "database")
    assert loyalty(f"sqlite:///{tmp_path / 'no' / 'where.db'}", "init").code == 1


@pytest.mark.parametrize(
    "command",
    [
        ["nonsense"],
        ["profile"],
        ["work", "--nonsense"],
        ["load", "transactions", "no-such-file"],
        ["load", "nonsense", "x"],
        ["export", "nonsense", "x.csv"],
        ["program", "show", "--version", "0"],
        ["history", "external:1", "--last", "many"],
        ["program", "check", "no-such-file"],
    ],
)
def test_wrong_usage_ends_with_2(command: list[str]) -> None:
    said = loyalty(None, *command)
    assert said.code == 2 and said.err


def test_refusals_are_json_too_where_json_is_asked_for(url: str) -> None:
    said = loyalty(url, "profile", "external:nobody", "--json")
    assert (said.code, said.err) == (1, "")
    assert said.json["error"]["code"] == "unknown_customer"


# --- one customer -------------------------------------------------------------------------------


def test_a_customer_is_named_by_kind_and_value_or_by_the_internal_id(
    url: str, somebody: tuple[str, str]
) -> None:
    internal, external = somebody
    by_all = [
        loyalty(url, "profile", name, "--json").json
        for name in (internal, f"id:{internal}", f"external:{external}")
    ]
    assert by_all[0] == by_all[1] == by_all[2]
    assert refused(loyalty(url, "profile", "external:nobody"), "unknown_customer")
    assert refused(loyalty(url, "tiers", "nobody"), "unknown_customer")
    assert refused(loyalty(url, "history", "phone:5550"), "unknown_customer")
    for nonsense in ("fax:1", "external:", ":1", "email:\0"):
        assert loyalty(url, "profile", nonsense).code == 1


def test_the_profile_for_programs_has_the_promised_shape(
    url: str, somebody: tuple[str, str]
) -> None:
    internal, external = somebody
    shown = loyalty(url, "profile", internal, "--json", "--as-of", "2017-06-30").json
    known = ["customer_id", "identifiers", "accounts", "tiers", "offers"]
    assert [name for name in shown if name in known] == known
    assert set(shown) - set(known) == {"opted_in", "suspended", "test", "tags", "codes"}
    assert shown["customer_id"] == internal
    assert shown["identifiers"] == [{"kind": "external", "type": "", "value": external}]
    for account in shown["accounts"]:
        assert list(account) == ["account", "available", "debt", "lifetime", "expiries"]
        assert all(list(one) == ["at", "points"] for one in account["expiries"])
        assert all(TYPED.match(one["at"]) for one in account["expiries"])
    assert [list(tier) for tier in shown["tiers"]] == [["system", "level", "since", "until"]]
    offer = ["offer_id", "definition", "state", "expires_at", "locked_until", "locked_by"]
    assert all(list(one) == [*offer, "redeemable_from", "issued_at"] for one in shown["offers"])


def test_movements_for_programs_have_the_promised_shape(
    url: str, somebody: tuple[str, str]
) -> None:
    rows = loyalty(url, "history", somebody[0], "--json").json
    columns = ["at", "recorded_at", "account", "points", "kind", "rule", "transaction", "cause"]
    assert len(rows) > 20
    assert all(list(row) == columns for row in rows)
    assert {type(row["points"]) for row in rows} == {int}
    assert loyalty(url, "history", somebody[0], "--json", "--last", "3").json == rows[-3:]


def test_past_moments_are_told_by_times_and_dates(url: str, somebody: tuple[str, str]) -> None:
    def rows(*options: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = loyalty(url, "history", somebody[0], "--json", *options).json
        return found

    day = rows("--as-of", "2017-05-31")
    assert day == rows("--as-of", "2017-06-01T03:59:59.999999Z")
    assert day == rows("--as-of", "2017-05-31T23:59:59.999999")
    assert 0 < len(day) < len(rows())
    known = rows("--known-at", "2017-05-31")
    assert len(known) < len(rows())
    assert all(row["recorded_at"] < "2017-06-01T04" for row in known if row["recorded_at"])
    for command in ("profile", "tiers", "history"):
        assert loyalty(url, command, somebody[0], "--as-of", "2017-05-31").code == 0
        assert refused(loyalty(url, command, somebody[0], "--as-of", "May"), "validation")
        assert refused(loyalty(url, command, somebody[0], "--known-at", "2017-02-30"), "validation")


def test_progress_tells_present_target_and_missing(url: str, somebody: tuple[str, str]) -> None:
    shown = loyalty(url, "tiers", somebody[0], "--json", "--as-of", "2017-01-12").json
    (system,) = shown
    assert system["system"] == "shopper"
    leaves = system["next"]["entrance"]["any"]
    assert len(leaves) == 2
    for leaf in leaves:
        assert {"present", "target", "missing"} <= set(leaf)


@pytest.mark.parametrize("command", ["profile", "history", "tiers"])
def test_tables_for_people_fit_80_columns(
    url: str, somebody: tuple[str, str], command: str
) -> None:
    said = loyalty(url, command, somebody[0], "--as-of", "2017-06-30")
    assert (said.code, said.err) == (0, "")
    assert max(map(len, said.out.splitlines())) <= 80


# --- exports ------------------------------------------------------------------------------------

COLUMNS = {
    "balances": ["customer_id", "external_id", "account", "available", "lifetime"],
    "tiers": ["customer_id", "external_id", "system", "level", "since"],
    "history": [
        *("customer_id", "external_id", "at", "recorded_at", "account", "points", "kind"),
        *("rule", "transaction", "cause"),
    ],
    "events": ["position", "stream", "version", "name", "recorded_at", "actor", "request", "event"],
}


@pytest.mark.parametrize("what", list(COLUMNS))
def test_exports_are_csv_or_json_lines_by_the_ending(url: str, tmp_path: Path, what: str) -> None:
    for options in ([], ["--as-of", "2017-06-30"]):
        for ending in ("csv", "jsonl"):
            said = loyalty(url, "export", what, tmp_path / f"x.{ending}", *options)
            assert (said.code, said.err) == (0, "")
        with (tmp_path / "x.csv").open(newline="") as file:
            table = list(csv.DictReader(file))
        rows = [
            msgspec.json.decode(row) for row in (tmp_path / "x.jsonl").read_bytes().splitlines()
        ]
        assert len(table) == len(rows) > 2
        assert (
            {tuple(row) for row in table} == {tuple(row) for row in rows} == {tuple(COLUMNS[what])}
        )
    assert refused(loyalty(url, "export", what, tmp_path / "x.txt"), "validation")


def test_exports_say_what_profiles_say(url: str, tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    at = ["--as-of", "2017-06-30"]
    assert loyalty(url, "export", "balances", file, *at).code == 0
    rows = [msgspec.json.decode(row) for row in file.read_bytes().splitlines()]
    for customer in {row["customer_id"] for row in rows}:
        accounts = loyalty(url, "profile", customer, "--json", *at).json["accounts"]
        expected = {one["account"]: (one["available"], one["lifetime"]) for one in accounts}
        mine = [row for row in rows if row["customer_id"] == customer]
        assert {r["account"]: (r["available"], r["lifetime"]) for r in mine} == expected
    assert loyalty(url, "export", "tiers", file).code == 0
    assert len(file.read_bytes().splitlines()) == len({row["customer_id"] for row in rows})


def test_an_export_that_cannot_be_written_is_refused(url: str, tmp_path: Path) -> None:
    assert loyalty(url, "export", "tiers", tmp_path / "no" / "x.csv").code == 1
    assert loyalty(url, "export", "tiers", tmp_path).code in (1, 2)


# --- the program --------------------------------------------------------------------------------


@both_databases
def test_programs_are_checked_published_shown_and_compared(backend: str, tmp_path: Path) -> None:
    import databases

    with databases.copy_of(backend, "empty", lambda _url: None, tmp_path) as url:
        assert loyalty(url, "init").code == 0
        assert refused(loyalty(url, "program", "show"), "no_program")
        checked = loyalty(url, "program", "check", GROCER)
        assert checked.code == 0 and "is a valid program" in checked.out
        assert "2017-08-31" in checked.out, "the last valid day of a campaign that ends 1 September"
        said = loyalty(url, "program", "publish", GROCER, "--json")
        assert said.json == {"version": 1, "published": True}
        assert loyalty(url, "program", "publish", GROCER, "--json").json["published"] is False
        second = tmp_path / "second.yaml"
        second.write_text(GROCER.read_text().replace("points: 500", "points: 600"))
        assert loyalty(url, "program", "publish", second, "--json").json["version"] == 2
        assert refused(loyalty(url, "program", "publish", PROGRAM), "program_mismatch")
        (changed,) = loyalty(url, "program", "diff", "1", second, "--json").json
        assert "500" in str(changed["before"]) and "600" in str(changed["after"])
        assert "600" in loyalty(url, "program", "diff", 1, 2).out
        assert loyalty(url, "program", "show", "--version", 1, "--json").json["program"] == "grocer"
        assert "Grocer rewards" in loyalty(url, "program", "show").out
        assert refused(loyalty(url, "program", "show", "--version", 3), "no_program")


def test_the_schema_is_one_and_a_broken_program_is_refused_with_every_problem(
    tmp_path: Path,
) -> None:
    schema = loyalty(None, "program", "schema").json
    assert schema["type"] == "object" and "point_accounts" in schema["properties"]
    broken = tmp_path / "broken.yaml"
    broken.write_text(GROCER.read_text().replace("USD", "XXQ").replace("P12M", "twelve"))
    said = loyalty(f"sqlite:///{tmp_path / 'none.db'}", "program", "check", broken)
    assert said.code == 1
    assert said.err.count("line ") > 2 and "currency" in said.err
    folder = loyalty(None, "program", "check", tmp_path)
    assert folder.code == 2


# --- views --------------------------------------------------------------------------------------


def test_views_are_told_rebuilt_and_verified_by_name(url: str) -> None:
    rows = loyalty(url, "projections", "status", "--json").json
    assert [list(row) for row in rows] == [["name", "version", "position", "digest"]] * len(
        PROJECTIONS
    )
    said = loyalty(url, "projections", "rebuild", "books", "--batch", 500)
    assert said.code == 0 and "equals the live one" in said.out
    built = loyalty(url, "projections", "verify", "--json").json
    assert all(one["equal"] for one in built) and len(built) == len(PROJECTIONS)
    assert refused(loyalty(url, "projections", "rebuild", "nonsense"), "validation")


# --- loads, the way an operator does them -------------------------------------------------------


@both_databases
def test_a_load_says_what_became_of_its_lines(backend: str, tmp_path: Path) -> None:
    with configured(backend, tmp_path) as url:
        file = SAMPLE / "transactions.jsonl.gz"
        said = loyalty(url, "load", "transactions", str(file))
        assert (said.code, said.err) == (0, "")
        assert said.out == "transactions: 4,097 accepted, 0 repeated.\n"
        said = loyalty(url, "load", "transactions", str(file), "--json")
        nothing: dict[str, Any] = {"accepted": 0, "refused": 0, "refused_file": None, "reasons": []}
        assert said.json == nothing | {"repeated": 4097}
        stores = loyalty(url, "load", "stores", str(SAMPLE / "stores.jsonl.gz"), "--json")
        assert stores.json["repeated"] > 0 and stores.json["accepted"] == 0


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with configured("sqlite", tmp_path) as url:
        assert loyalty(url, "load", "transactions", tmp_path).code == 2
        file = tmp_path / "sales.jsonl"
        file.write_text("bad")
        said = loyalty(url, "load", "transactions", file, "--refused", tmp_path)
        assert said.code == 1 and said.err.startswith("Refused (file)")


def test_the_books_balance_in_every_account(url: str) -> None:
    said = loyalty(url, "books", "--json")
    assert said.code == 0
    accounts = said.json["accounts"]
    assert accounts["points"]["balance"] > 0
    assert {sides["sum"] for sides in accounts.values()} == {0}
    assert "Trial balance" in loyalty(url, "books").out
