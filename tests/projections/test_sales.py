"""Which sales a store has, and how far each is settled."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from loyalty_ledger.domain.values import Rejected
from offers.till import NOW, Shop, shop_on

OPENED = datetime.fromisoformat("2026-03-10T12:00:00+01:00")
TODAY = (NOW - timedelta(hours=12), NOW + timedelta(hours=12))


@pytest.fixture(params=["sqlite", "postgresql"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    with shop_on(request.param, tmp_path) as made:
        yield made


def sales(shop: Shop, store: str = "main") -> list[str]:
    shop.ledger.projector.catch_up()
    found = shop.ledger.sales.of_store(store, *TODAY)
    return [
        f"{one.transaction_id}:{'settled' if one.settled >= one.version else 'received'}"
        for one in found
    ]


def test_a_store_has_its_sales_in_the_order_they_were_opened(shop: Shop) -> None:
    shop.close("B", customer="ANN", open_time="2026-03-10T11:00:00")
    shop.close("A", customer="ANN", open_time="2026-03-10T10:00:00")
    shop.close("C", customer="ANN", store="other")
    assert sales(shop) == ["A:received", "B:received"]
    shop.work()
    assert sales(shop) == ["A:settled", "B:settled"]
    assert sales(shop, "other") == ["C:settled"]


def test_a_later_version_is_the_same_sale_and_waits_to_be_settled_again(shop: Shop) -> None:
    shop.close("A", customer="ANN", modified_time="2026-03-10T12:00:00")
    shop.work()
    shop.close("A", customer="ANN", modified_time="2026-03-10T12:01:00", is_voided=True)
    assert sales(shop) == ["A:received"]
    assert shop.ledger.sales.sale("main", "A").state == "received"
    shop.work()
    known = shop.ledger.sales.sale("main", "A")
    assert (known.state, known.received.is_voided) == ("settled", True)
    assert sales(shop) == ["A:settled"]


def test_a_sale_is_found_by_its_id_where_one_store_has_it(shop: Shop) -> None:
    shop.close("A", customer="ANN")
    shop.close("B", customer="ANN")
    shop.close("B", customer="ANN", store="other")
    shop.ledger.projector.catch_up()
    assert shop.ledger.sales.store_of("A") == "main"
    for unclear in ("B", "nothing"):
        with pytest.raises(Rejected):
            shop.ledger.sales.store_of(unclear)
