"""Rows in the database: a batch of changes written in a few statements, and reading.

PostgreSQL takes a batch as arrays, SQLite row by row in process.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, TypeVar

import sqlalchemy
from sqlalchemy import BigInteger, Connection, func

from loyalty_projections.rows import Above, Due, add
from loyalty_projections.tables import LAST, LATEST, MISSING, SUM, Key, Table

T = TypeVar("T", bound=tuple[Any, ...])
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BuildOf = Callable[[Table[Any]], int]


def micros(moment: datetime) -> int:
    """Microseconds since 1970."""
    since = moment - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def from_micros(count: int) -> datetime:
    """The instant so many microseconds after 1970 began."""
    return EPOCH + timedelta(microseconds=count)


class Changes:
    """What a batch changes in one table."""

    __slots__ = ("deleted", "inserted", "merged")

    def __init__(self) -> None:
        self.merged: dict[Key, list[Any]] = {}
        self.inserted: list[tuple[Any, ...]] = []
        self.deleted: dict[Key, None] = {}


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

    def delete(self, table: Table[Any], key: Key) -> None:
        """See Rows."""
        changes = self._changes(table)
        changes.merged.pop(key, None)
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
        self._statements = _Statements(connection.dialect.name == "postgresql", table, build)

    def write(self, changes: Changes) -> None:
        table = self._table
        if changes.deleted:
            self._execute(self._statements.delete(False), table.key, list(changes.deleted))
        if changes.inserted:
            self._execute(self._statements.insert(), table.columns, changes.inserted)
        for names, rows in self._by_names(changes.merged):
            self._execute(self._statements.upsert(names), (*table.key, *names), rows)
        if gone := _maybe_gone(table, changes.merged):
            self._execute(self._statements.delete(True), table.key, gone)

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

    def _execute(
        self, statement: str, names: Sequence[str], rows: Sequence[tuple[Any, ...]]
    ) -> None:
        columns = _columns(self._table, names, rows)
        if self._statements.postgres:
            self._connection.exec_driver_sql(statement, tuple(columns))
        else:
            self._connection.exec_driver_sql(statement, list(zip(*columns, strict=True)))


def _maybe_gone(table: Table[Any], merged: dict[Key, list[Any]]) -> list[Key]:
    """Rows that may have nothing left: what was added is not more than nothing."""
    if not table.gone_places:
        return []
    return [
        key
        for key, values in merged.items()
        if all(values[place] <= 0 for place in table.gone_places)
    ]


def _columns(
    table: Table[Any], names: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> list[list[Any]]:
    columns = [list(column) for column in zip(*rows, strict=True)]
    for place, name in enumerate(names):
        if table.columns.index(name) in table.instants:
            columns[place] = [None if at is None else micros(at) for at in columns[place]]
    return columns


class _Statements:
    """The statements that change one build of a table."""

    def __init__(self, postgres: bool, table: Table[Any], build: int):
        self.postgres = postgres
        self._table = table
        self._build = build

    def insert(self) -> str:
        return _insert(self.postgres, self._table, self._build, self._table.columns)

    def upsert(self, names: tuple[str, ...]) -> str:
        return _upsert(self.postgres, self._table, self._build, names)

    def delete(self, only_gone: bool) -> str:
        return _delete(self.postgres, self._table, self._build, only_gone)


@lru_cache(maxsize=256)
def _insert(postgres: bool, table: Table[Any], build: int, names: tuple[str, ...]) -> str:
    built = table.built(build)
    into = f"INSERT INTO {built.name} AS t ({', '.join(names)})"
    if postgres:
        return f"{into} SELECT * FROM unnest({_arrays(built, names)})"  # noqa: S608 - our own names
    return f"{into} VALUES ({', '.join('?' * len(names))})"


@lru_cache(maxsize=256)
def _upsert(postgres: bool, table: Table[Any], build: int, names: tuple[str, ...]) -> str:
    greatest = "greatest" if postgres else "max"
    by_rule = {
        LAST: "{0} = excluded.{0}",
        SUM: "{0} = t.{0} + excluded.{0}",
        LATEST: "{0} = {1}(coalesce(t.{0}, excluded.{0}), coalesce(excluded.{0}, t.{0}))",
    }
    changes = ", ".join(by_rule[table.rule_of[name][1]].format(name, greatest) for name in names)
    insert = _insert(postgres, table, build, (*table.key, *names))
    then = f"UPDATE SET {changes}" if names else "NOTHING"
    return f"{insert} ON CONFLICT ({', '.join(table.key)}) DO {then}"


@lru_cache(maxsize=256)
def _delete(postgres: bool, table: Table[Any], build: int, only_gone: bool) -> str:
    built = table.built(build)
    gone = "".join(f" AND t.{name} = 0" for name in table.gone) if only_gone else ""
    if postgres:
        keys = f"unnest({_arrays(built, table.key)}) AS k({', '.join(table.key)})"
        same = " AND ".join(f"t.{name} = k.{name}" for name in table.key)
        return f"DELETE FROM {built.name} AS t USING {keys} WHERE {same}{gone}"  # noqa: S608
    same = " AND ".join(f"t.{name} = ?" for name in table.key)
    return f"DELETE FROM {built.name} AS t WHERE {same}{gone}"  # noqa: S608


def _arrays(built: sqlalchemy.Table, names: Iterable[str]) -> str:
    return ", ".join(
        "%s::int8[]" if isinstance(built.c[name].type, BigInteger) else "%s::text[]"
        for name in names
    )


class SqlReader:
    """Reads the live builds of tables."""

    def __init__(self, connection: Connection, build_of: _BuildOf):
        self._connection = connection
        self._build_of = build_of

    def select(self, table: Table[T], *, limit: int | None = None, **where: Any) -> list[T]:
        """See Reader."""
        built = table.built(self._build_of(table))
        conditions = [_condition(built.c[name], wanted) for name, wanted in where.items()]
        query = sqlalchemy.select(*built.c).where(*conditions).limit(limit)
        query = query.order_by(*(built.c[name] for name in table.key))
        return [_row(table, row) for row in self._connection.execute(query)]

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


def _row(table: Table[T], row: Sequence[Any]) -> T:
    values = list(row)
    for place in table.instants:
        if values[place] is not None:
            values[place] = from_micros(values[place])
    return table.row(*values)


def _condition(column: "sqlalchemy.Column[Any]", wanted: Any) -> "sqlalchemy.ColumnElement[bool]":
    if isinstance(wanted, Above):
        return column > _plain(wanted.value)
    if isinstance(wanted, list | tuple | set | frozenset):
        return column.in_([_plain(one) for one in wanted])
    return column == _plain(wanted)


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
