"""What the description says of the headers of a signed request is what the service takes."""

import json
import re
from typing import Any

import httpx
import jsonschema_rs
import pytest

from http_service.description import usual
from http_service.every_route import OPEN
from http_service.serving import Served
from loyalty_ledger.client.signing import signed
from loyalty_ledger.domain.api_key import Scope
from loyalty_ledger.http.signed_headers import HEADERS as SIGNING
from loyalty_ledger.keys import NewKey, Terms

STATUS = "/admin/v1/status"
HEADERS: dict[str, Any] = {
    one["name"]: one
    for name, one in usual().document["components"]["parameters"].items()
    if name in SIGNING
}
NONCES = ("x" * 15, "x" * 16, "x" * 100, "x" * 101, "a b" * 8, "é" * 16, "~" * 20, "a\tb" * 8)
SAID = [
    *(("X-Nonce", one) for one in NONCES),
    *(("X-Timestamp", one) for one in ("+1773140400", "1773140400.0", "1_773_140_400", "", "now")),
    ("X-Timestamp", "0" * 20 + "9" * 20),
    ("X-Signature", "upper"),
    ("X-Signature", "short"),
    ("X-Signature", "right"),
    ("X-Timestamp", "right"),
]


def key_of(service: Served) -> NewKey:
    return service.shop.ledger.keys.create(Terms("signing", Scope.ADMIN, signed=True))


def answered(service: Served, key: NewKey, changed: dict[str, str | None]) -> int:
    """The status when the request is signed, and then says this in its headers; None: not at all.

    What is signed is what the headers say, but for the signature.
    """
    assert key.signing_secret
    request = httpx.Request("GET", service.url + STATUS)
    now = int(service.shop.ledger.clock().timestamp())
    nonce = changed.get("X-Nonce") or "0123456789abcdef"
    headers: dict[str, Any] = signed(key.signing_secret, request, at=now, nonce=nonce)
    for name, value in changed.items():
        if value is None:
            del headers[name]
        elif name != "X-Nonce":
            headers[name] = value
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    with httpx.Client(auth=(key.key.key_id, key.secret)) as http:
        return http.get(service.url + STATUS, headers=raw).status_code


@pytest.mark.parametrize(("name", "said"), SAID)
def test_a_header_is_taken_just_when_it_is_as_described(
    service: Served, name: str, said: str
) -> None:
    key = key_of(service)
    assert key.signing_secret
    now = int(service.shop.ledger.clock().timestamp())
    right = signed(
        key.signing_secret,
        httpx.Request("GET", service.url + STATUS),
        at=now,
        nonce="0123456789abcdef",
    )
    value = {"right": right[name], "upper": right[name].upper(), "short": right[name][:-1]}.get(
        said, said
    )
    described = jsonschema_rs.validator_for(HEADERS[name]["schema"]).is_valid(value)
    assert answered(service, key, {name: value}) == (200 if described else 401)


@pytest.mark.parametrize("name", HEADERS)
def test_a_key_that_signs_needs_each_header_as_its_security_says(
    service: Served, name: str
) -> None:
    assert answered(service, key_of(service), {}) == 200
    assert answered(service, key_of(service), {name: None}) == 401
    document = usual().document
    schemes = {
        x: one["name"]
        for x, one in document["components"]["securitySchemes"].items()
        if "name" in one
    }
    together = [{schemes[x] for x in one if x in schemes} for one in document["security"]]
    assert together == [set(), set(), set(HEADERS), set(HEADERS)]
    assert HEADERS[name]["required"] is False  # of a key that does not sign


def test_every_operation_that_needs_a_key_describes_the_headers() -> None:
    document = usual().document
    referred = [{"$ref": f"#/components/parameters/{x}"} for x in SIGNING]
    for path, methods in document["paths"].items():
        for one in methods.values():
            described = [x for x in one.get("parameters", []) if x in referred]
            assert described == ([] if path in OPEN else referred), path


def test_the_example_is_signed_as_its_description_tells() -> None:
    example = {name: one["example"] for name, one in HEADERS.items()}
    for name, one in HEADERS.items():
        assert re.fullmatch(one["schema"]["pattern"], example[name])
    text = HEADERS["X-Signature"]["description"]
    (method, path), (body,) = (
        re.findall(r"signs (\w+) (\S+)", text)[0],
        re.findall(r"\{.*?\}", text),
    )
    (secret,) = re.findall(r"`(open sesame)`", text)
    assert json.loads(body)
    request = httpx.Request(method, "http://shop.example" + path, content=body.encode())
    at, nonce = int(example["X-Timestamp"]), example["X-Nonce"]
    assert signed(secret, request, at=at, nonce=nonce) == example
