"""How paths are read, and what is answered where nothing is."""

from typing import Any

import httpx
import pytest

from http_service.description import usual
from http_service.serving import Served
from loyalty_ledger.client.sites import External
from loyalty_ledger.http.connect import MOST_IDS, MOST_ROWS

ODD_IDS = ("card/17", "a b", "50%2F50", "x?y#z", "jos\N{LATIN SMALL LETTER E WITH ACUTE}")
PROGRESS = "/api/1.0/progress/rule_tree/user_progress"
SHELF = "/api/2.0/offers/rewardstores/get_reward_store_offers"


@pytest.mark.parametrize("external_id", ODD_IDS)
def test_a_customer_is_addressed_by_any_external_id(service: Served, external_id: str) -> None:
    with service.client() as site:
        made = site.create_user({"external_id": external_id})
        other = site.create_user({"external_id": f"{external_id}/tags"})
        whom = External(external_id)
        assert site.tag_user(whom, ["found"])["changed"]
        service.shop.ledger.projector.catch_up()
        told = site.read_user(whom)
        assert (told["id"], told["external_id"]) == (made["id"], external_id)
        assert [one["tag"] for one in told["tags"]] == ["found"]
        assert site.read_user(External(f"{external_id}/tags"))["id"] == other["id"]


@pytest.mark.parametrize(
    "method, path, status",
    [
        *(("GET", "/api/2.0/nothing", 404), ("GET", "/api/2.0/lock", 405)),
        *(("POST", "/offers/api/2.0/x", 404), ("GET", "/api/1.0/user_points/deposit", 405)),
        *(("GET", "/priv/v1/apps/key/users/", 404), ("PATCH", "/priv/v1/apps/key/users", 405)),
        *(("GET", "/admin/v1/keys/", 404), ("PUT", "/admin/v1/keys", 405)),
        ("PUT", "/metrics", 405),
    ],
)
def test_where_nothing_is_the_family_of_the_path_says_so(
    service: Served, method: str, path: str, status: int
) -> None:
    answer = httpx.request(method, service.url + path)
    assert answer.status_code == status
    known = {"/api/2.0/nothing": "ERROR", "/api/2.0/lock": "ERROR"}
    if path.startswith(("/admin", "/metrics")):
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "not_found"
    else:
        told = answer.json()
        assert (told["status"], told["errors"]["code"]) == (known.get(path, "error"), "not_found")


def test_a_refusal_of_nobody_keeps_its_status_when_it_is_asked_again(service: Served) -> None:
    gone = service.shop.id_of("BOB")
    service.shop.ledger.erasing.erase(gone)
    asked: Any = {"body": {"tags": ["x"]}, "headers": {"Message-ID": "m-1"}}
    first, again = (service.core("POST", f"/users/{gone}/tags", **asked) for _ in range(2))
    assert (first.status_code, again.status_code) == (404, 404)
    assert first.content == again.content
    assert again.headers["cached-message"] == "true"


def test_a_position_beyond_the_log_is_refused_at_once(service: Served) -> None:
    beyond = {"at_least": str(service.events() + 1_000)}
    answer = service.ask(PROGRESS, params=beyond).json()
    assert answer["errors"]["code"] == "validation"
    assert "is beyond the end of the log" in answer["errors"]["message"]


@pytest.mark.parametrize(
    "path, field, known, most",
    [
        (PROGRESS, "ids", "club", MOST_IDS),
        ("/api/2.0/offers/fetch_offers_details", "offer_ids", "euro", MOST_ROWS),
        (SHELF, "reward_store_ids", "rewards", MOST_IDS),
    ],
)
def test_lists_of_ids_have_an_end(
    service: Served, path: str, field: str, known: str, most: int
) -> None:
    service.shop.ledger.projector.catch_up()
    for number, status in ((most, "ok"), (most + 1, "error")):
        body: dict[str, Any] = {field: [known] * number}
        told = service.ask(path, **body).json()
        assert told["status"] == status
    assert f"{field} must hold at most {most:,}" in told["errors"]["message"]


def test_null_in_a_body_is_the_same_as_left_out_and_described_so(service: Served) -> None:
    service.shop.ledger.projector.catch_up()
    wallet = "/api/2.0/offers/get_user_offers"
    assert service.ask(wallet, take=None).content == service.ask(wallet).content
    asked = usual().document["components"]["schemas"]["GetUserOffers"]
    assert {"type": "null"} in asked["properties"]["take"]["anyOf"]
