"""Who reads at the position that a write answered finds what it was answered about."""

import httpx
import pytest

from http_service.serving import Served
from loyalty_ledger.http.pool import THREADS
from loyalty_ledger.identity import Reference

ROUNDS = THREADS + 2
"""So often that at least one thread answers again, and knows what it read before."""


def position(answer: httpx.Response) -> int:
    assert answer.status_code == 200, answer.text
    return int(answer.headers["X-Log-Position"])


def opted(service: Served, flag: bool) -> httpx.Response:
    return service.core("PUT", "/external/users/ANN", {"user": {"opted_in": flag}})


def opts_elsewhere(service: Served, flag: bool) -> None:
    """Another process records it."""
    changed = service.shop.ledger.customers.change(
        service.shop.id_of(), lambda standing, _at: standing._replace(opted_in=flag)
    )
    assert changed


def enrols_elsewhere(service: Served, email: str) -> None:
    service.shop.ledger.customers.enrol([Reference("email", "", email)])


def test_a_write_that_changes_nothing_answers_no_position_before_what_it_confirms(
    service: Served,
) -> None:
    service.caller()
    for number in range(ROUNDS):
        flag = number % 2 == 1
        opts_elsewhere(service, flag)
        fact = service.events()
        granted = opted(service, flag)
        assert service.events() == fact
        assert position(granted) >= fact
        service.shop.ledger.projector.catch_up()
        read = service.core(
            "GET", "/external/users/ANN", params={"at_least": position(granted)}
        ).json()
        assert read["user"]["opted_in"] is flag


def test_a_refused_write_answers_no_position_before_what_it_was_refused_for(
    service: Served,
) -> None:
    service.caller()
    for number in range(ROUNDS):
        email = f"bob{number}@example.com"
        enrols_elsewhere(service, email)
        fact = service.events()
        refused = service.core("POST", "/users", {"user": {"email": email}})
        assert refused.json()["errors"]["code"] == "identifier_taken"
        assert position(refused) >= fact


@pytest.mark.parametrize("with_the_same_id", [True, False])
def test_a_sale_that_is_known_answers_no_position_before_it(
    service: Served, with_the_same_id: bool
) -> None:
    assert position(service.send("T0")) == service.events()
    service.caller()
    body = service.shop.body("T1")
    service.shop.receive(body)
    fact = service.events()
    if not with_the_same_id:
        body = body.replace(b'"request_id":"', b'"request_id":"other-')
    again = service.caller().post("/api/2.0/send_transaction", content=body)
    assert again.json()["status"] == "OK"
    assert service.events() == fact
    assert position(again) >= fact
