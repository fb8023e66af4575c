"""Lines of spends with ids of their own: each is done once, told as at first, and no other is."""

from collections import Counter
from typing import Any

import pytest

from http_service.middleware import all_at_once
from http_service.serving import Served
from http_service.test_points_as_they_are_asked import SPEND, two_purses
from loyalty_ledger.store.log import Answer, Commit
from offers.test_who_may_ask import suspends

DEPOSIT = "/incentives/api/2.0/user_points/deposit"
AUDIT = "/incentives/api/1.0/point_audit_logs/fetch_point_audit_logs"
LINE: dict[str, Any] = {"amount": 100, "reference_id": "R-1", "idempotency_id": "L-1"}
FRESH: dict[str, Any] = {"amount": 1, "idempotency_id": "L-2"}
OTHERWISE: list[dict[str, Any]] = [
    {"amount": 200},
    {"point_account_ids": ["points"]},
    {"reference_id": "R-2"},
    {"reference_id": None},
    {"reference_type": "order"},
    {"transaction_id": "T9"},
    {"transaction_id": "T9", "store_id": "main"},
]


def spend(service: Served, *lines: dict[str, Any], **more: Any) -> Any:
    return service.told(SPEND, spend_details=list(lines), **more)


def events(service: Served) -> int:
    """How many there are, the key included that the test asks with."""
    service.caller()
    return service.events()


@pytest.mark.parametrize("changes", OTHERWISE)
def test_another_spend_under_a_used_id_is_refused_and_the_whole_call_with_it(
    service: Served, changes: dict[str, Any]
) -> None:
    service.shop.close("T9", customer="ANN")
    spend(service, LINE)
    before = events(service)
    answer = service.ask(SPEND, spend_details=[FRESH, LINE | changes]).json()
    assert answer["errors"]["code"] == "request_conflict"
    assert "'L-1'" in answer["errors"]["message"]
    assert events(service) == before
    assert spend(service, FRESH)["details"][0]["idempotency_summary"] is None


def test_where_it_may_be_some_such_a_line_carries_the_refusal(service: Served) -> None:
    spend(service, LINE)
    told = spend(service, LINE | {"amount": 7}, FRESH, allow_partial_success=True)
    other, fresh = told["details"]
    assert (other["error_status"], other["error_response"]) == (1, "request_conflict")
    assert (other["amount_spent"], other["idempotency_summary"]) == (0, None)
    assert (fresh["error_status"], fresh["amount_spent"]) == (0, 1)
    assert told["summary"] == {"amount_spent": 1, "remaining_balance": 899}
    assert service.shop.points() == 899


def test_two_spends_under_one_id_in_one_call_have_to_be_the_same(service: Served) -> None:
    both = [LINE, LINE | {"amount": 7}]
    before = events(service)
    assert service.refusal(SPEND, spend_details=both) == "request_conflict"
    assert events(service) == before
    told = spend(service, *both, allow_partial_success=True)["details"]
    assert [one["amount_spent"] for one in told] == [100, 0]
    assert [one.get("error_response") for one in told] == [None, "request_conflict"]
    assert service.shop.points() == 900


def test_of_two_spends_under_one_id_the_second_is_made_where_the_first_cannot(
    service: Served,
) -> None:
    both = [LINE | {"amount": 5000}, LINE]
    told = spend(service, *both, allow_partial_success=True)["details"]
    assert [one.get("error_response") for one in told] == ["insufficient_points", None]
    assert [one["idempotency_summary"] for one in told] == [None, None]
    assert service.shop.points() == 900


def test_a_repeated_spend_is_told_as_at_first_and_not_made_again(service: Served) -> None:
    service.shop.publish(two_purses())
    stamps = {"point_source_id": "purchases", "point_account_id": "stamps", "amount": 30}
    service.told(DEPOSIT, deposit_details=[stamps])
    line = {"amount": 1010, "point_account_ids": ["points", "stamps"], "idempotency_id": "L-1"}
    first = spend(service, line)
    assert {one["point_account_id"] for one in first["details"]} == {"points", "stamps"}
    service.told(DEPOSIT, deposit_details=[stamps | {"amount": 7}])
    service.later(minutes=5)
    before = events(service)
    again = spend(service, line | {"amount": "1010.00", "rank": 3, "reference_id": None})
    assert events(service) == before
    assert again == first | {
        "details": [one | {"idempotency_summary": "repeated"} for one in first["details"]],
        "summary": {"amount_spent": 1010, "remaining_balance": 27},
    }
    mixed = spend(service, line, FRESH | {"point_account_ids": ["stamps"]})
    assert mixed["details"][:-1] == again["details"]
    assert mixed["summary"]["amount_spent"] == 1011


def test_a_repeat_is_known_whatever_became_of_its_sale_and_its_customer(service: Served) -> None:
    service.shop.close("T9", customer="ANN")
    service.shop.ledger.projector.catch_up()
    line = LINE | {"transaction_id": "T9"}
    spend(service, line)
    service.shop.receive(service.shop.body("T9", store="other"))
    service.shop.work()
    suspends(service.shop)
    before = events(service)
    (again,) = spend(service, line)["details"]
    assert (again["idempotency_summary"], again["amount_spent"]) == ("repeated", 100)
    assert events(service) == before
    assert service.refusal(SPEND, spend_details=[line, FRESH]) == "customer_suspended"


def test_a_line_whose_sale_is_not_known_is_refused_like_any_other(service: Served) -> None:
    nowhere = LINE | {"transaction_id": "T8"}
    assert service.refusal(SPEND, spend_details=[FRESH, nowhere]) == "transaction_not_found"
    told = spend(service, FRESH, nowhere, allow_partial_success=True)["details"]
    assert [one.get("error_response") for one in told] == [None, "transaction_not_found"]


def test_what_was_spent_for_a_customer_who_was_merged_is_not_spent_again(service: Served) -> None:
    ann, bob = service.shop.id_of("ANN"), service.shop.id_of("BOB")
    spend(service, LINE)
    service.shop.ledger.merging.merge(ann, bob)
    service.shop.work()
    for whose in (ann, bob):
        told = service.told(SPEND, None, user_id=whose, spend_details=[LINE])
        assert told["details"][0]["idempotency_summary"] == "repeated"
    assert service.shop.points("BOB") == 900


def test_spends_that_earlier_versions_kept_only_the_id_of_are_repeats(service: Served) -> None:
    log, ann = service.shop.ledger.log, service.shop.id_of()
    kept = Answer("spend", ann, "L-1", "", b"")
    log.append(Commit([], {}, log.head().position, answers=[kept]))
    for line in (LINE, LINE | {"amount": 7}):
        told = spend(service, line, FRESH)
        old, _fresh = told["details"]
        assert (old["idempotency_summary"], old["error_status"]) == ("repeated", 0)
        assert (old["amount_spent"], old["point_account_id"]) == (0, None)
        assert told["summary"] == {"amount_spent": 1, "remaining_balance": 999}


def test_of_the_same_spends_at_the_same_time_one_is_made_and_all_are_told_it(
    service: Served,
) -> None:
    service.caller()
    answers = all_at_once([lambda: service.ask(SPEND, spend_details=[LINE]).json()] * 6)
    rows = [one["payload"]["details"][0] for one in answers]
    assert Counter(one["idempotency_summary"] for one in rows) == {None: 1, "repeated": 5}
    assert {(one["amount_spent"], one["remaining_balance"]) for one in rows} == {(100, 900)}
    assert service.shop.points() == 900


def test_of_other_spends_under_one_id_at_the_same_time_one_is_made(service: Served) -> None:
    service.caller()
    lines = [LINE | {"amount": amount} for amount in (1, 2, 3, 4, 5, 6)]
    asked = [lambda line=line: service.ask(SPEND, spend_details=[line]).json() for line in lines]
    answers = all_at_once(asked)
    refused = [one["errors"]["code"] for one in answers if one["status"] == "error"]
    assert refused == ["request_conflict"] * 5
    (made,) = [one["payload"]["summary"] for one in answers if one["status"] == "ok"]
    assert service.shop.points() == 1000 - made["amount_spent"] == made["remaining_balance"]


def test_movements_tell_the_id_of_the_line_they_come_from(service: Served) -> None:
    given = {"point_source_id": "purchases", "point_account_id": "points", "amount": 50}
    lines = [given | {"idempotency_id": f"D-{number}"} for number in (1, 2)]
    service.told(DEPOSIT, deposit_details=[*lines, given])
    service.later(days=364)  # what is left of the opening expires with the next spend
    spend(service, LINE | {"amount": 10}, {"amount": 1})
    rows = service.told(AUDIT, point_account_ids=["points"])["results"]
    told = [(one["modification_type"], one["modification"], one["idempotency_id"]) for one in rows]
    assert told == [
        ("issuance", 50, "D-1"),
        ("issuance", 50, "D-2"),
        ("issuance", 50, None),
        ("expiration", -1000, None),
        ("spend", -10, "L-1"),
        ("spend", -1, None),
    ]
    asked = [one["request_id"] for one in rows]
    assert None not in asked
    assert (len(set(asked[:3])), len(set(asked[3:])), len(set(asked))) == (1, 1, 2)


@pytest.mark.parametrize("value", [True, "true", 1])
def test_a_spend_that_is_a_return_is_refused_with_what_to_do_instead(
    service: Served, value: Any
) -> None:
    before = events(service)
    answer = service.ask(SPEND, spend_details=[FRESH, LINE | {"is_return": value}]).json()
    assert answer["errors"]["code"] == "validation"
    assert answer["errors"]["message"].startswith("spend_details[1].is_return ")
    if value is True:
        assert "send_transaction" in answer["errors"]["message"]
    assert events(service) == before
    assert spend(service, LINE | {"is_return": False})["summary"]["amount_spent"] == 100


def test_a_spend_that_names_a_source_is_refused_for_it_would_not_be_obeyed(
    service: Served,
) -> None:
    before = events(service)
    asked = [FRESH, LINE | {"point_source_id": "purchases"}]
    answer = service.ask(SPEND, spend_details=asked, allow_partial_success=True).json()
    assert answer["errors"]["code"] == "validation"
    assert answer["errors"]["message"].startswith("spend_details[1].point_source_id cannot be")
    assert "point_account_ids" in answer["errors"]["message"]
    assert events(service) == before
    (told,) = spend(service, LINE | {"point_source_id": None})["details"]
    assert (told["amount_spent"], told["point_source_id"]) == (100, None)
