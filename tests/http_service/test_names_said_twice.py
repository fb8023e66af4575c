"""A name that stands twice in an object says nothing: neither an amount nor a store."""

from typing import Any

import pytest

from http_service.serving import Served
from loyalty_ledger.domain.api_key import Scope
from loyalty_ledger.keys import Terms

DEPOSIT = '{"user_id":"%s","deposit_details":[{%s}]}'
LINE = '"point_source_id":"purchases","point_account_id":"points"'


def test_a_deposit_of_two_amounts_is_unreadable_and_gives_nothing(service: Served) -> None:
    service.caller()
    before, ann = service.events(), service.shop.id_of()
    for amounts in (
        '"amount":1,"amount":99',
        '"amount":1,"amount":1',
        r'"amount":1,"\u0061mount":9',
    ):
        body = DEPOSIT % (ann, f"{LINE},{amounts}")
        answer = service.caller().post("/api/2.0/user_points/deposit", content=body)
        assert answer.status_code == 400, answer.text
        assert "deposit_details[0].amount stands twice" in answer.json()["errors"]["message"]
    assert (service.events(), service.shop.points()) == (before, 1000)
    body = DEPOSIT % (ann, f'{LINE},"amount":1')
    granted = service.caller().post("/api/2.0/user_points/deposit", content=body)
    assert (granted.status_code, granted.json()["status"]) == (200, "ok")
    assert service.shop.points() == 1001


@pytest.mark.parametrize("first", ["other", "main"])
@pytest.mark.parametrize("verb", ["send_transaction", "lookup", "lock"])
def test_a_key_of_one_store_is_not_opened_by_naming_two(
    service: Served, verb: str, first: str
) -> None:
    payload: dict[str, Any] = {
        "send_transaction": '{"transaction_id":"T1","open_time":"2026-03-10T12:00:00","items":[]}',
        "lookup": '{"external_customer_id":"ANN"}',
        "lock": '{"offer_lookup_code":"x","offer_lookup_type":"UserOfferId","transaction":{}}',
    }
    second = {"other": "main", "main": "other"}[first]
    body = (
        f'{{"store_id":"{first}","client_id":"till-1","request_id":"r1",'
        f'"request_payload":{payload[verb]},"store_id":"{second}"}}'
    )
    with service.with_key(Terms("till", Scope.POS, store_id="main")) as till:
        before = service.events()
        answer = till.post(f"/api/2.0/{verb}", content=body)
        if verb == "send_transaction" and second == "other":
            assert answer.status_code == 403, answer.text  # shut before it is read whole
        else:
            assert answer.status_code == 400, answer.text
            assert "store_id stands twice in one object" in answer.text
        assert service.events() == before
