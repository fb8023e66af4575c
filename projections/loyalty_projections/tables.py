"""Tables of projections: what a row holds, and how what happens is added to it.

A row is a NamedTuple class: its first fields are the key. Every other field either keeps what was
put last, or sums, or keeps the latest. Nothing has to be read to change a row, so that a batch of
events becomes a few statements, and any way of cutting the log into batches gives the same rows.
A row that is not there counts as one of defaults: text empty, numbers 0, the rest null. A row whose
`gone` fields are all 0 is removed; what brings it back must put all of its fields again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any, Generic, TypeVar, get_type_hints

import sqlalchemy
from sqlalchemy import BigInteger, Column, Connection, Index, MetaData, Text, text

R = TypeVar("R", bound=tuple[Any, ...])
Key = tuple[Any, ...]


class _Missing:
    """Nothing was put here."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Any = _Missing()
LAST, SUM, LATEST = "last", "sum", "latest"
_TEXT = Text().with_variant(Text(collation="C"), "postgresql")
_DEFAULTS: dict[Any, Any] = {str: "", int: 0}


@dataclass(frozen=True, eq=False)
class Table(Generic[R]):
    """A table, described by the class of its rows; `keys` is how many fields make the key.

    `undigested` fields, never of the key's meaning, stay out of the canonical digest. Instants are
    stored as microseconds since 1970 and are datetimes in rows.
    """

    name: str
    row: type[R]
    keys: int
    sums: frozenset[str] = frozenset()
    latest: frozenset[str] = frozenset()
    gone: tuple[str, ...] = ()
    undigested: frozenset[str] = frozenset()
    indexes: tuple[tuple[str, ...], ...] = ()

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Every field, the key first."""
        fields: tuple[str, ...] = self.row._fields  # type: ignore[attr-defined]
        return fields

    @cached_property
    def key(self) -> tuple[str, ...]:
        """The fields of the key."""
        return self.columns[: self.keys]

    @cached_property
    def values(self) -> tuple[str, ...]:
        """The fields that are no key."""
        return self.columns[self.keys :]

    @cached_property
    def place(self) -> dict[str, int]:
        """Where each value stands among the values."""
        return {name: place for place, name in enumerate(self.values)}

    @cached_property
    def rules(self) -> tuple[str, ...]:
        """How each value is added."""
        return tuple(
            SUM if name in self.sums else LATEST if name in self.latest else LAST
            for name in self.values
        )

    @cached_property
    def rule_of(self) -> dict[str, tuple[int, str]]:
        """The place and the rule of each value."""
        return {name: (self.place[name], self.rules[self.place[name]]) for name in self.values}

    @cached_property
    def untouched(self) -> list[Any]:
        """Values to which nothing was added."""
        return [{SUM: 0, LATEST: None, LAST: MISSING}[rule] for rule in self.rules]

    @cached_property
    def defaults(self) -> list[Any]:
        """The values of a row that is not there."""
        return [_DEFAULTS.get(self._hints[name]) for name in self.values]

    @cached_property
    def last_places(self) -> tuple[int, ...]:
        """Where the values stand that keep what was put last."""
        return tuple(place for place, rule in enumerate(self.rules) if rule is LAST)

    @cached_property
    def gone_places(self) -> tuple[int, ...]:
        """Where the values stand that must not all be 0."""
        return tuple(self.place[name] for name in self.gone)

    @cached_property
    def instants(self) -> tuple[int, ...]:
        """Where instants stand in a row."""
        return tuple(
            place
            for place, name in enumerate(self.columns)
            if self._hints[name] in (datetime, datetime | None)
        )

    @cached_property
    def digested(self) -> tuple[int, ...]:
        """Where business facts stand in a row."""
        return tuple(
            place for place, name in enumerate(self.columns) if name not in self.undigested
        )

    @cached_property
    def _hints(self) -> dict[str, Any]:
        return get_type_hints(self.row)

    @lru_cache(maxsize=64)  # noqa: B019 - tables live as long as the program
    def built(self, build: int) -> sqlalchemy.Table:
        """The table of one build in the database."""
        name = f"{self.name}__v{build}"
        columns = [self._column(column) for column in self.columns]
        indexes = [
            Index(f"{name}__{'_'.join(fields)}", *(c for c in columns if c.name in fields))
            for fields in self.indexes
        ]
        return sqlalchemy.Table(name, MetaData(), *columns, *indexes, sqlite_with_rowid=False)

    def _column(self, name: str) -> "Column[Any]":
        hint, is_key = self._hints[name], name in self.key
        default = _DEFAULTS.get(hint)
        return Column(
            name,
            _TEXT if hint in (str, str | None) else BigInteger(),
            primary_key=is_key,
            autoincrement=False,
            nullable=not is_key and default is None,
            server_default=None if is_key or default is None else text(repr(default)),
        )


def create(connection: Connection, tables: Iterable[Table[Any]], build: int) -> None:
    """Create the tables of a build that do not exist."""
    for table in tables:
        table.built(build).create(connection, checkfirst=True)


def drop(connection: Connection, names: Iterable[str]) -> None:
    """Drop tables by name."""
    for name in names:
        sqlalchemy.Table(name, MetaData()).drop(connection)
