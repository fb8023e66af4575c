"""Nothing that names a person, and no secret, is ever written to what the service logs."""

import socket
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import msgspec
import pytest
from sqlalchemy import text

from faults.processes import end, running
from http_service.every_route import as_asked, routes
from http_service.hostile_bodies import BODIES
from http_service.processes import Listening, serving
from http_service.serving import SALE
from loyalty_ledger.domain.api_key import Scope
from loyalty_ledger.keys import Terms
from offers.till import Shop, shop_on
from sample_ledger import both_databases

MARK, PHONE = "zq7xk", "31655509977"
SECRET = "a-secret-that-nobody-has-zq7xk"
USER = {
    "external_id": f"EXT-{MARK}",
    "external_id_type": "app",
    "email": f"ann-{MARK}@shop.example",
    "first_name": f"Ann{MARK}",
    "last_name": f"Lee{MARK}",
    "dob": "1990-02-28",
    "city": f"City {MARK}",
    "phone_numbers": [{"phone_number": PHONE, "phone_type": "mobile"}],
}
BOB = {
    "external_id": f"EXT2-{MARK}",
    "email": f"bob-{MARK}@shop.example",
    "first_name": f"Bob{MARK}",
}
PAYMENT = {"amount": 7, "user_id": f"EXT-{MARK}", "receipt_code": f"RC-{MARK}"}
EVERYTHING: dict[str, Any] = {
    "store_id": "main",
    "client_id": f"till-{MARK}",
    "request_id": f"r-{MARK}",
    "request_payload": SALE | {"payments": [PAYMENT], "email": USER["email"], "phone": PHONE},
    "user": USER,
    "user_id": MARK,
    "user_offer_id": f"{MARK}.aaaaaaaaaaaaaaaa",
    "offer_id": MARK,
    "custom_data": f"for {MARK}",
    "code": f"CODE{MARK}",
    "tags": [MARK],
    "name": MARK,
    "event_lookup": MARK,
    "reason": MARK,
    "transaction_id": MARK,
    "tier_system_id": MARK,
    "tier_level_id": MARK,
}


def ask_everything(http: httpx.Client, key_id: str) -> set[int]:
    """Every route, with all of a person in its body, path, query and headers; the statuses."""
    body = msgspec.json.encode(EVERYTHING)
    headers = {"Message-ID": f"m-{MARK}", "X-As-Of": MARK, "Cookie": MARK, "User-Agent": MARK}
    headers |= {"X-Request-ID": MARK}
    query = {"email": str(USER["email"]), "mobile_number": PHONE, "as_of": MARK, MARK: MARK}
    found = set()
    for route in routes():
        asked = as_asked(route, key_id)
        asked["url"] = asked["url"].replace("user_id", quote(str(USER["external_id"])))
        if asked["content"]:
            asked["content"] = body
        for how in ({}, {"headers": headers}, {"params": query}):
            answer = http.request(**asked, **how)  # type: ignore[arg-type]
            found.add(answer.status_code)
    return found


def send_what_is_right(http: httpx.Client, core: str) -> None:
    """What is done: a person enrols, is found, buys, and is changed."""
    steps: list[tuple[str, str, Mapping[str, Any] | None]] = [
        ("POST", f"{core}/users", {"user": USER}),
        ("GET", f"{core}/external/users/{USER['external_id']}", None),
        ("GET", f"{core}/users/search_users?email={quote(str(USER['email']))}", None),
        ("PUT", f"{core}/external/users/{USER['external_id']}", {"user": {"city": MARK}}),
        ("POST", "/api/2.0/send_transaction", _till(SALE | {"payments": [PAYMENT]})),
        ("POST", "/api/2.0/lookup", _till({"email": USER["email"]})),
        ("POST", "/api/2.0/lookup", _till({"phone": PHONE})),
    ]
    for method, url, body in steps:
        content = None if body is None else msgspec.json.encode(body)
        asked = {"X-Request-ID": str(USER["email"])}
        answer = http.request(method, url, content=content, headers=asked)
        assert answer.status_code == 200, (url, answer.text)


def _till(payload: Mapping[str, Any]) -> dict[str, Any]:
    envelope = {"store_id": "main", "client_id": MARK, "request_id": str(id(payload))}
    return envelope | {"request_payload": payload}


def send_what_is_wrong(address: str, http: httpx.Client, core: str) -> None:
    """Bodies that break off, keys that are not good, and what is no HTTP."""
    for body in BODIES.values():
        http.post(f"{core}/users", content=body[:100_000].replace(b"x", MARK.encode()))
    for authorization in (
        f"Basic {b64encode(f'{MARK}:{SECRET}'.encode()).decode()}",
        f"Bearer {MARK}.{SECRET}",
        f"Digest {MARK}",
    ):
        answer = httpx.get(f"{address}/admin/v1/{MARK}", headers={"Authorization": authorization})
        assert answer.status_code == 404
        httpx.get(f"{address}/admin/v1/status", headers={"Authorization": authorization})
    url = httpx.URL(address)
    for raw in (
        f"GET /{MARK} HTTP/9\r\n\r\n",
        f"{MARK}\r\n\r\n",
        f"POST /x?{MARK} HTTP/1.1\r\na\r\n",
    ):
        with socket.create_connection((url.host, url.port or 80), timeout=20) as line:
            line.sendall(raw.encode())
            line.shutdown(socket.SHUT_WR)
            line.recv(1_000)


def break_the_database(shop: Shop) -> None:
    """From here on what is right fails, as a fault of ours that tells what it was doing."""
    with shop.ledger.log.engine.begin() as connection:
        connection.execute(text("ALTER TABLE personal RENAME TO gone"))


@both_databases
def test_nothing_of_a_person_and_no_secret_is_logged(
    backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONASYNCIODEBUG", "1")
    monkeypatch.setenv("PYTHONDEVMODE", "1")
    with shop_on(backend, tmp_path) as shop:
        made = shop.ledger.keys.create(Terms("all", Scope.ADMIN))
        core, auth = f"/priv/v1/apps/{made.key.key_id}", (made.key.key_id, made.secret)
        with (
            serving(shop.url) as (address, listening),
            httpx.Client(base_url=address, auth=auth, timeout=30) as http,
        ):
            send_what_is_right(http, core)
            assert ask_everything(http, made.key.key_id) <= {200, 400, 404, 409, 422, 503}
            new = http.post("/admin/v1/keys", json={"name": MARK, "scope": "pos", "signed": True})
            send_what_is_wrong(address, http, core)
            break_the_database(shop)
            broken = http.post(f"{core}/users", json={"user": BOB})
            assert broken.status_code == 500
            said = listening.all()
        kept = [one.meta for one in shop.ledger.log.read(0, 10_000)]
    said += msgspec.json.encode(kept).decode()
    assert '"operation":"create_user","status":200' in said
    assert '"event":"failed"' in said
    basic = b64encode(f"{made.key.key_id}:{made.secret}".encode()).decode()
    planted = [MARK, PHONE, PHONE[2:], made.secret, basic, SECRET, "1990-02-28"]
    planted += [new.json()["secret"], new.json()["signing_secret"]]
    assert [one for one in planted if one.lower() in said.lower()] == []


def test_a_marker_would_be_found(tmp_path: Path) -> None:
    """What a process says is heard, to its last word."""
    with shop_on("sqlite", tmp_path) as shop:
        with running(shop.url, "profile", f"external:{MARK}") as process:
            process.wait(60)
            assert MARK in Listening(process).all()
        end(process)
