"""Where a catalog waits until it is known to be good: whole, in order, outside the ledger.

SQLite sorts it and forgets it; what does not fit its cache is in a file without a name.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import msgspec

from loyalty_ledger.store.records import CatalogItem

_CACHE_KIB = 24 * 1024
_ROWS_AT_ONCE = 1_000
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(CatalogItem).decode


class Staging:
    """The items of a catalog that is being loaded, each sku once."""

    def __init__(self, database: sqlite3.Connection):
        self._database = database

    def add(self, item: CatalogItem) -> bool:
        """Keep an item; False when there is one of this sku already."""
        added = self._database.execute(
            "INSERT INTO item VALUES (?, ?) ON CONFLICT DO NOTHING", (item.sku, _encode(item))
        )
        return added.rowcount == 1

    def items(self) -> Iterator[CatalogItem]:
        """All of them, by ascending sku; may be asked again and again."""
        rows = self._database.execute("SELECT body FROM item ORDER BY sku")
        while found := rows.fetchmany(_ROWS_AT_ONCE):
            for (body,) in found:
                yield _decode(body)


@contextmanager
def staging() -> Iterator[Staging]:
    """An empty one; it is gone afterwards."""
    with _unnamed("CREATE TABLE item (sku TEXT PRIMARY KEY, body BLOB) WITHOUT ROWID") as database:
        yield Staging(database)


class Distinct:
    """Counts different texts, however many, in bounded memory."""

    def __init__(self, database: sqlite3.Connection):
        self._database = database
        self._lately: set[str] = set()

    def add(self, texts: Iterable[str]) -> None:
        """Take in these."""
        new = [text for text in texts if text not in self._lately]
        if new:
            statement = "INSERT INTO seen VALUES (?) ON CONFLICT DO NOTHING"
            self._database.executemany(statement, [(text,) for text in new])
            if len(self._lately) > _ROWS_AT_ONCE:
                self._lately.clear()
            self._lately.update(new)

    def count(self) -> int:
        """How many different ones there were."""
        (count,) = self._database.execute("SELECT count(*) FROM seen").fetchone()
        return int(count)


@contextmanager
def distinct() -> Iterator[Distinct]:
    """One that has seen nothing yet."""
    with _unnamed("CREATE TABLE seen (text TEXT PRIMARY KEY) WITHOUT ROWID") as database:
        yield Distinct(database)


@contextmanager
def _unnamed(table: str) -> Iterator[sqlite3.Connection]:
    database = sqlite3.connect("", isolation_level=None)
    try:
        database.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        database.execute("PRAGMA journal_mode = OFF")
        database.execute(table)
        database.execute("BEGIN")
        yield database
    finally:
        database.close()
