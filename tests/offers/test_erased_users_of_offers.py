"""Who used an offer, or points, for a sale that another paid is erased with what came with it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from loyalty_ledger.discount_object import discount_object
from loyalty_ledger.store.schema import personal
from offers.till import Shop, carrying, shop_on


@pytest.fixture(params=["sqlite", "postgresql"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    with shop_on(request.param, tmp_path) as made:
        yield made


FOR_HER: dict[str, Any] = {"customer": "BOB", "custom_data": {"order_for": "Ann Miller"}}
NAMED = {"user_id": "ANN", "display_name": "Ann's muffin"}


def told(shop: Shop) -> str:
    """All that stands beside the log about sales."""
    asked = select(personal.c.value).where(personal.c.field.in_(["sale", "payment"]))
    with shop.ledger.log.engine.connect() as connection:
        return "\n".join(connection.execute(asked).scalars())


def test_what_came_with_a_sale_goes_with_who_used_an_offer_for_it(shop: Shop) -> None:
    used = discount_object(shop.lock(shop.give("muffin"))) | NAMED
    assert shop.close("T1", used, **FOR_HER) == "accepted"
    assert shop.close("T2", customer="BOB", custom_data={"order_for": "Bob"}) == "accepted"
    shop.work()
    assert "Ann" in told(shop)
    shop.ledger.erasing.erase(shop.id_of("ANN"))
    assert "ANN" not in told(shop).upper() and "Bob" in told(shop)


def test_what_came_with_a_sale_goes_with_who_paid_points_for_it(shop: Shop) -> None:
    shop.ledger.spending.spend(shop.id_of("ANN"), 100, sale_of=("main", "T1"))
    assert shop.close("T1", **FOR_HER) == "accepted"
    shop.work()
    shop.ledger.erasing.erase(shop.id_of("ANN"))
    assert told(shop) == ""


def test_the_id_that_a_discount_of_anothers_sale_holds_goes(shop: Shop) -> None:
    hers, his = (carrying("own", "1.00") | {"user_id": name} for name in ("ANN", "BOB"))
    assert shop.close("T1", hers, his, customer="BOB", custom_data={"table": 7}) == "accepted"
    assert shop.close("T2", hers, customer=None) == "accepted"
    shop.ledger.erasing.erase(shop.id_of("ANN"))
    assert "ANN" not in told(shop)
    assert '"BOB"' in told(shop) and '"table":7' in told(shop)
