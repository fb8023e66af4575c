"""Building a projection from zero beside the live one, and swapping the two."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection

from loyalty_projections import builds, digest
from loyalty_projections.builds import Build
from loyalty_projections.digest import Digest
from loyalty_projections.projection import Applier, Projection, Recorded
from loyalty_projections.source import Source
from loyalty_projections.sql import Batch

Progress = Callable[[int, int], None]
"""Is told the position reached and the goal."""
_ATTEMPTS = 5


def no_progress(_position: int, _goal: int) -> None:
    """Tells nobody."""


class Overtaken(Exception):  # noqa: N818 - says what it is
    """Another rebuild of the same projection has begun; this one has given up."""


class Rebuilt(NamedTuple):
    """The live rows and the rows built from zero, compared at the same position."""

    name: str
    position: int
    live: Digest
    built: Digest

    @property
    def same(self) -> bool:
        """Whether the live rows were right."""
        return self.live == self.built


def read_batch(
    source: Source, applier: Applier, position: int, bound: int, limit: int
) -> tuple[Sequence[Recorded], int]:
    """The next events that matter behind `position`, not beyond `bound`, and how far that is."""
    events = source.read(position, limit, applier.names)
    within = [recorded for recorded in events if recorded.position <= bound]
    if not events or len(within) < len(events):
        return within, bound
    return within, events[-1].position


@dataclass(frozen=True)
class Rebuild:
    """One rebuild of a projection, `batch` events at a time."""

    source: Source
    projection: Projection
    batch: int
    progress: Progress

    def run(self, *, swap: bool) -> Rebuilt:
        """Build, compare, and swap if asked; otherwise the new build is thrown away."""
        new, rebuilt = self._compare(self._fill(self._begin()))
        if swap:
            new = self._fill(new)
        with self.source.transaction() as connection:
            if swap:
                new, _live = self._meet(connection, new)
                builds.put_live(connection, self.projection, new.build)
            else:
                builds.forget_new(connection, self.projection)
        with self.source.transaction() as connection:
            builds.drop_forgotten(connection, self.projection)
        return rebuilt

    def _begin(self) -> Build:
        """An empty build; what a broken-off rebuild left is cleared away."""
        with self.source.transaction() as connection:
            builds.forget_new(connection, self.projection)
            builds.drop_forgotten(connection, self.projection)
            return Build(builds.add(connection, self.projection, live=False), 0)

    def _fill(self, new: Build) -> Build:
        """Bring the build to where the live one stands now, a commit a batch."""
        goal = self._goal()
        while new.position < goal:
            batch, reached = self._read(new.position, goal)
            with self.source.transaction() as connection:
                new = self._write(connection, new, batch, reached)
            self.progress(new.position, goal)
        return new

    def _meet(self, connection: Connection, new: Build) -> tuple[Build, Build]:
        """Stop live writers until the transaction ends, and bring the build to where they stand."""
        live = builds.lock_live(connection, self.projection)
        goal = self._goal()
        new = self._write(connection, new, Batch(), new.position)
        while new.position < goal:
            new = self._write(connection, new, *self._read(new.position, goal))
        return new, live

    def _goal(self) -> int:
        """Where live writers stand in the log."""
        return self.source.positions().get(self.projection.reader, 0)

    def _read(self, position: int, goal: int) -> tuple[Batch, int]:
        applier = Applier([self.projection])
        events, reached = read_batch(self.source, applier, position, goal, self.batch)
        batch = Batch()
        applier.apply(batch, events)
        return batch, reached

    def _write(self, connection: Connection, new: Build, batch: Batch, reached: int) -> Build:
        if not builds.move_new(connection, self.projection, new, reached):
            raise Overtaken(f"another rebuild of {self.projection.name} has begun")
        batch.flush(connection, lambda _table: new.build)
        return Build(new.build, reached)

    def _compare(self, new: Build) -> tuple[Build, Rebuilt]:
        """Digests at the same position, in a snapshot, so that live writers need not wait."""
        for _ in range(_ATTEMPTS):
            new = self._fill(new)
            with self.source.transaction() as connection:
                new, live = self._meet(connection, new)
            with self.source.snapshot() as connection:
                if builds.live(connection, self.projection) == live:
                    return new, self._digests(connection, live, new)
        with self.source.transaction() as connection:  # they are too quick for us: let them wait
            new, live = self._meet(connection, new)
            return new, self._digests(connection, live, new)

    def _digests(self, connection: Connection, live: Build, new: Build) -> Rebuilt:
        tables = self.projection.tables
        return Rebuilt(
            self.projection.name,
            live.position,
            digest.of_database(connection, tables, live.build),
            digest.of_database(connection, tables, new.build),
        )
