"""Sales as clients really send them: odd fields, local times, two ids, out of order, at once."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import msgspec
import pytest
from sqlalchemy import select

from http_service.middleware import all_at_once, nobody_commits
from http_service.serving import SALE, Served, binding
from loyalty_ledger.client.refusals import Refused
from loyalty_ledger.domain.api_key import Scope
from loyalty_ledger.keys import Terms
from loyalty_ledger.store.schema import personal
from offers.till import BREAKFAST, item

AT_ONCE = 8
ESPRESSO = SALE | {"items": [item("ESPRESSO", "4.00")]}


def request_id(name: str) -> str:
    return f"4f1c2a7be09d33{name.encode().hex()[-2:]}"


def paid_by(*payments: dict[str, Any]) -> dict[str, Any]:
    return {"payments": [{"amount": "4.00"} | one for one in payments]}


def test_fields_that_nobody_knows_are_ignored_and_kept(service: Served) -> None:
    odd = {"loyalty_robot": {"mood": "cheerful-7"}, "payments": [{"amount": 7, "till_tape": "x-9"}]}
    answer = service.pos("send_transaction", SALE | odd, user_id="whoever")
    assert answer.json()["status"] == "OK"
    with service.shop.ledger.log.engine.connect() as connection:
        kept = str(list(connection.execute(select(personal))))
    assert "cheerful-7" in kept
    assert "x-9" in kept


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-03-10 11:30:00.000", "2026-03-10T10:30:00Z"),
        ("2026-03-10T10:30:00.123Z", "2026-03-10T10:30:00.123000Z"),
        ("2026-03-10 10:30:00.2727288Z", "2026-03-10T10:30:00.272728Z"),
    ],
)
def test_a_time_without_a_zone_is_of_the_stores_zone(
    service: Served, written: str, read: str
) -> None:
    with service.client() as app:
        app.send_transaction(SALE | {"open_time": written})
        assert app.get_transaction("T1", "main")["open_time"] == read


def test_two_ids_of_one_person_earn_once(service: Served) -> None:
    inner = {"user_id": service.shop.id_of("BOB"), "user_id_type": "SessionM_ID"}
    outer = {"user_id": "BOB", "user_id_type": "External_ID"}
    with service.client() as app:
        app.send_transaction(ESPRESSO | paid_by(inner, outer))
        both = {"additional_user_id": "BOB", "additional_user_id_type": "External_ID"}
        app.send_transaction(ESPRESSO | {"transaction_id": "T2"} | paid_by(inner | both))
        service.shop.work()
        assert app.get_transaction("T1", "main")["user_ids"] == [inner["user_id"]]
    assert service.shop.points("BOB") == 80


def test_versions_out_of_order_end_in_the_same_ledger(service: Served) -> None:
    def versions(name: str, of: str) -> list[dict[str, Any]]:
        sale = {"transaction_id": name, "payments": [{"amount": 4, "user_id": of}]}
        return [
            SALE | sale | {"items": items, "modified_time": f"2026-03-10T12:0{n}:00"}
            for n, items in enumerate(
                (BREAKFAST, [*BREAKFAST, item("CAKE", "5.00")], BREAKFAST[:1])
            )
        ]

    service.shop.later(minutes=10)
    with service.client() as app:
        for version in versions("S-BOB", "BOB"):
            app.send_transaction(version)
        first, second, third = versions("S-VIC", "VIC")
        for version in (third, first, second):
            app.send_transaction(version)
            service.shop.work()
        told = [app.get_transaction(f"S-{of}", "main") for of in ("BOB", "VIC")]
        balances = [
            [(row["point_account_id"], row["available_balance"]) for row in balance["details"]]
            for of in ("BOB", "VIC")
            for balance in [app.all_balances(service.shop.id_of(of))]
        ]
    assert [len(one["items"]) for one in told] == [1, 1]
    assert balances[0] == balances[1]
    assert ("points", 40) in balances[0]


def test_of_eight_tills_that_lock_one_offer_one_wins(service: Served) -> None:
    offer = service.shop.give("euro")

    def lock(number: int) -> str:
        try:
            return till.lock(offer, SALE | {"transaction_id": f"T{number}"})["status"]
        except Refused as refused:
            return refused.code

    with service.client() as till:
        told = all_at_once([lambda n=n: lock(n) for n in range(AT_ONCE)])  # type: ignore[misc]
    assert sorted(told) == ["LOCKED"] + ["offer_locked"] * (AT_ONCE - 1)
    assert service.shop.facts(offer).count("OfferLocked") == 1


@pytest.mark.parametrize("verb", ["lock", "redeem", "send_transaction"])
def test_one_request_eight_times_at_once_has_one_effect(service: Served, verb: str) -> None:
    payload = SALE if verb == "send_transaction" else binding(service.shop.give("euro"))
    service.caller(Scope.POS)

    def ask() -> Any:
        return service.pos(verb, payload, request_id="same")

    before = service.events()
    told = all_at_once([ask] * AT_ONCE)
    first = ask()
    granted = [one for one in told if one.json()["status"] == "OK"]
    others = [one.json()["errors"]["code"] for one in told if one not in granted]
    assert {one.content for one in granted} == {first.content}
    assert set(others) <= {"pending_processing"}
    # Of an offer there is a fact on the offer and one on the sale.
    assert service.events() == before + (1 if verb == "send_transaction" else 2)


def test_eight_callers_of_one_request_are_told_the_same_in_the_end(service: Served) -> None:
    ann = service.shop.id_of()
    with service.client() as app:
        lines = [{"amount": 10}]
        told = all_at_once([lambda: app.spend_multiple(ann, lines, request_id="spend-1")] * AT_ONCE)
    assert told == [told[0]] * AT_ONCE
    assert service.shop.points() == 990


def test_every_event_of_a_sale_says_which_key_sent_it_as_which_request(service: Served) -> None:
    offer = service.shop.give("euro")
    discount = service.lock(offer)["payload"]
    bodies = {"T1": service.shop.body("T1", discount)}
    bodies |= {name: service.shop.body(name) for name in ("T2", "T3")}
    all_wait = f'loyalty_requests_waiting{{line="sales"}} {len(bodies)}.0'
    service.caller().get("/metrics")
    keys = {name: service.shop.ledger.keys.create(Terms(name, Scope.POS)) for name in bodies}
    before = service.events()

    def send(name: str) -> int:
        key, headers = keys[name], {"X-Request-Id": request_id(name)}
        url = f"{service.url}/api/2.0/send_transaction"
        auth = (key.key.key_id, key.secret)
        return httpx.post(url, content=bodies[name], headers=headers, auth=auth).status_code

    with ThreadPoolExecutor(len(bodies)) as threads, nobody_commits(service.shop.ledger):
        sent = [threads.submit(send, name) for name in bodies]
        while all_wait not in service.caller().get("/metrics").text:
            pass  # two of them at least will share a commit
    assert [one.result() for one in sent] == [200] * len(bodies)
    recorded = service.shop.ledger.log.read(before, 100)
    told = {(one.stream, tuple(sorted(one.meta.items()))) for one in recorded}
    till_ids = {name: msgspec.json.decode(body)["request_id"] for name, body in bodies.items()}
    metas = {
        name: (
            ("actor", key.key.key_id),
            ("request", request_id(name)),
            ("sent_as", till_ids[name]),
        )
        for name, key in keys.items()
    }
    assert told == {
        ("sale/main/T1", metas["T1"]),
        (f"offer/{offer}", metas["T1"]),
        ("sale/main/T2", metas["T2"]),
        ("sale/main/T3", metas["T3"]),
    }
