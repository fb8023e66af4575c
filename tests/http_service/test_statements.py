"""What an integration relies on, statement by statement over HTTP: asking, locking, redeeming."""

import json
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from datetime import timedelta
from typing import Any

import pytest

from http_service.middleware import nobody_commits
from http_service.processes import serving_and_working, settle
from http_service.serving import SALE, Served, binding
from loyalty_ledger.client.clients import Client
from loyalty_ledger.client.refusals import Refused
from loyalty_ledger.domain.api_key import Scope
from loyalty_ledger.http.app import OPERATIONS
from loyalty_ledger.http.operation import Operation
from offers.till import BREAKFAST, NOW, Shop, external, item

HALF_AN_HOUR, A_SECOND = timedelta(minutes=30), timedelta(seconds=1)
JUDGED_BY = {
    "reference_id",
    "reference_id_type",
    "pos_discount_id",
    "amount",
    "stack_order",
    "discounted_line_ids",
    "discounted_line_id_quantities",
}
VERBS = ("lock", "redeem", "send_transaction")


@pytest.fixture
def till(service: Served) -> Iterator[Client]:
    with service.client() as made:
        yield made


def refused(code: str) -> Any:
    return pytest.raises(Refused, match=f"^{code}:")


def test_01_a_repeated_request_is_answered_byte_for_byte(service: Served) -> None:
    offer = service.shop.give("euro")
    back = {"user_offer_id": offer, "employee_id": "emma"}
    asked: list[tuple[str, dict[str, Any]]] = [
        ("lock", binding(offer)),
        ("unlock", back),
        ("redeem", binding(offer)),
        ("reinstate", back),
        ("send_transaction", SALE),
        ("lock", binding("nothing")),
    ]
    first = [service.pos(*one, request_id=f"r{n}").content for n, one in enumerate(asked)]
    assert [json.loads(one)["status"] for one in first] == ["OK"] * 5 + ["ERROR"]
    after = service.events()
    again = [service.pos(*one, request_id=f"r{n}").content for n, one in enumerate(asked)]
    assert again == first
    assert service.events() == after


@pytest.mark.parametrize("verb", VERBS)
def test_02_a_request_that_is_under_way_is_pending(service: Served, verb: str) -> None:
    payload = SALE if verb == "send_transaction" else binding(service.shop.give("euro"))
    before = service.events()
    service.pos("lookup", {"external_customer_id": "ANN"})  # the key is known from here on

    def ask() -> Any:
        return service.pos(verb, payload, request_id="same")

    with ThreadPoolExecutor(2) as threads:
        with nobody_commits(service.shop.ledger):
            both = [threads.submit(ask), threads.submit(ask)]
            done, stalled = wait(both, timeout=30, return_when=FIRST_COMPLETED)
            (early,) = done
            assert early.result().json()["errors"]["code"] == "pending_processing"
            assert early.result().json()["status"] != "OK"
        (first,) = stalled
        assert first.result().json()["status"] == "OK"
    after = service.events()
    assert after > before
    assert ask().content == first.result().content
    assert service.events() == after


def test_03_every_family_has_its_own_status_and_core_its_http_status(service: Served) -> None:
    connect = "/offers/api/2.0/offers/get_user_offers"
    granted = (
        service.pos("send_transaction", SALE),
        service.ask(connect),
        service.core("GET", "/external/users/ANN"),
    )
    assert [one.json()["status"] for one in granted] == ["OK", "ok", "ok"]
    wrong = service.core("GET", "/external/users/ANN/timelines/OTHER")
    nobody = service.core("GET", "/external/users/NOBODY")
    stranger = service.caller().get("/priv/v1/apps/another/external/users/ANN")
    assert [one.status_code for one in (wrong, nobody, stranger)] == [200, 404, 401]
    for answer in (wrong, nobody, stranger):
        assert (answer.json()["status"], bool(answer.json()["errors"]["code"])) == ("error", True)


def test_04_every_connect_route_answers_at_both_its_paths(service: Served) -> None:
    known = {"transaction_id": "opening", "store_id": "main", "offer_ids": ["muffin"]}
    for operation in OPERATIONS:
        if operation.family != "connect":
            continue
        assert {path.startswith("/api/") for path in operation.paths} == {True, False}
        if operation.writes:
            assert_done_at_every_path(service, operation)
            continue
        told = [service.ask(path, "ANN", **known) for path in operation.paths]
        assert {one.status_code for one in told} == {200}
        assert len({one.content for one in told}) == 1, operation.name
        assert told[0].json()["status"] == "ok"


def assert_done_at_every_path(service: Served, operation: Operation) -> None:
    """At each path it does something anew, and at each other one that is known then."""
    for number, path in enumerate(operation.paths):
        name = f"{operation.name}-{number}"
        body = right_write(service.shop, operation.name, number) | {"idempotency_id": name}
        before = service.events()
        first = service.ask(path, **body)
        assert (first.status_code, first.json()["status"]) == (200, "ok"), (path, first.text)
        after = service.events()
        assert after > before, path
        again = {service.ask(other, **body).content for other in operation.paths}
        assert again == {first.content}, path
        assert service.events() == after
        service.shop.work()


def right_write(shop: Shop, name: str, number: int) -> dict[str, Any]:
    """A body that an operation which writes grants, about something else for every number."""
    give = {"update_offer", "revoke_offer", "manual_redeem"}
    offer = {"user_offer_id": shop.give("welcome")} if name in give else {}
    line = {"point_source_id": "purchases", "point_account_id": "points", "amount": 25}
    thanks = {"name": "Thanks", "point_account_ids": ["points"]}
    bodies: dict[str, dict[str, Any]] = {
        "issue_offer": {"offer_id": "euro", "reason": "a long wait"},
        "update_offer": {"custom_data": "voucher 17"},
        "revoke_offer": {"reason": "given by mistake"},
        "purchase_offer": {"reward_store_offer_id": "muffin-150"},
        "deposit": {"deposit_details": [line]},
        "spend_multiple": {"spend_details": [{"amount": 10}]},
        "move_user": {"tier_system_id": "club", "tier_level_id": ("silver", "bronze")[number % 2]},
        "trigger_user_event": {"event_lookup": "review"},
        "manual_redeem": {"store_id": "main"},
        "create_or_edit": {"id": f"thanks-{number}"} | thanks,
        "add_or_edit_offer": {
            "id": f"euro-{number}",
            "reward_store_id": "rewards",
            "root_offer_id": "euro",
            "price": 100,
        },
    }
    return bodies[name] | offer


def test_05_a_message_is_never_executed_twice_and_says_so_for_half_an_hour(
    service: Served,
) -> None:
    def tag() -> Any:
        body, message = {"tags": ["vip"], "ttl": 60}, {"Message-ID": "m-1"}
        return service.core("POST", "/external/users/ANN/tags", body, headers=message)

    first = tag()
    after = service.events()
    service.shop.move_to(NOW + HALF_AN_HOUR - A_SECOND)
    soon = tag()
    service.shop.move_to(NOW + HALF_AN_HOUR + A_SECOND)
    late = tag()
    assert first.content == soon.content == late.content
    said = [one.headers.get("cached-message") for one in (first, soon, late)]
    assert said == [None, "true", None]
    assert service.events() == after


def test_06_a_sale_is_answered_before_any_rule_runs_and_survives_a_kill(
    service: Served, till: Client
) -> None:
    ann = {"payments": [{"amount": "4.00", "user_id": "ANN"}]}
    espresso = SALE | {"items": [item("ESPRESSO", "4.00")]} | ann
    till.send_transaction(espresso)
    service.shop.ledger.projector.catch_up()
    assert till.get_transaction("T1", "main")["state"] == "received"
    with serving_and_working(service.shop.url) as (url, kill), service.client(url) as caller:
        for number in range(10):
            caller.send_transaction(espresso | {"transaction_id": f"K{number}"})
        kill()
    settle(service.shop.url)
    assert service.shop.points() == 1000 + 11 * 40
    sales = [till.get_transaction(f"K{number}", "main") for number in range(10)]
    assert [one["state"] for one in sales] == ["settled"] * 10


@pytest.mark.parametrize("verb", VERBS)
def test_07_a_sale_beyond_a_limit_is_refused_and_one_at_it_taken(
    service: Served, verb: str
) -> None:
    def ask(name: str, **more: Any) -> Any:
        if verb == "send_transaction":
            return service.pos(verb, SALE | {"transaction_id": name} | more).json()
        return service.lock(offer, verb, sale=name, **more)

    def large(extra: int) -> dict[str, Any]:
        nested = {"parts": [{"n": n} for n in range(498 + extra)]}
        return {
            "items": [item("ESPRESSO", "1.00", f"L{n}") for n in range(1000 + extra)],
            "payments": [{"amount": "1.00"}] * (100 + extra),
            "discounts": [{"amount": "0.01", "reference_id": f"D{n}"} for n in range(100 + extra)],
            "business_def_collection": [{"n": n} for n in range(501)] + [nested],
        }

    service.caller(Scope.POS)
    offer = service.shop.give("forever")
    for part, beyond in large(1).items():
        before = service.events()
        answer = ask("BEYOND", **{part: beyond})
        assert answer["errors"]["code"] == "validation", part
        assert service.events() == before
    for part, most in large(0).items():
        if verb == "redeem":
            offer = service.shop.give("forever")
        assert ask("T1" if verb == "lock" else part, **{part: most})["status"] == "OK", part


def test_08_an_identifier_of_two_customers_is_an_error(service: Served, till: Client) -> None:
    for kind in ("app", "card"):
        service.shop.ledger.customers.enrol([external("SAME")._replace(type=kind)])
    service.shop.ledger.projector.catch_up()
    with refused("multiple_users_found"):
        till.lookup(external_customer_id="SAME")


def test_09_a_look_up_tells_the_wallet_and_with_a_sale_what_would_apply(
    service: Served, till: Client
) -> None:
    muffin, mugs = service.shop.give("muffin"), service.shop.give("mug-set")
    service.shop.ledger.projector.catch_up()

    def amounts(sale: Any = None, **envelope: Any) -> dict[str, Any]:
        payload = {"external_customer_id": "ANN"} | ({"transaction": sale} if sale else {})
        user = service.pos("lookup", payload, **envelope).json()["payload"]["user"]
        return {one["reference_id"]: one.get("amount") for one in user["offers"]}

    with_mugs = SALE | {"items": [*BREAKFAST, item("MUG-SET", "20.00")]}
    assert amounts() == {muffin: None, mugs: None}
    assert amounts(SALE) == {muffin: 3.00}
    assert amounts(with_mugs) == {muffin: 3.00, mugs: 3.00}
    assert amounts(with_mugs, store_id="other") == {muffin: 3.00}
    assert amounts(with_mugs, store_id=None) == {muffin: 3.00, mugs: 3.00}


def test_10_a_lock_holds_for_its_sale_and_is_priced_anew(service: Served, till: Client) -> None:
    offer = service.shop.give("muffin")
    first = till.lock(offer, SALE)
    with refused("offer_locked"):
        till.lock(offer, SALE | {"transaction_id": "T2"})
    again = till.lock(offer, SALE | {"items": [BREAKFAST[0], item("MUFFIN", "2.00")]})
    assert [str(one["amount"]) for one in (first, again)] == ["3.00", "2.00"]


def test_11_a_lock_lapses_but_not_under_a_sale_that_was_received_in_time(
    service: Served, till: Client
) -> None:
    lapses, in_time = service.shop.give("euro"), service.shop.give("euro")
    till.lock(lapses, SALE)
    discount = till.lock(in_time, SALE | {"transaction_id": "T3"})
    service.shop.move_to(NOW + HALF_AN_HOUR - A_SECOND)
    till.send_transaction(SALE | {"transaction_id": "T3", "discounts": [discount]})
    with refused("offer_locked"):
        till.lock(lapses, SALE | {"transaction_id": "T2"})
    service.shop.move_to(NOW + HALF_AN_HOUR + A_SECOND)
    assert till.lock(lapses, SALE | {"transaction_id": "T2"})["status"] == "LOCKED"
    service.shop.work()  # only now is the sale judged by rules
    assert service.shop.state(in_time) == "REDEEMED"
    assert service.shop.flags("T3") == []


def test_12_a_closed_sale_redeems_what_it_carries_exactly_once(
    service: Served, till: Client
) -> None:
    offer = service.shop.give("euro")
    sale = SALE | {"discounts": [till.lock(offer, SALE)]}
    for _ in range(2):
        till.send_transaction(sale)
    later = "2026-03-10T12:00:01"
    till.send_transaction(sale | {"modified_time": later, "channel": "web"})
    service.shop.work()
    assert service.shop.state(offer) == "REDEEMED"
    assert service.shop.facts(offer).count("OfferRedeemed") == 1


def test_13_what_is_redeemed_stays_so_until_it_is_reinstated(service: Served, till: Client) -> None:
    offer = service.shop.give("euro")
    till.lock(offer, SALE)
    with refused("offer_not_redeemed"):
        till.reinstate(offer, "emma")
    till.redeem(offer, SALE)
    for verb in (till.lock, till.redeem):
        with refused("offer_already_redeemed"):
            verb(offer, SALE | {"transaction_id": "T2"})
    with refused("offer_not_locked"):
        till.unlock(offer, "emma")
    till.reinstate(offer, "emma")
    assert till.lock(offer, SALE | {"transaction_id": "T2"})["status"] == "LOCKED"


def test_14_locking_and_redeeming_tell_one_shape_which_the_sale_carries_back(
    service: Served, till: Client
) -> None:
    locked = till.lock(service.shop.give("muffin"), SALE)
    redeemed = till.redeem(service.shop.give("muffin"), SALE | {"transaction_id": "T2"})
    assert set(locked) == set(redeemed)
    for name, discount in (("T1", locked), ("T2", redeemed)):
        till.send_transaction(SALE | {"transaction_id": name, "discounts": [discount]})
        assert service.shop.flags(name) == []
        (read,) = till.get_transaction(name, "main")["discounts"]
        judged = {one: value for one, value in read.items() if one in discount}
        assert judged.keys() >= JUDGED_BY
        assert judged == {one: discount[one] for one in judged}  # type: ignore[literal-required]
