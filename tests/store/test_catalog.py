"""Catalogs lie under the digest of their items."""

import pytest

from loyalty_ledger.domain.events.program import CatalogLoaded
from loyalty_ledger.store.log import CatalogItem, Commit, Log, NewEvent
from store_examples import NOON

MUFFIN = CatalogItem("muffin", "Blueberry muffin", "Ours", ("BAKERY", "MUFFINS"))
SOUP = CatalogItem("soup", "Soup of the day — größe L", None, ())


def load(items: list[CatalogItem], digest: str) -> Commit:
    loaded = CatalogLoaded(at=NOON, version=1, digest=digest, items=len(items), categories=2)
    event = NewEvent("catalog", loaded)
    return Commit([event], {"catalog": 0}, 0, catalog=(digest, iter(items)))


def test_items_are_found_by_sku_under_the_catalogs_digest(log: Log) -> None:
    digest = log.catalog_digest([MUFFIN, SOUP])
    log.append(load([MUFFIN, SOUP], digest))
    assert log.catalog_items(digest, ["soup", "muffin", "nothing", "soup"]) == {
        "muffin": MUFFIN,
        "soup": SOUP,
    }
    assert log.catalog_items(digest, []) == {}
    assert log.catalog_items("0" * 64, ["soup"]) == {}


def test_the_same_catalog_again_is_the_same_rows(log: Log) -> None:
    digest = log.catalog_digest([MUFFIN])
    log.append(load([MUFFIN], digest))
    log.append(Commit([], {}, 1, catalog=(digest, [MUFFIN])))
    assert log.catalog_items(digest, ["muffin"]) == {"muffin": MUFFIN}


def test_two_catalogs_lie_side_by_side(log: Log) -> None:
    dearer = MUFFIN._replace(name="Muffin")
    for items in ([MUFFIN], [dearer, SOUP]):
        log.append(Commit([], {}, 0, catalog=(log.catalog_digest(items), items)))
    first, second = log.catalog_digest([MUFFIN]), log.catalog_digest([dearer, SOUP])
    assert log.catalog_items(first, ["muffin", "soup"]) == {"muffin": MUFFIN}
    assert log.catalog_items(second, ["muffin"]) == {"muffin": dearer}


def test_a_digest_that_is_not_the_items_own_stores_nothing(log: Log) -> None:
    with pytest.raises(ValueError, match="digest"):
        log.append(load([MUFFIN], "0" * 64))
    assert log.head().position == 0
    assert log.catalog_items("0" * 64, ["muffin"]) == {}


@pytest.mark.parametrize("items", [[SOUP, MUFFIN], [SOUP, SOUP]])
def test_items_out_of_order_or_twice_are_refused(log: Log, items: list[CatalogItem]) -> None:
    with pytest.raises(ValueError, match="ascending order"):
        log.catalog_digest(items)


def test_a_large_catalog_streams_in_and_many_items_are_found_at_once(log: Log) -> None:
    def items() -> list[CatalogItem]:
        return [CatalogItem(f"{n:06}", f"Item {n}", None, ("A", str(n % 9))) for n in range(12_000)]

    digest = log.catalog_digest(items())
    log.append(load(items(), digest))
    found = log.catalog_items(digest, [f"{n:06}" for n in range(0, 24_000, 2)])
    assert len(found) == 6_000
    assert found["000018"].categories == ("A", "0")
