"""What a site asks of the Core family: customers, tags, timelines, campaigns."""

from datetime import timedelta
from typing import Any

import httpx

from http_service.serving import Served
from loyalty_ledger.identity import Reference
from offers.till import NOW, item

CAROL = {
    "external_id": "CAROL",
    "external_id_type": "app",
    "email": "carol@example.com",
    "first_name": "Carol",
    "phone_numbers": [{"phone_number": "+31 20 555 0100", "phone_type": "mobile"}],
    "opted_in": "true",
}


def create(service: Served, **more: Any) -> dict[str, Any]:
    answer = service.core("POST", "/users", {"user": CAROL | more})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def read(service: Served, path: str, **params: Any) -> dict[str, Any]:
    service.shop.ledger.projector.catch_up()
    answer = service.core("GET", path, params=params)
    assert answer.json()["status"] == "ok", answer.text
    return dict(answer.json()["user"])


def test_a_customer_is_created_and_read_by_any_of_his_ids(service: Served) -> None:
    answer = create(service)
    customer_id = answer["user"]["id"]
    assert answer["status"] == "ok"
    by_id = read(service, f"/users/{customer_id}")
    assert (by_id["id"], by_id["email"], by_id["first_name"]) == (
        customer_id,
        "carol@example.com",
        "Carol",
    )
    assert by_id["identifiers"] == [{"external_id": "CAROL", "external_id_type": "app"}]
    assert read(service, "/external/users/CAROL") == by_id
    found = service.core("GET", "/users/search_users", params={"email": "Carol@Example.com"})
    assert found.json()["players"] == [by_id]
    found = service.core("GET", "/users/search_users", params={"mobile_number": "31205550100"})
    assert found.json()["players"] == [by_id]
    nobody = service.core("GET", "/users/search_users", params={"email": "x@example.com"})
    assert nobody.json()["players"] == []


def test_an_identifier_that_is_taken_is_refused_and_changes_nothing(service: Served) -> None:
    create(service)
    before = service.events()
    again = service.core("POST", "/users", {"user": CAROL | {"external_id": "OTHER"}})
    assert (again.status_code, again.json()["errors"]["code"]) == (200, "identifier_taken")
    assert service.events() == before


def test_a_customer_is_changed_and_a_new_address_takes_the_place_of_the_old(
    service: Served,
) -> None:
    customer_id = create(service)["user"]["id"]
    new = {"email": "new@example.com", "last_name": "Jones", "opted_in": False}
    answer = service.core("PUT", f"/users/{customer_id}", {"user": new})
    assert answer.json() == {"status": "ok", "changed": True}
    shown = read(service, f"/users/{customer_id}")
    assert (shown["email"], shown["last_name"], shown["first_name"]) == (
        "new@example.com",
        "Jones",
        "Carol",
    )
    assert shown["opted_in"] is False
    find = service.shop.ledger.answers.find
    assert find(Reference("email", "", "new@example.com")) == customer_id
    assert create(service, external_id="DAVE", phone_numbers=[])["user"]["id"] != customer_id


def test_nobody_is_not_found(service: Served) -> None:
    for path in ("/users/nobody", "/external/users/NOBODY", "/users/nobody/campaigns"):
        answer = service.core("GET", path)
        assert (answer.status_code, answer.json()["errors"]["code"]) == (404, "user_not_found")
        assert answer.json()["status"] == "error"


def test_a_customer_of_thirteen_is_too_young(service: Served) -> None:
    answer = service.core("POST", "/users", {"user": CAROL | {"dob": "2013-03-10"}})
    assert answer.json()["errors"]["code"] == "validation"
    assert create(service, dob="2012-03-09")["status"] == "ok"


def test_a_message_is_answered_once_and_says_so_for_half_an_hour(service: Served) -> None:
    message = {"Message-ID": "8d8f1f0e-0000-4000-8000-000000000001"}
    first = service.core("POST", "/users", {"user": CAROL}, headers=message)
    after = service.events()
    assert first.headers["message-id"] == message["Message-ID"]
    assert "cached-message" not in first.headers
    again = service.core("POST", "/users", {"user": CAROL}, headers=message)
    assert (again.content, again.headers["cached-message"]) == (first.content, "true")
    assert again.headers["message-date"] == first.headers["message-date"]
    service.shop.move_to(NOW + timedelta(minutes=31))
    late = service.core("POST", "/users", {"user": CAROL}, headers=message)
    assert late.content == first.content
    assert "cached-message" not in late.headers
    assert service.events() == after


def test_a_message_that_is_turned_away_is_named_all_the_same(service: Served) -> None:
    message, path = {"Message-ID": "m-0"}, f"/priv/v1/apps/{service.key_id}/users"
    for auth, status in ((service.credentials, 400), (("nobody", "at-all"), 401)):
        told = httpx.post(service.url + path, content=b"{", headers=message, auth=auth)
        assert (told.status_code, told.headers["message-id"]) == (status, "m-0")
        assert "message-date" in told.headers


def test_no_answer_that_is_kept_holds_personal_data(service: Served) -> None:
    message = {"Message-ID": "m-1"}
    service.core("POST", "/users", {"user": CAROL}, headers=message)
    known = service.shop.ledger.log.find_answers([("core", "", "m-1")])
    (answer,) = known.values()
    assert b"carol" not in answer.body.lower()


def test_a_tag_holds_for_as_long_as_it_was_given(service: Served) -> None:
    customer_id = create(service)["user"]["id"]
    service.core("POST", f"/users/{customer_id}/tags", {"tags": ["vip"], "ttl": 60})
    service.core("POST", "/external/users/CAROL/tags", {"tags": ["staff"]})

    def tags() -> list[str]:
        return [one["tag"] for one in read(service, f"/users/{customer_id}")["tags"]]

    assert tags() == ["staff", "vip"]
    service.later(minutes=2)
    assert tags() == ["staff"]


def test_the_profile_expands_to_balances_and_tiers(service: Served) -> None:
    shown = read(service, "/external/users/ANN", expand_incentives="true")
    assert shown["available_points"] == 1000
    details = shown["tier_details"]
    assert details["point_account_balances"]["summary"]["total_points"] == 1000
    assert [one["tier_level_id"] for one in details["tier_levels"]] == ["bronze"]
    assert (shown["tier_system"], shown["tier"]) == ("club", "bronze")


def test_the_timeline_tells_the_latest_first(service: Served) -> None:
    offer = service.shop.give("euro")
    service.later(minutes=5)
    service.lock(offer)
    service.shop.ledger.projector.catch_up()
    path = "/external/users/ANN/timelines/NEW_VIEW"
    answer = service.core("GET", path).json()
    kinds = [one["event_stream_event_type_id"] for one in answer["result"]]
    assert kinds[:2] == ["offer_locked", "offer_issued"]
    only = service.core("GET", path, params={"event_types": "offer_issued", "count": 1}).json()
    assert [one["target_id"] for one in only["result"]] == [offer]
    since = service.core("GET", path, params={"since": "2026-03-10T12:04:00"}).json()
    assert since["count"] == 1
    wrong = service.core("GET", "/external/users/ANN/timelines/OTHER").json()
    assert wrong["errors"]["code"] == "validation"
    assert service.core("GET", path, params={"count": "1001"}).json()["status"] == "error"


def test_the_campaigns_that_are_on_are_told(service: Served) -> None:
    tiles = service.core("GET", "/external/users/ANN/campaigns").json()["campaigns"]["tiles"]
    assert [one["campaign_id"] for one in tiles] == ["cake-month"]
    service.later(days=60)
    tiles = service.core("GET", "/external/users/ANN/campaigns").json()["campaigns"]["tiles"]
    assert tiles == []


def test_the_path_names_the_key_that_calls(service: Served) -> None:
    answer = service.caller().get("/priv/v1/apps/key_other/external/users/ANN")
    assert (answer.status_code, answer.json()["errors"]["code"]) == (401, "invalid_api_key")


def test_a_suspended_customer_earns_and_may_ask_for_nothing(service: Served) -> None:
    customer_id = service.shop.id_of("ANN")
    service.core("PUT", f"/users/{customer_id}", {"user": {"suspended": True}})
    assert read(service, f"/users/{customer_id}")["account_status"] == "suspended"
    offer = service.shop.give("euro", to="BOB")
    assert service.lock(offer)["status"] == "OK"
    buying = {"reward_store_offer_id": "muffin-150"}
    path = "/offers/api/2.0/offers/rewardstores/purchase_offer"
    assert service.refusal(path, **buying) == "customer_suspended"
    service.shop.close("S1", customer="ANN", items=[item("ESPRESSO", "4.00")])
    service.shop.work()
    assert service.shop.points() == 1040
