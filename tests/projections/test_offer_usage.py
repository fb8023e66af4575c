"""How often offers were used, over all customers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from loyalty_projections import offer_usage
from offers.till import Shop, shop_on


@pytest.fixture(params=["sqlite", "postgresql"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    with shop_on(request.param, tmp_path) as made:
        yield made


def used(shop: Shop) -> dict[str, int]:
    shop.ledger.projector.catch_up()
    return shop.ledger.projector.ask(
        lambda reader: offer_usage.redeemed(reader, ["euro", "muffin", "daily"])
    )


def test_what_is_redeemed_counts_until_it_is_given_back(shop: Shop) -> None:
    first, second, third = shop.give("euro"), shop.give("euro", to="BOB"), shop.give("muffin")
    shop.redeem(first)
    shop.redeem(second, "T2", customer="BOB")
    shop.close("T3", shop.lock(third, "T3"))
    assert used(shop) == {"euro": 2, "muffin": 1}
    shop.reinstate(first)
    assert used(shop) == {"euro": 1, "muffin": 1}
    assert shop.ledger.answers.offer_counts(["euro", "daily"]) == {"euro": (2, 1), "daily": (0, 0)}
