"""A database that others hold for too long, or that is away: come again, and nothing is lost."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, event

from http_service.every_route import as_asked, routes
from http_service.middleware import nobody_commits
from http_service.serving import SALE, Served, served
from http_service.test_faults_of_ours import ASKED, rows
from http_service.test_signatures import STATUS, ask, key_of
from loyalty_ledger.domain.api_key import Scope
from loyalty_ledger.http import authorisation
from offers.till import Shop, shop_on
from sample_ledger import ledger_at
from tcp_proxy import proxied

IMPATIENT = {"sqlite": "PRAGMA busy_timeout = 50", "postgresql": "SET lock_timeout = 50"}


def wait_no_longer(engine: Engine) -> None:
    """Whoever asks through this engine from now on does not wait for a lock."""

    def hurry(connection: Any, _record: object) -> None:
        connection.execute(IMPATIENT[engine.name])

    event.listen(engine, "connect", hurry)
    engine.dispose()


@pytest.fixture
def impatient(service: Served) -> Served:
    service.shop.give("euro")
    service.core("GET", "/external/users/ANN")  # the keys are known from here on
    service.pos("lookup", {"external_customer_id": "ANN"})
    service.shop.ledger.projector.catch_up()
    wait_no_longer(service.shop.ledger.log.engine)
    return service


def come_again(answer: httpx.Response) -> bool:
    return answer.status_code == 503 and answer.headers["Retry-After"] == "1"


@pytest.mark.parametrize("name", ASKED)
def test_a_write_that_others_keep_out_is_to_come_again_and_is_done_then(
    impatient: Served, name: str
) -> None:
    write, before = ASKED[name], rows(impatient)
    with nobody_commits(impatient.shop.another().ledger):
        assert come_again(write(impatient))
    assert rows(impatient) == before
    granted = write(impatient)
    assert (granted.status_code, granted.json()["status"].lower()) == (200, "ok"), granted.text
    assert rows(impatient)["events"] > before["events"]


def test_a_nonce_that_cannot_be_used_up_is_to_come_again(impatient: Served) -> None:
    key = key_of(impatient)

    def signed() -> httpx.Response:
        with httpx.Client(timeout=30) as http:
            return ask(http, impatient, key, method="GET", url=STATUS)

    assert signed().status_code == 200
    with nobody_commits(impatient.shop.another().ledger):
        held = signed()  # on PostgreSQL a nonce is in nobody's way
        assert held.status_code == 200 or come_again(held)
    assert signed().status_code == 200


@pytest.fixture(params=["sqlite", "postgresql"])
def leaving(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Served, Callable[[], None]]]:
    """A service whose database goes away when it is told to; the keys stay known."""
    with shop_on(request.param, tmp_path) as shop, ExitStack() as stack:
        behind, goes = shop, lambda: _becomes_a_folder(shop)
        if request.param == "postgresql":
            through, proxy = stack.enter_context(proxied(shop.url))
            behind, goes = Shop(ledger_at(through, shop.ledger.clock)), proxy.close
            stack.callback(behind.dispose)
        made = stack.enter_context(served(behind))
        for scope in (Scope.ADMIN, Scope.POS):
            assert made.caller(scope).post("/api/2.0/lookup", json={}).status_code == 200
        assert made.pos("send_transaction", SALE | {"transaction_id": "T0"}).status_code == 200
        monkeypatch.setattr(authorisation, "LOOK_EVERY_S", 3_600)
        yield made, goes


def _becomes_a_folder(shop: Shop) -> None:
    """The ledger's file cannot be opened any more."""
    file = Path(str(shop.ledger.log.engine.url.database))
    shop.ledger.log.engine.dispose()
    file.rename(file.with_suffix(".gone"))
    file.mkdir()


def test_while_the_database_is_away_everything_is_to_come_again(
    leaving: tuple[Served, Callable[[], None]],
) -> None:
    service, goes = leaving
    assert httpx.get(f"{service.url}/readyz").status_code == 200
    goes()
    assert come_again(service.pos("send_transaction", SALE))
    assert come_again(service.core("GET", "/external/users/ANN"))
    assert come_again(service.core("PUT", "/external/users/ANN", {"user": {"opted_in": True}}))
    found = set()
    for route in routes():
        answer = service.caller().request(**as_asked(route, service.key_id))
        found.add(answer.status_code)
    # What is wrong by itself is refused without the database, in some families with 200.
    assert found <= {200, 404, 422, 503}
    ready = httpx.get(f"{service.url}/readyz")
    assert (ready.status_code, ready.json()["status"]) == (503, "unavailable")
    assert httpx.get(f"{service.url}/healthz").status_code == 200
