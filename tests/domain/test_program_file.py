"""Files of programs: whatever a file holds, the answer is a program or problems with lines."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty_ledger.domain.program.problems import Problem, ProgramError
from loyalty_ledger.program_file import LARGEST_DOCUMENT_BYTES, load_program, parse_program

SMALLEST = {"program": "p", "name": "P", "currency": "EUR", "time_zone": "Europe/Amsterdam"}
HEADER = "program: p\nname: P\ncurrency: EUR\ntime_zone: Europe/Amsterdam\n"


def problem_in(data: bytes) -> Problem:
    with pytest.raises(ProgramError) as refused:
        parse_program(data)
    (problem,) = refused.value.problems
    return problem


def test_a_header_is_enough_for_a_program() -> None:
    assert parse_program(HEADER.encode()).exponent == 2


@pytest.mark.parametrize("indent", [None, 2, "\t"], ids=["one line", "spaces", "tabs"])
def test_json_reads_as_yaml_does(indent: int | str | None) -> None:
    text = json.dumps({**SMALLEST, "name": "Kluß\t😀 ☕".replace("\t", " ")}, indent=indent)
    assert parse_program(text.encode()).name == "Kluß 😀 ☕"


def test_a_problem_in_json_has_its_line() -> None:
    problem = problem_in(json.dumps({**SMALLEST, "colour": 1}, indent=2).encode())
    assert (problem.path, problem.line) == ("colour", 6)


def test_a_mark_of_the_encoding_is_passed_over() -> None:
    assert parse_program(b"\xef\xbb\xbf" + HEADER.encode()).name == "P"


def test_text_stays_text_whatever_it_looks_like() -> None:
    rules = """\
point_accounts: [{id: a, name: on}]
point_sources: [{id: s, name: no, accounts: [a]}]
rules:
  - id: r
    on: purchase
    when: {items: {skus: [007, 12:30, 2026-03-01, 1004906, yes]}, hours: ["22:00", "24:00"]}
    award: {account: a, source: s, points: 1}
"""
    program = parse_program((HEADER + rules).encode())
    assert program.account("a").name == "on"
    assert program.rules[0].when.items.skus == ("007", "12:30", "2026-03-01", "1004906", "yes")


def test_an_alias_repeats_what_it_names() -> None:
    more = """\
point_accounts: [{id: a, name: A, expiry: &expiry {kind: rolling, after: P3M}}, {id: b, name: B, expiry: *expiry}]
"""  # noqa: E501
    program = parse_program((HEADER + more).encode())
    assert program.account("a").expiry == program.account("b").expiry


def bomb() -> bytes:
    levels = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    return "\n".join(["a0: &a0 [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]", *levels]).encode()


@pytest.mark.parametrize(
    ("data", "line", "fragment"),
    [
        (b"", None, "is empty"),
        (b"# nothing but a remark\n", None, "is empty"),
        (b"---\n", 2, "is a mapping that begins with `program:`, not empty"),
        (b"- program: p\n", 1, "not a list"),
        (b"program\n", 1, "not 'program'"),
        (b"program: p\nname: a: b\n", 2, "is not YAML: mapping values are not allowed here"),
        (b"program: p\nname: [a\n", 3, "is not YAML"),
        (b"program: p\n\tname: x\n", 2, "is not YAML"),
        (b"program: p\nname: \xff\n", 2, "is not UTF-8 text"),
        (b"program: p\nname: \x00\n", 2, "holds a character that no text has"),
        (b'{"program": "p",\n "name": "\\ud83d"}', 2, "half of a character"),
        (b"program: p\n---\nprogram: q\n", 2, "more than one document"),
        (b"program: p\nname: !secret x\n", 2, "holds a tag, !secret"),
        (b"program: p\n<<: {name: x}\n", 2, "merge keys are not read"),
        (b"program: p\n? [a]\n: b\n", 2, "a key must be plain text"),
        (b"program: p\nname: *other\n", 2, "*other repeats nothing"),
        (b"program: &a [*a]\n", 1, "*a repeats nothing"),
        (b"program: " + b"[" * 3000, 1, "nested more than 40 deep"),
        (b"program: " + b"{a: " * 3000, 1, "nested more than 40 deep"),
        (bomb(), 5, "more than 100000 values"),
        (b"#" * (LARGEST_DOCUMENT_BYTES + 1), None, "at most 1048576 bytes"),
    ],
)
def test_what_is_no_document_is_one_problem(data: bytes, line: int | None, fragment: str) -> None:
    problem = problem_in(data)
    assert fragment in problem.message
    assert (problem.path, problem.line) == ("", line)


def test_a_key_that_stands_twice_is_told_together_with_everything_else() -> None:
    text = HEADER + "offers:\n  - id: o\n    title: O\n    title: P\n    discount: {kind: none}\n"
    with pytest.raises(ProgramError) as refused:
        parse_program(text.encode())
    assert [(each.path, each.line) for each in refused.value.problems] == [
        ("offers[o].title", 8),
        ("offers[o].discount.kind", 9),
    ]
    assert refused.value.problems[0].message == "is there already, on line 7"


def test_a_file_that_is_not_there_is_a_problem_too(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere.yaml", tmp_path):
        with pytest.raises(ProgramError, match="cannot be read"):
            load_program(path)


def test_an_error_reads_as_one_line_a_problem() -> None:
    text = HEADER.replace("EUR", "euro") + "x: 1\n"
    with pytest.raises(ProgramError) as refused:
        parse_program(text.encode())
    first, second = str(refused.value).splitlines()
    assert first.startswith("line 3: currency: 'euro' is not an ISO 4217 currency code")
    assert second.startswith("line 5: x: is not known here; there are: program, name")


PIECES = [HEADER, "rules:\n", "  - id: a\n", "{", "}", "[", "]", ": ", "&a ", "*a", '"', "'", "\n"]


@given(st.one_of(st.binary(max_size=40), st.lists(st.sampled_from(PIECES)).map("".join)))
@settings(max_examples=150, deadline=None)
def test_no_bytes_whatever_end_in_a_crash(data: Any) -> None:
    try:
        parse_program(data if isinstance(data, bytes) else data.encode())
    except ProgramError as refused:
        assert refused.problems
