"""What a customer has left is told also where a call took nothing from him."""

from typing import Any

import pytest

from http_service.serving import Served
from http_service.test_points_as_they_are_asked import BUY, DEPOSIT, LINE, SPEND, two_purses

SHORT: dict[str, Any] = {"amount": 5000}


def remains(service: Served, *lines: dict[str, Any]) -> dict[str, int]:
    """The summary of spends of which each may be refused by itself."""
    told = service.told(SPEND, spend_details=list(lines), allow_partial_success=True)
    return dict(told["summary"])


def stamps_too(service: Served) -> None:
    """Two accounts: 1,000 points and 30 stamps."""
    service.shop.publish(two_purses())
    service.told(DEPOSIT, deposit_details=[LINE | {"point_account_id": "stamps", "amount": 30}])


def test_of_what_costs_nothing_the_store_s_accounts_are_told(service: Served) -> None:
    stamps_too(service)
    told = service.told(BUY, reward_store_offer_id="thanks-0")
    assert told["summary"] == {"amount_spent": 0, "remaining_balance": 1030}


def test_of_what_costs_nothing_the_accounts_are_told_that_were_named(service: Served) -> None:
    stamps_too(service)
    told = service.told(BUY, reward_store_offer_id="thanks-0", point_account_ids=["stamps"])
    assert told["summary"] == {"amount_spent": 0, "remaining_balance": 30}


@pytest.mark.parametrize(
    ("accounts", "left"), [([], 1000), (["stamps"], 30), (["points", "stamps"], 1030)]
)
def test_where_every_spend_is_refused_the_accounts_asked_are_told(
    service: Served, accounts: list[str], left: int
) -> None:
    stamps_too(service)
    line = SHORT | {"point_account_ids": accounts}
    assert remains(service, line) == {"amount_spent": 0, "remaining_balance": left}


def test_an_account_that_the_program_has_not_holds_nothing(service: Served) -> None:
    nowhere = {"amount": 1, "point_account_ids": ["gold"]}
    assert remains(service, nowhere) == {"amount_spent": 0, "remaining_balance": 0}
    assert remains(service, nowhere, SHORT) == {"amount_spent": 0, "remaining_balance": 1000}
