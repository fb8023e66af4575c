"""Which builds of a projection there are: the live one, and one under way.

Every build has tables of its own, named `<table>__v<build>`. Whoever writes a build first moves its
position here, in the same transaction: that row is the lock between live writers and a swap.
"""

import re
from collections.abc import Collection
from typing import NamedTuple

import sqlalchemy
from sqlalchemy import BigInteger, Boolean, Column, Connection, Integer, MetaData, Text
from sqlalchemy.exc import DBAPIError

from loyalty_projections import tables
from loyalty_projections.projection import Projection
from loyalty_projections.source import Source

NAME = "projection_builds"
_builds = sqlalchemy.Table(
    NAME,
    MetaData(),
    Column("name", Text, primary_key=True),
    Column("build", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
    Column("live", Boolean, nullable=False),
    Column("position", BigInteger, nullable=False),
)
_LIVE = sqlalchemy.select(_builds).where(_builds.c.live)
_ATTEMPTS = 5


class Build(NamedTuple):
    """A build of a projection and how far it has read the log."""

    build: int
    position: int


def install(source: Source, projections: Collection[Projection]) -> None:
    """Make the tables of projections that have no live build. Several may do so at once."""
    wanted = {(projection.name, projection.version) for projection in projections}
    with source.snapshot() as connection:  # nothing is locked when nothing is to be done
        there = sqlalchemy.inspect(connection).has_table(_builds.name)
        if there and wanted <= live_builds(connection).keys():
            return
    for attempt in range(_ATTEMPTS):
        try:
            with source.transaction() as connection:
                _builds.create(connection, checkfirst=True)
                for projection in projections:
                    if live(connection, projection) is None:
                        add(connection, projection, live=True)
            return
        except DBAPIError:  # somebody else was installing
            if attempt == _ATTEMPTS - 1:
                raise


def live_builds(connection: Connection) -> dict[tuple[str, int], Build]:
    """The live builds by name and version of their projection."""
    rows = connection.execute(_LIVE)
    return {(row.name, row.version): Build(row.build, row.position) for row in rows}


def live(connection: Connection, projection: Projection) -> Build | None:
    """The live build of this version of the projection."""
    found = connection.execute(
        sqlalchemy.select(_builds.c.build, _builds.c.position).where(
            _builds.c.name == projection.name,
            _builds.c.version == projection.version,
            _builds.c.live,
        )
    ).one_or_none()
    return Build(*found) if found else None


def add(connection: Connection, projection: Projection, *, live: bool) -> int:
    """A new, empty build with its tables; returns its number."""
    of_name = _builds.c.name == projection.name
    last = connection.execute(
        sqlalchemy.select(sqlalchemy.func.max(_builds.c.build)).where(of_name)
    ).scalar()
    build = (last or 0) + 1
    row = {"name": projection.name, "build": build, "version": projection.version}
    connection.execute(_builds.insert().values(**row, live=live, position=0))
    tables.create(connection, projection.tables, build)
    return build


def move_live(
    connection: Connection, projection: Projection, before: int, after: int
) -> int | None:
    """Move the live build's position; its number, or None when it does not stand at `before`."""
    return connection.execute(
        sqlalchemy.update(_builds)
        .where(
            _builds.c.name == projection.name,
            _builds.c.version == projection.version,
            _builds.c.live,
            _builds.c.position == before,
        )
        .values(position=after)
        .returning(_builds.c.build)
    ).scalar()


def lock_live(connection: Connection, projection: Projection) -> Build:
    """The live build; nobody writes it until the transaction ends."""
    found = connection.execute(
        sqlalchemy.update(_builds)
        .where(
            _builds.c.name == projection.name,
            _builds.c.version == projection.version,
            _builds.c.live,
        )
        .values(position=_builds.c.position)
        .returning(_builds.c.build, _builds.c.position)
    ).one()
    return Build(*found)


def move_new(connection: Connection, projection: Projection, before: Build, after: int) -> bool:
    """Move the position of a build under way; False when it is gone or stands elsewhere."""
    moved = connection.execute(
        sqlalchemy.update(_builds)
        .where(
            _builds.c.name == projection.name,
            _builds.c.build == before.build,
            _builds.c.live.is_(False),
            _builds.c.position == before.position,
        )
        .values(position=after)
    )
    return moved.rowcount == 1


def put_live(connection: Connection, projection: Projection, build: int) -> None:
    """Make a build the live one of its projection, and forget those it replaces."""
    of_name = _builds.c.name == projection.name
    replaced = (_builds.c.build != build) & (_builds.c.version <= projection.version)
    connection.execute(_builds.delete().where(of_name, replaced))
    connection.execute(
        sqlalchemy.update(_builds).where(of_name, _builds.c.build == build).values(live=True)
    )


def forget_new(connection: Connection, projection: Projection) -> None:
    """Forget builds of the projection that are not live."""
    connection.execute(
        _builds.delete().where(_builds.c.name == projection.name, _builds.c.live.is_(False))
    )


def drop_forgotten(connection: Connection, projection: Projection) -> None:
    """Drop the tables of builds that nobody knows any more."""
    known = set(
        connection.execute(
            sqlalchemy.select(_builds.c.build).where(_builds.c.name == projection.name)
        ).scalars()
    )
    pattern = re.compile(rf"{projection.name}(_[a-z_]+)?__v(\d+)")
    names = sqlalchemy.inspect(connection).get_table_names()
    found = ((name, pattern.fullmatch(name)) for name in names)
    tables.drop(connection, (name for name, match in found if match and int(match[2]) not in known))
