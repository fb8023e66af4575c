"""Broken documents: each problem is told with its path, its line and what would be right."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.broken_programs import BROKEN, SOUND, TOGETHER
from loyalty_ledger.document_tree import grow
from loyalty_ledger.domain.program.problems import Problem, ProgramError
from loyalty_ledger.domain.program.reading import examine, read_document
from loyalty_ledger.program_file import parse_program

ENTRANCE = '        entrance: {any: [{spend: {amount: "500.00", within: P12M}}]}\n'
IDS = [f"{number}-{case[2]}" for number, case in enumerate(BROKEN)]


def problems_of(text: str) -> tuple[Problem, ...]:
    with pytest.raises(ProgramError) as refused:
        parse_program(text.encode())
    return refused.value.problems


def test_the_sound_document_is_sound() -> None:
    parse_program(SOUND.encode())


@pytest.mark.parametrize(("old", "new", "path", "fragment"), BROKEN, ids=IDS)
def test_a_problem_is_told_with_path_line_and_remedy(
    old: str, new: str, path: str, fragment: str
) -> None:
    assert old in SOUND
    text = SOUND.replace(old, new, 1)
    marked = text.index("#!") if "#!" in text else SOUND.index(old)
    found = {problem.path: problem for problem in problems_of(text)}
    assert path in found
    assert fragment in found[path].message
    assert found[path].line == text.count("\n", 0, marked) + 1


@pytest.mark.parametrize(
    ("old", "path", "lacking"),
    [
        ("currency: USD\n", "currency", "program: club"),
        ("    title: Muffin\n", "offers[muffin].title", "- id: muffin"),
        (", percent_off: 100", "offers[deal].discount.get", "kind: buy_x_get_y"),
        (ENTRANCE, "tier_systems[tiers].levels[high].entrance", "- id: high"),
        ("      source: purchases\n", "rules[base].award.source", "      account: points\n"),
        ("    outcomes: [{issue: muffin}]\n", "rules[sign-in].award", "- id: sign-in"),
        ("code: SPRING, ", "promotions[spring].code", "- {id: spring"),
    ],
)
def test_what_is_missing_is_told_with_the_line_of_what_lacks_it(
    old: str, path: str, lacking: str
) -> None:
    text = SOUND.replace(old, "", 1)
    (problem,) = problems_of(text)
    assert problem.path == path
    assert "is missing" in problem.message or "there is none of them" in problem.message
    assert problem.line == text.count("\n", 0, text.index(lacking)) + 1


def test_a_source_must_feed_the_account_it_awards() -> None:
    fed = "account: points\n      source: purchases"
    (problem,) = problems_of(SOUND.replace(fed, "account: credits\n      source: gifts", 1))
    assert problem.path == "rules[base].award.source"
    assert problem.message == "gifts does not feed credits; it feeds points"


def test_forty_nine_restrictions_are_allowed() -> None:
    listed = ", ".join(map(str, range(49)))
    parse_program(SOUND.replace("{skus: [A]}", f"{{skus: [{listed}]}}", 1).encode())


@pytest.mark.parametrize("window", ["P365D", "P1Y", "PT8760H", "P11M3D"])
def test_a_return_window_of_twelve_months_or_less_is_allowed(window: str) -> None:
    parse_program(SOUND.replace("return_window: P12M", f"return_window: {window}").encode())


def test_all_problems_are_told_at_once() -> None:
    text = SOUND.replace("currency: USD\n", "", 1)
    for old, new, path, _ in BROKEN:
        if path in TOGETHER and old in text:
            text = text.replace(old, new, 1)
    assert sorted(problem.path for problem in problems_of(text)) == sorted(TOGETHER)


junk: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda below: (
        st.lists(below, max_size=2) | st.dictionaries(st.text(max_size=5), below, max_size=2)
    ),
    max_leaves=4,
)


def _places(value: Any) -> list[tuple[Any, Any]]:
    keys = value.keys() if isinstance(value, dict) else range(len(value))
    below = [value[key] for key in keys if isinstance(value[key], dict | list)]
    return [(value, key) for key in keys] + [place for part in below for place in _places(part)]


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_whatever_stands_anywhere_gives_problems_and_never_a_crash(data: st.DataObject) -> None:
    document = grow(SOUND)[0].plain()
    for _ in range(data.draw(st.integers(1, 3))):
        holder, key = data.draw(st.sampled_from(_places(document)))
        holder[key] = data.draw(junk)
    program, problems = examine(document)
    assert program is not None or problems
    assert all(problem.message for problem in problems)
    if program is not None and not problems:
        assert read_document(program.to_document()) == program
