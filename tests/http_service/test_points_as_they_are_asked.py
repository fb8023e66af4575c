"""Points as clients really ask for them: as text, for a sale by its id, from one account."""

from typing import Any

import msgspec
import pytest

from http_service.serving import Served
from loyalty_ledger.client.sites import External
from offers.till import document

SPEND = "/incentives/api/1.0/user_points/spend_multiple"
DEPOSIT = "/incentives/api/2.0/user_points/deposit"
BUY = "/offers/api/2.0/offers/rewardstores/purchase_offer"
STORES = "/offers/api/2.0/offers/rewardstores/get_user_reward_stores"
BALANCES = "/incentives/api/1.0/user_points/all_balances"
LINE = {"point_source_id": "purchases", "point_account_id": "points"}


def two_purses() -> dict[str, Any]:
    """The shop's program with a second account that the reward store takes."""
    made = document()
    stamps = {"id": "stamps", "name": "Stamps", "spendable": True, "expiry": {"kind": "never"}}
    (source,), (rewards, *others) = made["point_sources"], made["reward_stores"]
    return made | {
        "point_accounts": [*made["point_accounts"], stamps],
        "point_sources": [source | {"accounts": [*source["accounts"], "stamps"]}],
        "reward_stores": [rewards | {"point_accounts": ["points", "stamps"]}, *others],
    }


@pytest.mark.parametrize("amount", ["25", "25.00", msgspec.Raw(b"25.0"), 25])
def test_points_may_be_written_as_a_number_or_as_text(service: Served, amount: Any) -> None:
    service.told(DEPOSIT, deposit_details=[LINE | {"amount": amount}])
    told = service.told(SPEND, spend_details=[{"amount": amount}])
    assert told["summary"] == {"amount_spent": 25, "remaining_balance": 1000}


@pytest.mark.parametrize("amount", ["2.5", msgspec.Raw(b"2.5"), "0", "-1", "1e3", "", "1" * 17])
def test_what_is_no_whole_number_of_points_is_refused(service: Served, amount: Any) -> None:
    assert service.refusal(SPEND, spend_details=[{"amount": amount}]) == "validation"
    assert service.refusal(DEPOSIT, deposit_details=[LINE | {"amount": amount}]) == "validation"


def test_a_spend_names_its_sale_by_id_alone_where_one_store_has_it(service: Served) -> None:
    service.shop.close("T9", customer="ANN")
    service.shop.ledger.projector.catch_up()
    service.told(SPEND, spend_details=[{"amount": 5, "transaction_id": "T9"}])
    service.told(SPEND, spend_details=[{"amount": 5, "transaction_id": "main/T9"}])
    (first, second) = service.shop.events("PointsTendered")
    assert getattr(first, "asked", 0) == getattr(second, "asked", 0) == 5
    unknown = [{"amount": 5, "transaction_id": "T8"}]
    assert service.refusal(SPEND, spend_details=unknown) == "transaction_not_found"
    service.shop.receive(service.shop.body("T9", store="other"))
    service.shop.ledger.projector.catch_up()
    assert service.refusal(SPEND, spend_details=[{"amount": 5, "transaction_id": "T9"}]) == (
        "validation"
    )


def test_a_granted_spend_is_answered_as_at_first_whatever_its_sale_means_by_now(
    service: Served,
) -> None:
    service.shop.close("T9", customer="ANN")
    service.shop.ledger.projector.catch_up()
    spend: dict[str, Any] = {"idempotency_id": "i-9", "retailer_id": "R-9"}
    spend["spend_details"] = [{"amount": 5, "transaction_id": "T9"}]
    first = service.ask(SPEND, **spend)
    assert first.json()["payload"]["summary"]["amount_spent"] == 5
    service.shop.receive(service.shop.body("T9", store="other"))
    service.shop.ledger.projector.catch_up()
    new = spend | {"idempotency_id": "i-10"}
    assert service.refusal(SPEND, **new) == "validation"
    again = service.ask(SPEND, **spend)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    service.shop.publish(document() | {"retailer_id": "R-1"})
    assert service.ask(SPEND, **spend).content == first.content


def test_a_spend_tells_each_line_with_its_account_and_what_is_left(service: Served) -> None:
    lines = [
        {"amount": 100, "reference_id": "R-1", "reference_type": "order", "idempotency_id": "L-1"},
        {"amount": 5000, "reference_id": "R-2"},
    ]
    ann = service.shop.id_of()
    told = service.told(SPEND, spend_details=lines, allow_partial_success=True)
    made, short = told["details"]
    assert made == {
        "account_name": "Beans", "user_point_account_id": f"{ann}.points",
        "point_account_id": "points", "amount_spent": 100, "remaining_balance": 900,
        "reference_id": "R-1", "reference_type": "order", "tracking_id": None,
        "idempotency_id": "L-1", "idempotency_summary": None, "error_status": 0, "message": None,
        "retailer_id": None, "user_id": ann, "point_source_id": None,
    }  # fmt: skip
    assert (short["error_status"], short["error_response"]) == (1, "insufficient_points")
    assert told["summary"] == {"amount_spent": 100, "remaining_balance": 900}


def test_an_offer_is_paid_from_the_accounts_that_are_named(service: Served) -> None:
    service.shop.publish(two_purses())
    stamps = LINE | {"point_account_id": "stamps", "amount": 200}
    service.told(DEPOSIT, deposit_details=[stamps])
    bought = service.told(BUY, reward_store_offer_id="muffin-150", point_account_ids=["stamps"])
    assert bought["summary"] == {"amount_spent": 150, "remaining_balance": 50}
    left = {
        x["point_account_id"]: x["available_balance"] for x in service.told(BALANCES)["details"]
    }
    assert left == {"points": 1000, "credits": 0, "stamps": 50}
    again: dict[str, Any] = {"reward_store_offer_id": "muffin-150", "point_account_ids": ["stamps"]}
    assert service.refusal(BUY, **again) == "insufficient_points"


def test_balances_have_one_shape_wherever_they_are_told(service: Served) -> None:
    shown = service.told(BALANCES)
    assert service.told(STORES, include_point_balances=True)["point_account_balances"] == shown
    assert "point_account_balances" not in service.told(STORES)
    with service.client() as app:
        user = app.read_user(External("ANN"), expand_incentives=True)
        found = app.lookup(external_customer_id="ANN")["user"]
    assert user["tier_details"]["point_account_balances"] == shown
    assert found["point_account_balances"] == shown
