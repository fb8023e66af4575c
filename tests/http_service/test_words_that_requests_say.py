"""A retailer's own words are understood where requests say them, and told where answers do."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from http_service.serving import SALE, Served, binding, pos_body, served, served_in_own_words
from loyalty_ledger.domain.events.offers import Actor
from loyalty_ledger.domain.values import Rejected
from loyalty_ledger.http.names import read_names
from offers.till import promoting

AUDIT = "/incentives/api/1.0/point_audit_logs/fetch_point_audit_logs"
SALES = "/transactions/api/1.0/transactions/info/get_transaction"
OWN = """
[enumerations.modification_type]
issuance = "Point Issuance"
spend = "Point Redemption"
[enumerations.offer_lookup_type]
UserOfferId = "CouponId"
TTLCode = "ShownCode"
[enumerations.reference_id_type]
UserOfferId = "Coupon"
[enumerations.user_id_type]
External_ID = "Loyalty_Card"
SessionM_ID = "Member"
[enumerations.campaign_template]
message = "banner"
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def service(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Served]:
    with served_in_own_words(request.param, tmp_path, OWN) as made:
        yield made


def test_tills_name_offers_by_a_retailers_own_words_and_by_the_usual_ones(service: Served) -> None:
    offer = service.shop.give("euro")
    for kind in ("CouponId", "couponid", "UserOfferId"):
        locked = service.pos("lock", binding(offer) | {"offer_lookup_type": kind}).json()
        assert (locked["status"], locked["payload"]["reference_id_type"]) == ("OK", "Coupon")
    code = service.shop.ledger.offers.code(offer, Actor(client_id="app")).code
    by_code = binding(code) | {"offer_lookup_type": "ShownCode"}
    assert service.pos("lock", by_code).json()["payload"]["reference_id"] == offer
    unknown = service.pos("lock", binding(offer) | {"offer_lookup_type": "Coupon"}).json()
    assert unknown["errors"]["code"] == "invalid_offer_lookup_type"
    found = service.pos("lookup", {"external_customer_id": "ANN"}).json()["payload"]["user"]
    assert {one["reference_id_type"] for one in found["offers"]} <= {"Coupon"}


@pytest.mark.parametrize("kind", ["Coupon", "UserOfferId"])
def test_a_sale_redeems_the_offer_it_carries_by_either_word(service: Served, kind: str) -> None:
    offer = service.shop.give("euro")
    told = service.lock(offer)["payload"] | {"reference_id_type": kind}
    service.pos("send_transaction", SALE | {"discounts": [told]})
    service.shop.work()
    assert service.shop.flags("T1") == []
    assert service.lock(offer, sale="T2")["errors"]["code"] == "offer_already_redeemed"
    read = service.told(SALES, None, transaction_id="main/T1")
    assert [one["reference_id_type"] for one in read["discounts"]] == ["Coupon"]


@pytest.mark.parametrize(
    ("kind", "who"), [("Loyalty_Card", "BOB"), ("loyalty_card", "BOB"), ("External_ID", "BOB")]
)
def test_a_payment_names_its_customer_by_either_word(service: Served, kind: str, who: str) -> None:
    paid = {"amount": 7, "user_id": who, "user_id_type": kind}
    service.pos("send_transaction", SALE | {"payments": [paid]})
    service.shop.work()
    read = service.told(SALES, None, transaction_id="main/T1")
    assert [one["user_id"] for one in read["payments"]] == [service.shop.id_of("BOB")]


def test_a_second_id_of_a_payment_is_of_a_retailers_own_kind_too(service: Served) -> None:
    bob = service.shop.id_of("BOB")
    second = {"additional_user_id": bob, "additional_user_id_type": "Member"}
    paid = {"amount": 7, "user_id": "BOB", "user_id_type": "Loyalty_Card"} | second
    service.pos("send_transaction", SALE | {"payments": [paid]})
    service.shop.work()
    read = service.told(SALES, None, transaction_id="main/T1")
    assert [one["user_id"] for one in read["payments"]] == [bob]


def test_a_body_that_was_stored_before_is_answered_as_then(service: Served) -> None:
    paid = {"amount": 7, "user_id": "BOB", "user_id_type": "Loyalty_Card"}
    body = pos_body(SALE | {"payments": [paid]}, request_id="once")
    with served(service.shop) as usual:
        first = usual.caller().post("/api/2.0/send_transaction", content=body)
    caller, before = service.caller(), service.events()
    again = caller.post("/api/2.0/send_transaction", content=body)
    assert (again.content, service.events()) == (first.content, before)


def test_movements_are_asked_for_and_told_in_a_retailers_own_words(service: Served) -> None:
    told = service.told(AUDIT)["results"]
    assert {one["modification_type"] for one in told} == {"Point Issuance"}
    for word in ("Point Issuance", "issuance"):
        only = service.told(AUDIT, modification_types=[word])["results"]
        assert only == told
        others: dict[str, Any] = {"exclude_specified_modification_types": True}
        assert service.told(AUDIT, modification_types=[word], **others)["results"] == []
    assert service.told(AUDIT, modification_types=["Point Redemption"])["results"] == []


def test_campaigns_are_told_with_a_template_of_a_retailers_own(service: Served) -> None:
    service.shop.publish(promoting())
    told = service.core("GET", "/external/users/ANN/campaigns").json()["campaigns"]["tiles"]
    assert {one["template"]["type"] for one in told} == {"banner"}


@pytest.mark.parametrize(
    ("table", "word"),
    [("modification_type", 'spend = "Issuance"'), ("user_id_type", 'Card = "x"\nPhone = "X"')],
)
def test_a_word_that_could_mean_two_things_is_refused(
    tmp_path: Path, table: str, word: str
) -> None:
    own = tmp_path / "own.toml"
    own.write_text(f"[enumerations.{table}]\n{word}\n", encoding="utf-8")
    with pytest.raises(Rejected, match=f"{table}: .* must not mean .* and another"):
        read_names(own)
