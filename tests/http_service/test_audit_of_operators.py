"""Who did what through the service: an event for what leaves no other, and an actor with each."""

import json
from datetime import UTC
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import httpx
import pytest
from sqlalchemy import select

from cli.command_line import loyalty
from http_service.failing import nothing_goes_into
from http_service.serving import Served
from loyalty_ledger.domain.api_key import Scope
from loyalty_ledger.domain.events.operating import OperatorActed
from loyalty_ledger.keys import Terms
from loyalty_ledger.store.schema import events
from offers.till import NOW, document

VERIFY, REBUILD = "/admin/v1/verify", "/admin/v1/projections/profile/rebuild"


def acts(service: Served) -> list[OperatorActed]:
    found = service.shop.events("OperatorActed")
    return [one for one in found if isinstance(one, OperatorActed)]


def done(service: Served, path: str, **headers: str) -> dict[str, Any]:
    """What a job came to."""
    caller = service.caller()
    job = caller.post(path, headers=headers).json()
    while job["state"] == "running":
        job = caller.get(f"/admin/v1/jobs/{job['job_id']}").json()
    return dict(job)


def exported(service: Served, what: str, **headers: str) -> list[dict[str, Any]]:
    answer = service.caller().get(f"/admin/v1/export/{what}", headers=headers)
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def test_a_job_is_recorded_with_key_and_request_before_it_begins(service: Served) -> None:
    service.shop.ledger.projector.catch_up()
    assert done(service, REBUILD, **{"X-Request-ID": "4f1c2a7be09d3356"})["result"]["equal"]
    assert done(service, VERIFY, **{"X-Request-ID": "0b5c6a1e-4c3f-4a57-9d0a-2f2f1d6c9b11"})[
        "result"
    ]["holds"]
    rebuilt, verified = acts(service)
    assert (rebuilt.act, rebuilt.subject, rebuilt.request_id) == (
        "rebuild",
        "profile",
        "4f1c2a7be09d3356",
    )
    assert (verified.act, verified.subject, verified.request_id) == (
        "verify",
        "",
        "0b5c6a1e-4c3f-4a57-9d0a-2f2f1d6c9b11",
    )
    assert {rebuilt.key_id, verified.key_id} == {service.key_id}
    assert rebuilt.at.astimezone(UTC) >= NOW


def test_what_is_refused_was_not_done(service: Served) -> None:
    caller = service.caller()
    assert caller.post("/admin/v1/projections/none/rebuild").status_code == 422
    assert caller.get("/admin/v1/export/secrets").status_code == 422
    then = {"known_at": "2026-01-01"}
    assert caller.get("/admin/v1/export/balances", params=then).status_code == 422
    assert acts(service) == []


def test_an_export_is_recorded_before_a_line_is_told(service: Served) -> None:
    exported(service, "balances", **{"X-Request-ID": "01ARZ3NDEKTSV4RRFFQ69G5FAV"})
    exported(service, "events")
    balances, told = acts(service)
    assert (balances.act, balances.subject, balances.request_id) == (
        *("export", "balances"),
        "01ARZ3NDEKTSV4RRFFQ69G5FAV",
    )
    assert (told.act, told.subject, told.key_id) == ("export", "events", service.key_id)


@pytest.mark.parametrize("method, path", [("GET", "/admin/v1/export/balances"), ("POST", VERIFY)])
def test_what_cannot_be_recorded_is_not_done(service: Served, method: str, path: str) -> None:
    caller = service.caller()
    assert caller.get("/admin/v1/status").status_code == 200
    with nothing_goes_into(events, service):
        answer = caller.request(method, path)
    assert (answer.status_code, "customer_id" in answer.text) == (500, False)
    assert acts(service) == []
    assert done(service, VERIFY)["state"] == "done"  # and none runs that was not recorded


def edit(service: Served, method: str, path: str, body: Any, message: str) -> dict[str, Any]:
    """An edit of Ann, under an id of its own."""
    where = f"/users/{service.shop.id_of('ANN')}{path}"
    answer = service.core(method, where, body, headers={"Message-ID": message})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_an_edit_tells_which_fields_and_no_value_and_is_recorded_once(service: Served) -> None:
    ann = {"user": {"first_name": "Ann", "city": "Utrecht", "email": "ann@shop.example"}}
    own = {"user_profile": {"ann@shop.example": "yes", "shoe_size": 38}}
    for _ in range(2):
        assert edit(service, "PUT", "", ann, "m-1")["changed"]
        assert edit(service, "POST", "/models/user_profile", own, "m-2")["changed"]
    assert not edit(service, "PUT", "", ann, "m-3")["changed"]
    first, second = acts(service)
    assert (first.act, first.customer_id) == ("edit", service.shop.id_of("ANN"))
    assert first.fields == ["city", "email", "first_name"]
    assert second.fields == ["user_profile"]  # a name of one's own may be a person's
    assert {first.key_id, second.key_id} == {service.key_id}
    with service.shop.ledger.log.engine.connect() as connection:
        bodies = b"".join(map(bytes, connection.scalars(select(events.c.body))))
    assert [word for word in (b"Utrecht", b"shop.example", b"shoe") if word in bodies] == []


def test_an_edit_by_the_narrowest_key_is_recorded_too(service: Served) -> None:
    key = service.shop.ledger.keys.create(Terms("app", Scope.MEMBER))
    path = f"/priv/v1/apps/{key.key.key_id}/users/{service.shop.id_of('ANN')}"
    auth, body = (key.key.key_id, key.secret), {"user": {"city": "Utrecht"}}
    assert httpx.put(f"{service.url}{path}", auth=auth, json=body).status_code == 200
    assert [one.key_id for one in acts(service)] == [key.key.key_id]


def test_an_edit_that_cannot_be_recorded_is_not_made(service: Served) -> None:
    where, body = f"/users/{service.shop.id_of('ANN')}", {"user": {"city": "Utrecht"}}
    service.caller()
    with nothing_goes_into(events, service):
        assert service.core("PUT", where, body).status_code == 500
    assert service.core("GET", where).json()["user"]["city"] is None


def test_every_event_is_exported_with_who_did_it_by_which_request(service: Served) -> None:
    asked = {"X-Request-ID": "4bf92f3577b34da6a3ce929d0e0e4736"}
    changed = document() | {"name": "Better shop"}
    published = service.caller().post("/admin/v1/program", json=changed, headers=asked)
    assert published.json()["published"]
    one = [x for x in exported(service, "events") if x["name"] == "ProgramPublished"][-1]
    assert (one["actor"], one["request"]) == (service.key_id, "4bf92f3577b34da6a3ce929d0e0e4736")


def test_what_commands_do_is_theirs_and_what_follows_is_nobodys(
    service: Served, tmp_path: Path
) -> None:
    url, file = service.shop.url, tmp_path / "events.jsonl"
    assert loyalty(url, "keys", "create", "by hand", "--scope", "pos").code == 0
    service.send()
    assert loyalty(url, "work", "--once", "--until", "2026-03-10T23:00:00").code == 0
    assert loyalty(url, "export", "events", file).code == 0
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    (created,) = (one for one in rows if one["event"].get("name") == "by hand")
    assert (created["actor"], created["request"]) == ("cli", None)
    sale = next(one for one in rows if one["stream"] == "sale/main/T1")
    assert sale["actor"].startswith("key_") and sale["request"]
    settled = [one for one in rows if one["name"] == "TransactionSettled"]
    assert {one["actor"] for one in settled} == {None}


def test_views_and_laws_take_no_notice(service: Served) -> None:
    service.send()
    service.shop.work()
    edit(service, "PUT", "", {"user": {"city": "Utrecht"}}, "m-1")
    exported(service, "history")
    service.shop.work()
    assert done(service, VERIFY)["result"] == {"holds": True, "problems": [], "events": ANY}
    for one in service.caller().get("/admin/v1/projections").json()["projections"]:
        assert done(service, f"/admin/v1/projections/{one['name']}/rebuild")["result"]["equal"]


@pytest.mark.parametrize("path", [VERIFY, REBUILD])
def test_the_beginning_of_a_job_answers_the_position_of_its_record(
    service: Served, path: str
) -> None:
    begun = service.caller().post(path)
    (at,) = (
        one.position
        for one in service.shop.ledger.log.read(0, 1_000)
        if isinstance(one.event, OperatorActed)
    )
    assert int(begun.headers["X-Log-Position"]) >= at
    refused = service.caller().post(path, params={"at_least": at})
    assert refused.status_code == 422
