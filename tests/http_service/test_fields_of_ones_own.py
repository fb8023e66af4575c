"""Fields of the operator's own about a customer come back as they were sent."""

from typing import Any

import pytest

from http_service.serving import Served
from loyalty_ledger.answers import Moment
from loyalty_ledger.client.sites import External
from loyalty_ledger.lines import Line
from loyalty_ledger.person import data_of
from loyalty_ledger.personal_fields import CORE
from loyalty_ledger.records import PersonRecord, customer_record, read_record
from offers.till import NOW

ANN, BOB = "/external/users/ANN", "/external/users/BOB"
SENT = {
    "shoe": 42,
    "likes": ["a", "b"],
    "vip": True,
    "n": {"a": 1, "b": None},
    "drink": "espresso",
    "number": "42",
    "odd": "\x1e42",
    "long": 10**20,
}


def keep(service: Served, fields: Any, of: str = ANN) -> Any:
    return service.core("POST", f"{of}/models/user_profile", {"user_profile": fields}).json()


def kept(service: Served, of: str = ANN) -> dict[str, Any]:
    told = service.core("GET", of, params={"user[user_profile]": "true"}).json()
    fields: dict[str, Any] = told["user"]["user_profile"]
    return fields


def test_fields_of_ones_own_come_back_with_the_type_they_were_sent_with(service: Served) -> None:
    service.caller()
    assert kept(service) == {"_version": 0}
    assert keep(service, SENT)["changed"] is True
    assert kept(service) == SENT | {"_version": 1}
    assert keep(service, SENT)["changed"] is False
    assert keep(service, kept(service))["changed"] is False
    assert kept(service)["_version"] == 1
    assert keep(service, {"shoe": "42", "vip": 1})["changed"] is True
    assert kept(service) == SENT | {"shoe": "42", "vip": 1, "_version": 2}


def test_null_takes_a_field_of_ones_own_away(service: Served) -> None:
    service.caller()
    keep(service, {"shoe": 42, "vip": True})
    assert keep(service, {"shoe": None, "never": None})["changed"] is True
    assert kept(service) == {"vip": True, "_version": 2}
    assert keep(service, {"shoe": None})["changed"] is False
    assert kept(service)["_version"] == 2


def test_what_every_customer_has_is_not_among_fields_of_ones_own(service: Served) -> None:
    service.caller()
    core = {"dob": "1990-02-28", "first_name": "Ann"}
    assert service.core("PUT", ANN, {"user": core}).json()["changed"] is True
    assert kept(service) == {"_version": 0}
    keep(service, {"shoe": 42})
    told = service.core("GET", ANN, params={"user[user_profile]": "true"}).json()["user"]
    assert told["user_profile"] == {"shoe": 42, "_version": 1}
    assert {name: told[name] for name in core} == core


def test_what_was_kept_as_text_stays_text(service: Served) -> None:
    service.caller()
    older = {"visits": "7", "likes": '["cake"]', "_version": "of theirs"}
    service.shop.ledger.customers.change(service.shop.id_of("ANN"), personal=older)
    told = kept(service)
    assert (told["visits"], told["likes"]) == ("7", '["cake"]')
    assert keep(service, {"visits": 7})["changed"] is True
    assert kept(service)["visits"] == 7
    assert isinstance(kept(service)["_version"], int)


def test_fields_that_are_loaded_come_back_with_their_types_too(service: Served) -> None:
    service.caller()
    line = (
        b'{"identifiers": [{"type": "External_ID", "value": "ANN"}], "shoe": 42, "zip": 1234,'
        b' "likes": ["cake"], "gone": null}'
    )
    record = customer_record(read_record(PersonRecord, Line(1, line)))
    assert service.shop.ledger.administration.enrol([record]) == [True]
    assert kept(service) == {"shoe": 42, "likes": ["cake"], "_version": 1}
    assert service.core("GET", ANN).json()["user"]["zip"] == "1234"
    assert service.shop.ledger.administration.enrol([record]) == [False]
    assert kept(service)["_version"] == 1


def test_fields_of_ones_own_go_on_with_whom_a_customer_goes_on_as(service: Served) -> None:
    service.caller()
    keep(service, {"shoe": 42, "vip": True})
    for likes in (["tea"], ["cake"]):
        keep(service, {"shoe": 38, "likes": likes}, BOB)
    ann, bob = service.shop.id_of("ANN"), service.shop.id_of("BOB")
    service.shop.ledger.merging.merge(bob, ann)
    service.shop.ledger.projector.catch_up()
    assert kept(service) == {"shoe": 42, "vip": True, "likes": ["cake"], "_version": 3}
    assert kept(service, BOB) == kept(service)


def test_fields_of_ones_own_are_kept_with_a_customer_and_go_with_him(service: Served) -> None:
    fields = {"favourite_drink": "espresso", "visits": 7, "likes": ["cake"]}
    with service.client() as site:
        bob = service.shop.id_of("BOB")
        assert site.user_profile(bob, fields) == {"status": "ok", "changed": True}
        assert site.user_profile(External("BOB"), fields)["changed"] is False
        assert site.read_user(bob, user_profile=True)["user_profile"] == fields | {"_version": 1}
        assert "user_profile" not in site.read_user(bob)
        held = data_of(service.shop.ledger, bob, Moment(NOW))["personal"]
        assert held == {f"about:{name}": value for name, value in fields.items()} | {
            "about:_version": 1
        }
        service.shop.ledger.erasing.erase(bob)
        service.shop.ledger.projector.catch_up()
        assert site.read_user(bob, user_profile=True)["user_profile"] == {"_version": 0}
        assert data_of(service.shop.ledger, bob, Moment(NOW))["personal"] == {}


def test_numbers_among_fields_of_ones_own_are_kept_as_they_were_sent(service: Served) -> None:
    service.caller()
    path = f"{ANN}/models/user_profile"
    sent = b'{"user_profile": {"score": 1.50, "sizes": [0.10, {"b": 2.50, "a": 3}], "sure": true}}'
    whole = f"/priv/v1/apps/{service.key_id}{path}"
    assert service.caller().post(whole, content=sent).json()["status"] == "ok"
    told = service.core("GET", ANN, params={"user[user_profile]": "true"}).text
    assert '"score":1.50,"sizes":[0.10,{"a":3,"b":2.50}],"sure":true' in told


def test_what_is_kept_of_every_customer_is_no_field_of_ones_own(service: Served) -> None:
    service.caller()
    before = service.core("GET", ANN).json()["user"]
    for name in CORE:
        fields = {"drink": "tea", name: "1890-02-30"}
        told = service.core("POST", f"{ANN}/models/user_profile", {"user_profile": fields}).json()
        assert (told["status"], told["errors"]["code"]) == ("error", "validation")
        assert f"user_profile.{name} is no field of your own" in told["errors"]["message"]
    assert service.core("GET", ANN).json()["user"] == before
    left = service.core("GET", ANN, params={"user[user_profile]": "true"}).json()["user"]
    assert "drink" not in left["user_profile"]


@pytest.mark.parametrize("fields", [{}, {"x": "y" * 1001}, {"a\nb": 1}, {"x": "\0"}, [], None])
def test_fields_that_cannot_be_kept_are_refused(service: Served, fields: Any) -> None:
    service.caller()
    path, before = f"{ANN}/models/user_profile", service.events()
    told = service.core("POST", path, {"user_profile": fields}).json()
    assert told["errors"]["code"] == "validation"
    assert service.events() == before
