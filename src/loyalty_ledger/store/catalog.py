"""Catalogs, each under the digest of its items."""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Engine, select

from loyalty_ledger.store.bulk import insert_rows, select_for
from loyalty_ledger.store.records import CatalogItem
from loyalty_ledger.store.schema import catalog_item
from loyalty_ledger.store.staging import distinct
from loyalty_ledger.store.text import storable, storable_id

_ROWS_AT_ONCE = 1_000
_encode = msgspec.json.Encoder().encode
_decode_categories = msgspec.json.Decoder(tuple[str, ...]).decode


def catalog_digest(items: Iterable[CatalogItem]) -> str:
    """The digest of a catalog, from its items in ascending order of sku: 64 hexadecimal digits.

    ValueError for items out of order, given twice, or not storable.
    """
    total = hashlib.sha256()
    for _ in _digested(items, total):
        pass
    return total.hexdigest()


class Measured(NamedTuple):
    """What a catalog comes to: its digest, how many items, and how many different categories."""

    digest: str
    items: int
    categories: int


def measured(items: Iterable[CatalogItem]) -> Measured:
    """The measures of a catalog, streaming; ValueError as for its digest."""
    count = 0
    total = hashlib.sha256()
    with distinct() as categories:
        for item in _digested(items, total):
            count += 1
            categories.add(item.categories)
        return Measured(total.hexdigest(), count, categories.count())


def add_catalog(connection: Connection, digest: str, items: Iterable[CatalogItem]) -> None:
    """Store a catalog, streaming; one that is there already is left as it is.

    ValueError when `digest` is not the digest of the items.
    """
    there = select(catalog_item.c.sku).where(catalog_item.c.hash == digest).limit(1)
    if connection.execute(there).first() is not None:
        return
    total = hashlib.sha256()
    rows = (
        (digest, item.sku, item.name, item.brand, json.dumps(item.categories, ensure_ascii=False))
        for item in _digested(items, total)
    )
    insert_rows(connection, catalog_item, rows)
    if total.hexdigest() != digest:
        raise ValueError("the digest is not the digest of the catalog's items")


def find_items(
    connection: Connection, digest: str, skus: Collection[str]
) -> dict[str, CatalogItem]:
    """The items of a catalog among these; what it does not know is left out."""
    rows = select_for(
        connection,
        "SELECT c.sku, c.name, c.brand, c.categories",
        "JOIN catalog_item AS c ON c.hash = asked.hash AND c.sku = asked.sku",
        {"hash": "text", "sku": "text"},
        [(digest, storable(sku, "sku")) for sku in dict.fromkeys(skus)],
    )
    return {row[0]: _item(row) for row in rows}


def all_items(engine: Engine, digest: str) -> Iterator[CatalogItem]:
    """Every item of a catalog by ascending sku, in constant memory; no transaction is held open."""
    after = ""
    in_order = select(catalog_item).where(catalog_item.c.hash == digest)
    in_order = in_order.order_by(catalog_item.c.sku).limit(_ROWS_AT_ONCE)
    while True:
        with engine.connect() as connection:
            rows = connection.execute(in_order.where(catalog_item.c.sku > after)).all()
        for row in rows:
            categories = _decode_categories(row.categories)
            yield CatalogItem(row.sku, row.name, row.brand, categories)
        if len(rows) < _ROWS_AT_ONCE:
            return
        after = rows[-1].sku


def count_missing(before: Iterable[CatalogItem], after: Iterable[CatalogItem]) -> int:
    """How many items of one catalog another does not have, both by ascending sku."""
    missing, others = 0, iter(after)
    other = next(others, None)
    for item in before:
        while other is not None and other.sku < item.sku:
            other = next(others, None)
        missing += other is None or other.sku != item.sku
    return missing


def _item(row: Any) -> CatalogItem:
    return CatalogItem(row[0], row[1], row[2], _decode_categories(row[3]))


def _digested(items: Iterable[CatalogItem], total: Any) -> Iterator[CatalogItem]:
    last = ""
    for item in items:
        if storable_id(item.sku, "sku") <= last:
            raise ValueError("catalog items must come in ascending order of sku, each once")
        for text in (item.name, item.brand or "", *item.categories):
            storable(text, "catalog item")
        # JSON has no raw line break, so that a line is an item and nothing else.
        total.update(_encode(item) + b"\n")
        last = item.sku
        yield item
