"""An offer in a customer's hands is changed: what is kept with it, and when it ends."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from http_service.serving import Served
from loyalty_ledger.person import data_of
from loyalty_ledger.verification import verify
from offers.till import NOW

PATHS = ["/api/2.0/offers/acquisition/update", "/offers/api/2.0/offers/acquisition/update"]
UPDATE = PATHS[0]
WALLET = "/offers/api/2.0/offers/get_user_offers"
VOUCHER = "VOUCHER-4711-OF-ANN"
MONTH = timedelta(days=30)


@pytest.fixture
def offer(service: Served) -> str:
    """An offer that Ann got at noon, good for 30 days."""
    service.caller()  # whose key is made before events are counted
    return service.shop.give("euro")


def in_wallet(service: Served) -> dict[str, dict[str, Any]]:
    return {one["id"]: one for one in service.told(WALLET)["user_offers"]}


def update(service: Served, offer: str, path: str = UPDATE, **changes: Any) -> Any:
    return service.told(path, None, user_offer_id=offer, **changes)


@pytest.mark.parametrize("path", PATHS)
def test_data_is_kept_with_an_offer_beside_the_log(service: Served, offer: str, path: str) -> None:
    assert in_wallet(service)[offer]["custom_data"] is None
    update(service, offer, path, custom_data="FIRST")
    update(service, offer, path, custom_data=VOUCHER)
    assert in_wallet(service)[offer]["custom_data"] == VOUCHER
    (_, event) = service.shop.events("OfferAnnotated")
    assert event.by.client_id == service.key_id  # type: ignore[attr-defined]
    assert VOUCHER not in repr(service.shop.events())
    after = service.events()
    update(service, offer, custom_data=VOUCHER)
    assert service.events() == after


def test_what_is_kept_is_the_customers_and_goes_with_him(service: Served, offer: str) -> None:
    ann, ledger = service.shop.id_of(), service.shop.ledger
    update(service, offer, custom_data=VOUCHER)
    assert data_of(ledger, ann, service.shop.moment())["with_offers"] == {offer: VOUCHER}
    ledger.erasing.erase(ann)
    assert ledger.log.personal(ann) == []
    assert service.refusal(UPDATE, None, user_offer_id=offer, custom_data="X") == "user_not_found"
    assert ledger.log.personal(ann) == []


def test_its_time_begins_anew_and_ends_later(service: Served, offer: str) -> None:
    ends = NOW + MONTH
    service.later(days=20)
    told = update(service, offer, update_redemption_dates=True)
    assert datetime.fromisoformat(told["expiration_date"]) - ends >= timedelta(days=20)
    service.later(days=31)
    assert service.shop.timeline(subject=offer)[-1].kind == "OfferExtended"
    service.shop.work()
    assert service.shop.state(offer) == "ISSUED"
    assert in_wallet(service)[offer]["expiration_date"] == told["expiration_date"]
    assert service.lock(offer)["status"] == "OK"
    service.shop.unlock(offer)
    service.later(days=51)
    kinds = [one.kind for one in service.shop.timeline(subject=offer)]
    assert kinds[-1] == "OfferExpired"  # not recorded yet
    service.shop.work()
    assert service.shop.state(offer) == "EXPIRED"
    assert [one.kind for one in service.shop.timeline(subject=offer)] == kinds
    assert verify(service.shop.ledger, lambda *_: None).problems == []


@pytest.mark.parametrize(("definition", "anew"), [("euro", True), ("forever", False)])
def test_an_offer_that_can_be_used_at_once_starts_when_it_was_issued(
    service: Served, definition: str, anew: bool
) -> None:
    made = service.shop.give(definition)
    (issued,) = service.shop.events("OfferIssued")
    starts = in_wallet(service)[made]["start_date"]
    assert datetime.fromisoformat(starts) == issued.issued_at  # type: ignore[attr-defined]
    service.later(days=20)
    change = {"update_redemption_dates": True} if anew else {"custom_data": VOUCHER}
    assert update(service, made, **change)["start_date"] == starts
    assert in_wallet(service)[made]["start_date"] == starts
    service.shop.ledger.projector.catch_up()
    then = service.told(WALLET, params={"as_of": (NOW + timedelta(days=1)).isoformat()})
    assert [one["start_date"] for one in then["user_offers"]] == [starts]


def test_what_is_over_is_not_begun_anew(service: Served, offer: str) -> None:
    anew = {"user_offer_id": offer, "update_redemption_dates": True}
    service.later(days=31)
    before = service.events()
    assert service.refusal(UPDATE, None, **anew) == "offer_expired"
    service.shop.work()
    assert service.refusal(UPDATE, None, **anew) == "offer_expired"
    assert service.events() == before + 1  # it expired, and that was recorded
    other = service.shop.give("euro", to="BOB")
    service.shop.redeem(other)
    redeemed = {"user_offer_id": other, "update_redemption_dates": True}
    assert service.refusal(UPDATE, None, **redeemed) == "offer_already_redeemed"


def test_an_offer_is_changed_for_its_own_customer_only(service: Served, offer: str) -> None:
    before, kept = service.events(), service.shop.ledger.log.personal(service.shop.id_of())
    for more in ({"custom_data": "X"}, {"update_redemption_dates": True}):
        body = {"user_offer_id": offer} | more
        assert service.refusal(UPDATE, "BOB", **body) == "offer_not_yours"
        assert service.refusal(UPDATE, None, user_id="nobody", **body) == "user_not_found"
    assert service.events() == before
    assert service.shop.ledger.log.personal(service.shop.id_of()) == kept
    told = service.told(UPDATE, "ANN", user_offer_id=offer, custom_data=VOUCHER)
    assert told["user_id"] == service.shop.id_of()
    assert update(service, offer, user_id=None, custom_data="OTHER")["user_offer_id"] == offer


def test_an_offer_of_a_merged_customer_is_changed_for_who_goes_on(
    service: Served, offer: str
) -> None:
    ann, bob = service.shop.id_of(), service.shop.id_of("BOB")
    service.shop.ledger.merging.merge(ann, bob)
    for named in (ann, bob):
        told = update(service, offer, user_id=named, custom_data=f"for {named[:5]}")
        assert told["user_id"] == bob


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "validation"),
        ({"custom_data": ""}, "validation"),
        ({"custom_data": "x" * 1_001}, "validation"),
        ({"custom_data": "a", "remain_pending_extended_data": True}, "validation"),
        ({"custom_data": "a", "user_offer_id": "none"}, "offer_not_found"),
        ({"custom_data": "a", "user_offer_id": "c0.aaaaaaaaaaaaaaaa"}, "offer_not_found"),
    ],
)
def test_what_cannot_be_changed_is_refused(
    service: Served, offer: str, changes: dict[str, Any], code: str
) -> None:
    before = service.events()
    assert service.refusal(UPDATE, None, **({"user_offer_id": offer} | changes)) == code
    kept = service.shop.ledger.log.personal(service.shop.id_of())
    assert (service.events(), [one for one in kept if one.field == "offer"]) == (before, [])


def test_a_change_is_made_once_and_its_answer_holds_nothing_of_the_data(
    service: Served, offer: str
) -> None:
    body = {"user_offer_id": offer, "custom_data": VOUCHER, "idempotency_id": "u-1"}
    first = service.ask(UPDATE, None, **body)
    update(service, offer, custom_data="OTHER")
    assert service.ask(UPDATE, None, **body).content == first.content
    assert in_wallet(service)[offer]["custom_data"] == "OTHER"
    assert VOUCHER not in first.text
