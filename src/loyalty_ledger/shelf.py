"""The items of catalogs, as far as they were asked for."""

from collections.abc import Iterable, Mapping

from loyalty_ledger.domain.configuration import Catalogs
from loyalty_ledger.domain.rules import Item
from loyalty_ledger.store.log import Log

MOST_ITEMS = 200_000


class Shelf:
    """Reads items once and keeps them; what is kept is bounded."""

    def __init__(self, log: Log):
        self._log = log
        self._items: dict[tuple[int, str], Item] = {}

    def items(
        self, wanted: Iterable[tuple[int, str]], catalogs: Catalogs
    ) -> Mapping[tuple[int, str], Item]:
        """At least these items, by catalog version and sku; no version is 0, and has none."""
        asked = set(wanted)
        if len(self._items) > MOST_ITEMS:
            self._items.clear()
        missing: dict[int, set[str]] = {}
        for version, sku in asked:
            if version and (version, sku) not in self._items:
                missing.setdefault(version, set()).add(sku)
        for version, skus in missing.items():
            found = self._log.catalog_items(catalogs.of(version).digest, skus)
            for sku in skus:
                item = found.get(sku)
                known = Item(item.categories, item.brand) if item else Item()
                self._items[version, sku] = known
        return self._items
