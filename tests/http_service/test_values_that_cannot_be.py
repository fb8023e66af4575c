"""Addresses, genders and discounts that can be none are refused; returns never for their shape."""

from typing import Any

import pytest

from http_service.serving import SALE, Served
from offers.till import BREAKFAST, item

DISCOUNT = {"amount": "1.00", "discount_source": "till"}
CUT = DISCOUNT | {"amount": "-1.00"}
BACK = {"line_id": "back", "item_id": "MUFFIN", "subtotal": "-3.00", "quantity": -1}


def refused(answer: Any) -> str:
    """What the one who asked is told is wrong."""
    assert answer.json()["errors"]["code"] == "validation", answer.text
    return str(answer.json()["errors"]["message"])


NO_ADDRESSES = ("carol", "carol@", "@example.com", "c@r@example.com", " @ ")
ADDRESSES = ("c@d", "Carol.O'Neil+shop@mail.example.com", "käthe@büro.de")


@pytest.mark.parametrize(("method", "path"), [("POST", "/users"), ("PUT", "/external/users/ANN")])
def test_an_address_that_is_none_is_refused(service: Served, method: str, path: str) -> None:
    service.caller()
    before = service.events()
    for address in NO_ADDRESSES:
        answer = service.core(method, path, {"user": {"email": address}})
        assert refused(answer) == "user.email must be an e-mail address: text, one @, and text"
    assert service.events() == before


def test_an_address_that_may_be_one_is_taken(service: Served) -> None:
    for address in ADDRESSES:
        answer = service.core("PUT", "/external/users/ANN", {"user": {"email": address}})
        assert answer.json() == {"status": "ok", "changed": True}


def test_a_gender_is_m_or_f(service: Served) -> None:
    for gender in ("x", "male", "mf", "1"):
        answer = service.core("PUT", "/external/users/ANN", {"user": {"gender": gender}})
        assert refused(answer) == "user.gender must be m or f"


def test_a_gender_is_read_in_whatever_case(service: Served) -> None:
    for sent, changed in (("F", True), ("f", False), ("m", True)):
        answer = service.core("PUT", "/external/users/ANN", {"user": {"gender": sent}})
        assert answer.json() == {"status": "ok", "changed": changed}
        user = service.core("GET", "/external/users/ANN").json()["user"]
        assert user["gender"] == sent.lower()


def test_a_discount_below_zero_is_refused(service: Served) -> None:
    service.caller()
    said = refused(
        service.pos("send_transaction", SALE | {"discounts": [DISCOUNT, CUT | {"amount": -2}]})
    )
    assert said.startswith("discounts[1].amount must not be below 0")
    assert service.shop.events("TransactionReceived")[1:] == []


RETURNS: list[dict[str, Any]] = [
    {"items": [*BREAKFAST, BACK]},
    {"items": [BREAKFAST[0], BREAKFAST[1] | {"quantity": 0, "subtotal": 0}]},
    {"items": []},
    {"is_voided": True},
    {"payments": [{"amount": 7}, {"amount": -3}]},
    {"discounts": [DISCOUNT, CUT]},
]


def test_a_return_may_take_a_discount_back(service: Served) -> None:
    later = {"modified_time": "2026-03-10T12:01:00", "discounts": [CUT]}
    service.later(minutes=5)
    for number, returned in enumerate(RETURNS):
        sale = SALE | {"transaction_id": f"R{number}"}
        for version in ({"discounts": [DISCOUNT]}, later | returned):
            answer = service.pos("send_transaction", sale | version)
            assert answer.json()["status"] == "OK", answer.text


def test_quantities_of_a_discount_go_with_its_lines(service: Served) -> None:
    cut = {"discounted_line_ids": ["1", "2"], "discounted_line_id_quantities": [1]}
    items = [item("ESPRESSO", "4.00") | {"line_id": "1"}, item("CAKE", "5.00") | {"line_id": "2"}]
    sale = SALE | {"items": items, "discounts": [DISCOUNT | cut]}
    said = refused(service.pos("send_transaction", sale))
    assert said.startswith("discounts[0].discounted_line_id_quantities holds ")
    absents: list[Any] = [[], None]
    for absent in absents:
        for field in cut:
            sale |= {"discounts": [DISCOUNT | cut | {field: absent}]}
            assert service.pos("send_transaction", sale).json()["status"] == "OK"


def test_a_discount_may_name_a_line_that_came_back(service: Served) -> None:
    """The object that lock answered is sent unchanged, also when the goods are gone."""
    offer = service.shop.give("muffin")
    held = service.lock(offer)["payload"]
    assert held["discounted_line_ids"]
    gone = [one for one in BREAKFAST if one["line_id"] not in held["discounted_line_ids"]]
    service.later(minutes=5)
    for changes in ({}, {"items": gone, "modified_time": "2026-03-10T12:01:00"}):
        answer = service.pos("send_transaction", SALE | {"discounts": [held]} | changes)
        assert answer.json()["status"] == "OK", answer.text
