"""The statements that read or change a build of a table; rows come as arrays or one by one.

PostgreSQL takes the rows of a batch as one array for each column, SQLite row by row in process.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import sqlalchemy
from sqlalchemy import BigInteger

from loyalty_projections.tables import LAST, LATEST, SUM, Table

IS, ABOVE, UP_TO, WITHIN, ONE_OF = "is", "above", "up to", "within", "one of"
_COMPARED = {IS: "=", ABOVE: ">", UP_TO: "<="}
Shape = tuple[tuple[str, str, int], ...]
"""Conditions: the field, the kind, and how many values are given for it."""


@lru_cache(maxsize=1_024)
def select(postgres: bool, table: Table[Any], build: int, shape: Shape, limit: int | None) -> str:
    """Read the rows that meet all conditions, in the order of the key."""
    built = table.built(build)
    where = " AND ".join(_meets(postgres, built, *part) for part in shape)
    conditions = f" WHERE {where}" if where else ""
    most = "" if limit is None else f" LIMIT {limit}"
    key, columns = _list(table.key), _list(table.columns)
    return f"SELECT {columns} FROM {built.name}{conditions} ORDER BY {key}{most}"  # noqa: S608


def _meets(postgres: bool, built: sqlalchemy.Table, name: str, kind: str, count: int) -> str:
    one = "%s" if postgres else "?"
    if kind == WITHIN:
        return f'"{name}" >= {one} AND "{name}" < {one}'
    if kind == ONE_OF:
        if postgres:
            return f'"{name}" = ANY({_arrays(built, [name])})'
        return f'"{name}" IN ({", ".join(one * count)})'
    return f'"{name}" {_COMPARED[kind]} {one}'


@lru_cache(maxsize=256)
def insert(postgres: bool, table: Table[Any], build: int, names: tuple[str, ...]) -> str:
    """Insert rows of these columns."""
    built = table.built(build)
    into = f"INSERT INTO {built.name} AS t ({_list(names)})"
    if postgres:
        return f"{into} SELECT * FROM unnest({_arrays(built, names)})"  # noqa: S608 - our own names
    return f"{into} VALUES ({', '.join('?' * len(names))})"


@lru_cache(maxsize=256)
def upsert(postgres: bool, table: Table[Any], build: int, names: tuple[str, ...]) -> str:
    """Insert rows, or add these fields to those that are there, by their rules."""
    greatest = "greatest" if postgres else "max"
    by_rule = {
        LAST: '"{0}" = excluded."{0}"',
        SUM: '"{0}" = t."{0}" + excluded."{0}"',
        LATEST: '"{0}" = {1}(coalesce(t."{0}", excluded."{0}"), coalesce(excluded."{0}", t."{0}"))',
    }
    changes = ", ".join(by_rule[table.rule_of[name][1]].format(name, greatest) for name in names)
    inserted = insert(postgres, table, build, (*table.key, *names))
    then = f"UPDATE SET {changes}" if names else "NOTHING"
    return f"{inserted} ON CONFLICT ({_list(table.key)}) DO {then}"


@lru_cache(maxsize=256)
def change(postgres: bool, table: Table[Any], build: int) -> str:
    """Add to the sums of rows that are there; the sums come before the key."""
    built = table.built(build)
    sums = [name for name in table.values if name in table.sums]
    if postgres:
        names = (*sums, *table.key)
        changes = ", ".join(f'"{name}" = t."{name}" + k."{name}"' for name in sums)
        same = " AND ".join(f't."{name}" = k."{name}"' for name in table.key)
        added = f"unnest({_arrays(built, names)}) AS k({_list(names)})"
        return f"UPDATE {built.name} AS t SET {changes} FROM {added} WHERE {same}"  # noqa: S608
    changes = ", ".join(f'"{name}" = "{name}" + ?' for name in sums)
    same = " AND ".join(f'"{name}" = ?' for name in table.key)
    return f"UPDATE {built.name} SET {changes} WHERE {same}"  # noqa: S608


@lru_cache(maxsize=256)
def forget(postgres: bool, table: Table[Any], build: int, name: str) -> str:
    """Put null into a field of rows that are there, by key."""
    built = table.built(build)
    if postgres:
        keys = f"unnest({_arrays(built, table.key)}) AS k({_list(table.key)})"
        same = " AND ".join(f't."{one}" = k."{one}"' for one in table.key)
        return f'UPDATE {built.name} AS t SET "{name}" = NULL FROM {keys} WHERE {same}'  # noqa: S608
    same = " AND ".join(f'"{one}" = ?' for one in table.key)
    return f'UPDATE {built.name} SET "{name}" = NULL WHERE {same}'  # noqa: S608


@lru_cache(maxsize=256)
def delete(postgres: bool, table: Table[Any], build: int, only_gone: bool) -> str:
    """Delete rows by key; `only_gone`: those that have nothing left."""
    built = table.built(build)
    gone = "".join(f' AND t."{name}" = 0' for name in table.gone) if only_gone else ""
    if postgres:
        keys = f"unnest({_arrays(built, table.key)}) AS k({_list(table.key)})"
        same = " AND ".join(f't."{name}" = k."{name}"' for name in table.key)
        return f"DELETE FROM {built.name} AS t USING {keys} WHERE {same}{gone}"  # noqa: S608
    same = " AND ".join(f't."{name}" = ?' for name in table.key)
    return f"DELETE FROM {built.name} AS t WHERE {same}{gone}"  # noqa: S608


def _arrays(built: sqlalchemy.Table, names: Iterable[str]) -> str:
    return ", ".join(
        "%s::int8[]" if isinstance(built.c[name].type, BigInteger) else "%s::text[]"
        for name in names
    )


def _list(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
