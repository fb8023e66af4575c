"""Every code that tills switch on, brought about over HTTP."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from http_service.serving import POS, SALE, Served, binding, pos_body, served
from loyalty_ledger.domain.api_key import Scope
from loyalty_ledger.http.names import Names, read_names
from loyalty_ledger.keys import Terms
from offers.till import external

T2 = SALE | {"transaction_id": "T2"}
LATER = "2026-09-01T12:00:00"
TEA = [{"line_id": "1", "item_id": "TEA", "subtotal": 1}]


def lock(service: Served, definition: str, sale: str = "T1", **changes: Any) -> Any:
    return service.lock(service.shop.give(definition), sale=sale, **changes)


def after(service: Served, *acts: str, then: str, sale: str = "T2") -> Any:
    """What the last act is answered, once the others were granted."""
    offer = service.shop.give("euro")
    back = {"user_offer_id": offer, "employee_id": "emma"}
    for verb in (*acts, then):
        name = sale if verb == then else "T1"
        payload = back if verb in ("unlock", "reinstate") else binding(offer, name)
        told = service.pos(verb, payload).json()
        assert verb == then or told["status"] == "OK"
    return told


def expired(service: Served) -> Any:
    offer = service.shop.give("mug-set")
    service.later(days=200)
    return service.lock(offer, open_time=LATER)


def beside_another(service: Served) -> Any:
    lock(service, "euro")
    return lock(service, "alone")


def closed(service: Served) -> Any:
    service.pos("send_transaction", SALE)
    return lock(service, "euro")


def twins(service: Served) -> Any:
    for kind in ("app", "card"):
        service.shop.ledger.customers.enrol([external("SAME")._replace(type=kind)])
    return service.pos("lookup", {"external_customer_id": "SAME"}).json()


def elsewhere(service: Served) -> Any:
    with service.with_key(Terms("kiosk", Scope.POS, store_id="other")) as caller:
        answer = caller.post(f"{POS}send_transaction", content=pos_body(SALE))
    assert answer.status_code == 403
    return answer.json()


def by_name(service: Served) -> Any:
    payload = binding("x") | {"offer_lookup_type": "Name"}
    return service.pos("lock", payload).json()


CODES: dict[str, Callable[[Served], Any]] = {
    "offer_not_found": lambda service: service.lock("nothing"),
    "offer_expired": expired,
    "offer_not_started": lambda service: lock(service, "april"),
    "offer_already_redeemed": lambda service: after(service, "redeem", then="lock"),
    "offer_locked": lambda service: after(service, "lock", then="redeem"),
    "offer_not_locked": lambda service: after(service, "redeem", then="unlock"),
    "offer_not_redeemed": lambda service: after(service, "lock", then="reinstate"),
    "offer_not_applicable": lambda service: lock(service, "muffin", items=TEA),
    "offer_not_stackable": beside_another,
    "transaction_closed": closed,
    "invalid_offer_lookup_type": by_name,
    "multiple_users_found": twins,
    "user_not_found": lambda service: service.pos("lookup", {"external_customer_id": "X"}).json(),
    "validation": lambda service: service.pos("lookup", {}).json(),
    "access_denied": elsewhere,
}


@pytest.mark.parametrize("code", CODES)
def test_a_till_is_told_the_code_of_what_is_wrong(service: Served, code: str) -> None:
    told = CODES[code](service)
    assert (told["status"], told["payload"], told["errors"]["code"]) == ("ERROR", None, code)
    assert told["errors"]["message"]


def ignoring() -> Names:
    names = msgspec.convert(read_names()._tables, dict[str, Any])
    return Names(names | {"clients": {"ignore_request_id": ["till-1"]}})


@pytest.fixture
def careless(service: Served) -> Iterator[Served]:
    """The same shop, where till-1 may send one request id with everything."""
    with served(service.shop, ignoring()) as made:
        yield made


def test_a_client_may_send_one_request_id_with_every_sale(
    service: Served, careless: Served
) -> None:
    def send(sale: dict[str, Any], **envelope: Any) -> str:
        return str(careless.pos("send_transaction", sale, request_id="1", **envelope).json())

    before = careless.events()
    assert ["'OK'" in send(sale) for sale in (SALE, T2, SALE)] == [True] * 3
    received = service.shop.events("TransactionReceived")[-2:]
    assert [getattr(one, "transaction_id", "") for one in received] == ["T1", "T2"]
    assert careless.events() > before
    assert len(service.shop.events("TransactionReceived")) == 1 + 2  # one opened the shop
    others = [send(sale, client_id="till-2") for sale in (SALE, T2)]
    assert "request_conflict" in others[1]
    offers = [service.shop.give("euro") for _ in range(2)]
    told = [careless.pos("lock", binding(x), request_id="1").json() for x in offers]
    assert told[1]["errors"]["code"] == "request_conflict"
