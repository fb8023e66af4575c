"""Who may call what: every route, with every kind of key that must not open it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from http_service.every_route import OPEN, as_asked, routes
from http_service.serving import Served, served
from loyalty_ledger.domain.api_key import Scope
from loyalty_ledger.keys import Terms
from offers.till import NOW, shop_on

NARROWER = {
    Scope.POS: Scope.MEMBER,
    Scope.MEMBER: Scope.POS,
    Scope.OPERATOR: Scope.MEMBER,
    Scope.ADMIN: Scope.OPERATOR,
}
WRONG = ("no key", "wrong", "unknown", "expired", "revoked", "rotated", "scope", "store", "scheme")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def guarded(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """One shop for all routes: nothing that is turned away changes it."""
    folder: Path = tmp_path_factory.mktemp("guarded")
    with shop_on(request.param, folder) as shop, served(shop) as made:
        yield made


@pytest.fixture(scope="module")
def refused_keys(guarded: Served) -> dict[tuple[str, Scope], Any]:
    """A credential of every wrong kind for every scope."""
    keys = guarded.shop.ledger.keys
    made: dict[tuple[str, Scope], Any] = {}
    for scope in Scope:
        good = keys.create(Terms("good", scope))
        soon = keys.create(Terms("soon", scope, expires_at=NOW + timedelta(hours=1)))
        gone, old = keys.create(Terms("gone", scope)), keys.create(Terms("old", scope))
        keys.revoke(gone.key.key_id)
        keys.rotate(old.key.key_id)
        narrow = keys.create(Terms("narrow", NARROWER[scope]))
        bound = keys.create(Terms("bound", scope, store_id="other"))
        made |= {
            ("no key", scope): None,
            ("wrong", scope): (good.key.key_id, "not the secret"),
            ("unknown", scope): ("key_0000000000000000", good.secret),
            ("expired", scope): (soon.key.key_id, soon.secret),
            ("revoked", scope): (gone.key.key_id, gone.secret),
            ("rotated", scope): (old.key.key_id, old.secret),
            ("scope", scope): (narrow.key.key_id, narrow.secret),
            ("store", scope): (bound.key.key_id, bound.secret),
            ("scheme", scope): f"Digest {good.key.key_id}:{good.secret}",
        }
    guarded.later(hours=2)
    return made


@pytest.mark.parametrize("wrong", WRONG)
def test_every_route_is_shut_to_who_may_not(
    guarded: Served, refused_keys: dict[tuple[str, Scope], Any], wrong: str
) -> None:
    before = guarded.events()
    open_to_them = []
    with httpx.Client(base_url=guarded.url) as caller:
        for route in routes():
            credential = refused_keys[wrong, route.scope]
            headers = {"Authorization": credential} if isinstance(credential, str) else {}
            auth = credential if isinstance(credential, tuple) else None
            key_id = credential[0] if isinstance(credential, tuple) else "key"
            answer = caller.request(**as_asked(route, key_id), headers=headers, auth=auth)
            if answer.status_code != (403 if wrong in ("scope", "store") else 401):
                open_to_them.append((route, answer.status_code, answer.text))
    assert open_to_them == []
    assert guarded.events() == before


def test_every_route_but_four_needs_a_key(guarded: Served) -> None:
    described = {route.path for route in routes()}
    with httpx.Client(base_url=guarded.url) as nobody:
        for path in OPEN:
            assert nobody.get(path).status_code == 200
        served_paths = {getattr(one, "path", "") for one in guarded.app.routes} - OPEN
    assert served_paths == described


def test_a_wider_scope_includes_the_narrower_ones() -> None:
    wide = {scope: {other for other in Scope if scope.includes(other)} for scope in Scope}
    assert wide[Scope.ADMIN] == set(Scope)
    assert wide[Scope.OPERATOR] == {Scope.OPERATOR, Scope.POS, Scope.MEMBER}
    assert (wide[Scope.POS], wide[Scope.MEMBER]) == ({Scope.POS}, {Scope.MEMBER})


def test_a_key_of_a_store_opens_what_names_the_store(service: Served) -> None:
    offer = service.shop.give("euro")
    body = {"user_offer_id": offer, "employee_id": "emma"}
    envelope = {"client_id": "till", "request_id": "r-1", "request_payload": body}
    with service.with_key(Terms("main till", Scope.POS, store_id="main")) as till:
        right = till.post("/api/2.0/unlock", json=envelope | {"store_id": "main"})
        wrong = till.post("/api/2.0/unlock", json=envelope | {"store_id": "other"})
    assert (right.status_code, wrong.status_code) == (200, 403)


OF_ONE_STORE = {
    "/api/1.0/transactions/info/get_store_transactions",
    "/api/1.0/transactions/info/get_transaction",
    "/api/2.0/lock",
    "/api/2.0/lookup",
    "/api/2.0/offers/redemption/manual_redeem",
    "/api/2.0/redeem",
    "/api/2.0/reinstate",
    "/api/2.0/send_transaction",
    "/api/2.0/unlock",
    "/admin/v1/keys",
}


def test_a_key_of_a_store_opens_nothing_that_is_about_more_than_a_store(guarded: Served) -> None:
    open_to_it = set()
    made = guarded.shop.ledger.keys.create(Terms("bound", Scope.ADMIN, store_id="main"))
    key_id = made.key.key_id
    with httpx.Client(base_url=guarded.url, auth=(key_id, made.secret)) as bound:
        before = guarded.events()
        for route in routes():
            if bound.request(**as_asked(route, key_id)).status_code != 403:
                open_to_it.add(route.path)
    other_paths = {"/api/" + path.partition("/api/")[2] for path in open_to_it - OF_ONE_STORE}
    assert open_to_it >= OF_ONE_STORE
    assert other_paths <= OF_ONE_STORE
    assert guarded.events() == before


def test_a_key_of_a_store_is_given_no_other_key_s_secret(guarded: Served) -> None:
    whole = guarded.shop.ledger.keys.create(Terms("whole", Scope.ADMIN))
    with guarded.with_key(Terms("bound", Scope.ADMIN, store_id="main")) as bound:
        path = f"/admin/v1/keys/{whole.key.key_id}/rotate"
        assert bound.post(path, json={"store_id": "main"}).status_code == 403
        own = {"name": "own", "scope": "pos", "store_id": "main"}
        assert bound.post("/admin/v1/keys", json=own).status_code == 200
        for other in ({"store_id": "other"}, {"store_id": None}):
            assert bound.post("/admin/v1/keys", json=own | other).status_code == 403


def test_a_bearer_is_as_good_as_basic(service: Served) -> None:
    made = service.shop.ledger.keys.create(Terms("app", Scope.OPERATOR))
    bearer = {"Authorization": f"Bearer {made.key.key_id}.{made.secret}"}
    assert httpx.get(f"{service.url}/admin/v1/status", headers=bearer).status_code == 200


def test_a_revoked_key_is_shut_out_within_a_second(service: Served) -> None:
    made = service.shop.ledger.keys.create(Terms("app", Scope.OPERATOR))
    auth = (made.key.key_id, made.secret)
    with httpx.Client(base_url=service.url, auth=auth) as caller:
        assert caller.get("/admin/v1/status").status_code == 200
        service.shop.ledger.keys.revoke(made.key.key_id)
        for _ in range(1_000):
            if caller.get("/admin/v1/status").status_code == 401:
                return
    raise AssertionError("the key still opens")


def test_the_old_secret_of_a_rotated_key_is_good_for_the_overlap(service: Served) -> None:
    made = service.shop.ledger.keys.create(Terms("app", Scope.OPERATOR))
    service.shop.ledger.keys.rotate(made.key.key_id, NOW + timedelta(hours=1))
    auth = (made.key.key_id, made.secret)
    url = f"{service.url}/admin/v1/status"
    assert httpx.get(url, auth=auth).status_code == 200
    service.later(hours=1)
    assert httpx.get(url, auth=auth).status_code == 401


def test_a_key_calls_no_more_often_than_it_may(service: Served) -> None:
    with service.with_key(Terms("slow", Scope.ADMIN, per_second=3)) as caller:
        answers = [caller.get("/admin/v1/keys") for _ in range(5)]
    assert [one.status_code for one in answers].count(429) >= 1
    assert next(one for one in answers if one.status_code == 429).headers["retry-after"] == "1"


def test_https_only_turns_away_what_comes_plainly(tmp_path: Path) -> None:
    with shop_on("sqlite", tmp_path) as shop, served(shop, https_only=True) as made:
        answer = httpx.get(f"{made.url}/docs")
    assert (answer.status_code, answer.json()["errors"]["code"]) == (403, "https_only")


def test_a_key_made_over_http_opens_and_its_secret_is_kept_nowhere(service: Served) -> None:
    asked: dict[str, Any] = {
        "json": {"name": "app", "scope": "member"},
        "headers": {"Message-ID": "m-1"},
    }
    made = service.caller().post("/admin/v1/keys", **asked).json()
    again = service.caller().post("/admin/v1/keys", **asked).json()
    assert again["key"] != made["key"]
    with httpx.Client(base_url=service.url, auth=(made["key"], made["secret"])) as app:
        assert app.post("/api/1.0/user_points/all_balances", json={}).status_code == 200
    assert service.shop.ledger.log.find_answers([("admin", "", "m-1")]) == {}
