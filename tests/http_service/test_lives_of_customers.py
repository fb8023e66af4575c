"""What happened to a customer, and what he stood to, as sites read it."""

import re
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import httpx
import pytest

from http_service.middleware import all_at_once
from http_service.serving import SALE, Served
from loyalty_ledger.cli.output import log_plainly
from loyalty_ledger.domain.api_key import Scope
from offers.till import NOW, document, promoting

AT_ONCE = 8
ANN, BOB = "/external/users/ANN", "/external/users/BOB"


def timeline(service: Served, of: str = ANN, **query: Any) -> list[dict[str, Any]]:
    service.shop.ledger.projector.catch_up()
    answer = service.core("GET", f"{of}/timelines/NEW_VIEW", params=query).json()
    assert answer["status"] == "ok", answer
    rows: list[dict[str, Any]] = answer["result"]
    return rows


def test_the_timeline_tells_a_sale_received_and_then_settled_with_what_it_gave(
    service: Served,
) -> None:
    ann, bob = service.shop.id_of("ANN"), service.shop.id_of("BOB")
    paid = [{"amount": 4, "user_id": who, "custom_data": {"of": who}} for who in ("ANN", "BOB")]
    service.pos("send_transaction", SALE | {"payments": paid})
    (row, *_) = timeline(service)
    assert row["event_stream_event_type_id"] == "transaction_received"
    assert row["event_stream_payload"]["state"] == "received"
    service.shop.work()
    settled, received = timeline(service, event_types="transaction_received,transaction_settled")[
        :2
    ]
    told = received["event_stream_payload"]
    assert (told["state"], told["pos_transaction_id"], told["check_amount"]) == ("settled", "T1", 7)
    assert [one["user_id"] for one in told["payments"]] == [ann, bob]
    assert [one["custom_data"] for one in told["payments"]] == [None, None]
    facts = settled["event_stream_payload"]["facts"]
    assert facts["state"] == "settled"
    assert [(one["customer_id"], one["difference"]) for one in facts["granted"]] == [(ann, 35)]
    (his, *_) = timeline(service, BOB)
    assert [x["customer_id"] for x in his["event_stream_payload"]["facts"]["granted"]] == [bob]
    for one in (settled, received):
        payload = one["event_stream_payload"]
        assert (
            payload["event_category_slug"] == one["event_stream_event_category_id"] == "purchases"
        )
        assert payload["event_type_slug"] == one["event_stream_event_type_id"]


def test_a_timeline_is_asked_since_the_seconds_that_its_rows_tell(service: Served) -> None:
    service.later(hours=1)
    service.shop.give("euro")
    (last, *before) = timeline(service)
    assert last["event_stream_event_type_id"] == "offer_issued"
    assert before
    assert timeline(service, since=last["timestamp"]) == [last]
    assert timeline(service, since="2026-03-10T12:30:00Z") == []


def test_a_timeline_as_of_a_moment_tells_the_sales_of_then(service: Served) -> None:
    service.later(hours=1)
    service.pos("send_transaction", SALE | {"open_time": "2026-03-10T12:30:00", "payments": [
        {"amount": 4, "user_id": "ANN"}]})  # fmt: skip
    service.shop.work()
    kinds = [one["event_stream_payload"]["transaction_id"] for one in timeline(service)]
    then = timeline(service, as_of=NOW.isoformat())
    assert "main/T1" in kinds
    assert "main/T1" not in [one["event_stream_payload"]["transaction_id"] for one in then]


def test_campaigns_are_told_page_by_page(service: Served) -> None:
    first = service.core("GET", f"{ANN}/campaigns", params={"sections": "progress"}).json()
    past = service.core("GET", f"{ANN}/campaigns", params={"page": 2}).json()
    assert [one["campaign_id"] for one in first["campaigns"]["tiles"]] == ["cake-month"]
    assert first["campaigns"]["tiles"][0]["template"]["message"]["header"] == "cake-month"
    assert (first["page"], past["page"], past["campaigns"]["tiles"]) == (1, 2, [])
    for wrong in ("0", "-1", "x", "1.5"):
        answer = service.core("GET", f"{ANN}/campaigns", params={"page": wrong}).json()
        assert answer["errors"]["code"] == "validation"


def test_promo_codes_are_told_as_of_a_moment(service: Served) -> None:
    lasting = {"promo_lockout": {"tries": 2, "lasts": "P2D"}, "promo_limiter": {"week": 3}}
    service.shop.publish(promoting() | lasting)
    service.later(hours=1)
    service.core("POST", f"{ANN}/promotions/claims", {"code": "MUGLOVE"})
    for _ in range(2):
        service.core("POST", f"{ANN}/promotions/claims", {"code": "WRONG"})
    service.shop.ledger.projector.catch_up()

    def told(**query: str) -> tuple[Any, Any]:
        lockout = service.core("GET", f"{ANN}/lockout", params=query).json()["lockout"]
        limiters = service.core("GET", f"{ANN}/limiters", params=query).json()["limiters"]
        return lockout, next(one["claimed"] for one in limiters if one["quantum"] == "week")

    (now, claimed), (then, claimed_then) = told(), told(as_of=NOW.isoformat())
    assert (now["consecutive_count"], claimed) == (2, 1)
    assert (then["consecutive_count"], then["expires_at"], claimed_then) == (0, None, 0)
    assert now["duration"] == then["duration"] == 2 * 24 * 3600


def test_pages_and_counts_are_short_whole_numbers(service: Served) -> None:
    service.caller()
    asked = (("campaigns", "page", 1_000_000), ("timelines/NEW_VIEW", "count", 1_000))
    for view, name, most in asked:
        for text in ("1", "0000001", str(most)):
            told = service.core("GET", f"{ANN}/{view}", params={name: text})
            assert (told.status_code, told.json()["status"]) == (200, "ok"), text
        long = ("0000000001" + "9" * 5_000, "00000000019999999", "0" * 7 + "1", "1" + "0" * 20)
        for text in (*long, str(most + 1), "0", "", "-1", "1.0", "1\n", "\u0661"):
            told = service.core("GET", f"{ANN}/{view}", params={name: text})
            assert told.status_code < 500, text[:40]
            why = f"{name} must be a whole number from 1 to {most}"
            assert why in told.json()["errors"]["message"]


def test_an_offer_of_later_is_in_the_wallet_and_cannot_be_used_yet(service: Served) -> None:
    later, now = service.shop.give("april"), service.shop.give("euro")
    wallet = service.told("/offers/api/2.0/offers/get_user_offers")["user_offers"]
    shown = {one["id"]: (one["is_redeemable"], one["start_date"]) for one in wallet}
    assert shown[later] == (False, "2026-03-31T22:00:00Z")
    (usable, starts) = shown[now]
    assert usable
    assert datetime.fromisoformat(starts) - NOW < timedelta(seconds=1)


@pytest.mark.parametrize("verb", ["send_transaction", "lock"])
def test_one_id_for_two_bodies_is_refused_and_said_loudly(
    service: Served, verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    log_plainly()
    service.caller(Scope.POS)
    bodies: list[dict[str, Any]] = [SALE, SALE | {"channel": "web"}]
    if verb == "lock":
        bodies = [{"offer_lookup_code": x, "offer_lookup_type": "UserOfferId", "transaction": SALE}
                  for x in ("one", "other")]  # fmt: skip
    told = [service.pos(verb, body, request_id="1").json() for body in bodies]
    assert told[1]["errors"]["code"] == "request_conflict"
    (line,) = [x for x in capsys.readouterr().err.splitlines() if "request_conflict" in x]
    assert "warning" in line
    assert "client_id=till-1" in line
    keys = service.shop.ledger.keys.all().by_id.values()
    (key_id,) = (one.key_id for one in keys if one.scope == Scope.POS)
    assert re.search(f" key={key_id} request_id=[0-9a-f]{{16}}$", line)


@pytest.mark.parametrize("family", ["core", "connect"])
def test_an_id_that_another_program_used_is_told_to_be_shared_by_all_and_who_it_was_is_logged(
    service: Served, family: str, capsys: pytest.CaptureFixture[str]
) -> None:
    log_plainly()

    def ask(points: int) -> httpx.Response:
        drawn = {"Message-ID": "1", "X-Request-ID": f"4f1c2a7be09d335{points}"}
        if family == "core":
            tags = {"tags": [f"t{points}"]}
            return service.core("POST", "/external/users/ANN/tags", tags, headers=drawn)
        line = {"point_source_id": "purchases", "point_account_id": "points", "amount": points}
        path = "/incentives/api/2.0/user_points/deposit"
        return service.ask(path, deposit_details=[line], headers=drawn)

    assert ask(1).json()["status"] == "ok"
    errors = ask(2).json()["errors"]
    assert errors["code"] == "request_conflict"
    assert "all keys share them" in errors["message"]
    (line,) = [x for x in capsys.readouterr().err.splitlines() if "request_conflict" in x]
    assert f"client_id={family} " in line
    assert line.endswith(f"key={service.key_id} request_id=4f1c2a7be09d3352")


def test_a_retailer_id_is_checked_where_the_program_sets_one(service: Served) -> None:
    path = "/incentives/api/1.0/user_points/all_balances"
    service.shop.publish(document() | {"retailer_id": "R-1"})
    for asked in ({"retailer_id": "R-1"}, {}):
        assert service.told(path, **asked)["retailer_id"] == "R-1"
    assert service.refusal(path, retailer_id="R-2") == "validation"
    details = "/offers/api/2.0/offers/fetch_offers_details"
    assert service.refusal(details, None, retailer_id="R-2", offer_ids=["muffin"]) == "validation"


def test_a_read_that_names_the_position_of_a_publication_is_by_that_program(
    service: Served,
) -> None:
    store = "/offers/api/2.0/offers/rewardstores/"
    service.caller()

    def shelf(**beside: Any) -> list[str]:
        told = service.ask(f"{store}get_reward_store_offers", None, **beside).json()
        return [one["id"] for one in told["payload"]["reward_store_offers"]]

    for number in range(4):
        all_at_once([shelf] * AT_ONCE)  # every thread has just looked at the program
        sold = {"id": f"new-{number}", "reward_store_id": "rewards", "root_offer_id": "euro"}
        made = service.ask(f"{store}add_or_edit_offer", None, **sold, price=number)
        position = {"at_least": made.headers["x-log-position"]}
        service.shop.ledger.projector.catch_up()
        for told in all_at_once([partial(shelf, params=position)] * AT_ONCE):
            assert f"new-{number}" in told
