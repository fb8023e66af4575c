"""Lines of deposits with ids of their own: each is given once and told as at first, no other is."""

from collections import Counter
from typing import Any

import pytest

from http_service.middleware import accounts, all_at_once
from http_service.serving import Served
from http_service.test_lines_with_ids import AUDIT, DEPOSIT, events
from http_service.test_points_as_they_are_asked import SPEND
from offers.till import document

LINE: dict[str, Any] = {"point_source_id": "purchases", "point_account_id": "points", "amount": 50}
NAMED, FRESH = LINE | {"idempotency_id": "D-1"}, LINE | {"amount": 1, "idempotency_id": "D-2"}
OTHERWISE: list[dict[str, Any]] = [
    {"amount": 51},
    {"point_account_id": "credits"},
    {"point_source_id": "gifts"},
]


def deposit(service: Served, *lines: dict[str, Any]) -> Any:
    return service.told(DEPOSIT, deposit_details=list(lines))


def rows_of(told: Any) -> list[tuple[str, int, str | None]]:
    names = ("point_account_id", "amount_deposited", "idempotency_summary")
    return [tuple(one[name] for name in names) for one in told["details"]]


@pytest.mark.parametrize("changes", OTHERWISE)
def test_another_deposit_under_a_used_id_is_refused_and_the_whole_call_with_it(
    service: Served, changes: dict[str, Any]
) -> None:
    (source,) = made = document()["point_sources"]
    service.shop.publish(document() | {"point_sources": [*made, source | {"id": "gifts"}]})
    deposit(service, NAMED)
    before = events(service)
    answer = service.ask(DEPOSIT, deposit_details=[FRESH, NAMED | changes]).json()
    assert answer["errors"]["code"] == "request_conflict"
    assert "'D-1'" in answer["errors"]["message"]
    assert events(service) == before
    assert rows_of(deposit(service, FRESH)) == [("points", 1, None)]


def test_a_repeated_deposit_is_told_as_at_first_and_not_given_again(service: Served) -> None:
    service.shop.publish(accounts(maximum_balance=1030))
    first = deposit(service, NAMED | {"rank": 1}, LINE | {"point_account_id": "credits"})
    assert rows_of(first) == [("credits", 50, None), ("points", 30, None)]
    assert [one["idempotency_id"] for one in first["details"]] == [None, "D-1"]
    service.later(minutes=5)
    service.told(SPEND, spend_details=[{"amount": 500}])
    before = events(service)
    again = deposit(service, NAMED | {"amount": "50.0"})
    assert events(service) == before
    assert rows_of(again) == [("points", 30, "repeated")]
    assert again["summary"] == {"amount_deposited": 30, "remaining_balance": 530}
    assert again["time_of_occurrence"] == first["time_of_occurrence"]
    assert rows_of(deposit(service, NAMED, FRESH)) == [
        ("points", 30, "repeated"),
        ("points", 1, None),
    ]
    assert service.shop.points() == 531


def test_two_deposits_under_one_id_in_one_call_have_to_be_the_same(service: Served) -> None:
    other = [NAMED, NAMED | {"amount": 51}]
    before = events(service)
    assert service.refusal(DEPOSIT, deposit_details=other) == "request_conflict"
    assert events(service) == before
    told = deposit(service, NAMED, LINE, NAMED, LINE)
    assert [one["idempotency_summary"] for one in told["details"]] == [None, None, "repeated", None]
    assert told["summary"] == {"amount_deposited": 150, "remaining_balance": 1150}
    assert service.shop.points() == 1150
    ids = [one["idempotency_id"] for one in service.told(AUDIT)["results"]][-3:]
    assert ids == ["D-1", None, None]


def test_all_deposits_or_none_are_given_and_of_none_no_id_is_used(service: Served) -> None:
    nowhere = LINE | {"point_account_id": "gold"}
    assert service.refusal(DEPOSIT, deposit_details=[NAMED, nowhere]) == "validation"
    deposit(service, FRESH)
    assert service.refusal(DEPOSIT, deposit_details=[FRESH, NAMED, nowhere]) == "validation"
    assert rows_of(deposit(service, FRESH, NAMED)) == [
        ("points", 1, "repeated"),
        ("points", 50, None),
    ]


def test_ids_are_of_the_customer_and_of_spends_or_deposits(service: Served) -> None:
    deposit(service, NAMED)
    of_bob = service.told(DEPOSIT, "BOB", deposit_details=[NAMED | {"amount": 7}])
    assert rows_of(of_bob) == [("points", 7, None)]
    (spent,) = service.told(SPEND, spend_details=[{"amount": 9, "idempotency_id": "D-1"}])[
        "details"
    ]
    assert (spent["amount_spent"], spent["idempotency_summary"]) == (9, None)


def test_a_repeated_deposit_tells_nothing_of_the_level_that_it_moved(service: Served) -> None:
    made = document()
    (club,) = made["tier_systems"]
    bronze, silver = club["levels"]
    silver |= {"entrance": {"points_earned": {"account": "credits", "amount": 250}}}
    silver |= {"on_entry": [{"award": {"account": "points", "source": "purchases", "points": 9}}]}
    service.shop.publish(made | {"tier_systems": [club | {"levels": [bronze, silver]}]})
    up = LINE | {"point_account_id": "credits", "amount": 250, "idempotency_id": "UP"}
    assert rows_of(deposit(service, up, NAMED)) == [("credits", 250, None), ("points", 50, None)]
    assert service.shop.points() == 1059
    before = events(service)
    assert rows_of(deposit(service, up)) == [("credits", 250, "repeated")]
    assert events(service) == before
    rows = service.told(AUDIT)["results"]
    assert [(one["modification"], one["idempotency_id"]) for one in rows][-3:] == [
        (250, "UP"),
        (50, "D-1"),
        (9, None),
    ]


def test_of_the_same_deposits_at_the_same_time_one_is_given_and_all_are_told_it(
    service: Served,
) -> None:
    events(service)
    answers = all_at_once([lambda: service.ask(DEPOSIT, deposit_details=[NAMED]).json()] * 6)
    rows = [one["payload"]["details"][0] for one in answers]
    assert Counter(one["idempotency_summary"] for one in rows) == {None: 1, "repeated": 5}
    assert {one["amount_deposited"] for one in rows} == {50}
    assert service.shop.points() == 1050


def test_of_other_deposits_under_one_id_at_the_same_time_one_is_given(service: Served) -> None:
    events(service)
    lines = [NAMED | {"amount": amount} for amount in (1, 2, 3, 4, 5, 6)]
    asked = [
        lambda line=line: service.ask(DEPOSIT, deposit_details=[line]).json() for line in lines
    ]
    answers = all_at_once(asked)
    refused = [one["errors"]["code"] for one in answers if one["status"] == "error"]
    assert refused == ["request_conflict"] * 5
    (given,) = [one["payload"]["summary"] for one in answers if one["status"] == "ok"]
    assert service.shop.points() == 1000 + given["amount_deposited"]
