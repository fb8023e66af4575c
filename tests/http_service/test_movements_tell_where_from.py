"""Movements of points tell what they are of: the request, the offer, the caller's own reference."""

from typing import Any

from http_service.serving import Served
from http_service.test_apps import TRIGGER
from http_service.test_lines_with_ids import AUDIT
from offers.till import BREAKFAST, document

SALE_READ = "/transactions/api/1.0/transactions/info/get_transaction"


def movements(service: Served, of: str = "BOB", **more: Any) -> list[dict[str, Any]]:
    """What moved the customer's points, in order."""
    return list(service.told(AUDIT, of, **more)["results"])


def request_of(service: Served, sale: str) -> Any:
    """The request that brought the last version of the sale."""
    return service.told(SALE_READ, None, transaction_id=sale, store_id="main")["request_id"]


def test_what_a_sale_moves_tells_the_request_that_brought_this_version(service: Served) -> None:
    service.send("T5", customer="BOB")
    service.shop.work()
    first = request_of(service, "T5")
    later = service.later(minutes=5).isoformat()
    service.send("T5", customer="BOB", items=BREAKFAST[:1], modified_time=later)
    service.shop.work()
    second = request_of(service, "T5")
    rows = movements(service)
    told = [(one["modification_type"], one["modification"], one["request_id"]) for one in rows]
    assert told == [("issuance", 70, first), ("return", -30, second)]
    assert None not in (first, second)
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
