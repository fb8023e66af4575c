"""Rows in the database: a batch of changes written in a few statements, and reading.

PostgreSQL takes a batch as arrays, SQLite row by row in process.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import chain
from typing import Any, TypeVar

import sqlalchemy
from sqlalchemy import Connection, func

from loyalty_projections import statements
from loyalty_projections.rows import Above, Due, UpTo, Within, add
from loyalty_projections.tables import MISSING, SUM, Key, Table

T = TypeVar("T", bound=tuple[Any, ...])
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BuildOf = Callable[[Table[Any]], int]


@lru_cache(maxsize=16_384)  # the same few instants stand in many rows
def micros(moment: datetime) -> int:
    """Microseconds since 1970."""
    since = moment - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def from_micros(count: int) -> datetime:
    """The instant so many microseconds after 1970 began."""
    return EPOCH + timedelta(microseconds=count)


class Changes:
    """What a batch changes in one table."""

    __slots__ = ("changed", "deleted", "forgotten", "inserted", "merged")

    def __init__(self) -> None:
        self.changed: dict[Key, list[Any]] = {}
        self.merged: dict[Key, list[Any]] = {}
        self.inserted: list[tuple[Any, ...]] = []
        self.deleted: dict[Key, None] = {}
        self.forgotten: dict[str, dict[Key, None]] = {}


class Batch:
    """Changes collected in memory, merged by key, to be written at once."""

    def __init__(self) -> None:
        self._tables: dict[Table[Any], Changes] = {}

    def _changes(self, table: Table[Any]) -> Changes:
        changes = self._tables.get(table)
        if changes is None:
            changes = self._tables[table] = Changes()
        return changes

    def merge(self, table: Table[Any], key: Key, **values: Any) -> None:
        """See Rows."""
        merged = self._changes(table).merged
        row = merged.get(key)
        if row is not None:
            add(table, row, values)
            return
        row = merged[key] = table.untouched.copy()
        for name, value in values.items():
            row[table.place[name]] = value

    def insert(self, table: Table[T], row: T) -> None:
        """See Rows."""
        self._changes(table).inserted.append(row)

    def change(self, table: Table[Any], key: Key, **sums: int) -> None:
        """See Rows."""
        changes = self._changes(table)
        row = changes.merged.get(key)
        if row is None:
            if key in changes.deleted:
                return
            row = changes.changed.setdefault(key, [0] * len(table.values))
        add(table, row, sums)

    def forget(self, table: Table[Any], key: Key, latest: str) -> None:
        """See Rows."""
        changes = self._changes(table)
        row = changes.merged.get(key)
        if row is not None:
            row[table.place[latest]] = None
        changes.forgotten.setdefault(latest, {})[key] = None

    def delete(self, table: Table[Any], key: Key) -> None:
        """See Rows."""
        changes = self._changes(table)
        changes.merged.pop(key, None)
        changes.changed.pop(key, None)
        changes.deleted[key] = None

    def flush(self, connection: Connection, build_of: _BuildOf) -> None:
        """Write everything collected into the builds that `build_of` tells for its tables."""
        for table, changes in self._tables.items():
            _Writer(connection, table, build_of(table)).write(changes)


class _Writer:
    """Writes changes into one build of a table."""

    def __init__(self, connection: Connection, table: Table[Any], build: int):
        self._connection = connection
        self._table = table
        self._postgres = connection.dialect.name == "postgresql"
        self._build = build

    def write(self, changes: Changes) -> None:
        table = self._table
        if changes.deleted:
            self._execute(
                self._statement(statements.delete, False), table.key, list(changes.deleted)
            )
        if changes.inserted:
            self._execute(
                self._statement(statements.insert, table.columns), table.columns, changes.inserted
            )
        if changes.changed:
            self._change(changes.changed)
        for name, keys in changes.forgotten.items():
            self._execute(self._statement(statements.forget, name), table.key, list(keys))
        for names, rows in self._by_names(changes.merged):
            self._execute(self._statement(statements.upsert, names), (*table.key, *names), rows)
        gone = _maybe_gone(table, changes.merged) | _maybe_gone(table, changes.changed)
        if gone:
            self._execute(self._statement(statements.delete, True), table.key, list(gone))

    def _change(self, changed: dict[Key, list[Any]]) -> None:
        table = self._table
        sums = [place for place, rule in enumerate(table.rules) if rule is SUM]
        names = (*(table.values[place] for place in sums), *table.key)
        rows = [(*(values[place] for place in sums), *key) for key, values in changed.items()]
        self._execute(self._statement(statements.change), names, rows)

    def _by_names(
        self, merged: dict[Key, list[Any]]
    ) -> Iterator[tuple[tuple[str, ...], list[tuple[Any, ...]]]]:
        """The merged rows, by the fields that something was put into."""
        whole: list[tuple[Any, ...]] = []
        parts: dict[tuple[bool, ...], list[tuple[Any, ...]]] = {}
        optional = self._table.last_places
        for key, values in merged.items():
            for place in optional:
                if values[place] is MISSING:
                    break
            else:
                whole.append((*key, *values))
                continue
            there = tuple(value is not MISSING for value in values)
            row = (*key, *(value for value in values if value is not MISSING))
            parts.setdefault(there, []).append(row)
        names = self._table.values
        if whole:
            yield names, whole
        for there, rows in parts.items():
            yield tuple(name for name, put in zip(names, there, strict=True) if put), rows

    def _statement(self, make: Callable[..., str], *details: Any) -> str:
        return make(self._postgres, self._table, self._build, *details)

    def _execute(
        self, statement: str, names: Sequence[str], rows: Sequence[tuple[Any, ...]]
    ) -> None:
        columns = _columns(self._table, names, rows)
        if self._postgres:
            self._connection.exec_driver_sql(statement, tuple(map(_array, columns)))
        else:
            self._connection.exec_driver_sql(statement, list(zip(*columns, strict=True)))


def _maybe_gone(table: Table[Any], added: dict[Key, list[Any]]) -> set[Key]:
    """Rows that may have nothing left: what was added is not more than nothing."""
    if not table.gone_places:
        return set()
    one, *others = table.gone_places
    return {
        key
        for key, values in added.items()
        if values[one] <= 0 and all(values[place] <= 0 for place in others)
    }


def _array(values: list[Any]) -> str:
    """A column as PostgreSQL writes arrays: many times quicker than the driver's own way.

    Text is never null in our tables; a number may be.
    """
    if not isinstance(values[0], str):
        return "{" + str(values)[1:-1].replace("None", "NULL") + "}"
    together = '","'.join(values)
    if "\\" in together or together.count('"') != 2 * (len(values) - 1):
        escaped = (value.replace("\\", r"\\").replace('"', r"\"") for value in values)
        together = '","'.join(escaped)
    return '{"' + together + '"}'


def _columns(
    table: Table[Any], names: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> list[list[Any]]:
    columns = [list(column) for column in zip(*rows, strict=True)]
    for place, name in enumerate(names):
        if table.columns.index(name) in table.instants:
            columns[place] = [None if at is None else micros(at) for at in columns[place]]
    return columns


class SqlReader:
    """Reads the live builds of tables."""

    def __init__(self, connection: Connection, build_of: _BuildOf):
        self._connection = connection
        self._build_of = build_of
        self._postgres = connection.dialect.name == "postgresql"

    def select(self, table: Table[T], *, limit: int | None = None, **where: Any) -> list[T]:
        """See Reader."""
        parts = [self._given(name, wanted) for name, wanted in where.items()]
        shape = tuple((name, kind, len(values)) for name, kind, values in parts)
        statement = statements.select(self._postgres, table, self._build_of(table), shape, limit)
        values = tuple(chain.from_iterable(values for _, _, values in parts))
        return [
            stored_row(table, row) for row in self._connection.exec_driver_sql(statement, values)
        ]

    def _given(self, name: str, wanted: Any) -> tuple[str, str, list[Any]]:
        kind, values = _condition(wanted)
        if kind == statements.ONE_OF and self._postgres:
            return name, kind, [values]
        return name, kind, values

    def due(
        self, table: Table[Any], moment: str, until: datetime, after: Due | None, limit: int
    ) -> list[Due]:
        """See Reader."""
        built = table.built(self._build_of(table))
        owner, first = built.c[table.columns[0]], func.min(built.c[moment])
        query = (
            sqlalchemy.select(first, owner)
            .where(built.c[moment] <= micros(until))
            .group_by(owner)
            .order_by(first, owner)
            .limit(limit)
        )
        if after is not None:
            at = micros(after.at)
            query = query.having((first > at) | ((first == at) & (owner > after.owner)))
        return [Due(from_micros(at), name) for at, name in self._connection.execute(query)]


def stored_row(table: Table[T], row: Sequence[Any]) -> T:
    """A row from its fields as they are stored."""
    values = list(row)
    for place in table.instants:
        if values[place] is not None:
            values[place] = from_micros(values[place])
    return table.row(*values)


def _condition(wanted: Any) -> tuple[str, list[Any]]:
    """The kind of condition, and its values as they are stored."""
    match wanted:
        case Above(value=value):
            return statements.ABOVE, [_plain(value)]
        case UpTo(value=value):
            return statements.UP_TO, [_plain(value)]
        case Within(first=first, end=end):
            return statements.WITHIN, [_plain(first), _plain(end)]
        case list() | tuple() | set() | frozenset():
            kind = statements.IS if len(wanted) == 1 else statements.ONE_OF
            return kind, [_plain(one) for one in wanted]
        case _:
            return statements.IS, [_plain(wanted)]


def _plain(value: Any) -> Any:
    return micros(value) if isinstance(value, datetime) else value


def stored_rows(
    connection: Connection, table: Table[Any], build: int, places: Sequence[int]
) -> Iterator[Sequence[Any]]:
    """The fields at these places of every row as stored, in no order, in constant memory."""
    built = table.built(build)
    columns = [built.c[table.columns[place]] for place in places]
    options: Mapping[str, Any] = {"stream_results": True, "yield_per": 2_000}
    yield from connection.execute(sqlalchemy.select(*columns), execution_options=options)
