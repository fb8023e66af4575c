"""How much, and which dates, may be asked: catalogs of ordinary names, days and wall times."""

from typing import Any

import msgspec
import pytest

from http_service.serving import Served
from loyalty_ledger.domain.events.program import Store

AUDIT = "/incentives/api/1.0/point_audit_logs/fetch_point_audit_logs"
OF_STORE = "/transactions/api/1.0/transactions/info/get_store_transactions"
MIB = 1 << 20


def catalog(items: int, name: str) -> bytes:
    one = {"brand": "A brand", "categories": ["food", "bread", "rye"]}
    made = [one | {"sku": f"SKU-{n:06}", "name": f"{name} {n}"} for n in range(items)]
    return msgspec.json.encode({"items": made, "confirmed": True})


def test_a_catalog_of_ten_thousand_ordinary_names_is_taken(service: Served) -> None:
    body = catalog(10_000, 'Rye bread, whole "grain" {1} [2], 500 g, from the oven next door')
    assert MIB < len(body) < 4 * MIB
    answer = service.caller().post("/admin/v1/catalog", content=body)
    assert (answer.status_code, answer.json()["loaded"]) == (200, 10_000), answer.text[:300]
    assert service.caller().post("/admin/v1/stores", content=body).status_code == 413
    over = service.caller().post("/admin/v1/catalog", content=b" " * (4 * MIB + 1))
    assert over.status_code == 413
    assert "4,194,304 bytes" in over.text
    more = service.caller().post("/admin/v1/catalog", content=catalog(10_001, "x"))
    assert (more.status_code, more.json()["code"]) == (422, "validation")


def test_an_item_that_stands_twice_is_told(service: Served) -> None:
    items = [{"sku": str(number % 9_999)} for number in range(10_000)]
    answer = service.caller().post("/admin/v1/catalog", json={"items": items})
    assert "items 0 stands more than once" in answer.json()["detail"]


@pytest.mark.parametrize("deep", [64, 65])
def test_a_body_is_64_deep_at_most_whatever_its_texts_hold(service: Served, deep: int) -> None:
    texts = [rf',"a{number}":"[[[[\"[[[","b{number}\\":"]{{}}"' for number in range(30)]
    body = b'{"x":' + b"[" * (deep - 1) + b"]" * (deep - 1) + "".join(texts).encode() + b"}"
    answer = service.caller().post(AUDIT, content=body)
    assert answer.status_code == (200 if deep == 64 else 400), answer.text
    assert ("deeper than 64" in answer.text) == (deep == 65)


def rows(service: Served, path: str, of: str | None, **body: Any) -> int:
    told = service.told(path, of, **body)
    return int(told["total_records"])


def test_dates_without_an_offset_are_wall_time_where_it_is_asked_about(service: Served) -> None:
    """The shop is in Berlin, an hour ahead of UTC in winter; so is the program."""
    service.shop.close("S1", customer="ANN", open_time="2026-03-10T00:30:00")
    service.shop.work()
    wall = {"from_date": "2026-03-10 00:30:00", "to_date": "2026-03-10 00:31:00"}
    same = {"from_date": "2026-03-09T23:30:00Z", "to_date": "2026-03-09T23:31:00Z"}
    for span in (wall, same):
        assert rows(service, OF_STORE, None, store_id="main", **span) == 1, span
    by_wall = ("2026-03-10", "2026-03-10 00:30:00", "2026-03-10 00:30:01")
    by_utc = ("2026-03-09T23:00:00Z", "2026-03-09T23:30:00Z", "2026-03-09T23:30:01Z")
    counts = [
        [rows(service, AUDIT, "ANN", from_date=one) for one in dates] for dates in (by_wall, by_utc)
    ]
    assert counts[0] == counts[1]
    assert counts[0][1] == counts[0][2] + 1


def test_the_clock_of_a_store_is_its_own(service: Served) -> None:
    far = Store(store_id="far", name="far", time_zone="Asia/Tokyo")
    near = Store(store_id="main", name="main", time_zone="Europe/Berlin")
    service.shop.ledger.administration.load_stores([near, far], confirmed=True)
    service.shop.close("S1", customer="ANN", store="far", open_time="2026-03-10T10:00:00")
    span = {"from_date": "2026-03-10 10:00:00", "to_date": "2026-03-10 10:01:00"}
    for store, count in (("far", 1), ("main", 0)):
        assert rows(service, OF_STORE, None, store_id=store, **span) == count


@pytest.mark.parametrize("wrong", ["yesterday", "2026-02-30", "0001-01-01", "2026-01-01T25:00:00"])
def test_what_is_taken_is_told_and_is_taken(service: Served, wrong: str) -> None:
    for path, of, more in ((AUDIT, "ANN", {}), (OF_STORE, None, {"store_id": "main"})):
        said = service.ask(path, of, from_date=wrong, **more).json()["errors"]["message"]
        assert said.startswith("from_date is no time"), said
        for told in ("2026-03-01T09:30:00Z", "2026-03-01 09:30:00", "2026-03-01"):
            assert told in said
            assert service.ask(path, of, from_date=told, **more).json()["status"] == "ok"


def test_a_span_without_its_end_is_refused_by_the_date_that_is_wrong(service: Served) -> None:
    ends = "2026-03-11 11:00:00 UTC"  # a day from noon in Berlin
    missing = f"to_date is missing: without it what is asked for ends at {ends}, more than 366 days"
    for path, of, more in ((AUDIT, "ANN", {}), (OF_STORE, None, {"store_id": "main"})):

        def said(path: str = path, of: str | None = of, **body: Any) -> str:
            answer = service.ask(path, of, **body).json()
            assert answer["errors"]["code"] == "validation"
            return str(answer["errors"]["message"])

        assert said(from_date="2018-09-20", **more) == f"{missing} after from_date"
        assert said(from_date="2026-03-12", **more).startswith(f"from_date must be before {ends},")
        turned = {"from_date": "2018-09-20", "to_date": "2018-09-19"}
        assert said(**turned, **more).startswith("to_date must be after from_date")
        end = {"to_date": "2018-09-21"}
        for known in (end, end | {"from_date": "2018-09-20"}):
            assert rows(service, path, of, **known, **more) == 0


def test_an_unknown_kind_of_movement_is_refused_with_those_there_are(service: Served) -> None:
    said = service.ask(AUDIT, modification_types=["spend", "gift"]).json()["errors"]["message"]
    assert said.startswith("modification_types 'gift' is not known: there is issuance, spend")
    assert service.ask(AUDIT, modification_types=["spend"]).json()["status"] == "ok"


def test_the_external_id_is_the_first_that_was_linked(service: Served) -> None:
    """Four more ids, so that it is not first by chance."""
    user = {"external_id": "DAVE-0", "opted_in": "true"}
    made = service.core("POST", "/users", {"user": user}).json()["user"]["id"]
    for number in range(1, 5):
        named = {"external_id": f"DAVE-{number}", "external_id_type": f"type-{number}"}
        answer = service.core("PUT", f"/users/{made}", {"user": named})
        assert answer.json()["status"] == "ok", answer.text
    read = service.core("GET", f"/users/{made}").json()["user"]
    assert read["external_id"] == "DAVE-0"
    assert [one["external_id"] for one in read["identifiers"]] == [f"DAVE-{n}" for n in range(5)]
