"""What fails by a fault of the ledger's own is a 500, leaves nothing, and can be asked again."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from sqlalchemy import Table, func, select

from http_service.failing import nothing_goes_into, run
from http_service.serving import SALE, Served, binding
from loyalty_ledger.store import schema

KEPT = (schema.events, schema.event_customer, schema.requests, schema.personal, schema.tracking)
ADDRESS = "bob@example.com"
Ask = Callable[[Served], httpx.Response]


def rows(service: Served) -> dict[str, int]:
    """How much there is of everything that a commit writes."""
    with service.shop.ledger.log.engine.connect() as connection:
        return {
            table.name: connection.scalar(select(func.count()).select_from(table)) or 0
            for table in KEPT
        }


def core(method: str, path: str, body: dict[str, Any]) -> Ask:
    return lambda service: service.core(method, path, body, headers={"Message-ID": "m-1"})


def till(verb: str, payload: Callable[[Served], dict[str, Any]]) -> Ask:
    return lambda service: service.pos(verb, payload(service), request_id="r-1")


def of_ann(path: str, **body: Any) -> Ask:
    return lambda service: service.ask(path, idempotency_id="i-1", **body)


def offer_of_ann(service: Served) -> str:
    return next(iter(service.shop.offers()))


LINE = {"point_source_id": "purchases", "point_account_id": "points", "amount": 25}
ASKED: dict[str, Ask] = {
    "create_user": core("POST", "/users", {"user": {"email": ADDRESS, "first_name": "Bob"}}),
    "tag_user": core("POST", "/external/users/ANN/tags", {"tags": ["vip"]}),
    "lock": till("lock", lambda service: binding(offer_of_ann(service))),
    "send_transaction": till("send_transaction", lambda _: SALE),
    "deposit": of_ann("/incentives/api/2.0/user_points/deposit", deposit_details=[LINE]),
    "purchase_offer": of_ann(
        "/offers/api/2.0/offers/rewardstores/purchase_offer", reward_store_offer_id="muffin-150"
    ),
}


@pytest.mark.parametrize("table", [schema.events, schema.requests], ids=lambda one: str(one.name))
@pytest.mark.parametrize("name", ASKED)
def test_03_a_fault_of_ours_is_a_500_that_leaves_nothing_and_is_mended_by_asking_again(
    service: Served, name: str, table: Table
) -> None:
    ask = ASKED[name]
    service.shop.give("euro")
    service.core("GET", "/external/users/ANN")  # the keys are known from here on
    service.pos("lookup", {"external_customer_id": "ANN"})
    before = rows(service)
    with nothing_goes_into(table, service):
        failed = ask(service)
        assert failed.status_code == 500
        assert failed.json()["status"] in ("error", "ERROR")
        assert failed.json()["errors"]["code"] == "internal_server_error"
        assert "nowhere" not in failed.text
        assert rows(service) == before
    granted = ask(service)
    assert granted.status_code == 200
    assert granted.json()["status"] in ("ok", "OK"), granted.text
    after = rows(service)
    assert after["events"] > before["events"]
    assert after["requests"] == before["requests"] + 1
    assert ask(service).content == granted.content
    assert rows(service) == after


def test_03_a_read_that_fails_by_a_fault_of_ours_is_a_500_and_answers_when_it_is_mended(
    service: Served,
) -> None:
    told = service.core("GET", "/external/users/ANN").json()
    run(service, "ALTER TABLE personal RENAME TO personal_gone")
    failed = service.core("GET", "/external/users/ANN")
    run(service, "ALTER TABLE personal_gone RENAME TO personal")
    assert (failed.status_code, failed.json()["status"]) == (500, "error")
    assert failed.json()["errors"]["code"] == "internal_server_error"
    assert service.core("GET", "/external/users/ANN").json() == told
