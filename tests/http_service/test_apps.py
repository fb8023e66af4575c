"""What apps and middleware ask about customers over HTTP."""

from typing import Any

import pytest

from http_service.serving import Served
from loyalty_ledger.http.app import OPERATIONS
from offers.till import NOW, document, item

WALLET = "/offers/api/2.0/offers/get_user_offers"
STORES = "/offers/api/2.0/offers/rewardstores/get_user_reward_stores"
SHELF = "/offers/api/2.0/offers/rewardstores/get_reward_store_offers"
BUY = "/offers/api/2.0/offers/rewardstores/purchase_offer"
BALANCES = "/incentives/api/1.0/user_points/all_balances"
TRIGGER = "/incentives/api/1.0/user_events/trigger_user_event"
SPEND = "/incentives/api/1.0/user_points/spend_multiple"
AUDIT = "/incentives/api/1.0/point_audit_logs/fetch_point_audit_logs"
PROGRESS = "/incentives/api/1.0/progress/rule_tree/user_progress"
SALE = "/transactions/api/1.0/transactions/info/get_transaction"
OF_STORE = "/transactions/api/1.0/transactions/info/get_store_transactions"


@pytest.mark.parametrize("path", [WALLET, BALANCES, PROGRESS, STORES])
def test_every_path_answers_with_and_without_its_domain(service: Served, path: str) -> None:
    _, _, bare = path[1:].partition("/")
    assert service.told("/" + bare) == service.told(path)


def test_every_connect_operation_stands_at_both_its_paths() -> None:
    for operation in OPERATIONS:
        if operation.family == "connect":
            bare = [one for one in operation.paths if one.startswith("/api/")]
            prefixed = [one for one in operation.paths if not one.startswith("/api/")]
            assert bare
            assert [one[one.index("/api/") :] for one in prefixed] == bare


def test_the_wallet_lists_the_offers_that_can_be_used(service: Served) -> None:
    kept, locked = service.shop.give("muffin"), service.shop.give("euro")
    service.lock(locked)
    wallet = service.told(WALLET)
    (shown,) = wallet["user_offers"]
    assert (shown["id"], shown["offer_id"], shown["name"]) == (
        kept,
        "muffin",
        "A muffin with your coffee",
    )
    assert shown["offer_type"] == "buy_x_get_y"
    assert wallet["total_records"] == 1
    assert (wallet["available_points"], wallet["total_points"]) == (1000, 1000)


def test_the_wallet_is_told_page_by_page(service: Served) -> None:
    for _ in range(3):
        service.shop.give("euro")
    first = service.told(WALLET, skip=0, take=2)
    rest = service.told(WALLET, skip=2, take=2)
    assert (len(first["user_offers"]), len(rest["user_offers"])) == (2, 1)
    assert first["total_records"] == rest["total_records"] == 3
    assert service.refusal(WALLET, take=1001) == "validation"


def test_a_reward_store_is_shown_bought_in_and_the_offer_is_in_the_wallet(service: Served) -> None:
    (store,) = service.told(STORES, include_point_balances=True)["reward_stores"]
    assert (store["id"], store["available_balance"]) == ("rewards", 1000)
    shelf = service.told(SHELF, reward_store_ids=["rewards"])
    (muffin,) = [one for one in shelf["reward_store_offers"] if one["id"] == "muffin-150"]
    assert (muffin["price"], muffin["can_purchase"]) == (150, True)
    bought = service.told(BUY, reward_store_offer_id="muffin-150", reward_store_id="rewards")
    (status,) = bought["status_list"]
    assert (status["offer_id"], status["fail_reason"]) == ("muffin", 0)
    assert bought["summary"] == {"amount_spent": 150, "remaining_balance": 850}
    assert service.told(BALANCES)["summary"]["total_points"] == 850
    assert [one["id"] for one in service.told(WALLET)["user_offers"]] == [status["user_offer_id"]]


def test_a_shelf_tells_every_number_that_must_not_be_gone_beyond(service: Served) -> None:
    sold = service.told(SHELF, None, reward_store_ids=["rewards"])["reward_store_offers"]
    told = {
        one["id"]: [
            (each["restricts"], each["scope"], each["quantity"])
            for each in one["offer_details"]["offer_inventory_restrictions"]
        ]
        for one in sold
    }
    here, anywhere = "reward_store_offer", "offer"
    assert told == {
        "muffin-150": [(here, "customer", 2), (anywhere, "customer", 3), (anywhere, "global", 5)],
        "mugs-400": [(here, "global", 2), (anywhere, "global", 3)],
        "april-10": [],
        "thanks-0": [(here, "customer", 1)],
    }


def test_what_cannot_be_bought_says_why(service: Served) -> None:
    shelf = service.told(SHELF, "BOB", reward_store_ids=["rewards"])
    (mugs,) = [one for one in shelf["reward_store_offers"] if one["id"] == "mugs-400"]
    assert [one["code"] for one in mugs["cannot_purchase_because"]] == ["insufficient_points"]
    assert service.refusal(BUY, "BOB", reward_store_offer_id="mugs-400") == "insufficient_points"
    assert service.refusal(BUY, reward_store_offer_id="nothing") == "offer_not_found"
    wrong: dict[str, Any] = {"reward_store_offer_id": "muffin-150"}
    assert service.refusal(BUY, **wrong, reward_store_id="invited") == "validation"
    assert service.refusal(BUY, **wrong, point_account_ids=["gold"]) == "validation"


def test_the_shelf_is_filtered_and_sorted(service: Served) -> None:
    def ids(**body: Any) -> list[str]:
        shelf = service.told(SHELF, reward_store_ids=["rewards"], **body)
        return [one["id"] for one in shelf["reward_store_offers"]]

    assert set(ids()) == {"muffin-150", "mugs-400", "april-10", "thanks-0"}
    assert ids(exclude_free_offers=True, min_price=100, max_price=399) == ["muffin-150"]
    assert "april-10" not in ids(limit_to_only_active=True)
    assert ids(sort_column="internal_name", sort_direction="desc")[0] == "mugs-400"
    assert ids(limit_to_obtainable=True) == ["muffin-150", "mugs-400", "thanks-0"]
    assert service.refusal(SHELF, reward_store_ids=["x"] * 101) == "validation"


def test_several_spends_are_one_or_none(service: Served) -> None:
    both = [{"amount": 600}, {"amount": 600}]
    assert service.refusal(SPEND, spend_details=both) == "insufficient_points"
    assert service.shop.points() == 1000
    partly = service.told(SPEND, spend_details=both, allow_partial_success=True)
    assert [one["amount_spent"] for one in partly["details"]] == [600, 0]
    assert [one["error_status"] for one in partly["details"]] == [0, 1]
    assert service.shop.points() == 400


def test_a_line_is_spent_once_however_often_it_is_asked(service: Served) -> None:
    line = {"amount": 10, "idempotency_id": "line-1"}
    for _ in range(3):
        told = service.told(SPEND, spend_details=[line, {"amount": 1}])
    assert told["details"][0]["idempotency_summary"] == "repeated"
    assert service.shop.points() == 1000 - 10 - 3


def test_the_same_line_twice_in_one_call_is_spent_once(service: Served) -> None:
    line = {"amount": 10, "idempotency_id": "line-1"}
    told = service.told(SPEND, spend_details=[line, line])
    assert [one["amount_spent"] for one in told["details"]] == [10, 10]
    assert [one["idempotency_summary"] for one in told["details"]] == [None, "repeated"]
    assert told["summary"] == {"amount_spent": 10, "remaining_balance": 990}
    assert service.shop.points() == 990


def test_lines_are_spent_by_rank(service: Served) -> None:
    lines = [{"amount": 900, "rank": 2}, {"amount": 200, "rank": 1}]
    told = service.told(SPEND, spend_details=lines, allow_partial_success=True)
    assert [one["amount_spent"] for one in told["details"]] == [0, 200]


def test_a_purchase_asked_again_under_its_id_is_made_once(service: Served) -> None:
    asked = {"reward_store_offer_id": "muffin-150", "idempotency_id": "buy-1"}
    first = service.ask(BUY, **asked)
    again = service.ask(BUY, **asked)
    assert again.content == first.content
    assert service.shop.points() == 850
    assert service.refusal(BUY, **asked, quantity=2) == "request_conflict"


def test_the_audit_log_reconciles_with_the_balance(service: Served) -> None:
    service.shop.close("S1", customer="ANN", items=[item("ESPRESSO", "10.00")])
    service.shop.work()
    service.told(SPEND, spend_details=[{"amount": 250, "reference_id": "gift"}])
    rows = service.told(AUDIT)["results"]
    points = [one for one in rows if one["point_account_id"] == "points"]
    assert sum(one["modification"] for one in points) == service.shop.points()
    lots = [one for one in points if one["modification"] > 0]
    assert all(one["amount_spent"] + one["amount_expired"] <= one["modification"] for one in lots)
    assert sum(one["amount_spent"] for one in lots) == 250
    assert [one["modification_entity_id"] for one in points if one["modification"] < 0] == ["gift"]
    only = service.told(AUDIT, modification_types=["spend"])["results"]
    assert [one["audit_type"] for one in only] == [2]
    assert service.refusal(AUDIT, point_account_ids=["p"] * 11) == "validation"
    far = {"from_date": "2024-01-01T00:00:00Z", "to_date": "2026-01-01T00:00:00Z"}
    assert service.refusal(AUDIT, **far) == "validation"


def test_progress_tells_the_measure_and_the_target_of_every_rule(service: Served) -> None:
    (club,) = service.told(PROGRESS)["tier_levels"]
    assert (club["tier_level_id"], club["next_tier_overview"]["id"]) == ("bronze", "silver")
    (rule,) = club["tier_progress"][0]["rules"]
    assert (rule["query_result"], rule["rule"]["target_balance"]) == (100.0, 150.0)
    assert rule["rule_passed"] is False
    service.shop.close("S1", customer="ANN", items=[item("BREAD", "50.00")])
    service.shop.work()
    (club,) = service.told(PROGRESS, ids=["club"])["tier_levels"]
    assert (club["tier_level_id"], club["next_tier_overview"]) == ("silver", None)


def test_a_sale_is_received_then_settled_with_what_it_granted(service: Served) -> None:
    service.shop.close("S1", customer="ANN", items=[item("ESPRESSO", "4.00")])
    received = service.told(SALE, None, transaction_id="main/S1")
    assert (received["state"], received["granted"]) == ("received", [])
    service.shop.work()
    settled = service.told(SALE, None, transaction_id="S1")
    assert (settled["state"], settled["check_amount"]) == ("settled", 4.00)
    assert settled["user_id"] == service.shop.id_of("ANN")
    assert settled["items"][0]["pos_item_key"] == "ESPRESSO"
    (granted,) = settled["granted"]
    assert (granted["account"], granted["deserved"]) == ("points", 40)
    missing = service.ask(SALE, None, transaction_id="none")
    assert missing.json()["errors"]["code"] == "transaction_not_found"


def test_a_sale_that_two_stores_have_is_named_with_its_store(service: Served) -> None:
    for store in ("main", "other"):
        service.shop.close("S1", customer="ANN", store=store)
    service.shop.ledger.projector.catch_up()
    assert service.refusal(SALE, None, transaction_id="S1") == "validation"
    assert service.told(SALE, None, transaction_id="S1", store_id="other")["store_id"] == "other"


def test_the_sales_of_a_store_are_told_by_when_they_were_opened(service: Served) -> None:
    for number in range(3):
        service.shop.close(f"S{number}", customer="ANN", open_time=f"2026-03-10T11:0{number}:00")
    told = service.told(OF_STORE, None, store_id="main", take=2, skip=1)
    assert told["total_records"] == 4
    assert [one["pos_transaction_id"] for one in told["results"]] == ["S0", "S1"]
    span = {"from_date": "2026-03-10T10:01:00Z", "to_date": "2026-03-10T10:02:00Z"}
    told = service.told(OF_STORE, None, store_id="main", **span)
    assert [one["pos_transaction_id"] for one in told["results"]] == ["S1"]


def test_a_read_as_of_a_moment_shows_what_was_then(service: Served) -> None:
    service.shop.later(hours=1)
    service.told(SPEND, spend_details=[{"amount": 100}])
    assert service.told(BALANCES)["summary"]["total_points"] == 900
    before = {"as_of": NOW.isoformat()}
    assert service.told(BALANCES, params=before)["summary"]["total_points"] == 1000
    header = {"X-As-Of": NOW.isoformat()}
    assert service.told(BALANCES, headers=header)["summary"]["total_points"] == 1000
    assert service.refusal(BALANCES, params={"as_of": "yesterday"}) == "validation"


@pytest.mark.parametrize("name", ["as_of", "known_at", "at_least"])
def test_a_read_that_says_two_moments_is_refused_and_named(service: Served, name: str) -> None:
    header, (one, other) = "X-" + name.replace("_", "-"), (NOW.isoformat(), "2026-03-10")
    if name == "at_least":
        one, other = "1", "2"
    assert service.told(BALANCES, params={name: one}, headers={header: one})
    for twice in (
        {"params": {name: one}, "headers": {header: other}},
        {"params": [(name, one), (name, other)]},
        {"params": [(name, one), (name, one)]},
        {"headers": [(header, one), (header, other)]},
    ):
        errors = service.ask(BALANCES, **twice).json()["errors"]
        assert (errors["code"], errors["details"]["problems"][0]["field"]) == ("validation", name)


def test_a_shelf_as_of_a_moment_is_a_customers(service: Served) -> None:
    service.shop.later(hours=1)
    service.told(SPEND, spend_details=[{"amount": 700}])
    before = {"as_of": NOW.isoformat()}
    assert service.refusal(SHELF, None, params=before) == "validation"

    def mugs(**beside: Any) -> Any:
        shelf = service.told(SHELF, reward_store_ids=["rewards"], **beside)
        return next(one for one in shelf["reward_store_offers"] if one["id"] == "mugs-400")

    assert (mugs()["can_purchase"], mugs(params=before)["can_purchase"]) == (False, True)


def test_a_read_waits_for_the_position_of_a_write(service: Served) -> None:
    spent = service.ask(SPEND, spend_details=[{"amount": 100}])
    position = spent.headers["x-log-position"]
    late = service.ask(BALANCES, params={"at_least": position})
    assert late.status_code == 503
    assert late.headers["retry-after"]
    service.shop.ledger.projector.catch_up()
    known = service.ask(BALANCES, params={"at_least": position}).json()["payload"]
    assert known["summary"]["total_points"] == 900
    assert service.refusal(BALANCES, params={"at_least": "soon"}) == "validation"


def test_nobody_and_another_retailer_are_refused(service: Served) -> None:
    assert service.ask(BALANCES, None, user_id="nobody").json()["errors"]["code"] == (
        "user_not_found"
    )
    service.shop.publish(document() | {"retailer_id": "r-1"})
    assert service.told(BALANCES, retailer_id="r-1")["user_id"]
    assert service.told(TRIGGER, event_lookup="review")["user_event"]["retailer_id"] == "r-1"
    for _ in range(1_000):  # what is published elsewhere is seen within a moment
        answer = service.ask(BALANCES, retailer_id="r-2").json()
        if answer["status"] == "error":
            assert answer["errors"]["code"] == "validation"
            return
    raise AssertionError("another retailer is not refused")


DEPOSIT = "/incentives/api/2.0/user_points/deposit"


def test_points_are_given_by_hand_all_lines_or_none(service: Served) -> None:
    def line(amount: int, account: str = "points", source: str = "purchases") -> dict[str, Any]:
        return {"point_source_id": source, "point_account_id": account, "amount": amount}

    told = service.told(DEPOSIT, deposit_details=[line(50), line(7, "credits")])
    assert told["summary"] == {"amount_deposited": 57, "remaining_balance": 1057}
    assert service.shop.points() == 1050
    assert service.refusal(DEPOSIT, deposit_details=[line(1), line(1, "gold")]) == "validation"
    assert service.refusal(DEPOSIT, deposit_details=[line(1, source="x")]) == "validation"
    assert service.shop.points() == 1050
    again: dict[str, Any] = {"deposit_details": [line(5)], "idempotency_id": "d-1"}
    assert service.ask(DEPOSIT, **again).content == service.ask(DEPOSIT, **again).content
    assert service.shop.points() == 1055
