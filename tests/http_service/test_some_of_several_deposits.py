"""Deposits are told as spends are; where it may be some, those are given that can be."""

from collections import Counter
from typing import Any

import msgspec
import pytest

from http_service.middleware import accounts, all_at_once
from http_service.serving import Served
from http_service.test_deposits_with_ids import LINE, deposit
from http_service.test_lines_with_ids import events
from http_service.test_movements_tell_where_from import movements
from http_service.test_points_as_they_are_asked import DEPOSIT
from loyalty_ledger.store.log import Answer, Commit
from loyalty_ledger.verification import verify
from offers.till import NOW, document

NOWHERE = LINE | {"point_account_id": "gold"}
NAMED = LINE | {"idempotency_id": "D-1"}


def some(service: Served, *lines: dict[str, Any]) -> Any:
    return service.told(DEPOSIT, deposit_details=list(lines), allow_partial_success=True)


def outcomes(told: Any) -> list[tuple[int, str | None, str | None]]:
    """What each line came to: points, error and whether it is a repeat."""
    return [
        (one["amount_deposited"], one.get("error_response"), one["idempotency_summary"])
        for one in told["details"]
    ]


def test_a_deposit_tells_each_line_with_its_account_and_what_is_left(service: Served) -> None:
    service.shop.publish(document() | {"retailer_id": "R-1"})
    credits = LINE | {"point_account_id": "credits"}
    told = deposit(service, NAMED, credits, LINE)
    ann = service.shop.id_of()
    assert told["details"][0] == {
        "account_name": "Beans", "user_point_account_id": f"{ann}.points",
        "point_account_id": "points", "point_source_id": "purchases", "amount_deposited": 50,
        "remaining_balance": 1100, "reference_id": None, "reference_type": None,
        "tracking_id": None, "idempotency_id": "D-1", "idempotency_summary": None,
        "error_status": 0, "message": None, "retailer_id": "R-1", "user_id": ann,
    }  # fmt: skip
    assert told["summary"] == {"amount_deposited": 150, "remaining_balance": 1150}
    assert told["audits"] == []
    again = deposit(service, NAMED, LINE)
    assert [one["remaining_balance"] for one in again["details"]] == [1100, 1150]
    assert again["summary"] == {"amount_deposited": 100, "remaining_balance": 1150}


def test_where_it_may_be_some_the_good_lines_are_given(service: Served) -> None:
    before = events(service)
    assert service.refusal(DEPOSIT, deposit_details=[LINE, NOWHERE]) == "validation"
    assert events(service) == before
    told = some(service, NOWHERE, NAMED)
    assert outcomes(told) == [(0, "validation", None), (50, None, None)]
    bad, _ = told["details"]
    assert (bad["error_status"], bad["point_account_id"], bad["account_name"]) == (1, "gold", None)
    assert "point source purchases gives into" in bad["message"]
    assert told["summary"] == {"amount_deposited": 50, "remaining_balance": 1050}
    assert service.shop.points() == 1050
    assert outcomes(some(service, NAMED, NOWHERE)) == [
        (50, None, "repeated"),
        (0, "validation", None),
    ]
    assert [one["idempotency_id"] for one in movements(service, "ANN")][1:] == ["D-1"]


def test_where_none_can_be_given_none_is_and_the_accounts_are_told_that_were_asked(
    service: Served,
) -> None:
    before = events(service)
    told = some(service, NOWHERE, LINE | {"point_source_id": "gifts"})
    assert [code for _, code, _ in outcomes(told)] == ["validation", "validation"]
    assert told["summary"] == {"amount_deposited": 0, "remaining_balance": 1000}
    assert told["time_of_occurrence"] is None
    assert events(service) == before


def test_what_a_source_or_an_account_has_no_room_for_is_a_line_of_its_own(service: Served) -> None:
    made = accounts(maximum_balance=1060)
    (source,) = made["point_sources"]
    few = source | {"id": "few", "limits": {"points": 60}}
    service.shop.publish(made | {"point_sources": [source, few]})
    of_few = LINE | {"point_source_id": "few", "point_account_id": "credits"}
    told = some(service, of_few, of_few, LINE, LINE, LINE)
    full = (0, "limit_reached", None)
    assert outcomes(told) == [(50, None, None), full, (50, None, None), (10, None, None), full]
    assert service.shop.points() == 1060
    assert verify(service.shop.ledger, lambda *_: None).problems == []


def test_another_line_under_a_used_id_is_a_line_that_failed(service: Served) -> None:
    deposit(service, NAMED)
    told = some(service, NAMED | {"amount": 51}, LINE)
    assert outcomes(told) == [(0, "request_conflict", None), (50, None, None)]


def test_of_two_lines_under_one_id_the_second_is_given_where_the_first_cannot(
    service: Served,
) -> None:
    told = some(service, NAMED | {"point_account_id": "gold"}, NAMED, NAMED)
    assert outcomes(told) == [(0, "validation", None), (50, None, None), (50, None, "repeated")]
    assert told["summary"]["amount_deposited"] == 50
    assert service.shop.points() == 1050


def test_of_the_same_deposits_at_the_same_time_each_line_is_given_once(service: Served) -> None:
    service.caller()
    asked: dict[str, Any] = {"deposit_details": [NAMED, NOWHERE], "allow_partial_success": True}
    answers = all_at_once([lambda: service.ask(DEPOSIT, **asked).json()] * 5)
    rows = [outcomes(one["payload"]) for one in answers]
    assert Counter(one[0][2] for one in rows) == {None: 1, "repeated": 4}
    assert {one[1] for one in rows} == {(0, "validation", None)}
    assert service.shop.points() == 1050


@pytest.mark.parametrize("value", ["yes", 1])
def test_whether_it_may_be_some_is_said_by_true_or_false(service: Served, value: Any) -> None:
    asked: dict[str, Any] = {"deposit_details": [LINE], "allow_partial_success": value}
    assert service.refusal(DEPOSIT, **asked) == "validation"


def test_what_remained_is_not_told_of_a_deposit_that_an_earlier_version_kept(
    service: Served,
) -> None:
    log, ann = service.shop.ledger.log, service.shop.id_of()
    kept = Answer("deposit", ann, "D-1", "", msgspec.json.encode((50, NOW)))
    log.append(Commit([], {}, log.head().position, answers=[kept]))
    told = deposit(service, NAMED)
    (row,) = told["details"]
    assert outcomes(told) == [(50, None, "repeated")]
    assert (row["remaining_balance"], row["error_status"]) == (None, 0)
    assert told["summary"] == {"amount_deposited": 50, "remaining_balance": 1000}
