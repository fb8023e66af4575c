"""While no more sales may wait, whoever sends one is turned away at the door; nobody else is."""

import httpx
import pytest

from http_service.serving import SALE, Served
from loyalty_ledger.domain.api_key import Scope
from loyalty_ledger.http import arriving

SEND = "/api/2.0/send_transaction"


@pytest.fixture(autouse=True)
def full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arriving, "MOST_WAITING", 0)


def test_a_sale_is_to_come_again_and_may_on_the_same_connection(
    service: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    shut = service.pos("send_transaction", SALE, request_id="r1")
    assert (shut.status_code, shut.headers["Retry-After"]) == (503, "1")
    assert shut.json()["status"] == "ERROR"
    assert "Connection" not in shut.headers
    assert shut.headers["X-Request-ID"] and shut.headers["X-Content-Type-Options"] == "nosniff"
    monkeypatch.setattr(arriving, "MOST_WAITING", 1)
    assert service.pos("send_transaction", SALE, request_id="r1").json()["status"] == "OK"


def test_nobody_is_asked_who_he_is(service: Served) -> None:
    assert httpx.post(service.url + SEND, json={}).status_code == 503


def test_what_is_not_read_to_its_end_ends_the_connection(service: Served) -> None:
    shut = service.caller(Scope.POS).post(SEND, content=b"x" * 1_100_000)
    assert (shut.status_code, shut.headers["Connection"]) == (503, "close")


def test_everything_else_is_answered(service: Served) -> None:
    assert service.caller(Scope.POS).get(SEND).status_code == 405
    assert service.pos("lookup", {"user_id": service.shop.id_of("ANN")}).json()["status"] == "OK"


def test_it_is_counted_as_what_was_asked(service: Served) -> None:
    service.pos("send_transaction", SALE)
    counted = 'loyalty_answers_total{operation="send_transaction",status="503"} 1.0'
    assert counted in service.caller().get("/metrics").text
