"""Movements of points tell what they are of: the request, the offer, the caller's own reference."""

from typing import Any

from http_service.serving import Served
from http_service.test_apps import TRIGGER, WALLET
from http_service.test_lines_with_ids import AUDIT
from http_service.test_points_as_they_are_asked import BUY, DEPOSIT, LINE, SPEND, two_purses
from offers.till import BREAKFAST, document


def movements(service: Served, of: str = "BOB", **more: Any) -> list[dict[str, Any]]:
    """What moved the customer's points, in order."""
    return list(service.told(AUDIT, of, **more)["results"])


def test_what_a_sale_moves_tells_the_request_that_brought_this_version(service: Served) -> None:
    first = service.send("T5", customer="BOB").headers["X-Request-ID"]
    service.shop.work()
    later = service.later(minutes=5).isoformat()
    changed = service.send("T5", customer="BOB", items=BREAKFAST[:1], modified_time=later)
    second = changed.headers["X-Request-ID"]
    service.shop.work()
    rows = movements(service)
    told = [(one["modification_type"], one["modification"], one["request_id"]) for one in rows]
    assert told == [("issuance", 70, first), ("return", -30, second)]
    assert first != second
    assert [one["request_id"] for one in movements(service, skip=1)] == [second]


def test_what_an_event_gives_tells_the_request_that_told_of_it(service: Served) -> None:
    award = {"account": "points", "source": "purchases", "points": 5}
    review = {"id": "review", "on": {"event": "review"}, "award": award}
    service.shop.publish(document() | {"rules": [*document()["rules"], review]})
    asked = service.ask(TRIGGER, "BOB", event_lookup="review", headers={"X-Request-ID": "r-1"})
    assert asked.json()["status"] == "ok"
    service.shop.work()
    (row,) = movements(service)
    assert (row["modification"], row["request_id"]) == (5, asked.headers["X-Request-ID"])


def test_what_no_request_brought_tells_none(service: Served) -> None:
    (opening,) = movements(service, "ANN")
    assert (opening["modification"], opening["request_id"]) == (1000, None)


def test_what_pays_for_an_offer_tells_its_id_as_the_wallet_does(service: Served) -> None:
    bought = service.told(BUY, "ANN", reward_store_offer_id="muffin-150", quantity=2)
    ids = [one["user_offer_id"] for one in bought["status_list"]]
    rows = movements(service, "ANN", modification_types=["spend"])
    assert [one["modification_entity_id"] for one in rows] == ids
    wallet = service.told(WALLET, "ANN")["user_offers"]
    assert [one["id"] for one in wallet] == sorted(ids)


def test_an_offer_that_is_paid_from_two_accounts_is_told_with_both(service: Served) -> None:
    service.shop.publish(two_purses())
    service.told(DEPOSIT, "BOB", deposit_details=[LINE | {"amount": 100}])
    stamps = LINE | {"point_account_id": "stamps", "amount": 100}
    service.told(DEPOSIT, "BOB", deposit_details=[stamps])
    (bought,) = service.told(BUY, "BOB", reward_store_offer_id="muffin-150")["status_list"]
    rows = movements(service, modification_types=["spend"])
    assert sorted(one["modification"] for one in rows) == [-100, -50]
    assert {one["modification_entity_id"] for one in rows} == {bought["user_offer_id"]}


def test_a_spend_tells_the_caller_s_reference_and_none_where_he_gave_none(service: Served) -> None:
    service.shop.close("T9", customer="ANN")
    service.shop.ledger.projector.catch_up()
    (bought,) = service.told(BUY, "ANN", reward_store_offer_id="muffin-150")["status_list"]
    own = f"offer:{bought['user_offer_id']}"
    lines = [
        {"amount": 1},
        {"amount": 2, "reference_id": "R-1"},
        {"amount": 3, "reference_id": own},
        {"amount": 4, "transaction_id": "T9"},
        {"amount": 5, "transaction_id": "T9", "reference_id": "R-2"},
    ]
    service.told(SPEND, "ANN", spend_details=lines)
    rows = movements(service, "ANN", modification_types=["spend"])[1:]
    told = [(one["modification_entity_id"], one["transaction_id"]) for one in rows]
    sale = "main/T9"
    assert told == [(None, None), ("R-1", None), (own, None), (None, sale), ("R-2", sale)]
