"""An offer whose sale came back while another one held it: it goes when it is free, everywhere."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from loyalty_ledger.domain.streams import limit, usage_of
from loyalty_ledger.verification import verify
from offers.till import NOW, Shop, document, item, shop_on

NO_COFFEE = [item("MUFFIN", "7.00")]
GIFT = {
    "id": "gift",
    "name": "A euro for every coffee",
    "starts": "2026-01-01",
    "ends": "2027-01-01",
    "when": {"items": {"categories": ["coffee"]}},
    "outcomes": [{"issue": "euro"}],
}


@pytest.fixture(params=["sqlite", "postgresql"])
def held(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Shop, str]]:
    """Sale T2 holds an offer that sale T1 had given, and T1 has come back."""
    with shop_on(request.param, tmp_path) as shop:
        shop.publish(document() | {"campaigns": [GIFT]})
        shop.close("T1")
        shop.work()
        (offer,) = shop.offers()
        shop.later(minutes=10)
        shop.lock(offer, "T2")
        comes_back(shop, "T1")
        assert shop.state(offer) == "LOCKED"
        assert counted(shop) == (1, 1)
        yield shop, offer


def comes_back(shop: Shop, sale: str, **changes: Any) -> None:
    told = {"items": [], "open_time": NOW.isoformat(), "payments": []}
    assert shop.close(sale, **(told | changes)) == "accepted"
    shop.work()


def counted(shop: Shop) -> tuple[int, int]:
    """How often the offer counts as issued: to Ann, and in all."""
    subject = "offer:euro"
    states = shop.another().ledger.states.get([usage_of(shop.id_of()), limit(subject)])
    return (
        states[usage_of(shop.id_of())].of(subject).times,
        states[limit(subject)].times,
    )


def is_gone(shop: Shop, offer: str) -> None:
    assert shop.state(offer) == "REVOKED"
    shop.work()
    assert shop.state(offer) == "REVOKED"
    assert shop.facts(offer)[-1] == "OfferRevoked"
    assert counted(shop) == (0, 0)
    assert verify(shop.ledger, lambda _done, _goal: None).problems == []


def test_it_goes_when_it_is_unlocked(held: tuple[Shop, str]) -> None:
    shop, offer = held
    shop.unlock(offer)
    is_gone(shop, offer)


def test_it_goes_when_its_lock_lapses(held: tuple[Shop, str]) -> None:
    shop, offer = held
    shop.later(minutes=40)
    is_gone(shop, offer)
    assert [one.kind for one in shop.timeline(subject=offer)][-3:] == [
        "OfferRecalled",
        "OfferLockLapsed",
        "OfferRevoked",
    ]


def test_it_goes_when_the_sale_closes_without_it(held: tuple[Shop, str]) -> None:
    shop, offer = held
    shop.close("T2", items=NO_COFFEE)
    is_gone(shop, offer)


def test_it_can_still_be_used_and_goes_when_that_sale_comes_back(held: tuple[Shop, str]) -> None:
    shop, offer = held
    shop.close("T2", offer)
    shop.work()
    assert shop.state(offer) == "REDEEMED"
    shop.later(minutes=20)
    comes_back(shop, "T2", open_time=(NOW + timedelta(minutes=10)).isoformat())
    is_gone(shop, offer)


def test_it_goes_when_an_employee_reinstates_it(held: tuple[Shop, str]) -> None:
    shop, offer = held
    shop.close("T2", offer, items=NO_COFFEE)
    shop.reinstate(offer)
    is_gone(shop, offer)
