"""What a retailer is told besides errors: warnings, last valid days, what must stay."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from loyalty_ledger.domain.program.advice import check_successor, last_valid_days, warnings
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.program_file import load_program

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
HEADER = {"program": "p", "name": "P", "currency": "USD", "time_zone": "America/New_York"}
TEN_MUFFINS = {
    "id": "muffin",
    "title": "Muffin",
    "discount": {"kind": "manual"},
    "issuance": {"total": 10},
}


def promoting(**promotion: Any) -> Program:
    return Program.from_document(
        {
            **HEADER,
            "offers": [TEN_MUFFINS],
            "promotions": [
                {"id": "x", "name": "X", "outcomes": [{"issue": "muffin"}], **promotion}
            ],
        }
    )


def selling(title: str, *, sold: bool = True) -> Program:
    store = {
        "id": "shop",
        "name": "Shop",
        "point_accounts": ["a"],
        "offers": [{"id": "m", "offer": "muffin", "price": 5}] if sold else [],
    }
    offers = [{**TEN_MUFFINS, "title": title}]
    accounts = [{"id": "a", "name": "A"}]
    return Program.from_document(
        {**HEADER, "point_accounts": accounts, "offers": offers, "reward_stores": [store]}
    )


def told(program: Program, previous: Program | None = None) -> list[str]:
    return [str(warning) for warning in warnings(program, previous)]


@pytest.mark.parametrize("name", ["burrito", "coffee", "grocer"])
def test_the_examples_give_no_warnings(name: str) -> None:
    program = load_program(EXAMPLES / f"{name}.program.yaml")
    assert warnings(program, program) == []


def test_a_promotion_cannot_promise_more_than_its_offer_can_issue() -> None:
    assert told(promoting(kind="multi_use", code="M", total=11)) == [
        "promotions[x].total: 11 claims, but muffin can be issued 10 times only"
    ]
    assert told(promoting(kind="multi_use", code="M")) == [
        "promotions[x].total: is not set, but muffin can be issued 10 times only"
    ]
    assert told(promoting(kind="multi_use", code="M", total=10)) == []


def test_single_use_codes_should_be_as_many_as_the_offers_meant_for_them() -> None:
    assert told(promoting(kind="single_use", total=9)) == [
        "promotions[x].total: 9 codes, fewer than the 10 of muffin meant for them"
    ]
    assert told(promoting(kind="single_use", total=10)) == []
    assert told(promoting(kind="single_use")) == []


@pytest.mark.parametrize("code", ["MUGLOVE", "SPRING", "TWELVESIGNSA", "AB34", "2010"])
def test_a_code_people_can_type_is_fine(code: str) -> None:
    assert told(promoting(kind="multi_use", code=code, total=10)) == []


@pytest.mark.parametrize(
    ("code", "fragment"),
    [
        ("THIRTEENSIGNS", "13 characters; over 12 people mistype it"),
        ("B0NUS", "0 in 'B0NUS' can be taken"),
        ("GO4IT", "I, O in 'GO4IT' can be taken"),
        ("l33t", "L in 'l33t' can be taken"),
    ],
)
def test_a_code_people_mistype_should_be_shown_as_a_picture(code: str, fragment: str) -> None:
    (warning,) = told(promoting(kind="multi_use", code=code, total=10))
    assert warning.startswith("promotions[x].code: ")
    assert fragment in warning
    assert warning.endswith("show it as a QR code")


def test_an_offer_is_not_changed_while_a_reward_store_sells_it() -> None:
    (warning,) = told(selling("New"), selling("Old"))
    assert warning.startswith("offers[muffin]: changed while reward_stores[shop].offers[m] sells")
    assert told(selling("Old"), selling("Old")) == []
    assert told(selling("New", sold=False), selling("Old")) == []
    assert told(selling("New"), selling("Old", sold=False)) == []


def test_the_last_valid_day_is_the_one_before_an_end_at_midnight() -> None:
    program = Program.from_document(
        {
            **HEADER,
            "campaigns": [
                {"id": "midnight", "ends": "2026-03-09", "outcomes": [{"issue": "muffin"}]},
                {"id": "noon", "ends": "2026-03-09T12:00:00", "outcomes": [{"issue": "muffin"}]},
                {"id": "abroad", "ends": "2026-03-09T04:00:00Z", "outcomes": [{"issue": "muffin"}]},
                {"id": "evergreen", "outcomes": [{"issue": "muffin"}]},
            ],
        }
    )
    assert last_valid_days(program) == [
        ("campaigns[midnight]", date(2026, 3, 8)),
        ("campaigns[noon]", date(2026, 3, 9)),
        ("campaigns[abroad]", date(2026, 3, 8)),
    ]


def test_everything_that_ends_is_listed() -> None:
    program = load_program(Path(__file__).parent / "documents" / "full.program.yaml")
    assert [path for path, _ in last_valid_days(program)] == [
        "offers[free-muffin].issuance",
        "offers[ten-percent].redemption",
        "reward_stores[rewards]",
        "reward_stores[rewards].offers[muffin-150]",
        "campaigns[burrito-week]",
        "promotions[mug-love]",
    ]


@pytest.mark.parametrize(
    ("key", "value"),
    [("program", "q"), ("currency", "EUR"), ("time_zone", "Europe/Amsterdam")],
)
def test_another_program_currency_or_zone_is_refused(key: str, value: str) -> None:
    published = Program.from_document(HEADER)
    with pytest.raises(Rejected, match=key) as refused:
        check_successor(published, Program.from_document({**HEADER, key: value}))
    assert refused.value.code == Reason.PROGRAM_MISMATCH
    assert refused.value.details == {"key": key, "published": HEADER[key], "given": value}


def test_everything_else_may_change() -> None:
    check_successor(Program.from_document(HEADER), Program.from_document({**HEADER, "name": "Q"}))
