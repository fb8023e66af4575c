"""What nobody's documents say stands in one file, and a retailer's own goes over it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.command_line import loyalty
from http_service.serving import SALE, Served, served_in_own_words
from loyalty_ledger.domain.values import Rejected
from loyalty_ledger.http.app import PATHS
from loyalty_ledger.http.names import read_names
from offers.till import promoting

SPEND = "/incentives/api/1.0/user_points/spend_multiple"
SHELF = "/offers/api/2.0/offers/rewardstores/get_reward_store_offers"
AUDIT = "/incentives/api/1.0/point_audit_logs/fetch_point_audit_logs"
OWN = """
[status.pos]
ok = "FINE"
[codes]
insufficient_points = "too_poor"
offer_not_found = "no_such_offer"
[codes.service]
denied = "not_you"
[enumerations.discount_status]
LOCKED = "held"
REDEEMED = "used"
[enumerations.discount_source]
ours = "Loyalty"
[enumerations.account_status]
good = "fine"
[enumerations.offer_status]
live = 7
[enumerations.restricted]
offer = "anywhere"
[enumerations.restriction_scope]
global = "all"
[enumerations.level_status]
live = 8
[enumerations.fail_reason]
none = 9
[enumerations.error_status]
none = 10
refused = 11
[enumerations.campaign_state]
active = "on"
[enumerations.lockout_policy]
promo_codes = "codes"
[enumerations.idempotency_summary]
repeated = "again"
[enumerations.timeline_view]
new = "LIFE"
[enumerations.offer_group]
id = "all"
name = "Everything"
[audit_log]
dates_required = true
[paths]
claims = "/codes/redeem"
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def service(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Served]:
    with served_in_own_words(request.param, tmp_path, OWN) as made:
        yield made


def test_tills_read_a_retailers_own_words(service: Served) -> None:
    offer = service.shop.give("euro")
    locked = service.lock(offer)
    assert locked["status"] == "FINE"
    told = locked["payload"]
    assert (told["status"], told["discount_source"]) == ("held", "Loyalty")
    assert service.lock(offer, "redeem")["payload"]["status"] == "used"
    assert service.lock("nothing")["errors"]["code"] == "no_such_offer"
    service.pos("send_transaction", SALE | {"discounts": [told]})
    service.shop.work()
    assert service.shop.flags("T1") == []
    found = service.pos("lookup", {"external_customer_id": "ANN"}).json()["payload"]["user"]
    assert found["account_status"] == "fine"


def test_apps_read_a_retailers_own_words(service: Served) -> None:
    lines = [{"amount": 1, "idempotency_id": "L"}, {"amount": 5000}]
    for _ in range(2):
        told = service.told(SPEND, spend_details=lines, allow_partial_success=True)["details"]
    assert [one["error_status"] for one in told] == [10, 11]
    assert (told[0]["idempotency_summary"], told[1]["error_response"]) == ("again", "too_poor")
    shelf = service.told(SHELF, "BOB", reward_store_ids=["rewards"])["reward_store_offers"]
    assert {one["offer_details"]["offer_status"] for one in shelf} == {7}
    (mugs,) = [one["offer_details"] for one in shelf if one["id"] == "mugs-400"]
    assert mugs["offer_inventory_restrictions"] == [
        {"restricts": "reward_store_offer", "scope": "all", "quantity": 2},
        {"restricts": "anywhere", "scope": "all", "quantity": 3},
    ]
    why = [x["code"] for one in shelf for x in one["cannot_purchase_because"]]
    assert "too_poor" in why
    assert "insufficient_points" not in why
    issued = service.told("/offers/api/2.0/offers/acquisition/issue", offer_id="euro")
    assert issued["status_list"][0]["fail_reason"] == 9
    wallet = service.told("/offers/api/2.0/offers/get_user_offers")
    assert wallet["offer_groups"] == [{"id": "all", "name": "Everything", "sort_order": 0}]
    assert wallet["user_offers"][0]["offer_group_id"] == "all"
    progress = service.told("/incentives/api/1.0/progress/rule_tree/user_progress")
    assert progress["tier_levels"][0]["tier_overview"]["status"] == 8


def test_sites_read_a_retailers_own_words_at_a_retailers_own_path(service: Served) -> None:
    service.shop.publish(promoting())
    ann = "/external/users/ANN"
    tiles = service.core("GET", f"{ann}/campaigns").json()["campaigns"]["tiles"]
    assert tiles[0]["progress"] == {"state": "on"}
    assert service.core("GET", f"{ann}/lockout").json()["lockout"]["policy_type"] == "codes"
    assert service.core("GET", f"{ann}/timelines/LIFE").json()["status"] == "ok"
    assert service.core("GET", f"{ann}/timelines/NEW_VIEW").json()["status"] == "error"
    claim = service.core("POST", f"{ann}/codes/redeem", {"code": "MUGLOVE"})
    assert claim.json()["claim"]["promotion_id"] == "mug-love"
    as_ever = service.core("POST", f"{ann}/promotions/claims", {"code": "MUGLOVE"})
    assert as_ever.json()["claim"]["promotion_id"] == "mug-love"


def _claims_at(path: str, folder: Path) -> Path:
    own = folder / "own.toml"
    own.write_text(f'[paths]\nclaims = "{path}"\n', encoding="utf-8")
    return own


@pytest.mark.parametrize("path", ["", "codes", "/", "/codes/", "/{code}"])
def test_what_is_no_path_is_refused(tmp_path: Path, path: str) -> None:
    own = _claims_at(path, tmp_path)
    with pytest.raises(Rejected, match="must be a path such as /promotions/claims"):
        read_names(own)


@pytest.mark.parametrize(
    "path",
    ["/promotions", "/tags", "/models/user_profile", "/user_profile", "/timelines/NEW_VIEW"],
)
def test_a_path_of_ones_own_that_would_hide_another_is_refused(tmp_path: Path, path: str) -> None:
    own = _claims_at(path, tmp_path)
    with pytest.raises(Rejected, match=f"claims must not be {path}: .*{path.split('/')[1]}"):
        read_names(own, PATHS)
    served = loyalty(f"sqlite:///{tmp_path}/none.db", "serve", "--port", "0", "--wire", own)
    assert (served.code, "claims must not be" in served.err) == (1, True)


@pytest.mark.parametrize("path", ["/claims", "/promotions/claims", "/codes/redeem", "/NEW_VIEW"])
def test_a_path_of_ones_own_is_one_only_right_behind_a_customer(tmp_path: Path, path: str) -> None:
    own = _claims_at(path, tmp_path)
    names, root = read_names(own, PATHS), "/priv/v1/apps/key"
    for whose in (f"{root}/users/7", f"{root}/external/users/a%2Fb"):
        as_ever = f"{whose}/promotions/claims"
        assert names.own_path(whose + path) == names.own_path(as_ever) == as_ever
    for other in (f"{root}{path}", f"{root}/users{path}", f"{root}/users/7/x{path}", path):
        assert names.own_path(other) == other


def test_movements_may_have_to_be_asked_for_between_dates(service: Served) -> None:
    dates: dict[str, Any] = {"from_date": "2026-01-01T00:00:00Z", "to_date": "2026-04-01T00:00:00Z"}
    assert service.refusal(AUDIT) == "validation"
    assert service.refusal(AUDIT, from_date=dates["from_date"]) == "validation"
    assert service.told(AUDIT, **dates)["total_records"] > 0
