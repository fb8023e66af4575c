"""What is configured over HTTP: reward stores, stores, catalogs, the program and keys."""

import itertools
import json
import threading
from functools import partial
from typing import Any

import httpx
import pytest

from http_service.middleware import all_at_once
from http_service.serving import Served
from loyalty_ledger.http.jobs import Jobs, Progress
from loyalty_ledger.ledger import Ledger
from offers.till import document

STORE = "/offers/api/2.0/offers/rewardstores/create_or_edit"
BUY = "/offers/api/2.0/offers/rewardstores/purchase_offer"
STORES = "/offers/api/2.0/offers/rewardstores/get_user_reward_stores"
OFFER = "/offers/api/2.0/offers/rewardstores/add_or_edit_offer"


def test_a_reward_store_is_created_filled_and_changed(service: Served) -> None:
    made = {"id": "summer", "name": "Summer", "point_account_ids": ["points"]}
    assert service.told(STORE, None, **made)["id"] == "summer"
    sold = {"id": "sun-20", "reward_store_id": "summer", "root_offer_id": "daily", "price": 20}
    service.told(OFFER, None, **sold)
    assert service.told(BUY, reward_store_offer_id="sun-20")["summary"]["amount_spent"] == 20
    service.told(OFFER, None, **(sold | {"price": 30}))
    service.told(STORE, None, **(made | {"name": "High summer"}))
    assert service.told(BUY, reward_store_offer_id="sun-20")["summary"]["amount_spent"] == 30
    seen_within_a_moment(service, "High summer")


def seen_within_a_moment(service: Served, name: str) -> None:
    """What one thread publishes the others see soon, without being told."""
    for _ in range(1_000):
        stores = service.told(STORES)["reward_stores"]
        if name in [one["name"] for one in stores]:
            return
    raise AssertionError(f"{name} is not seen")


def test_whoever_changes_the_program_at_once_nobodys_change_is_lost(service: Served) -> None:
    names = [f"shelf-{number}" for number in range(8)]
    service.caller()
    all_at_once([partial(put_up, service, name, name) for name in names])
    newest: Any = service.shop.events("ProgramPublished")[-1]
    assert {*names} < {one["id"] for one in newest.document["reward_stores"]}


def test_a_change_of_the_program_is_made_once(service: Served) -> None:
    first = put_up(service, "shelf", "Spring")
    put_up(service, "shelf", "Summer", "another")
    before = service.events()
    assert put_up(service, "shelf", "Spring").content == first.content
    assert service.events() == before


def put_up(service: Served, store: str, name: str, message: str = "") -> httpx.Response:
    made = {"id": store, "name": name, "point_account_ids": ["points"]}
    answer = service.ask(STORE, None, **made, headers={"Message-ID": message or store})
    assert answer.json()["status"] == "ok", answer.text
    return answer


def test_a_store_without_an_account_or_an_unknown_one_is_refused(service: Served) -> None:
    caller = service.caller()
    before = caller.get("/admin/v1/status").json()["program_version"]
    made: dict[str, Any] = {"id": "s", "name": "S"}
    assert service.refusal(STORE, None, **made, point_account_ids=[]) == "validation"
    assert service.refusal(STORE, None, **made, point_account_ids=["gold"]) == "validation"
    sold = {"id": "x", "reward_store_id": "none", "root_offer_id": "daily", "price": 1}
    assert service.refusal(OFFER, None, **sold) == "validation"
    assert caller.get("/admin/v1/status").json()["program_version"] == before


def test_stores_are_replaced_whole_and_most_only_when_confirmed(service: Served) -> None:
    one = {"stores": [{"store_id": "main", "name": "Main", "time_zone": "Europe/Amsterdam"}]}
    caller = service.caller()
    new = {"store_id": "new", "name": "New", "time_zone": "UTC"}
    assert caller.post("/admin/v1/stores", json={"stores": [new]}).status_code == 422
    told = caller.post("/admin/v1/stores", json=one | {"confirmed": True})
    assert told.json() == {"loaded": 1, "changed": True}
    loaded = service.shop.events("StoresLoaded")[-1]
    assert [one.store_id for one in getattr(loaded, "stores", [])] == ["main"]
    twice = {"stores": [new, new], "confirmed": True}
    problem = caller.post("/admin/v1/stores", json=twice)
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json()["code"] == "validation"


def test_a_catalog_is_replaced_whole(service: Served) -> None:
    items = [{"sku": "TEA", "name": "Tea", "categories": ["tea"]}]
    caller = service.caller()
    refused = caller.post("/admin/v1/catalog", json={"items": items})
    assert refused.json()["code"] == "retires_most"
    told = caller.post("/admin/v1/catalog", json={"items": items, "confirmed": True})
    assert told.json() == {"loaded": 1, "changed": True}
    unknown = {"items": items, "for_store": "none", "confirmed": True}
    assert caller.post("/admin/v1/catalog", json=unknown).json()["code"] == "unknown_store"


def test_a_name_that_no_database_keeps_is_refused(service: Served) -> None:
    for name, status in (("", 200), ("a\0b", 400), ("a\nb", 422), ("x" * 121, 422)):
        items = [{"sku": "TEA", "name": name}]
        told = service.caller().post("/admin/v1/catalog", json={"items": items, "confirmed": True})
        assert told.status_code == status, told.text


def test_the_program_is_published_shown_and_compared(service: Served) -> None:
    caller = service.caller()
    changed = document() | {"name": "Better shop"}
    diff = caller.post("/admin/v1/program/diff", json=changed).json()["differences"]
    assert [(one["path"], one["kind"]) for one in diff] == [("name", "changed")]
    assert caller.post("/admin/v1/program", json=changed).json() == {
        "version": 2,
        "published": True,
    }
    again = caller.post("/admin/v1/program", json=changed).json()
    assert again == {"version": 2, "published": False}
    assert caller.get("/admin/v1/program").json()["name"] == "Better shop"
    old = caller.get("/admin/v1/program", params={"version": "1"}).json()
    assert old["name"] == "Coffee shop"
    broken = caller.post("/admin/v1/program", json={"program": "x"})
    assert (broken.status_code, broken.json()["code"]) == (422, "validation")


def test_keys_are_made_listed_rotated_and_revoked(service: Served) -> None:
    caller = service.caller()
    made = caller.post("/admin/v1/keys", json={"name": "till", "scope": "pos"}).json()
    shown = {one["key"]: one for one in caller.get("/admin/v1/keys").json()["keys"]}
    assert shown[made["key"]]["state"] == "good"
    assert "secret" not in shown[made["key"]]
    path = f"/admin/v1/keys/{made['key']}"
    rotated = caller.post(f"{path}/rotate", json={}).json()
    assert rotated["secret"] != made["secret"]
    assert caller.delete(path).json()["state"] == "revoked"
    assert caller.delete("/admin/v1/keys/key_none").status_code == 404


def test_views_are_rebuilt_and_laws_verified_as_jobs(service: Served) -> None:
    caller = service.caller()
    service.shop.ledger.projector.catch_up()
    names = [one["name"] for one in caller.get("/admin/v1/projections").json()["projections"]]
    assert "profile" in names
    for start in ("/admin/v1/projections/profile/rebuild", "/admin/v1/verify"):
        job = caller.post(start).json()
        while job["state"] == "running":
            job = caller.get(f"/admin/v1/jobs/{job['job_id']}").json()
        assert job["state"] == "done", job
        assert job["result"].get("equal", True) and job["result"].get("holds", True)
    assert caller.post("/admin/v1/projections/none/rebuild").status_code == 422
    assert caller.get("/admin/v1/jobs/none").status_code == 404


def test_long_work_ends_with_the_service(service: Served) -> None:
    jobs = Jobs(lambda: service.shop.ledger)
    begun = threading.Event()

    def work(_ledger: Ledger, show: Progress) -> None:
        for step in itertools.count():
            show(step, 0)
            begun.set()

    begins = jobs.start("count", work, lambda: None)
    assert (begins["state"], begins["progress"]) == ("running", {"done": 0, "goal": 0})
    assert begun.wait(30)
    jobs.close()
    job = jobs.job(begins["job_id"])
    assert (job.state, job.result) == (
        "failed",
        {"error": "the service ended before the work did: start it again"},
    )


def test_exports_are_told_as_lines(service: Served) -> None:
    caller = service.caller()
    lines = caller.get("/admin/v1/export/balances").text.splitlines()
    assert len(lines) == 6  # three customers, two accounts
    assert '"available":1000' in "".join(lines)
    then = caller.get("/admin/v1/export/balances", params={"as_of": "2026-01-01"}).text
    assert '"available":1000' not in then
    assert caller.get("/admin/v1/export/secrets").status_code == 422


@pytest.mark.parametrize("what", ["balances", "tiers", "history"])
def test_an_export_known_before_there_was_a_program_is_refused(service: Served, what: str) -> None:
    answer = service.caller().get(f"/admin/v1/export/{what}", params={"known_at": "2026-01-01"})
    assert (answer.status_code, answer.json()["code"]) == (422, "no_program")


def test_events_are_exported_as_they_were_known_then(service: Served) -> None:
    def positions(**params: str) -> list[int]:
        told = service.caller().get("/admin/v1/export/events", params=params)
        return [json.loads(line)["position"] for line in told.text.splitlines()]

    service.caller()
    opened, every = service.shop.ledger.clock(), positions()  # the export is an event, too
    service.later(hours=1)
    service.send()
    assert positions() > every
    assert positions(known_at=opened.isoformat()) == every
    assert positions(known_at="2026-01-01") == []


def test_figures_and_readiness_are_told(service: Served) -> None:
    caller = service.caller()
    caller.get("/admin/v1/status")
    figures = caller.get("/metrics").text
    assert 'loyalty_answers_total{operation="status",status="200"} 1.0' in figures
    assert 'loyalty_reader_lag_events{reader="settlement"}' in figures
    assert caller.get("/readyz").json()["status"] == "ready"
