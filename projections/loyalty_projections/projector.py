"""Keeps projections up with the log, and reads them.

Every projection is a reader of the log with a position of its own. Those at the same position read
together: each event is decoded once. Rows and positions commit together, so that a batch counts
exactly once however many projectors there are and wherever they die.
"""

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from itertools import groupby
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from loyalty_projections import at_once, builds, digest
from loyalty_projections.digest import Digest
from loyalty_projections.projection import Applier, Projection
from loyalty_projections.rebuild import Progress, Rebuild, Rebuilt, no_progress, read_batch
from loyalty_projections.rows import MemoryRows, Reader, copied
from loyalty_projections.source import Source
from loyalty_projections.sql import Batch, SqlReader
from loyalty_projections.tables import Table

Answer = TypeVar("Answer")
BATCH = 5_000
_ATTEMPTS = 5


class Status(NamedTuple):
    """Where a projection stands."""

    name: str
    version: int
    reader: str
    position: int


class OutOfStep(Exception):  # noqa: N818 - says what it is
    """A projection's rows and its position in the log do not belong together: rebuild it."""


class _Moved(Exception):  # noqa: N818 - an outcome of a race
    """Somebody else wrote this batch, or swapped the build."""


class Projector:
    """Runs projections over a log. `batch` is the most events in one commit."""

    def __init__(
        self, source: Source, projections: Sequence[Projection], *, batch: int = BATCH
    ) -> None:
        self._source = source
        self._projections = {projection.name: projection for projection in projections}
        self._batch = batch
        self._installed = False
        self._live: dict[Table[Any], int] = {}

    def catch_up(
        self,
        *,
        only: Collection[str] | None = None,
        until: int | None = None,
        progress: Progress = no_progress,
    ) -> int:
        """Apply what the log holds up to position `until` (None: up to its end as of now).

        `only` names projections. `progress` is told position and goal after every batch. Returns
        how many events were applied here. Raises OutOfStep.
        """
        self.install()
        goal = self._source.head() if until is None else until
        chosen = [p for p in self._projections.values() if only is None or p.name in only]
        applied = conflicts = 0
        while groups := self._behind(chosen, goal):
            bounds = [*(position for position, _ in groups[1:]), goal]
            for (position, projections), bound in zip(groups, bounds, strict=True):
                try:
                    applied += self._step(projections, position, bound)
                    conflicts = 0
                except (self._source.conflict, _Moved):
                    conflicts += 1
                    if conflicts > _ATTEMPTS and self._behind(chosen, goal) == groups:
                        names = ", ".join(projection.name for projection in projections)
                        raise OutOfStep(f"{names}: rows and position differ; rebuild") from None
                    break
            progress(groups[0][0], goal)
        progress(goal, goal)
        return applied

    def install(self) -> None:
        """Make the tables of projections that have none yet."""
        if not self._installed:
            builds.install(self._source, self._projections.values())
            self._installed = True

    def _behind(
        self, projections: Sequence[Projection], goal: int
    ) -> list[tuple[int, list[Projection]]]:
        """Projections that have not come to the goal, by position, the hindmost first."""
        positions = self._source.positions()

        def position_of(projection: Projection) -> int:
            return positions.get(projection.reader, 0)

        behind = sorted((p for p in projections if position_of(p) < goal), key=position_of)
        return [(position, list(group)) for position, group in groupby(behind, position_of)]

    def _step(self, projections: Sequence[Projection], position: int, bound: int) -> int:
        """Apply one batch behind `position`, not beyond `bound`; how many events it held."""
        applier = Applier(projections)
        events, reached = read_batch(self._source, applier, position, bound, self._batch)
        batch = Batch()
        applier.apply(batch, events)
        with self._source.transaction() as connection:
            build_of: dict[Table[Any], int] = {}
            # In one order everywhere, so that two projectors wait for each other and never in turn.
            for projection in sorted(projections, key=lambda p: p.name):
                build = builds.move_live(connection, projection, position, reached)
                if build is None:
                    raise _Moved
                self._source.advance(connection, projection.reader, position, reached)
                build_of.update(dict.fromkeys(projection.tables, build))
            batch.flush(connection, build_of.__getitem__)
        return len(events)

    def ask(self, question: Callable[[Reader], Answer]) -> Answer:
        """What the question finds in the live rows, all in one state of the database."""
        self.install()
        for _ in range(_ATTEMPTS):
            live: dict[Table[Any], int] = {}
            try:
                with self._source.snapshot() as connection:
                    live = self._build_of(connection)
                    return question(SqlReader(connection, live.__getitem__))
            except DBAPIError:
                with self._source.snapshot() as connection:
                    if self._build_of(connection) == live:
                        raise  # it was not that tables were swapped away meanwhile
        raise OutOfStep("projections are being rebuilt over and over")

    def copied(
        self, tables: Sequence[Table[Any]], customer_ids: Sequence[str]
    ) -> dict[str, MemoryRows]:
        """The customers' live rows of these tables in memory, all in one state of the database."""
        if self._source.statement is not None and self._live:
            live = self._live
            with suppress(DBAPIError), self._source.statement() as connection:
                built = [(table, live[table]) for table in tables]
                found, copies = at_once.copied(connection, built, customer_ids)
                if self._by_table(found) == live:
                    return copies
        return self.ask(lambda reader: copied(reader, tables, customer_ids))

    def _build_of(self, connection: Connection) -> dict[Table[Any], int]:
        """The number of the live build of every table."""
        live = builds.live_builds(connection)
        self._live = self._by_table({which: one.build for which, one in live.items()})
        return self._live

    def _by_table(self, live: at_once.Live) -> dict[Table[Any], int]:
        return {
            table: live[projection.name, projection.version]
            for projection in self._projections.values()
            for table in projection.tables
        }

    def status(self) -> list[Status]:
        """Every projection's version and position."""
        positions = self._source.positions()
        return [
            Status(p.name, p.version, p.reader, positions.get(p.reader, 0))
            for p in self._projections.values()
        ]

    def digest(self, name: str) -> Digest:
        """The canonical digest of the projection's live rows; KeyError when there is none."""
        self.install()
        projection = self._projections[name]
        with self._source.snapshot() as connection:
            live = builds.live_builds(connection)[projection.name, projection.version]
            return digest.of_database(connection, projection.tables, live.build)

    def rebuild(
        self, name: str, *, batch: int | None = None, progress: Progress = no_progress
    ) -> Rebuilt:
        """Build the projection from zero beside the live one, compare, and put it in its place.

        The new one takes over also when the digests differ: the live one was wrong then. Live
        writers and readers go on meanwhile. Raises Overtaken when another rebuild begins.
        """
        return self._rebuild(name, batch, progress).run(swap=True)

    def verify(
        self, name: str, *, batch: int | None = None, progress: Progress = no_progress
    ) -> Rebuilt:
        """Build the projection from zero and compare; the live one stays."""
        return self._rebuild(name, batch, progress).run(swap=False)

    def _rebuild(self, name: str, batch: int | None, progress: Progress) -> Rebuild:
        projection = self._projections[name]
        with suppress(OutOfStep):  # a rebuild is what heals it
            self.catch_up(only=[name])
        return Rebuild(self._source, projection, batch or self._batch, progress)
