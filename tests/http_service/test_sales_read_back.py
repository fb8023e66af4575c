"""A sale is read back as it was sent, under the names that reads have."""

from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, event

from http_service.serving import SALE, Served
from offers.till import NOW, Shop, item, promoting

ROW = {"transaction_id": "main/T1", "retailer_id": None, "store_id": "main"}
OF_STORE = "/transactions/api/1.0/transactions/info/get_store_transactions"
ODD = {"weight": 1.5, "exact": 0.1000000000000000055, "whole": 7, "text": "x", "none": None}


def _held(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: row[name] for name in names}


def test_a_discount_that_was_locked_is_read_back_as_it_was_sent(service: Served) -> None:
    offer = service.shop.give("muffin")
    with service.client() as till:
        discount = till.lock(offer, SALE)
        till.send_transaction(SALE | {"discounts": [discount | {"image_url": "https://x/i.png"}]})
        (read,) = till.get_transaction("T1", "main")["discounts"]
        service.shop.ledger.projector.catch_up()
        (listed,) = till.get_store_transactions("main")["results"][-1]["discounts"]
    told = {name: value for name, value in read.items() if name in discount}
    assert told == dict(discount)
    assert told.keys() >= {"display_name", "applied_time", "discount_source", "status", "user_id"}
    assert read["image_url"] == "https://x/i.png"
    assert listed == read


def test_a_discount_is_told_with_the_internal_id_of_whose_it_is(service: Served) -> None:
    shop, bare = service.shop, dict[str, Any](amount="0.10")
    ann, bob = shop.id_of("ANN"), shop.id_of("BOB")
    ours: dict[str, Any] = {"reference_id": shop.give("euro"), "reference_id_type": "UserOfferId"}
    unknown = ours | {"reference_id": ours["reference_id"] + "9"}
    texts: list[Any] = ["BOB", bob, "NOBODY", 5, "x" * 121]
    of_texts = [{"user_id": text} for text in texts]
    sent = [ours, ours | {"user_id": "BOB"}, *of_texts, {}, unknown]
    payments = [{"amount": 7, "user_id": "VIC"}]
    discounts = [bare | one for one in sent]
    service.pos("send_transaction", SALE | {"discounts": discounts, "payments": payments})
    shop.ledger.projector.catch_up()

    def read() -> list[tuple[Any, Any]]:
        path = "/transactions/api/1.0/transactions/info/get_transaction"
        discounts = service.told(path, None, transaction_id="main/T1")["discounts"]
        return [(one["user_id"], one["other_fields"].get("user_id")) for one in discounts]

    nobody = [(None, "NOBODY"), (None, 5), (None, "x" * 121), (None, None), (None, None)]
    assert read() == [(ann, None), (ann, None), (bob, None), (bob, None), *nobody]
    shop.ledger.erasing.erase(bob)
    assert read()[2:4] == [(None, None), (bob, None)]
    (listed,) = [one for one in service.told(OF_STORE, None, store_id="main")["results"]
                 if one["pos_transaction_id"] == "T1"]  # fmt: skip
    assert "BOB" not in str(listed)
    shop.ledger.erasing.erase(shop.id_of("VIC"))
    assert read() == [(ann, None), (ann, None), *[(None, None)] * 7]


UUIDS = ("0f8fad5b-d9cb-469f-a165-70867728950e", "0F8FAD5BD9CB469FA16570867728950E")
NOBODYS = (*UUIDS, "T1", "T1-3", "till-1-000123")
ANYBODYS = ("Bob Smith", "r-1", "20260310", f"{UUIDS[0]}.", "T1-Bob", "till-1-0612345678")


@pytest.mark.parametrize("request_id", NOBODYS)
def test_a_sale_is_read_back_with_the_id_of_the_request_that_the_till_gave(
    service: Served, request_id: str
) -> None:
    path = "/transactions/api/1.0/transactions/info/get_transaction"

    def told() -> set[str | None]:
        one = service.told(path, None, transaction_id="main/T1")
        sales = service.told(OF_STORE, None, store_id="main")["results"]
        rows = service.core("GET", f"/users/{bob}/timelines/NEW_VIEW").json()["result"]
        payloads = [row["event_stream_payload"] for row in rows]
        every = [one, *sales, *payloads]
        return {x["request_id"] for x in every if x.get("pos_transaction_id") == "T1"}

    sale = SALE | {"payments": [{"amount": 7, "user_id": "BOB"}]}
    bob = service.shop.id_of("BOB")
    service.pos("send_transaction", sale, request_id=request_id)
    assert told() == {request_id}
    service.pos("send_transaction", sale, request_id="sent again")  # the same: no version
    assert told() == {request_id}
    service.shop.ledger.erasing.erase(bob)
    assert told() == {None}


@pytest.mark.parametrize("text", ANYBODYS)
def test_an_id_of_a_request_that_may_be_any_text_is_not_in_the_log(
    service: Served, text: str
) -> None:
    service.pos("send_transaction", SALE, request_id=text)
    path = "/transactions/api/1.0/transactions/info/get_transaction"
    assert service.told(path, None, transaction_id="main/T1")["request_id"] is None
    for one in service.shop.ledger.log.stream("sale/main/T1"):
        assert set(one.meta) == {"actor", "request"}


def test_what_the_ledger_makes_nothing_of_is_read_back_with_what_it_belongs_to(
    service: Served,
) -> None:
    robot = {"loyalty_robot": {"mood": "cheerful", "parts": [1, {"n": 2.50}]}}
    sent = SALE | {
        "custom_data": ODD,
        "business_def_collection": [{"kind": "flight", "legs": [{"n": 1}]}],
        "items": [item("ESPRESSO", "4.00") | {"custom_data": ODD} | robot],
        "payments": [{"amount": 4, "type": "CASH", "custom_data": ODD} | robot],
        "discounts": [{"amount": "0.50", "custom_data": ODD, "display_name": 5} | robot],
    }
    assert service.pos("send_transaction", sent | robot).json()["status"] == "OK"
    read = service.told("/transactions/api/1.0/transactions/info/get_transaction", None,
                        transaction_id="T1", store_id="main")  # fmt: skip
    parts = [read, *(read[name][0] for name in ("items", "payments", "discounts"))]
    for one in parts:
        assert (one["custom_data"], one["other_fields"]) == (ODD, robot)
    assert read["business_def_collection"] == sent["business_def_collection"]
    assert read["discounts"][0]["display_name"] is None


def test_a_sale_tells_whether_tax_counted_by_the_program_it_came_under(service: Served) -> None:
    service.send("T8")
    service.shop.publish(promoting() | {"tax_in_earning": True})
    service.send("T9")
    path = "/transactions/api/1.0/transactions/info/get_transaction"
    told = [service.told(path, None, transaction_id=f"main/{one}") for one in ("T8", "T9")]
    assert [one["include_tax"] for one in told] == [False, True]


def test_what_was_sent_is_gone_with_the_customer_and_the_sale_stays(service: Served) -> None:
    paid = {"payments": [{"amount": 4, "user_id": "BOB", "custom_data": {"table": 7}}]}
    service.pos("send_transaction", SALE | paid | {"custom_data": {"mood": "cheerful"}})
    service.shop.work()
    path = "/transactions/api/1.0/transactions/info/get_transaction"
    before = service.told(path, None, transaction_id="main/T1")
    assert (before["custom_data"], before["payments"][0]["custom_data"]) == (
        {"mood": "cheerful"},
        {"table": 7},
    )
    service.shop.ledger.erasing.erase(service.shop.id_of("BOB"))
    after = service.told(path, None, transaction_id="main/T1")
    assert (after["custom_data"], after["payments"][0]["custom_data"]) == (None, None)
    assert after["check_amount"] == before["check_amount"] == 7


def test_a_sale_and_its_parts_have_the_names_that_reads_have(service: Served) -> None:
    header = {
        "from_transaction_id": "T0", "sm_employee_id": "emma", "table_id": "7", "status": "eaten",
        "tax_total": "0.50", "guest_count": 2,
    }  # fmt: skip
    items = [item("ESPRESSO", "4.00") | {"status": "hot"}, item("NOWHERE", "1.00")]
    service.pos("send_transaction", SALE | header | {"items": items})
    path = "/transactions/api/1.0/transactions/info/get_transaction"
    received = service.told(path, None, transaction_id="T1")
    service.shop.work()
    read = service.told(path, None, transaction_id="T1")
    assert _held(read, "id", "pos_transaction_id", "from_transaction_id", "taxtotal") == {
        "id": "main/T1", "pos_transaction_id": "T1", "from_transaction_id": "main/T0",
        "taxtotal": 0.5,
    }  # fmt: skip
    assert (read["from_pos_transaction_id"], read["check_amount"], read["include_tax"]) == (
        "T0",
        5,
        False,
    )
    assert _held(read, "sm_employee_id", "table_id", "status", "guest_count") == {
        name: header[name] for name in ("sm_employee_id", "table_id", "status", "guest_count")
    }
    assert (read["retailer_id"], read["rewards_system_id"]) == (None, "coffee-shop")
    assert read["location_lineages"] == [["main"]]
    assert read["location_lineages_core"] == [[{"id": "main", "name": "main", "type": "store"}]]
    assert [one["catalog_lineages"] for one in read["items"]] == [[["coffee"]], []]
    assert [one["status"] for one in read["items"]] == ["hot", None]
    for number, row in enumerate(read["items"]):
        assert row["id"] == f"main/T1#items.{number}"
        assert _held(row, *ROW) == ROW
        assert row["create_date"] == read["create_date"]
    assert (received["state"], received["sm_transaction_process_date"]) == ("received", None)
    assert read["sm_transaction_process_date"] >= read["create_date"]


def _places_asked(shop: Shop, statement: str, parameters: Any) -> int:
    """How many places one statement looks up what is kept beside the log at; else 0."""
    if "JOIN personal" not in statement:
        return 0
    listed = shop.ledger.log.engine.name == "postgresql"
    return len(parameters[0] if listed else msgspec.json.decode(parameters[0]))


def test_what_came_with_sales_of_a_store_is_looked_up_by_who_paid_for_each(
    service: Served,
) -> None:
    shop, sales = service.shop, 40
    for number in range(sales):
        payments = [{"amount": 4, "user_id": f"C{number}", "custom_data": {"paid": number}}]
        kept = {"custom_data": {"sale": number}, "payments": payments}
        assert shop.close(f"T{number}", **kept) == "accepted"
    shop.ledger.merging.merge(shop.id_of("C0"), shop.id_of("C1"))
    known = [shop.ledger.sales.sale("main", f"T{number}") for number in range(sales)]
    asked: list[int] = []

    def count(_connection: Connection, _cursor: Any, statement: str, given: Any, *_: Any) -> None:
        asked.append(_places_asked(shop, statement, given))

    event.listen(shop.ledger.log.engine, "before_cursor_execute", count)
    came = shop.ledger.sales.came_with(known)
    for number, one in enumerate(known):
        assert came[one.came_as]["custom_data"] == {"sale": number}
        assert came[f"{one.came_as}#0"]["custom_data"] == {"paid": number}
    of_each_field = 2 * sales + 1  # nobody and who paid, and for one of them whom he goes on as
    assert sum(asked) == 2 * of_each_field


def test_a_version_after_the_return_window_is_told_to_have_granted_nothing(
    service: Served,
) -> None:
    service.shop.close("S1", customer="ANN")
    service.shop.work()
    service.later(days=366)
    opened = NOW.isoformat()
    assert service.shop.close("S1", customer="ANN", items=[], open_time=opened) == "accepted"
    service.shop.work()
    read = service.told("/transactions/api/1.0/transactions/info/get_transaction", None,
                        transaction_id="main/S1")  # fmt: skip
    assert (read["state"], read["granted"], read["granted_offers"]) == ("settled", [], [])
    answer = service.core("GET", "/external/users/ANN/timelines/NEW_VIEW").json()
    facts = [
        one["event_stream_payload"]["facts"]
        for one in answer["result"]
        if (one["target_id"], one["event_stream_event_type_id"])
        == ("main/S1", "transaction_settled")
    ]
    assert [(one["granted"] == [], one["outside_return_window"]) for one in facts] == [
        (True, True),
        (False, False),
    ]
    (not_done,) = facts[0]["not_done"]
    assert not_done == {
        "customer_id": service.shop.id_of("ANN"), "what": "rule:base:points",
        "why": "outside_return_window", "points": -70,
    }  # fmt: skip


def test_a_version_whose_settlement_failed_is_told_as_received(service: Served) -> None:
    shop = service.shop
    shop.close("S1", customer="ANN")
    shop.work()
    assert shop.ledger.sales.sale("main", "S1").state == "settled"
    service.later(hours=1)
    shop.close("S1", customer="ANN", items=[], open_time=NOW.isoformat())
    broken = shop.another()
    broken.ledger.settlement._settle = lambda *_args, **_more: 1 / 0  # type: ignore[assignment]
    broken.ledger.settlement.settle_all()
    assert shop.events("SettlementFailed") != []
    assert shop.ledger.sales.sale("main", "S1").state == "received"
    assert shop.ledger.worker.retry() == []
    assert shop.ledger.sales.sale("main", "S1").state == "settled"


def test_a_version_stays_settled_when_one_before_it_is_settled_anew(service: Served) -> None:
    shop, opened = service.shop, NOW.isoformat()
    service.later(hours=1)
    shop.close("S1", payments=[], open_time=opened)
    shop.work()
    service.later(days=366)
    shop.close("S1", customer="ANN", open_time=opened)
    shop.work()
    early = {"is_closed": False, "open_time": opened, "modified_time": opened}
    assert shop.close("S1", customer="ANN", **early) == "accepted"
    shop.work()
    settled: list[Any] = shop.events("TransactionSettled")
    assert [one.version for one in settled if one.transaction_id == "S1"] == [1, 3, 1]
    answer = service.core("GET", "/external/users/ANN/timelines/NEW_VIEW").json()
    (told,) = [
        one["event_stream_payload"]["facts"]
        for one in answer["result"]
        if (one["target_id"], one["event_stream_event_type_id"])
        == ("main/S1", "transaction_received")
    ]
    assert (told["version"], told["state"]) == (3, "settled")
