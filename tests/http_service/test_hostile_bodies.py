"""What is sent to break the service is refused, quickly, and changes nothing."""

import json
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from http_service.hostile_bodies import (
    BODIES,
    CREDENTIALS,
    HEADERS,
    LONGER,
    PATHS,
    QUERIES,
    SMALL,
    TEXTS,
    UNREADABLE,
    VALUES,
    with_each_value,
)
from http_service.hostile_programs import PROGRAMS
from http_service.hostile_routes import Route, calls_that_set_up, right_calls
from http_service.serving import Served, served
from http_service.spending_cpu import least_cpu_s
from loyalty_ledger.verification import verify
from offers.till import BREAKFAST, document, shop_on

MOST_CPU_S = 0.05  # for a refusal: of a body as of a value in it
GRANTED_S = 0.25  # guards what is done after all against growing without bound
TRIES = 5  # shared cores count more than is spent


UNUSUAL = {503}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def attacked(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """One shop for all attacks: none of them changes it."""
    folder: Path = tmp_path_factory.mktemp("attacked")
    with shop_on(request.param, folder) as shop, served(shop) as made:
        made.caller()
        yield made


@pytest.fixture(scope="module")
def routes(attacked: Served) -> list[Route]:
    """Calls of each family, as they would be right."""
    return right_calls(attacked.shop, attacked.key_id)


def told(answer: httpx.Response) -> dict[str, Any]:
    """The answer, once it is one that may be given to anybody."""
    assert answer.status_code < 500 or answer.status_code in UNUSUAL, answer.text
    assert "Traceback" not in answer.text
    assert "x-injected" not in answer.headers
    assert answer.headers["content-type"] in ("application/json", "application/problem+json")
    return dict(answer.json())


def was_granted(answer: httpx.Response) -> bool:
    """Whether what was asked was done."""
    said = told(answer)
    return answer.status_code == 200 and said.get("status", "ok") in ("OK", "ok")


def test_there_are_enough_of_them() -> None:
    assert set(VALUES) >= UNREADABLE | TEXTS | SMALL
    kinds = [*BODIES, *PROGRAMS, *VALUES, *HEADERS, *CREDENTIALS, *QUERIES, *PATHS]
    assert len(BODIES) + len(VALUES) >= 60
    assert len(kinds) >= 120


@pytest.mark.parametrize("name", BODIES)
def test_a_hostile_body_is_refused_quickly_and_changes_nothing(
    attacked: Served, routes: list[Route], name: str
) -> None:
    before, worst_s = attacked.events(), 0.0
    for route in [*routes, *calls_that_set_up(attacked.shop, attacked.key_id)]:
        body = LONGER[name] if name in LONGER and "catalog" in route.path else BODIES[name]
        ask = partial(attacked.caller().post, route.path, content=body)
        answer, cpu_s = least_cpu_s(ask, MOST_CPU_S, TRIES)
        assert not was_granted(answer), (route.path, answer.text[:200])
        assert cpu_s <= MOST_CPU_S, (route.path, cpu_s)
        worst_s = max(worst_s, cpu_s)
    print(f"{name}: at most {worst_s * 1000:.0f} ms of CPU")
    assert attacked.events() == before


@pytest.mark.parametrize("path", ["/admin/v1/program", "/admin/v1/program/diff"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_large_program_that_is_wrong_is_refused_quickly_and_changes_nothing(
    attacked: Served, name: str, path: str
) -> None:
    before, body = attacked.events(), json.dumps(PROGRAMS[name]()).encode()
    ask = partial(attacked.caller().post, path, content=body)
    answer, cpu_s = least_cpu_s(ask, MOST_CPU_S, TRIES)
    assert answer.status_code == 422, answer.text[:300]
    print(f"{name}: {cpu_s * 1000:.0f} ms of CPU; {answer.json()['detail'][:100]}")
    assert cpu_s <= MOST_CPU_S
    assert attacked.events() == before


@pytest.mark.parametrize("name", VALUES)
def test_a_hostile_value_in_any_place_is_no_fault(
    attacked: Served, routes: list[Route], name: str
) -> None:
    for route in routes:
        for body in with_each_value(route.body, VALUES[name]):
            before = attacked.events()
            ask = partial(attacked.caller().post, route.path, content=body)
            answer, cpu_s = least_cpu_s(ask, GRANTED_S)
            assert not was_granted(answer) or name in TEXTS | SMALL, (route.path, body[:300])
            assert answer.status_code == 400 or name not in UNREADABLE, (route.path, answer.text)
            # A wrong promo code is counted against the customer, and that is an event.
            if not was_granted(answer) and not route.path.endswith("/claims"):
                assert attacked.events() == before, (route.path, body[:300])
            most_s = GRANTED_S if was_granted(answer) else MOST_CPU_S
            if cpu_s > most_s:  # asked again only where it was refused: that changes nothing
                _, cpu_s = least_cpu_s(ask, most_s, TRIES)
            assert cpu_s <= most_s, (route.path, body[:300], cpu_s)


@pytest.mark.parametrize("name", VALUES)
def test_a_hostile_value_without_a_meaning_is_refused_or_read_back_as_it_was_sent(
    attacked: Served, name: str
) -> None:
    def filled(instead: object) -> dict[str, Any]:
        data = {"custom_data": {"a": [instead]}, "zzz": {"b": instead}}
        line = BREAKFAST[0] | data
        sale = {"transaction_id": f"V-{name}", "open_time": "2026-03-10T12:00:00", "items": [line]}
        paid = {"amount": "1.00", "type": instead if name in TEXTS else "CASH", **data}
        till = {"store_id": "main", "client_id": "till-1", "request_id": f"value-{name}"}
        return till | {"request_payload": sale | {"payments": [paid], **data}}

    body = json.dumps(filled("\x01")).encode().replace(rb'"\u0001"', VALUES[name])
    answer = attacked.caller().post("/api/2.0/send_transaction", content=body)
    if name in UNREADABLE:
        assert (answer.status_code, was_granted(answer)) == (400, False), answer.text
        return
    assert was_granted(answer), answer.text
    attacked.shop.ledger.projector.catch_up()
    asked = {"transaction_id": f"V-{name}", "store_id": "main"}
    path = "/api/1.0/transactions/info/get_transaction"
    told = attacked.caller().post(path, json=asked).text
    sale = json.loads(told, parse_float=Decimal)["payload"]
    sent = json.loads(VALUES[name], parse_float=Decimal)
    for part in (sale, sale["items"][0], sale["payments"][0]):
        assert part["custom_data"] == {"a": [sent]}
        assert part["other_fields"] == {"zzz": {"b": sent}}
    if name in TEXTS:
        assert sale["payments"][0]["type"] == sent


@pytest.mark.parametrize("name", HEADERS)
def test_hostile_headers_are_no_fault(attacked: Served, routes: list[Route], name: str) -> None:
    bomb = BODIES["gzip"]
    for route in routes:
        body = bomb if "Content-Encoding" in HEADERS[name] else json.dumps(route.body).encode()
        answer = attacked.caller().post(route.path, content=body, headers=cast(Any, HEADERS[name]))
        told(answer)
        assert answer.headers["x-request-id"].isascii()


@pytest.mark.parametrize("name", CREDENTIALS)
def test_hostile_credentials_are_401(attacked: Served, routes: list[Route], name: str) -> None:
    with httpx.Client(base_url=attacked.url) as nobody:
        for route in routes:
            sent = cast(Any, {"Authorization": CREDENTIALS[name]})
            answer = nobody.post(route.path, json=route.body, headers=sent)
            told(answer)
            assert answer.status_code == 401, answer.text


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query[:20])
def test_a_hostile_query_is_no_fault(attacked: Served, routes: list[Route], query: str) -> None:
    core = f"/priv/v1/apps/{attacked.key_id}/users"
    reads = ["/admin/v1/program", "/admin/v1/export/balances", f"{core}/search_users"]
    reads += [f"{core}/{attacked.shop.id_of()}", f"{core}/{attacked.shop.id_of()}/limiters"]
    for path in reads:
        answer = attacked.caller().get(f"{path}?{query}")
        assert answer.status_code < 500 or answer.status_code in UNUSUAL, answer.text
    for route in routes:
        told(attacked.caller().post(f"{route.path}?{query}", json=route.body))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path[:20])
@pytest.mark.parametrize("root", ["/priv/v1/apps/KEY", "/api/2.0", "/offers", "/admin/v1", ""])
def test_a_hostile_path_is_no_fault(attacked: Served, root: str, path: str) -> None:
    before = attacked.events()
    whole = root.replace("KEY", attacked.key_id) + path
    for method in ("GET", "POST", "PUT", "DELETE"):
        url = httpx.URL(attacked.url).copy_with(raw_path=whole.encode())
        answer = attacked.caller().request(method, url, content=b"{}" if method != "GET" else None)
        assert answer.status_code < 500 or answer.status_code in UNUSUAL, answer.text
        assert "Traceback" not in answer.text
    assert attacked.events() == before


def test_the_ledger_holds_after_all_of_it(attacked: Served) -> None:
    assert verify(attacked.shop.ledger, lambda *_: None).problems == []


def test_a_program_that_refers_to_nothing_is_not_published(attacked: Served) -> None:
    before = attacked.events()
    broken = document()
    broken["reward_stores"][0]["point_accounts"] = ["nowhere"]
    answer = attacked.caller().post("/admin/v1/program", json=broken)
    assert answer.status_code == 422, answer.text
    assert "nowhere" in answer.text
    assert attacked.events() == before
