"""Lists are told page by page: behind the last page is nothing, and what is no page is refused."""

from typing import Any

import pytest

from http_service.serving import SALE, Served

OFFERS = "/offers/api/2.0/offers"
PAGED: dict[str, tuple[str, dict[str, Any], str, str]] = {
    "wallet": (f"{OFFERS}/get_user_offers", {}, "user_offers", "total_records"),
    "details": (
        f"{OFFERS}/fetch_offers_details",
        {"offer_ids": ["euro", "muffin", "daily"]},
        "results",
        "total_records",
    ),
    "shelf": (
        f"{OFFERS}/rewardstores/get_reward_store_offers",
        {"reward_store_ids": ["rewards"]},
        "reward_store_offers",
        "total_rows",
    ),
    "movements": (
        "/incentives/api/1.0/point_audit_logs/fetch_point_audit_logs",
        {},
        "results",
        "total_records",
    ),
    "sales": (
        "/transactions/api/1.0/transactions/info/get_store_transactions",
        {"store_id": "main"},
        "results",
        "total_records",
    ),
}
WRONG = ({"skip": -1}, {"skip": 2**31}, {"take": 0}, {"take": 1001}, {"take": -1}, {"skip": "x"})
PAST = 2**31 - 1


@pytest.fixture
def full(service: Served) -> Served:
    """Ann has three of everything."""
    for number in range(2):
        service.shop.give("euro")
        paid = {"payments": [{"amount": 1, "user_id": "ANN"}], "transaction_id": f"T{number}"}
        service.pos("send_transaction", SALE | paid)
        service.shop.work()
    service.shop.give("euro")
    return service


@pytest.mark.parametrize("name", PAGED)
def test_pages_together_are_the_list_and_behind_it_is_nothing(full: Served, name: str) -> None:
    path, body, rows, total = PAGED[name]
    whole = full.told(path, **body)
    assert whole[total] == len(whole[rows]) >= 3
    parts = [full.told(path, **body, skip=skip, take=2) for skip in range(0, whole[total], 2)]
    assert [row for part in parts for row in part[rows]] == whole[rows]
    past = full.told(path, **body, skip=PAST, take=1000)
    assert (past[rows], past[total]) == ([], whole[total])
    for wrong in WRONG:
        assert full.refusal(path, **body, **wrong) == "validation"
