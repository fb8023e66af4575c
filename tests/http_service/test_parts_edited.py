"""Parts of the program are edited over HTTP: what is left out stays, what is null is taken away."""

from typing import Any

from http_service.serving import Served

STORES = "/offers/api/2.0/offers/rewardstores/"
STORE, OFFER = STORES + "create_or_edit", STORES + "add_or_edit_offer"
OPEN = STORES + "get_user_reward_stores"
NAMED: dict[str, Any] = {"id": "vault", "name": "Vault", "point_account_ids": ["points"]}
GUARDED = {
    "start_date": "2026-01-01",
    "end_date": "2026-12-01",
    "levels": {"club": ["silver"]},
    "tags": ["vip"],
}
SOLD: dict[str, Any] = {
    "id": "sun-20",
    "reward_store_id": "vault",
    "root_offer_id": "daily",
    "price": 20,
}
SCARCE = {
    "start_date": "2026-02-01",
    "end_date": "2026-11-01",
    "per_customer": 1,
    "inventory": 3,
}
SPRING: dict[str, Any] = {
    "id": "spring",
    "name": "Spring",
    "kind": "multi_use",
    "outcomes": [{"award": {"account": "points", "source": "purchases", "points": 50}}],
}
LIMITED = {
    "code": "SPRING",
    "start_date": "2026-03-01",
    "end_date": "2026-06-01",
    "per_customer": 2,
    "global_entry_cap": 9,
}


def part(service: Served, section: str, name: str) -> dict[str, Any]:
    """A part of the newest program, as it is published."""
    program = service.caller().get("/admin/v1/program").json()
    (found,) = [one for one in program[section] if one["id"] == name]
    return dict(found)


def promotion(service: Served, **changes: Any) -> dict[str, Any]:
    """The promotion, once it was set up so."""
    answer = service.core("POST", "/promotions", SPRING | changes)
    assert answer.json()["status"] == "ok", answer.text
    return part(service, "promotions", "spring")


def test_a_reward_store_that_is_renamed_stays_shut_to_whom_it_was(service: Served) -> None:
    service.told(STORE, None, **NAMED, **GUARDED)
    before = part(service, "reward_stores", "vault")
    service.told(STORE, None, **(NAMED | {"name": "Safe"}))
    assert part(service, "reward_stores", "vault") == before | {"name": "Safe"}
    (levels, tags) = before["levels"], before["tags"]
    assert (levels, tags, before["starts"][:10]) == ({"club": ["silver"]}, ["vip"], "2026-01-01")
    assert "vault" not in [one["id"] for one in service.told(OPEN)["reward_stores"]]


def test_null_opens_a_reward_store_and_takes_its_dates_away(service: Served) -> None:
    service.told(STORE, None, **NAMED, **GUARDED)
    service.told(OFFER, None, **SOLD)
    service.told(STORE, None, **NAMED, levels=None, end_date=None)
    left = part(service, "reward_stores", "vault")
    assert (left["levels"], left["tags"], "starts" in left, "ends" in left) == (
        {},
        ["vip"],
        True,
        False,
    )
    service.told(STORE, None, **NAMED, tags=None, start_date=None)
    left = part(service, "reward_stores", "vault")
    assert (left["tags"], "starts" in left) == ([], False)
    assert [one["id"] for one in left["offers"]] == ["sun-20"]


def test_what_a_store_sells_keeps_what_is_not_said_of_it(service: Served) -> None:
    service.told(STORE, None, **NAMED)
    service.told(OFFER, None, **SOLD, **SCARCE)
    service.told(OFFER, None, **(SOLD | {"id": "second", "price": 5}))
    (before, second) = part(service, "reward_stores", "vault")["offers"]
    service.told(OFFER, None, **(SOLD | {"price": 30}))
    assert part(service, "reward_stores", "vault")["offers"] == [before | {"price": 30}, second]
    assert (before["per_customer"], before["inventory"]) == (1, 3)
    service.told(OFFER, None, **SOLD, **dict.fromkeys(SCARCE))
    assert part(service, "reward_stores", "vault")["offers"] == [
        {"id": "sun-20", "offer": "daily", "price": 20},
        second,
    ]


def test_a_promotion_keeps_what_is_not_said_of_it(service: Served) -> None:
    before = promotion(service, **LIMITED)
    assert (before["total"], before["per_customer"], before["starts"][:10]) == (9, 2, "2026-03-01")
    assert promotion(service, name="May") == before | {"name": "May"}
    assert promotion(service, global_entry_cap=10) == before | {"total": 10}
    bare = promotion(service, **{name: None for name in LIMITED if name != "code"})
    assert bare == {name: before[name] for name in ("id", "name", "kind", "code", "outcomes")}


def test_a_code_that_the_kind_cannot_have_is_taken_away_by_null(service: Served) -> None:
    promotion(service, **LIMITED)
    single = SPRING | {"kind": "single_use"}
    refused = service.core("POST", "/promotions", single).json()["errors"]
    assert refused["code"] == "validation"
    assert "code" not in promotion(service, kind="single_use", code=None)


def test_the_same_edit_again_publishes_nothing(service: Served) -> None:
    promotion(service, **LIMITED)
    service.told(STORE, None, **NAMED, **GUARDED)
    first = service.told(OFFER, None, **SOLD, **SCARCE)
    service.told(OFFER, None, **(SOLD | {"id": "second"}))
    newest = service.told(OFFER, None, **SOLD)
    assert newest["program_version"] == first["program_version"] + 1
    promotion(service)
    assert service.told(STORE, None, **NAMED) == newest | {"id": "vault"}
