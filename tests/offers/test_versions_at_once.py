"""A sale and its return that are settled in one go, as after a long night of the worker."""

from collections.abc import Iterator
from typing import Any

import pytest

from loyalty_ledger import verification
from loyalty_ledger.domain.events.settlement import TransactionSettled
from offers.till import CATALOG, Shop, document, item

RETURNED: dict[str, Any] = {"items": [], "payments": []}


@pytest.fixture
def night(shop: Shop) -> Iterator[Shop]:
    """What was received is settled at the end, and the ledger is in order then."""
    yield shop
    shop.work()
    assert verification.verify(shop.ledger, lambda _done, _goal: None).problems == []


def settled(shop: Shop) -> list[TransactionSettled]:
    shop.work()
    found = shop.events("TransactionSettled")
    return [one for one in found if isinstance(one, TransactionSettled)][1:]


def test_what_the_sale_redeemed_is_given_back(night: Shop) -> None:
    offer = night.give()
    night.work()
    assert night.close("T1", offer) == "accepted"
    night.later(hours=1)
    assert night.close("T1", **RETURNED) == "accepted"

    assert [[one.how for one in each.given_back] for each in settled(night)] == [[], ["reinstated"]]
    assert night.state(offer) == "ISSUED"


def test_a_return_that_names_nobody_concerns_who_paid(night: Shop) -> None:
    before = night.points()
    assert night.close("T1") == "accepted"
    night.later(hours=1)
    assert night.close("T1", **RETURNED) == "accepted"

    _, second = settled(night)
    assert [one.customer_id for one in second.customers] == [night.id_of()]
    assert night.points() == before
    names = [type(one.event).__name__ for one in night.ledger.log.history(night.id_of())]
    assert names.count("TransactionSettled") == 3  # with that of his first points


def test_an_exchange_is_judged_by_the_catalog_of_the_sale(night: Shop) -> None:
    changed = document()
    changed["rules"].append(
        {
            "id": "beans",
            "when": {"items": {"categories": ["beans"]}},
            "award": {"account": "points", "source": "purchases", "points": 90},
        }
    )
    night.publish(changed)
    assert night.close("T1", items=[item("CAKE", "9.00")]) == "accepted"
    canned = [
        one._replace(categories=("canned",)) if one.sku == "BEANS" else one for one in CATALOG
    ]
    night.ledger.administration.load_catalog(lambda: canned)
    night.later(hours=1)
    assert night.close("T1", items=[item("BEANS", "9.00")]) == "accepted"

    _, second = settled(night)
    assert [one.deserved for one in second.grants if one.rule == "rule:beans"] == [{"points": 90}]
