"""What cannot be loaded is set aside with its reason; what can is loaded; again changes nothing."""

import gzip
import socket
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cli import bad_lines
from cli.bad_lines import BAD, envelope, line
from cli.command_line import loyalty
from loyalty_ledger.states import States
from loyalty_ledger.store.log import Conflict
from sample_ledger import both_databases, configured, ledger_on


def refused_in(path: Path) -> list[dict[str, Any]]:
    return [msgspec.json.decode(text) for text in path.read_bytes().splitlines()]


def by_code(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is told of them: of each code how many there are, and the first."""
    codes = [one["code"] for one in entries]
    first = [entries[codes.index(code)] for code in dict.fromkeys(codes)]
    return [
        {name: one[name] for name in ("code", "line", "reason")}
        | {"count": codes.count(one["code"])}
        for one in first
    ]


def mixed(folder: Path, bad: list[str]) -> tuple[Path, list[int]]:
    """A file of good and bad lines in turn, blank ones between; the numbers of the bad ones."""
    file, numbers = folder / "sales.jsonl", []
    text: list[str] = []
    for count, one in enumerate(bad):
        text += [line(f"good-{count}"), ""]
        numbers.append(len(text) + 1)
        text.append(one)
    file.write_bytes("\n".join([*text, line("last")]).encode())
    return file, numbers


@both_databases
def test_good_lines_load_bad_ones_are_set_aside_and_again_changes_nothing(
    backend: str, tmp_path: Path
) -> None:
    file, numbers = mixed(tmp_path, [bad for bad, _ in BAD])
    aside = tmp_path / "sales.jsonl.refused.jsonl"
    with configured(backend, tmp_path) as url, ledger_on(url) as ledger:
        first = loyalty(url, "load", "transactions", file, "--json")
        assert (first.code, first.err) == (1, "")
        entries = refused_in(aside)
        assert [one["line"] for one in entries] == numbers
        for (bad, names), one in zip(BAD, entries, strict=True):
            assert names in one["reason"], (bad[:200], one["reason"])
            assert 10 < len(one["reason"]) < 1_000
            assert one["code"] in ("validation", "unknown_store", "time_in_future")
        assert first.json == {
            "accepted": len(BAD) + 1,
            "repeated": 0,
            "refused": len(BAD),
            "refused_file": str(aside),
            "reasons": by_code(entries),
        }
        assert ledger.log.count(0, ["TransactionReceived"]) == len(BAD) + 1

        head, kept = ledger.log.head(), aside.read_bytes()
        second = loyalty(url, "load", "transactions", file, "--json")
        assert second.code == 1
        assert second.json == first.json | {"accepted": 0, "repeated": len(BAD) + 1}
        assert aside.read_bytes() == kept
        assert ledger.log.head() == head

        told = loyalty(url, "load", "transactions", file, "--refused", tmp_path / "elsewhere")
        assert told.code == 1
        assert f"{len(BAD)} refused" in told.err and "elsewhere" in told.err
        for one in by_code(entries):
            start = f"  {one['count']} {one['code']}: line {one['line']}: "
            assert start + one["reason"].split()[0] in told.err
        assert (tmp_path / "elsewhere").read_bytes() == kept
        assert ledger.log.head() == head


@both_databases
def test_a_request_id_used_again_is_logged_once_and_never_among_what_is_printed(
    backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, outrun = tmp_path / "sales.jsonl", [True] * 3
    sent = [envelope(f"T{number}") | {"request_id": "R"} for number in range(3)]
    append = States.append

    def slow(*asked: Any, **how: Any) -> Any:
        if outrun:
            outrun.pop()
            raise Conflict("streams")
        return append(*asked, **how)

    with configured(backend, tmp_path) as url:
        file.write_bytes(b"\n".join(map(msgspec.json.encode, sent)))
        said = loyalty(url, "load", "transactions", file, "--json")
        assert (said.json["accepted"], said.json["refused"]) == (1, 2)
        logged = "level=warning event=request_conflict client_id="
        assert [x.startswith(logged) for x in said.err.splitlines()] == [True] * 2
        monkeypatch.setattr(States, "append", slow)
        file.write_bytes(b"\n".join(map(msgspec.json.encode, [*sent[1:], envelope("T4")])))
        again = loyalty(url, "load", "transactions", file, "--json")
        assert (again.json["accepted"], again.json["refused"], outrun) == (1, 2, [])
        assert len(again.err.splitlines()) == 2


@both_databases
def test_exactly_as_much_as_is_allowed_is_accepted(backend: str, tmp_path: Path) -> None:
    file = tmp_path / "sales.jsonl"
    many = {
        "items": bad_lines.items(1_000),
        "payments": bad_lines.payments(100),
        "discounts": bad_lines.discounts(100),
        "business_def_collection": bad_lines.custom(1_000),
    }
    file.write_text("\n".join([line("full", **many), line("x" * 120)]))
    with configured(backend, tmp_path) as url, ledger_on(url) as ledger:
        said = loyalty(url, "load", "transactions", file, "--json")
        assert (said.code, said.json["accepted"], said.json["refused"]) == (0, 2, 0)
        assert not (tmp_path / "sales.jsonl.refused.jsonl").exists()
        ledger.worker.work(ledger.clock, once=True)
        assert ledger.log.count(0, ["TransactionSettled"]) == 2


def test_a_refused_line_stands_in_its_file_as_it_was_and_can_be_mended(tmp_path: Path) -> None:
    with configured("sqlite", tmp_path) as url:
        file = tmp_path / "sales.jsonl"
        file.write_text(line("m", is_closed="yes"))
        assert loyalty(url, "load", "transactions", file).code == 1
        (entry,) = refused_in(tmp_path / "sales.jsonl.refused.jsonl")
        assert msgspec.json.decode(entry["body"]) == envelope("m", is_closed="yes")
        file.write_text(entry["body"].replace('"yes"', "true"))
        assert loyalty(url, "load", "transactions", file).code == 0
        assert not (tmp_path / "sales.jsonl.refused.jsonl").exists()


CUSTOMERS_BAD = [
    ("not JSON", "not readable as JSON"),
    ("[]", "object"),
    ("{}", "identifiers"),
    ('{"identifiers": "E-1"}', "identifiers"),
    ('{"identifiers": [{"value": "E-1"}]}', "identifiers[0].type"),
    ('{"identifiers": [{"type": "External_ID", "value": 7}]}', "identifiers[0].value"),
    ('{"identifiers": [{"type": "External_ID", "value": "a", "x": 1}]}', "identifiers[0].x"),
    ('{"email": "a@b.example", "opted_in": "yes"}', "opted_in"),
    ('{"email": "a@b.example", "tags": "gold"}', "tags"),
    ('{"email": ""}', "email"),
    ('{"email": "a\\u0000b"}', "email"),
    ('{"email": "n1@b.example", "first_name": "\\u0000"}', "first_name"),
    ('{"email": "n2@b.example", "first\\u0000name": "x"}', ""),
    ('{"email": "n3@b.example", "' + "n" * 2000 + '": "x"}', ""),
    ('{"identifiers": [{"type": "SessionM_ID", "value": "nobody"}]}', ""),
    ('{"email": "' + "x" * (1 << 20) + '"}', "1 MiB"),
]
CUSTOMER = '{"identifiers": [{"type": "External_ID", "value": "E-%d"}], "first_name": "Ann"}'


@both_databases
def test_customers_load_line_by_line(backend: str, tmp_path: Path) -> None:
    assert_line_by_line(
        backend, tmp_path, "customers", CUSTOMERS_BAD, [CUSTOMER % number for number in range(20)]
    )


def event(**changes: Any) -> str:
    whole = {
        "customer": "external:E-1",
        "event": "sign-in",
        "event_id": "1",
        "at": "2017-06-01T10:00:00Z",
    } | changes
    return msgspec.json.encode({k: v for k, v in whole.items() if v is not None}).decode()


EVENTS_BAD = [
    ("not JSON", "not readable as JSON"),
    (event(at=None), "at"),
    (event(event_id=None), "event_id"),
    (event(at="2017-06-01 10:00:00"), "at"),
    (event(customer="E1"), "customer"),
    (event(customer="x:y"), "x:y"),
    (event(event_id="later", at="2999-06-01T10:00:00Z"), "2999"),
    (event(event=1), "event"),
    (event(customer="external:nobody"), "customer"),
    (event(event_id="x" * 121), "event_id"),
]


@both_databases
def test_events_load_line_by_line(backend: str, tmp_path: Path) -> None:
    people = tmp_path / "people.jsonl"
    people.write_text(CUSTOMER % 1)
    good = [event(event_id=str(number)) for number in range(12)]
    assert_line_by_line(backend, tmp_path, "events", EVENTS_BAD, good, people)


def assert_line_by_line(
    backend: str,
    tmp_path: Path,
    what: str,
    bad: list[tuple[str, str]],
    good: list[str],
    people: Path | None = None,
) -> None:
    file = tmp_path / "lines.jsonl"
    file.write_text("\n".join([*good, *(one for one, _ in bad)]))
    with configured(backend, tmp_path) as url, ledger_on(url) as ledger:
        if people is not None:
            assert loyalty(url, "load", "customers", people).code == 0
        first = loyalty(url, "load", what, file, "--json")
        assert (first.code, first.err) == (1, "")
        entries = refused_in(tmp_path / "lines.jsonl.refused.jsonl")
        assert [one["line"] for one in entries] == [len(good) + 1 + n for n in range(len(bad))]
        for (_, names), one in zip(bad, entries, strict=True):
            assert names in one["reason"], one
        assert (first.json["accepted"], first.json["refused"]) == (len(good), len(bad))
        head = ledger.log.head()
        again = loyalty(url, "load", what, file, "--json")
        assert (again.code, again.json["accepted"], again.json["repeated"]) == (1, 0, len(good))
        assert ledger.log.head() == head


WHOLE = {
    "stores": (
        '{"store_id": "S%d", "name": "A store", "time_zone": "America/New_York"}',
        [
            ("{}", "store_id"),
            ('{"store_id": "X", "name": "X", "time_zone": "Mars/Base"}', "time_zone"),
            ('{"store_id": "X", "name": "X", "time_zone": "UTC", "city": "Y"}', "city"),
            ('{"store_id": "S1", "name": "X", "time_zone": "UTC"}', "S1"),
            ("oops", "not readable as JSON"),
        ],
    ),
    "catalog": (
        '{"sku": "K%d", "name": "An item", "brand": null, "categories": ["A", "B"]}',
        [
            ("{}", "sku"),
            ('{"sku": 1}', "sku"),
            ('{"sku": "X", "categories": "A"}', "categories"),
            ('{"sku": "X", "categories": [""]}', "categories[0]"),
            ('{"sku": "X", "name": "\\u0000"}', "name"),
            ('{"sku": "K1", "name": "again"}', "K1"),
            ('{"sku": "X", "price": 1}', "price"),
        ],
    ),
}


@both_databases
@pytest.mark.parametrize("what", list(WHOLE))
def test_a_list_with_a_bad_line_replaces_nothing(backend: str, tmp_path: Path, what: str) -> None:
    good, bad = WHOLE[what]
    file = tmp_path / "list.jsonl"
    lines = [good % number for number in range(5)]
    with configured(backend, tmp_path) as url, ledger_on(url) as ledger:
        head = ledger.log.head()
        file.write_text("\n".join([*lines, *(one for one, _ in bad)]))
        said = loyalty(url, "load", what, file, "--json")
        entries = refused_in(tmp_path / "list.jsonl.refused.jsonl")
        for (_, names), one in zip(bad, entries, strict=True):
            assert names in one["reason"], one
        assert (said.code, said.json["accepted"], said.json["refused"]) == (1, 0, len(bad))
        assert ledger.log.head() == head
        file.write_text("\n".join(lines))
        said = loyalty(url, "load", what, file, "--json", "--yes")
        assert (said.code, said.json["accepted"], said.json["repeated"]) == (0, 5, 0)
        head = ledger.log.head()
        said = loyalty(url, "load", what, file, "--json")
        assert (said.code, said.json["accepted"], said.json["repeated"]) == (0, 0, 5)
        file.write_text("")
        said = loyalty(url, "load", what, file)
        assert said.code == 1 and "empty" in said.err
        assert ledger.log.head() == head


def test_zipped_files_load_and_damaged_ones_keep_what_could_be_read(tmp_path: Path) -> None:
    whole = gzip.compress(b"\n".join(line(f"z{n}").encode() for n in range(2_000)))
    file = tmp_path / "sales.jsonl.gz"
    with configured("sqlite", tmp_path) as url, ledger_on(url) as ledger:
        file.write_bytes(whole[: len(whole) * 2 // 3])
        cut = loyalty(url, "load", "transactions", file)
        assert cut.code == 1 and "damaged" in cut.err
        kept = ledger.log.count(0, ["TransactionReceived"])
        assert 0 < kept < 2_000
        broken = bytearray(whole)
        broken[len(whole) // 2] ^= 0xFF
        file.write_bytes(broken)
        assert loyalty(url, "load", "transactions", file).code == 1
        file.write_bytes(b"no gzip at all")
        none = loyalty(url, "load", "transactions", file)
        assert none.code == 1 and "damaged" in none.err
        file.write_bytes(whole)
        said = loyalty(url, "load", "transactions", file, "--json")
        assert said.json["accepted"] + said.json["repeated"] == 2_000
        assert said.json["repeated"] >= kept


def test_empty_files_blank_lines_byte_order_marks_and_windows_line_ends_are_no_matter(
    tmp_path: Path,
) -> None:
    file = tmp_path / "sales.jsonl"
    with configured("sqlite", tmp_path) as url:
        file.write_bytes(b"")
        said = loyalty(url, "load", "transactions", file, "--json")
        assert (said.code, said.json["accepted"]) == (0, 0)
        file.write_bytes(b"\xef\xbb\xbf" + line("b1").encode() + b"\r\n\r\n" + line("b2").encode())
        said = loyalty(url, "load", "transactions", file, "--json")
        assert (said.code, said.json["accepted"]) == (0, 2)


def test_standard_input_is_read_like_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with configured("sqlite", tmp_path) as url:
        text = "\n".join([line("i1"), "bad", line("i2")]).encode()
        said = loyalty(url, "load", "transactions", "-", "--json", stdin=text)
        assert (said.code, said.json["accepted"], said.json["refused"]) == (1, 2, 1)
        assert [one["line"] for one in refused_in(Path(said.json["refused_file"]))] == [2]


def test_a_ledger_in_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    said = loyalty(f"sqlite:///{tmp_path}/nowhere/loyalty.db", "init", LOYALTY_SECRET_KEY="")
    assert (said.code, said.out) == (1, "")
    assert f"the folder {tmp_path}/nowhere does not exist" in said.err


@both_databases
def test_a_port_that_somebody_else_has_is_named(backend: str, tmp_path: Path) -> None:
    with configured(backend, tmp_path) as url, socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = loyalty(url, "serve", "--port", port)
    assert said.code == 1
    assert f"127.0.0.1 port {port} cannot be listened at" in said.err


def test_it_tells_which_version_it_is() -> None:
    said = loyalty(None, "--version")
    assert (said.code, said.err) == (0, "")
    assert said.out == f"loyalty-ledger {version('loyalty-ledger')}\n"
