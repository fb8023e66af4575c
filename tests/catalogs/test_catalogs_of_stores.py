"""A store may have a catalog of its own; all others share one. What is absent is retired."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cli.command_line import loyalty
from loyalty_ledger import verification
from loyalty_ledger.domain.events.program import Store
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.store.log import CatalogItem
from receiving import NOW, STORE, another, at, body, opened, points, received, send, work

OTHER = Store(store_id="320", name="Side Street", time_zone="America/New_York")
FUEL = [CatalogItem("BANANA", "A jerrycan", None, ("FUEL",))]
FRUIT = [CatalogItem("BANANA", "A banana", None, ("GROCERY", "FRUIT"))]
APPLES = [CatalogItem("APPLE", "An apple", None, ("GROCERY", "FRUIT"))]
BANANAS: list[dict[str, Any]] = [
    {"line_id": "1", "item_id": "BANANA", "quantity": 1, "subtotal": "10.00"}
]


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    with opened(database_url) as made:
        made.administration.load_stores([STORE, OTHER])
        yield made


def sold(name: str, store: Store = STORE, hours: float = -2, **changes: Any) -> bytes:
    sale = body(name, f"{name}@{hours}", open_time=at(-2), modified_time=at(hours), **changes)
    return json.dumps(json.loads(sale) | {"store_id": store.store_id}).encode()


def basic_awards(ledger: Ledger) -> list[Any]:
    awarded = [one.event for one in ledger.log.read(0, 1_000, names=["PointsAwarded"])]
    return [one for one in awarded if one.rule == "rule:base"]  # type: ignore[attr-defined]


def test_a_sale_is_judged_by_the_catalog_of_its_store(ledger: Ledger) -> None:
    ledger.administration.load_catalog(lambda: FUEL)
    ledger.administration.load_catalog(lambda: FRUIT, OTHER.store_id)
    worker = another(ledger)
    send(ledger, sold("T1", items=BANANAS), sold("T2", OTHER, items=BANANAS))
    work(worker)
    assert [one.catalog_version for one in received(ledger)] == [1, 2]
    # Fuel earns nothing from the base rule.
    assert [one.transaction for one in basic_awards(ledger)] == ["320/T2"]


def test_a_later_catalog_for_all_leaves_a_stores_own_in_force(ledger: Ledger) -> None:
    load = ledger.administration.load_catalog
    assert load(lambda: FRUIT, OTHER.store_id)
    assert load(lambda: FUEL)
    assert not load(lambda: FRUIT, OTHER.store_id)
    assert not load(lambda: FUEL)
    send(ledger, sold("T1", items=BANANAS), sold("T2", OTHER, items=BANANAS))
    assert [one.catalog_version for one in received(ledger)] == [2, 1]


def test_what_a_stores_first_catalog_retires_is_measured_by_the_one_for_all(ledger: Ledger) -> None:
    ledger.administration.load_catalog(lambda: FRUIT)
    with pytest.raises(Rejected) as refused:
        ledger.administration.load_catalog(lambda: APPLES, OTHER.store_id)
    assert refused.value.code is Reason.RETIRES_MOST


@pytest.mark.parametrize("store_id", ["nowhere", OTHER.store_id])
def test_a_catalog_is_loaded_only_for_a_store_in_force(ledger: Ledger, store_id: str) -> None:
    another(ledger).administration.load_stores([STORE])
    head = ledger.log.head()
    with pytest.raises(Rejected) as refused:
        ledger.administration.load_catalog(lambda: FRUIT, store_id)
    assert refused.value.code is Reason.UNKNOWN_STORE
    assert ledger.log.head() == head
    another(ledger).administration.load_stores([STORE, OTHER])
    if store_id == OTHER.store_id:
        assert ledger.administration.load_catalog(lambda: FRUIT, store_id)


def test_an_item_that_is_retired_goes_back_exactly_and_keeps_its_name(ledger: Ledger) -> None:
    ledger.administration.load_catalog(lambda: FRUIT)
    send(ledger, sold("T1", items=BANANAS))
    work(ledger)
    before = points(ledger)
    ledger.administration.load_catalog(lambda: APPLES, confirmed=True)
    returned = sold("T1", hours=-1, items=[], payments=[{"amount": 0, "user_id": "ANN"}])
    assert send(ledger, returned) == ["accepted"]
    work(ledger)
    assert (before, points(ledger)) == (10, 0)
    told = ledger.explaining.transaction(STORE.store_id, "T1")
    assert [line["name"] for line in told["versions"][0]["lines"]] == ["A banana"]
    assert {one["catalog_version"] for one in told["settlements"]} == {1}
    ledger.projector.catch_up()
    assert verification.verify(ledger, lambda _done, _goal: None).problems == []


def test_a_later_version_is_called_and_judged_as_the_first_one_was(ledger: Ledger) -> None:
    ledger.administration.load_catalog(lambda: FRUIT)
    send(ledger, sold("T1", items=BANANAS))
    work(ledger)
    ledger.administration.load_catalog(lambda: FUEL)
    more = [*BANANAS, BANANAS[0] | {"line_id": "2"}]
    send(ledger, sold("T1", hours=-1, items=more, payments=[{"amount": 20, "user_id": "ANN"}]))
    work(ledger)
    assert [one.catalog_version for one in received(ledger)] == [1, 2]
    assert sum(one.points for one in basic_awards(ledger)) == 20
    told = ledger.explaining.transaction(STORE.store_id, "T1")
    assert [line["name"] for line in told["versions"][-1]["lines"]] == ["A banana"] * 2


def test_a_retired_stores_tills_may_still_send_what_they_sold(ledger: Ledger) -> None:
    send(ledger, sold("T1", OTHER))
    ledger.administration.load_stores([STORE])
    returned = sold("T1", OTHER, hours=-1, is_voided=True)
    assert send(ledger, returned, sold("T2", OTHER)) == ["accepted"] * 2
    work(ledger)
    assert points(ledger) == 10
    assert received(ledger)[-1].time_zone == OTHER.time_zone


def test_a_category_takes_what_lies_anywhere_below_it(ledger: Ledger) -> None:
    deep = [CatalogItem("BANANA", "A fuel", None, ("GOODS", "FUEL", "DIESEL"))]
    ledger.administration.load_catalog(lambda: deep)
    send(ledger, sold("T1", items=BANANAS))
    work(ledger)
    assert basic_awards(ledger) == []


def test_the_loads_are_shown_and_which_of_them_are_in_force(
    ledger: Ledger, database_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "items.jsonl"
    file.write_text('{"sku": "BANANA", "categories": ["FRUIT"]}\n{"sku": "APPLE"}\n')
    assert loyalty(database_url, "catalog", "show").out == "No catalog was loaded.\n"
    loyalty(database_url, "load", "catalog", file)
    assert loyalty(database_url, "load", "catalog", file, "--store", "nowhere").code == 1
    loyalty(database_url, "load", "catalog", file, "--store", OTHER.store_id)
    file.write_text('{"sku": "BANANA", "categories": ["FRUIT"]}\n')
    loyalty(database_url, "load", "catalog", file)
    shown = loyalty(database_url, "catalog", "show", "--json").json
    told = [(one["version"], one["store_id"], one["in_force"], one["retired"]) for one in shown]
    assert told == [(1, None, False, 0), (2, "320", True, 0), (3, None, True, 1)]
    assert [(one["items"], one["categories"]) for one in shown] == [(2, 1), (2, 1), (1, 1)]
    table = loyalty(database_url, "catalog", "show", "--store", OTHER.store_id)
    rows = [line.split()[:2] for line in table.out.splitlines()[2:] if line.strip()]
    assert rows == [["1", "all"], ["2", "320"]]
    assert max(map(len, table.out.splitlines())) <= 80
    assert loyalty(database_url, "catalog", "show", "--store", "nowhere").code == 1


def test_a_catalog_received_meanwhile_does_not_change_what_was_sold_before(ledger: Ledger) -> None:
    """The version is frozen by what is first in the log, not by when it was settled."""
    ledger.administration.load_catalog(lambda: FRUIT)
    send(ledger, sold("T1", items=BANANAS))
    ledger.administration.load_catalog(lambda: FUEL)
    ledger.worker.work(lambda: NOW + timedelta(hours=1), once=True)
    assert sum(one.points for one in basic_awards(ledger)) == 10
