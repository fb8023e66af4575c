"""What a till asks over HTTP, and what it is answered."""

import threading
from datetime import timedelta
from typing import Any

import httpx
import pytest

from http_service.serving import SALE, Served, binding, pos_body
from loyalty_ledger.domain.api_key import Scope
from offers.till import BREAKFAST, CASHIER, NOW, item

LATER = "2026-03-10T12:05:00"


def test_a_lock_answers_the_discount_and_the_sale_carries_it_back(service: Served) -> None:
    offer = service.shop.give("euro")
    answer = service.lock(offer)
    discount = answer["payload"]
    assert answer["status"] == "OK"
    assert (discount["reference_id"], discount["status"]) == (offer, "LOCKED")
    assert (discount["amount"], discount["pos_discount_id"]) == (1.00, "E-1")
    assert service.send("T1", discount).json()["status"] == "OK"
    assert service.shop.state(offer) == "REDEEMED"
    assert service.shop.flags() == []


def test_redeeming_at_once_answers_the_same_shape(service: Served) -> None:
    locked = service.lock(service.shop.give("euro"))["payload"]
    redeemed = service.lock(service.shop.give("euro"), "redeem", sale="T2")["payload"]
    assert redeemed["status"] == "REDEEMED"
    assert set(redeemed) == set(locked)


def test_giving_an_offer_back_answers_without_a_payload(service: Served) -> None:
    offer = service.shop.give("euro")
    service.lock(offer)
    back = {"user_offer_id": offer, "employee_id": "emma"}
    assert service.pos("unlock", back).json() == {"status": "OK"}
    service.lock(offer, "redeem")
    assert service.pos("reinstate", back).json() == {"status": "OK"}
    assert service.shop.last(offer).by.employee_id == CASHIER.employee_id
    assert service.shop.state(offer) == "ISSUED"


def test_a_refusal_says_its_code_and_what_would_have_to_differ(service: Served) -> None:
    offer = service.shop.give("euro")
    service.lock(offer)
    refused = service.pos("lock", binding(offer, "T2"))
    assert refused.status_code == 200
    assert refused.json()["status"] == "ERROR"
    assert refused.json()["errors"]["code"] == "offer_locked"
    assert refused.json()["errors"]["message"]


@pytest.mark.parametrize("verb", ["lock", "redeem", "unlock", "reinstate", "send_transaction"])
def test_a_body_that_is_no_json_is_a_bad_request_and_what_is_missing_a_refusal(
    service: Served, verb: str
) -> None:
    caller = service.caller(Scope.POS)
    before = service.events()
    unreadable = caller.post(f"/api/2.0/{verb}", content=b'{"store_id": ')
    assert unreadable.status_code == 400
    empty = caller.post(f"/api/2.0/{verb}", content=b"{}")
    assert empty.status_code == 200
    assert empty.json()["errors"]["code"] == "validation"
    assert "request_id is missing" in empty.json()["errors"]["message"]
    assert service.events() == before


def test_a_request_is_answered_once_and_the_same_again(service: Served) -> None:
    offer = service.shop.give("euro")
    first = service.pos("lock", binding(offer), request_id="once")
    after = service.events()
    again = service.pos("lock", binding(offer), request_id="once")
    assert again.content == first.content
    assert service.events() == after
    other = service.pos("lock", binding(offer, "T2"), request_id="once")
    assert other.json()["errors"]["code"] == "request_conflict"
    unlocking = {"user_offer_id": offer, "employee_id": "emma"}
    assert service.pos("unlock", unlocking, request_id="once").json()["status"] == "ERROR"
    assert service.events() == after


def test_a_refusal_is_kept_and_told_again_though_it_would_be_granted_now(service: Served) -> None:
    offer = service.shop.give("euro")
    service.lock(offer)
    first = service.pos("lock", binding(offer, "T2"), request_id="kept")
    assert first.json()["errors"]["code"] == "offer_locked"
    service.shop.unlock(offer)
    assert service.pos("lock", binding(offer, "T2"), request_id="kept").content == first.content
    assert service.lock(offer, sale="T2")["status"] == "OK"


def test_what_the_setup_explains_is_not_kept(service: Served) -> None:
    offer = service.shop.give("euro")
    first = service.pos("lock", binding(offer), request_id="r", store_id="new")
    assert first.json()["errors"]["code"] == "unknown_store"
    stores = service.shop.ledger.states.get(["stores"])["stores"].by_id
    new = stores["main"].__class__(store_id="new", name="New", time_zone="Europe/Amsterdam")
    service.shop.ledger.administration.load_stores([*stores.values(), new])
    again = service.pos("lock", binding(offer), request_id="r", store_id="new")
    assert again.json()["status"] == "OK"


def test_a_sale_sent_twice_is_received_once(service: Served) -> None:
    body = service.shop.body("T1")
    caller = service.caller(Scope.POS)
    first = caller.post("/api/2.0/send_transaction", content=body)
    after = service.events()
    again = caller.post("/api/2.0/send_transaction", content=body)
    assert first.json() == {"status": "OK", "payload": None, "transaction_id": "T1"}
    assert again.content == first.content
    assert service.events() == after


def test_many_tills_at_once_are_all_received(service: Served) -> None:
    bodies = [service.shop.body(f"S{n}") for n in range(60)]
    answers: list[Any] = []

    def send(caller: httpx.Client, some: list[bytes]) -> None:
        with caller:
            answers.extend(
                caller.post("/api/2.0/send_transaction", content=one).json() for one in some
            )

    tills = [service.with_key_of(Scope.POS) for _ in range(6)]
    threads = [
        threading.Thread(target=send, args=(till, bodies[n::6])) for n, till in enumerate(tills)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one["transaction_id"] for one in answers) == sorted(f"S{n}" for n in range(60))
    assert len(service.shop.events("TransactionReceived")) == 61  # and the opening


def test_a_lock_is_judged_by_the_moment_its_body_was_read(service: Served) -> None:
    offer = service.shop.give("euro")
    discount = service.lock(offer)["payload"]
    service.shop.move_to(NOW + timedelta(minutes=31))
    assert service.lock(offer, sale="T2")["status"] == "OK"
    assert service.send("T1", discount).json()["status"] == "OK"
    assert service.shop.state(offer) == "LOCKED"


def test_the_sale_may_stand_in_the_payload_or_under_its_name(service: Served) -> None:
    payload = SALE | {"payments": [{"amount": 7, "user_id": "ANN"}]}
    for request, given in (("bare", payload), ("named", {"transaction": payload})):
        answer = service.pos("send_transaction", given, request_id=request)
        assert answer.json()["transaction_id"] == "T1"
    assert len(service.shop.events("TransactionReceived")) == 2


def test_a_basket_priced_again_tells_the_new_amount(service: Served) -> None:
    offer = service.shop.give("muffin")
    first = service.lock(offer)["payload"]["amount"]
    cheaper = [*BREAKFAST[:1], item("MUFFIN", "2.00")]
    assert (first, service.lock(offer, items=cheaper)["payload"]["amount"]) == (3.00, 2.00)


def test_numbers_may_be_written_as_text(service: Served) -> None:
    offer = service.shop.give("euro")
    body = pos_body(binding(offer, items=[item("ESPRESSO", "4.00")]))
    exact = body.replace(b'"4.00"', b"4.00")
    assert exact != body
    assert service.caller().post("/api/2.0/lock", content=exact).json()["status"] == "OK"
