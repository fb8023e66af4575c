"""A key that has to sign opens nothing without a signature of this very request, made just now."""

import re
import secrets
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from http_service.every_route import as_asked, routes
from http_service.serving import SALE, Served, served
from loyalty_ledger.client.clients import Client
from loyalty_ledger.client.signing import Credentials, signed
from loyalty_ledger.domain.api_key import Scope
from loyalty_ledger.keys import NewKey, Terms
from offers.till import shop_on

SERVICE = Path(__file__).parents[2] / "docs" / "service.md"
STATUS = "/admin/v1/status"
WRONG = ("missing", "half of it", "wrong", "of another key", "old", "to come")
MINUTES = timedelta(minutes=1)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def guarded(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """One shop for all routes: nothing that is turned away changes it."""
    folder: Path = tmp_path_factory.mktemp("signed")
    with shop_on(request.param, folder) as shop, served(shop) as made:
        yield made


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    """The line that requests go over."""
    with httpx.Client(timeout=30) as made:
        yield made


def key_of(service: Served, scope: Scope = Scope.ADMIN) -> NewKey:
    return service.shop.ledger.keys.create(Terms("signing", scope, signed=True))


def seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def ask(
    http: httpx.Client, service: Served, key: NewKey, how: str = "right", **request: Any
) -> httpx.Response:
    """What is answered to a request that is signed rightly, or wrongly in one way."""
    assert key.signing_secret
    secret = secrets.token_hex(32) if how == "of another key" else key.signing_secret
    moved = {"old": -5.1 * MINUTES, "to come": 5.1 * MINUTES}.get(how, 0 * MINUTES)
    built = http.build_request(**request | {"url": service.url + request["url"]})
    headers = signed(secret, built, at=seconds(service.shop.ledger.clock() + moved))
    if how == "wrong":
        headers["X-Signature"] = headers["X-Signature"][::-1]
    if how == "half of it":
        del headers["X-Nonce"]
    auth = (key.key.key_id, key.secret)
    return http.send(built if how == "missing" else _with(built, headers), auth=auth)


def _with(request: httpx.Request, headers: Mapping[str, str | bytes]) -> httpx.Request:
    more = [
        (name.encode(), value if isinstance(value, bytes) else value.encode())
        for name, value in headers.items()
    ]
    request.headers = httpx.Headers([*request.headers.raw, *more])
    return request


@pytest.mark.parametrize("wrong", WRONG)
def test_every_route_is_shut_to_a_signature_that_is_not_good(
    http: httpx.Client, guarded: Served, wrong: str
) -> None:
    keys = {scope: key_of(guarded, scope) for scope in Scope}
    before = guarded.events()
    answers = {
        route: ask(http, guarded, key, wrong, **as_asked(route, key.key.key_id))
        for route in routes()
        for key in [keys[route.scope]]
    }
    assert {route: one.text for route, one in answers.items() if one.status_code != 401} == {}
    assert guarded.events() == before


def test_every_route_is_shut_to_a_request_that_was_sent_before(
    http: httpx.Client, guarded: Served
) -> None:
    """Its nonce was used for something else, under the same key."""
    callers = {scope: key_of(guarded, scope) for scope in Scope}
    before, open_to_them = guarded.events(), []
    for route in routes():
        key, nonce = callers[route.scope], secrets.token_hex(16)
        now = guarded.shop.ledger.clock()
        assert guarded.shop.ledger.log.use_nonce(key.key.key_id, nonce, now + 5 * MINUTES, now)
        asked = as_asked(route, key.key.key_id)
        request = http.build_request(**asked | {"url": guarded.url + asked["url"]})
        assert key.signing_secret
        headers = signed(key.signing_secret, request, at=seconds(now), nonce=nonce)
        answer = http.send(_with(request, headers), auth=(key.key.key_id, key.secret))
        if answer.status_code != 401 or "X-Nonce" not in answer.text:
            open_to_them.append((route, answer.text))
    assert open_to_them == []
    assert guarded.events() == before


def test_what_is_signed_rightly_is_done_once(http: httpx.Client, service: Served) -> None:
    key = key_of(service)
    assert ask(http, service, key, method="GET", url=STATUS).status_code == 200
    assert (
        ask(http, service, key, method="GET", url=f"{STATUS}?at_least=1&x=%C3%A9").status_code
        == 200
    )
    request = httpx.Request("GET", service.url + STATUS)
    assert key.signing_secret
    now = seconds(service.shop.ledger.clock())
    headers = signed(key.signing_secret, request, at=now)
    auth, sent = (key.key.key_id, key.secret), _with(request, headers)
    first, again = (http.send(sent, auth=auth) for _ in range(2))
    assert (first.status_code, again.status_code) == (200, 401)
    assert "X-Nonce" in again.text


def test_a_nonce_is_used_up_in_every_process_and_forgotten_when_its_time_is_over(
    service: Served,
) -> None:
    here, there = service.shop.ledger.log, service.shop.another().ledger.log
    now = service.shop.ledger.clock()
    ends = now + 5 * MINUTES
    assert here.use_nonce("key", "a nonce of sixteen", ends, now)
    assert not there.use_nonce("key", "a nonce of sixteen", ends, ends)
    assert there.use_nonce("another", "a nonce of sixteen", ends, now)
    assert there.use_nonce("key", "a nonce of sixteen", ends + 5 * MINUTES, ends + MINUTES)


@pytest.mark.parametrize("changed", ["method", "path", "query", "body"])
def test_nothing_of_a_signed_request_can_be_changed(guarded: Served, changed: str) -> None:
    key = key_of(guarded)
    assert key.signing_secret
    sent = {"method": "POST", "path": "/api/1.0/user_points/balance", "query": "", "body": b"{}"}
    other = {"method": "PUT", "path": "/api/1.0/user_points/all_balances", "query": "?as_of=2026"}
    with httpx.Client(base_url=guarded.url, auth=(key.key.key_id, key.secret)) as http:

        def asked(said: dict[str, Any]) -> httpx.Request:
            return http.build_request(
                said["method"], said["path"] + said["query"], content=said["body"]
            )

        now = seconds(guarded.shop.ledger.clock())
        headers = signed(key.signing_secret, asked(sent), at=now)
        instead = {**other, "body": b"{ }"}[changed]
        answer = http.send(_with(asked(sent | {changed: instead}), headers))
    assert answer.status_code == (405 if changed == "method" else 401)


BALANCES = "/api/1.0/user_points/all_balances"


@pytest.mark.parametrize("header", ["X-As-Of", "X-Known-At", "X-At-Least", "x-as-of"])
@pytest.mark.parametrize("value", ["2026-03-09", "1", ""])
def test_a_moment_that_is_not_signed_is_refused_and_one_in_the_query_is_taken(
    http: httpx.Client, guarded: Served, header: str, value: str
) -> None:
    key = key_of(guarded)
    body = f'{{"user_id":"{guarded.shop.id_of()}"}}'.encode()
    asked: dict[str, Any] = {"method": "POST", "url": BALANCES, "content": body}
    answer = ask(http, guarded, key, **asked, headers={header: value})
    assert answer.status_code == 401
    name = header.lower().removeprefix("x-").replace("-", "_")
    assert f"give the parameter {name}" in answer.text
    if value == "2026-03-09" and name != "at_least":
        answer = ask(http, guarded, key, **asked | {"url": f"{BALANCES}?{name}={value}"})
        assert (answer.status_code, answer.json()["status"]) == (200, "ok"), answer.text


@pytest.mark.parametrize(
    ("signed_id", "sent_id"),
    [("m-1", "m-2"), ("m-1", None), (None, "m-1"), ("m-1", b"m-\xe9")],
)
def test_a_message_id_cannot_be_put_changed_or_taken_away(
    service: Served, signed_id: str | None, sent_id: str | bytes | None
) -> None:
    key = key_of(service)
    assert key.signing_secret
    path = f"/priv/v1/apps/{key.key.key_id}/users/{service.shop.id_of()}/tags"
    now = seconds(service.shop.ledger.clock())

    def asked(http: httpx.Client, message_id: str | bytes | None) -> httpx.Request:
        said: Any = {} if message_id is None else {"Message-ID": message_id}
        return http.build_request("POST", path, json={"tags": ["vip"]}, headers=said)

    before = service.events()
    with httpx.Client(base_url=service.url, auth=(key.key.key_id, key.secret)) as http:
        headers = signed(key.signing_secret, asked(http, signed_id), at=now)
        answer = http.send(_with(asked(http, sent_id), headers))
        assert answer.status_code == 401, answer.text
        assert service.events() == before
        answer = http.send(_with(asked(http, signed_id), headers))
        assert answer.status_code == 200, answer.text
        assert answer.headers.get("message-id") == signed_id


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Timestamp", "soon"),
        ("X-Timestamp", "1e9"),
        ("X-Timestamp", "-1"),
        ("X-Timestamp", "9" * 5_000),
        ("X-Nonce", "short"),
        ("X-Nonce", "x" * 5_000),
        ("X-Nonce", b"\xff" * 20),
        ("X-Signature", b"\xff" * 20),
        ("X-Signature", "0" * 5_000),
    ],
)
def test_what_is_no_signature_is_401(guarded: Served, name: str, value: Any) -> None:
    key = key_of(guarded)
    assert key.signing_secret
    with httpx.Client(base_url=guarded.url, auth=(key.key.key_id, key.secret)) as http:
        request = http.build_request("GET", STATUS)
        now = seconds(guarded.shop.ledger.clock())
        headers = {**signed(key.signing_secret, request, at=now), name: value}
        assert http.send(_with(request, headers)).status_code == 401


def test_the_client_signs_by_itself(service: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loyalty_ledger.client.signing.now", service.shop.ledger.clock)
    with service.client() as operator:
        made = operator.create_key("till", "pos", signed=True)
    offer = service.shop.give("euro")
    signing = made["signing_secret"]
    of_till = (service.url, made["key"], made["secret"])
    with Client(*of_till, signing_secret=signing, store_id="main") as till:
        assert till.lock(offer, SALE)["reference_id"] == offer
        assert till.send_transaction(SALE)["transaction_id"] == "T1"
    with httpx.Client(auth=Credentials(made["key"], made["secret"], None)) as unsigned:
        assert unsigned.post(service.url + "/api/2.0/lookup", json={}).status_code == 401


def test_the_example_of_the_documentation_is_what_the_client_signs() -> None:
    (shown,) = re.findall(r'signature == "(\w+)"', SERVICE.read_text())
    url = "http://shop.example/api/1.0/user_points/all_balances?as_of=2026-01-31"
    request = httpx.Request("POST", url, content=b'{"user_id":"c1"}')
    headers = signed("open sesame", request, at=1773140400, nonce="0123456789abcdef")
    assert headers["X-Signature"] == shown


def test_a_rotated_key_signs_with_what_belongs_to_its_secret(
    http: httpx.Client, service: Served
) -> None:
    first = key_of(service)
    ends = service.shop.ledger.clock() + 60 * MINUTES
    second = service.shop.ledger.keys.rotate(first.key.key_id, ends)
    assert second.signing_secret != first.signing_secret
    mixed = second._replace(signing_secret=first.signing_secret)
    statuses = [
        ask(http, service, one, method="GET", url=STATUS).status_code
        for one in (first, second, mixed)
    ]
    assert statuses == [200, 200, 401]
    assert first.signing_secret
    assert first.signing_secret not in repr(service.shop.events())
