"""What differs between two versions of a program."""

from typing import Any

from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.program_diff import diff

HEADER = {"program": "p", "name": "P", "currency": "USD", "time_zone": "America/New_York"}


def program(*rules: str, points: int = 1, **header: Any) -> Program:
    return Program.from_document(
        {
            **HEADER,
            "rules": [
                {"id": rule, "award": {"account": "a", "source": "s", "points": points}}
                for rule in rules
            ],
            **header,
        }
    )


def shown(old: Program, new: Program) -> list[str]:
    return [str(difference) for difference in diff(old, new)]


def test_equal_programs_do_not_differ() -> None:
    assert diff(program("a", "b"), program("a", "b")) == []


def test_what_only_spells_out_a_default_is_no_difference() -> None:
    assert diff(program(), program(return_window="P1Y", enrol_on_sight=True)) == []


def test_a_changed_value_is_told_by_the_ids_on_the_way_to_it() -> None:
    assert shown(program("base"), program("base", points=2)) == [
        "~ rules[base].award.points: 1 → 2"
    ]


def test_what_came_and_what_went_is_told_whole() -> None:
    old, new = program("a", retailer_id="r"), program("b")
    assert shown(old, new) == [
        "- retailer_id: r",
        "- rules[a]: {id: a, name: a, on: purchase, when: {include_free_items: false},"
        " award: {account: a, source: s, points: 1}}",
        "+ rules[b]: {id: b, name: b, on: purchase, when: {include_free_items: false},"
        " award: {account: a, source: s, points: 1}}",
    ]


def test_another_order_is_a_difference_because_the_first_rule_wins_ties() -> None:
    assert shown(program("a", "b", "c"), program("c", "a", "b")) == [
        "~ rules: order [a, b, c] → [c, a, b]"
    ]


def test_a_list_of_plain_values_is_told_whole() -> None:
    old = program(point_sources=[{"id": "s", "name": "S", "accounts": ["a"]}])
    new = program(point_sources=[{"id": "s", "name": "S", "accounts": ["a", "b"]}])
    assert shown(old, new) == ["~ point_sources[s].accounts: [a] → [a, b]"]
