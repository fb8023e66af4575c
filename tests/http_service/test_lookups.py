"""Looking customers up at the till, promo codes, customer events and offers fulfilled by hand."""

from typing import Any

from http_service.serving import SALE, Served
from loyalty_ledger.domain.api_key import Scope
from offers.till import BREAKFAST, external, item, promoting

TRIGGER = "/incentives/api/1.0/user_events/trigger_user_event"
MANUAL = "/offers/api/2.0/offers/redemption/manual_redeem"


def looked_up(service: Served, payload: dict[str, Any], **envelope: Any) -> Any:
    service.shop.ledger.projector.catch_up()
    answer = service.pos("lookup", payload, **envelope).json()
    return answer["payload"]["user"] if answer["status"] == "OK" else answer["errors"]["code"]


def test_without_a_sale_the_whole_wallet_comes_back_and_no_amounts(service: Served) -> None:
    offers = {service.shop.give("muffin"), service.shop.give("mug-set")}
    user = looked_up(service, {"external_customer_id": "ANN"})
    assert {one["reference_id"] for one in user["offers"]} == offers
    assert all("amount" not in one for one in user["offers"])
    assert user["available_points"] == 1000
    assert user["point_account_balances"]["summary"]["total_points"] == 1000


def test_with_a_sale_only_what_would_apply_comes_back_with_its_amount(service: Served) -> None:
    muffin = service.shop.give("muffin")
    service.shop.give("mug-set")  # no mugs on the check
    user = looked_up(service, {"external_customer_id": "ANN", "transaction": SALE})
    (shown,) = user["offers"]
    assert (shown["reference_id"], shown["amount"]) == (muffin, 3.00)
    assert shown["discounted_line_ids"] == ["MUFFIN"]


def test_stores_count_only_where_one_is_named(service: Served) -> None:
    mugs = service.shop.give("mug-set")
    sale = SALE | {"items": [*BREAKFAST, item("MUG-SET", "20.00")]}
    payload = {"external_customer_id": "ANN", "transaction": sale}

    def found(**envelope: Any) -> list[str]:
        return [one["reference_id"] for one in looked_up(service, payload, **envelope)["offers"]]

    assert found(store_id="main") == [mugs]
    assert found(store_id="other") == []
    assert found(store_id=None) == [mugs]


def test_what_the_sale_itself_holds_comes_back_and_what_another_holds_does_not(
    service: Served,
) -> None:
    muffin = service.shop.give("muffin")
    discount = service.lock(muffin)["payload"]

    def found(name: str = "T1", *carried: Any, **envelope: Any) -> list[tuple[str, float]]:
        sale = SALE | {"transaction_id": name, "discounts": [*carried]}
        payload = {"external_customer_id": "ANN", "transaction": sale}
        offers = looked_up(service, payload, **envelope)["offers"]
        return [(one["reference_id"], one["amount"]) for one in offers]

    held = [(muffin, 3.00)]
    assert found() == found(store_id=None) == held
    assert found("T1", discount) == held  # its own discount leaves it what it takes
    assert found("T2") == found("T2", store_id=None) == found(store_id="other") == []
    assert looked_up(service, {"external_customer_id": "ANN"})["offers"] == []
    assert service.lock(muffin, discounts=[discount])["payload"]["amount"] == 3.00
    assert service.send("T1", discount).json()["status"] == "OK"
    assert found() == []


def test_nobody_and_several_are_refusals(service: Served) -> None:
    assert looked_up(service, {"email": "nobody@example.com"}) == "user_not_found"
    assert looked_up(service, {}) == "validation"
    bob = service.shop.id_of("BOB")
    assert looked_up(service, {"external_customer_id": "ANN", "user_id": bob}) == (
        "multiple_users_found"
    )
    for kind in ("app", "card"):
        reference = external("SAME")._replace(type=kind)
        service.shop.ledger.customers.enrol([reference])
    assert looked_up(service, {"external_customer_id": "SAME"}) == "multiple_users_found"


def test_a_look_up_may_be_repeated_and_writes_nothing(service: Served) -> None:
    service.caller(Scope.POS)
    before = service.events()
    for _ in range(2):
        user = looked_up(service, {"external_customer_id": "ANN"}, request_id="same")
        assert user["id"] == service.shop.id_of("ANN")
    assert service.events() == before


def test_a_promo_code_is_claimed_once(service: Served) -> None:
    service.shop.publish(promoting(per_customer=1))
    path = "/external/users/ANN/promotions/claims"
    claim = service.core("POST", path, {"code": "muglove"}, headers={"Message-ID": "m-1"})
    told = claim.json()["claim"]
    assert (told["promotion_id"], told["points"]) == (
        "mug-love",
        [{"point_account_id": "points", "amount": 50}],
    )
    assert [one["offer_id"] for one in told["offers"]] == ["mug-set"]
    again = service.core("POST", path, {"code": "muglove"}, headers={"Message-ID": "m-1"})
    assert again.content == claim.content
    second = service.core("POST", path, {"code": "MUGLOVE"}).json()
    assert second["errors"]["code"] == "limit_reached"
    assert service.shop.points() == 1050


def test_wrong_codes_lock_out_and_right_ones_count_towards_the_limiter(service: Served) -> None:
    service.shop.publish(promoting() | {"promo_limiter": {"week": 3}})
    path = "/external/users/ANN"
    service.core("POST", f"{path}/promotions/claims", {"code": "MUGLOVE"})
    for _ in range(5):
        wrong = service.core("POST", f"{path}/promotions/claims", {"code": "WRONG"}).json()
        assert wrong["errors"]["code"] == "promotion_not_available"
    shut = service.core("POST", f"{path}/promotions/claims", {"code": "MUGLOVE"}).json()
    assert shut["errors"]["code"] == "promo_locked_out"
    service.shop.ledger.projector.catch_up()
    lockout = service.core("GET", f"{path}/lockout").json()["lockout"]
    assert (lockout["consecutive_count"], lockout["cumulative_count"]) == (5, 5)
    assert (lockout["duration"], lockout["policy_type"]) == (900, "promo_code_lockout")
    limiters = service.core("GET", f"{path}/limiters").json()["limiters"]
    assert {"quantum": "week", "limit": 3, "claimed": 1} in limiters
    entered = service.core("GET", f"{path}/promotions").json()
    assert [one["promotion_id"] for one in entered["claims"]] == ["mug-love"]
    assert [one["why"] for one in entered["wrong_codes"]] == ["unknown"] * 5


def test_a_customer_event_is_received_once(service: Served) -> None:
    asked = {"event_lookup": "app-sign-in", "idempotency_id": "e-1"}
    first = service.ask(TRIGGER, **asked)
    assert first.json()["payload"]["event_saved_successfully"] is True
    assert first.json()["payload"]["user_event"]["retailer_id"] is None
    assert service.ask(TRIGGER, **asked).content == first.content
    (received,) = service.shop.events("CustomerEventReceived")
    assert getattr(received, "event", "") == "app-sign-in"
    assert service.refusal(TRIGGER, None, user_id="nobody", event_lookup="x") == "user_not_found"


def test_an_offer_that_is_fulfilled_outside_is_used_by_hand(service: Served) -> None:
    tour, euro = service.shop.give("welcome"), service.shop.give("euro")
    told = service.told(MANUAL, None, user_offer_id=tour, store_id="main")
    assert told == {"user_offer_id": tour, "offer_id": "welcome"}
    assert service.shop.state(tour) == "REDEEMED"
    assert service.refusal(MANUAL, None, user_offer_id=tour, store_id="main") == (
        "offer_already_redeemed"
    )
    assert service.refusal(MANUAL, None, user_offer_id=euro, store_id="main") == (
        "offer_not_applicable"
    )
    assert service.refusal(MANUAL, None, user_offer_id="x", store_id="main") == "offer_not_found"
