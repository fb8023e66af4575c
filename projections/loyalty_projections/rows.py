"""Rows as projections write and read them, and rows in memory.

The same `apply` writes into a batch for the database and into memory; the same queries read either.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple, Protocol, TypeVar

from loyalty_projections.tables import LAST, SUM, Key, Table

T = TypeVar("T", bound=tuple[Any, ...])


class Rows(Protocol):
    """Where projections write."""

    def merge(self, table: Table[Any], key: Key, **values: Any) -> None:
        """Add to the row of that key: each field by its rule."""
        ...

    def insert(self, table: Table[T], row: T) -> None:
        """Add a row whose key is not there; such a table has no other changes."""
        ...

    def change(self, table: Table[Any], key: Key, **sums: int) -> None:
        """Add to sums of the row of that key, if there is one."""
        ...

    def forget(self, table: Table[Any], key: Key, latest: str) -> None:
        """Begin anew with a field that keeps the latest: what is put next may be earlier."""
        ...

    def delete(self, table: Table[Any], key: Key) -> None:
        """Remove the row of that key, if there is one."""
        ...


class Due(NamedTuple):
    """The first moment something is due for an owner."""

    at: datetime
    owner: str


class Reader(Protocol):
    """Where queries read. Conditions: a value, a collection of values, Above, UpTo, Within."""

    def select(self, table: Table[T], *, limit: int | None = None, **where: Any) -> list[T]:
        """The rows that meet all conditions, in the order of the key."""
        ...

    def due(
        self, table: Table[Any], moment: str, until: datetime, after: Due | None, limit: int
    ) -> list[Due]:
        """For each owner (the first field) the earliest moment up to `until`, in that order."""
        ...


class Above(NamedTuple):
    """A condition: greater than this."""

    value: Any


class UpTo(NamedTuple):
    """A condition: at most this."""

    value: Any


class Within(NamedTuple):
    """A condition: at least `first` and less than `end`."""

    first: Any
    end: Any


class MemoryRows:
    """Rows in memory, written and read at once."""

    def __init__(self) -> None:
        self._tables: dict[Table[Any], dict[Key, list[Any]]] = {}

    def merge(self, table: Table[Any], key: Key, **values: Any) -> None:
        """See Rows."""
        rows = self._tables.setdefault(table, {})
        row = rows.get(key)
        if row is None:
            row = rows[key] = table.defaults.copy()
        self._add(table, key, row, values)

    def change(self, table: Table[Any], key: Key, **sums: int) -> None:
        """See Rows."""
        row = self._tables.get(table, {}).get(key)
        if row is not None:
            self._add(table, key, row, sums)

    def _add(self, table: Table[Any], key: Key, row: list[Any], values: dict[str, Any]) -> None:
        add(table, row, values)
        if table.gone_places and not any(row[place] for place in table.gone_places):
            del self._tables[table][key]

    def insert(self, table: Table[T], row: T) -> None:
        """See Rows."""
        rows = self._tables.setdefault(table, {})
        key = row[: table.keys]
        if key in rows:
            raise KeyError(f"{table.name} has {key} already")
        rows[key] = list(row[table.keys :])

    def forget(self, table: Table[Any], key: Key, latest: str) -> None:
        """See Rows."""
        row = self._tables.get(table, {}).get(key)
        if row is not None:
            row[table.place[latest]] = None

    def delete(self, table: Table[Any], key: Key) -> None:
        """See Rows."""
        self._tables.setdefault(table, {}).pop(key, None)

    def select(self, table: Table[T], *, limit: int | None = None, **where: Any) -> list[T]:
        """See Reader."""
        places = [(table.columns.index(name), wanted) for name, wanted in where.items()]
        rows = (
            (*key, *values)
            for key, values in sorted(self._tables.get(table, {}).items(), key=_by_key)
        )
        found = [row for row in rows if all(_meets(row[place], wanted) for place, wanted in places)]
        return [table.row(*row) for row in found[:limit]]

    def due(
        self, table: Table[Any], moment: str, until: datetime, after: Due | None, limit: int
    ) -> list[Due]:
        """See Reader."""
        place = table.columns.index(moment)
        first: dict[str, datetime] = {}
        for row in self.select(table):
            at = row[place]
            if at is not None and at <= until:
                first[row[0]] = min(at, first.get(row[0], at))
        found = sorted(Due(at, owner) for owner, at in first.items())
        return [one for one in found if after is None or one > after][:limit]


def add(table: Table[Any], row: list[Any], values: dict[str, Any]) -> None:
    """Add values to a row's values by their rules."""
    for name, value in values.items():
        place, rule = table.rule_of[name]
        if rule is LAST:
            row[place] = value
        elif rule is SUM:
            row[place] += value
        elif value is not None and (row[place] is None or value > row[place]):
            row[place] = value


def copied(
    reader: Reader, tables: Collection[Table[Any]], customer_ids: Collection[str]
) -> dict[str, MemoryRows]:
    """Customers' rows in memory, to see what something that is due does to them."""
    copies = {customer_id: MemoryRows() for customer_id in customer_ids}
    for table in tables:
        owner = table.columns.index("customer_id")
        for row in reader.select(table, customer_id=list(copies)):
            copies[row[owner]].insert(table, row)
    return copies


def _by_key(item: tuple[Key, list[Any]]) -> Key:
    return item[0]


def _meets(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, Above):
        return value is not None and bool(value > wanted.value)
    if isinstance(wanted, UpTo):
        return value is not None and bool(value <= wanted.value)
    if isinstance(wanted, Within):
        return value is not None and bool(wanted.first <= value < wanted.end)
    if isinstance(wanted, list | tuple | set | frozenset):
        return value in wanted
    return bool(value == wanted)
