"""A sale that waits longer than the shortest lock holds is told of."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec

from faults.processes import run
from http_service.serving import Served
from offers.till import HALF_AN_HOUR, NOW, document, shop_on
from sample_ledger import both_databases


def told(service: Served) -> list[str]:
    """What `/readyz` warns of; `status` of the administration says the same."""
    warnings: list[str] = httpx.get(f"{service.url}/readyz").json()["warnings"]
    assert service.caller().get("/admin/v1/status").json()["warnings"] == warnings
    return warnings


def with_lock_timeout(timeout: str) -> dict[str, Any]:
    """The program with this lock timeout of an offer; half an hour for all others."""
    made = document()
    offers = [
        one | {"lock_timeout": timeout} if one["id"] == "euro" else one for one in made["offers"]
    ]
    return made | {"offers": offers}


def received_at(service: Served) -> Any:
    """When the log has the sale that came last."""
    *_, last = service.shop.ledger.log.read(0, 1_000, names=["TransactionReceived"])
    return last.recorded_at


def test_a_sale_unsettled_for_longer_than_a_lock_holds_is_warned_of(service: Served) -> None:
    assert told(service) == []
    service.send("T1")
    received = received_at(service)
    service.shop.move_to(received + HALF_AN_HOUR - timedelta(seconds=1))
    assert told(service) == []
    service.shop.move_to(received + HALF_AN_HOUR)
    (warning,) = told(service)
    assert f"since {received:%Y-%m-%dT%H:%M:%SZ}" in warning
    assert "loyalty work" in warning
    service.shop.work()
    assert told(service) == []


def test_the_shortest_lock_timeout_of_the_program_in_force_counts(service: Served) -> None:
    service.shop.publish(with_lock_timeout("PT5M"))
    service.send("T1")
    service.shop.move_to(received_at(service) + timedelta(minutes=5))
    (warning,) = told(service)
    assert "(PT5M)" in warning
    service.shop.publish(with_lock_timeout("PT10M"))
    while shown := httpx.get(f"{service.url}/readyz").json()["warnings"]:
        assert "(PT5M)" in shown[0]  # threads look at the program again four times a second
    service.shop.move_to(received_at(service) + timedelta(minutes=10))
    assert "(PT10M)" in httpx.get(f"{service.url}/readyz").json()["warnings"][0]


def test_a_sale_that_failed_to_settle_is_unsettled_though_it_was_read(service: Served) -> None:
    service.send("T1")
    received = received_at(service)

    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    service.shop.ledger.settlement._settle = broken
    service.shop.work()
    service.shop.move_to(received + HALF_AN_HOUR)
    service.send("T2", customer="BOB")
    (warning,) = told(service)
    assert f"since {received:%Y-%m-%dT%H:%M:%SZ}" in warning


@both_databases
def test_the_command_warns_and_says_since_when(backend: str, tmp_path: Path) -> None:
    with shop_on(backend, tmp_path) as shop:
        assert shop.close("T1") == "accepted"
        shown = run(shop.url, "status", "--json")
        told_by_it = msgspec.json.decode(shown.stdout)
        assert told_by_it["oldest_unsettled_at"].startswith(f"{NOW:%Y-%m-%dT%H:%M}")
        (warning,) = told_by_it["warnings"]  # the sale is of March 2026, and now is later
        assert warning in run(shop.url, "status").stderr
        shop.work()
        shown = run(shop.url, "status", "--json")
        assert msgspec.json.decode(shown.stdout)["warnings"] == []
