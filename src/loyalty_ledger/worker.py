"""The worker: settle, project, keep time, over and over, until nothing is left or it is stopped.

In whatever order its parts or their processes die, the next one goes on from the positions.
"""

import threading
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from loyalty_ledger.domain.streams import cause
from loyalty_ledger.settlement import Settlement
from loyalty_ledger.store.log import Log
from loyalty_ledger.timekeeper import Timekeeper
from loyalty_projections import agenda
from loyalty_projections.projector import Projector

IDLE_SECONDS = 0.2
CUSTOMERS_IN_A_COMMIT = 200
Progress = Callable[[str, int, int], None]


def no_progress(_what: str, _done: int, _goal: int) -> None:
    """Tell nobody."""


class Done(NamedTuple):
    """What a round of work came to: how far settlement moved, and events of the timekeeper."""

    settled: int = 0
    kept: int = 0


class Worker:
    """Does all that follows from what was received."""

    def __init__(
        self, log: Log, settlement: Settlement, projector: Projector, timekeeper: Timekeeper
    ):
        self._log = log
        self._settlement = settlement
        self._projector = projector
        self._timekeeper = timekeeper

    def work(
        self,
        until: Callable[[], datetime],
        *,
        once: bool,
        stop: threading.Event | None = None,
        progress: Progress = no_progress,
        helped: bool = False,
    ) -> Done:
        """Work up to the moment that `until` tells; `once` until nothing is left.

        `helped` when another process keeps the projections up meanwhile.
        """
        stop = stop or threading.Event()
        settled = kept = 0
        while not stop.is_set():
            done = self.round(until(), stop, progress, helped=helped)
            settled, kept = settled + done.settled, kept + done.kept
            if done == Done():
                if once:
                    break
                stop.wait(IDLE_SECONDS)
        return Done(settled, kept)

    def round(
        self,
        until: datetime,
        stop: threading.Event | None = None,
        progress: Progress = no_progress,
        *,
        helped: bool = False,
    ) -> Done:
        """Settle what has arrived, bring the projections up, record what fell due."""
        stop = stop or threading.Event()
        settled = 0
        while not stop.is_set() and (moved := self._settlement.settle_batch()):
            settled += moved
            if not helped:
                project(self._projector, stop.is_set)
            progress("settling", self._log.position_of("settlement"), self._log.head().position)
        project(self._projector, stop.is_set)
        kept = 0 if stop.is_set() else self._keep_time(until, stop, progress)
        return Done(settled, kept)

    def retry(self) -> list[str]:
        """Settle what failed before; what still fails, with the reasons."""
        self._projector.catch_up()
        failed = self._projector.ask(agenda.failed)
        waiting = self._projector.ask(agenda.waiting)
        still = self._settlement.retry(
            (one.cause for one in failed),
            (cause(one.subject, one.version) for one in sorted(waiting, key=lambda one: one.at)),
        )
        self._projector.catch_up()
        return still

    def _keep_time(self, until: datetime, stop: threading.Event, progress: Progress) -> int:
        programs = self._settlement.programs
        kept, page = 0, None
        while programs and not stop.is_set():
            due = self._projector.ask(
                lambda reader, behind=page: agenda.due(  # type: ignore[misc]
                    reader, until, programs, limit=CUSTOMERS_IN_A_COMMIT, after=behind
                )
            )
            if not due:
                break
            page = due[-1]
            whose = [one.owner for one in due]
            offers = self._projector.ask(
                lambda reader, whose=whose: agenda.offers_due(reader, whose, until)  # type: ignore[misc]
            )
            kept += self._timekeeper.keep(whose, until, offers)
            progress("keeping time", kept, kept)
        if kept:
            project(self._projector, stop.is_set)
        return kept


def project(projector: Projector, stopped: Callable[[], bool]) -> int:
    """Bring the projections up, or as far as they come before it is to stop; how many events."""

    def heed(_position: int, _goal: int) -> None:
        if stopped():
            raise _Stopped

    try:
        return projector.catch_up(progress=heed)
    except _Stopped:
        return 0


class _Stopped(Exception):  # noqa: N818 - says what happened
    """The projections are as far as they came."""
