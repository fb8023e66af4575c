"""The description names every header that is read or told, and shows what every refusal is."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import pytest
from starlette.datastructures import Headers

from http_service.description import usual
from http_service.serving import SALE, Served, pos_body, served
from http_service.telling import EVERY, Day
from loyalty_ledger.domain.api_key import Scope
from loyalty_ledger.domain.values import Reason
from loyalty_ledger.http import refusal_examples
from loyalty_ledger.http.openapi import examples
from loyalty_ledger.http.service import Service
from loyalty_ledger.http.signed_headers import HEADERS as SIGNING
from offers.till import shop_on

DEPOSIT = "/incentives/api/2.0/user_points/deposit"
BALANCES = "/incentives/api/1.0/user_points/all_balances"
OF_HTTP = {"authorization", "content-length", "content-encoding"}
SIGNED = {one["name"].lower() for one in SIGNING.values()}
MOMENTS = {"x-as-of": "as_of", "x-known-at": "known_at", "x-at-least": "at_least"}
GOOD = {"as_of": "2026-03-10", "known_at": "2026-03-10", "at_least": "1"}


def at(pointer: str) -> Any:
    """What a reference of the description refers to."""
    return usual().at(tuple(pointer.removeprefix("#/").split("/")))


def whole(one: dict[str, Any]) -> Any:
    return at(one["$ref"]) if "$ref" in one else one


def described(name: str) -> set[str]:
    """The headers of a request that the description names of an operation."""
    operation = EVERY[name]
    one = usual().document["paths"][operation.paths[0]][operation.method.lower()]
    named = [whole(x) for x in one["parameters"]]
    return {x["name"].lower() for x in named if x["in"] == "header"}


def every_answer() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each answer of the description, with its operation and its status."""
    for path, methods in usual().document["paths"].items():
        for method, one in methods.items():
            for status, told in one["responses"].items():
                yield f"{method} {path}", status, whole(told)


def test_what_is_read_of_headers_is_described_and_what_is_described_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an operation only looks at to refuse it is tried by the next test."""
    read: dict[str, set[str]] = {name: set() for name in EVERY}
    asked, guarded = ["healthz"], Service.guarded
    get, get_all = Headers.__getitem__, Headers.getlist

    async def noted(self: Service, operation: Any, *more: Any) -> Any:
        asked.append(operation.name)
        return await guarded(self, operation, *more)

    def reading(self: Headers, name: str) -> str:
        read.setdefault(asked[-1], set()).add(name.lower())
        return get(self, name)

    def reading_all(self: Headers, name: str) -> list[str]:
        read.setdefault(asked[-1], set()).add(name.lower())
        return get_all(self, name)

    monkeypatch.setattr(Service, "guarded", noted)
    monkeypatch.setattr(Headers, "__getitem__", reading)
    monkeypatch.setattr(Headers, "getlist", reading_all)
    with shop_on("sqlite", tmp_path) as shop, served(shop) as service:
        Day(service).pass_by()
    for name in EVERY:
        known = described(name)
        if "idempotency_id" in examples()[name].get("asks", {}):
            known.add("message-id")  # which goes after it
            read[name].add("message-id")
        assert read[name] - OF_HTTP - SIGNED - set(MOMENTS) <= known, name
        if "metrics" not in name:
            assert known - SIGNED - {"x-request-id"} <= read[name], name


@pytest.mark.parametrize("header", MOMENTS)
def test_a_moment_that_cannot_be_asked_is_refused_and_nothing_is_done(
    service: Served, header: str
) -> None:
    field = MOMENTS[header]
    before = None
    for name, operation in EVERY.items():
        if header in described(name) or operation.media.startswith("text/"):
            continue
        path = operation.paths[0].replace("{api_key}", service.key_id)
        path = path.replace("{what}", "balances").replace("{", "").replace("}", "")
        asked: dict[str, Any] = {"json": examples()[name]["asks"]} if operation.asks else {}
        before = service.events() if before is None else before
        for beside in ({"headers": {header: GOOD[field]}}, {"params": {field: GOOD[field]}}):
            whole_request = asked | beside
            answer = service.caller().request(operation.method, path, **whole_request)
            assert f"{field} cannot be asked here" in answer.text, (name, answer.text)
    assert service.events() == before


def test_a_sale_sent_as_of_a_moment_is_not_taken_in(service: Served) -> None:
    till = service.caller(Scope.POS)
    before = service.events()
    for beside in ("as_of=2026-03-10", "known_at=2026-03-10", "at_least=1"):
        sent = till.post(f"/api/2.0/send_transaction?{beside}", content=pos_body(SALE))
        assert sent.json()["errors"]["code"] == "validation", sent.text
        assert service.events() == before
    assert (
        till.post("/api/2.0/send_transaction?x=1", content=pos_body(SALE)).json()["status"] == "OK"
    )


def test_every_header_of_answers_is_told(service: Served) -> None:
    seen: set[str] = set()
    asked = {"external_id": "DAVE", "external_id_type": "app", "opted_in": "true"}
    for _ in range(2):
        made = service.core("POST", "/users", {"user": asked}, headers={"Message-ID": "m-1"})
        seen |= made.headers.keys()
    assert (made.headers["message-id"], made.headers["cached-message"]) == ("m-1", "true")
    late = service.ask(BALANCES, params={"at_least": made.headers["x-log-position"]})
    mine = "4f1c2a7be09d3356"
    named = httpx.get(service.url + "/healthz", headers={"X-Request-Id": mine})
    assert named.headers["x-request-id"] == mine
    seen |= late.headers.keys() | httpx.post(service.url + BALANCES).headers.keys()
    every = {name.lower() for name in usual().document["components"]["headers"]}
    assert every - seen == {"strict-transport-security"}  # over HTTPS, below


DRAWN = (
    *("0b5c6a1e-4c3f-4a57-9d0a-2f2f1d6c9b11", "0B5C6A1E-4C3F-4A57-9D0A-2F2F1D6C9B11"),
    *("4f1c2a7be09d3356", "4bf92f3577b34da6a3ce929d0e0e4736"),
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "01ARZ3NDEKTSV4RRFFQ69G5FAV",
)
TOLD_BY_PEOPLE = (
    *("ann@shop.example", "31655509977", "4111111111111111", "6006491234567890123"),
    *("ann", "Ann Lee", "deadbeef", "a" * 33, "r-1", "", "12345678-1234-1234-1234-123456789012"),
    *("4f1c2a7be09d3356 ann", "4f1c2a7be09d335\u0661".encode().decode("latin-1")),
)


def test_an_id_of_a_request_is_taken_where_programs_draw_it_so_that_it_names_nobody(
    service: Served,
) -> None:
    def told(request_id: str) -> str:
        sent = [(b"X-Request-Id", request_id.encode("latin-1"))]
        return httpx.get(service.url + "/healthz", headers=sent).headers["x-request-id"]

    assert tuple(map(told, DRAWN)) == DRAWN
    own = [told(one) for one in TOLD_BY_PEOPLE]
    assert not set(own) & set(TOLD_BY_PEOPLE)
    assert all(re.fullmatch("[0-9a-f]{16}", one) for one in own)


def test_a_deposit_is_known_again_by_either_id_and_a_null_is_none(service: Served) -> None:
    line = {"point_source_id": "purchases", "point_account_id": "points", "amount": 5}
    before = service.shop.points()
    by_header = {"idempotency_id": None, "headers": {"Message-ID": "d-1"}}
    for _ in range(2):
        for known in (by_header, {"idempotency_id": "d-2"}):
            assert service.ask(DEPOSIT, deposit_details=[line], **known).json()["status"] == "ok"
    assert service.shop.points() == before + 10


def test_whatever_is_known_by_an_id_of_its_body_says_so() -> None:
    for name, operation in EVERY.items():
        path = usual().document["paths"][operation.paths[0]][operation.method.lower()]
        if "requestBody" not in path or operation.family == "pos":
            continue
        schema = whole(path["requestBody"]["content"]["application/json"]["schema"])
        takes = "idempotency_id" in schema.get("properties", {})
        assert takes == ("message-id" in described(name) and operation.writes), name


def test_every_refusal_has_an_example_that_is_as_described() -> None:
    checked: set[int] = set()
    for operation, status, told in every_answer():
        if id(told) in checked or (status == "200" and "anyOf" not in _schema(told)):
            continue
        checked.add(id(told))
        for one in told["content"].values():
            known = {name: whole(x)["value"] for name, x in one.get("examples", {}).items()}
            known |= {"only": one["example"]} if "example" in one else {}
            known.pop("granted", None)
            refusal = one["schema"]["anyOf"][-1] if status == "200" else one["schema"]
            check = jsonschema_rs.validator_for(refusal)
            assert [name for name, x in known.items() if not check.is_valid(x)] == []
            assert known, (operation, status)
            shown = {x.get("code", x.get("errors", {}).get("code")) for x in known.values()}
            assert _codes(refusal) <= shown, (operation, status)
    assert len(checked) > 100


def _schema(told: dict[str, Any]) -> dict[str, Any]:
    (one,) = told["content"].values()
    return dict(one["schema"])


def _codes(refusal: dict[str, Any]) -> set[str]:
    """The codes that a refusal may have."""
    fields = refusal["properties"]
    held = fields.get("errors", {}).get("properties", fields)
    return set(held.get("code", {}).get("enum", []))


def test_every_reason_has_an_example() -> None:
    shown = refusal_examples.every_why()
    assert set(Reason) <= set(shown)


def test_who_serves_https_only_is_probed_plainly_and_stays_with_https(tmp_path: Path) -> None:
    with shop_on("sqlite", tmp_path) as shop, served(shop, https_only=True) as made:
        plain = {path: httpx.get(made.url + path) for path in ("/healthz", "/readyz", "/docs")}

        async def safely() -> httpx.Response:
            over = httpx.ASGITransport(app=made.app)
            async with httpx.AsyncClient(transport=over, base_url="https://shop.example") as app:
                return await app.get("/healthz")

        safe = asyncio.run(safely())
    assert {path: one.status_code for path, one in plain.items()} == {
        "/healthz": 200,
        "/readyz": 200,
        "/docs": 403,
    }
    assert safe.headers["strict-transport-security"] == "max-age=31536000"
    assert not any("strict-transport-security" in one.headers for one in plain.values())
    (tmp_path / "again").mkdir()
    with shop_on("sqlite", tmp_path / "again") as shop, served(shop) as made:
        assert "strict-transport-security" not in asyncio.run(safely()).headers
