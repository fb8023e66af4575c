"""Taking in sales in a process of its own, so that what it computes keeps no till waiting.

It ends with the process it was started by. When it dies, another takes its place; what it had been
given is answered with 503: nobody knows whether it was taken in, and to send it again is safe.
"""

import multiprocessing
import signal
from collections.abc import Sequence
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from sqlalchemy import URL

from loyalty_ledger import clock
from loyalty_ledger.collector import spare_the_collector
from loyalty_ledger.http.names import Names
from loyalty_ledger.http.refusals import busy
from loyalty_ledger.http.serve import log_as_json
from loyalty_ledger.http.taking_in import Came, Taken, TakingIn
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.store.engine import create_engine

ENDS_WITHIN_S = 5
LOST = "taking it in was cut off: send it again, it is taken in once"


class IntakeProcess:
    """Has groups of sales taken in by a process beside this one. One thread uses it."""

    def __init__(self, url: URL, secret: bytes, names: Names):
        self._given = url.render_as_string(hide_password=False), secret, names
        self._process, self._pipe = self._started()

    def __call__(self, group: Sequence[Came]) -> Taken:
        """What became of them; all the same when the process died."""
        try:
            self._pipe.send(group)
            taken: Taken = self._pipe.recv()
        except (EOFError, OSError):
            self.close()
            self._process, self._pipe = self._started()
            return Taken([busy(LOST)] * len(group), 0, 0)
        return taken

    @property
    def pid(self) -> int:
        """The process that takes in sales now."""
        assert self._process.pid is not None  # noqa: S101 - it was started
        return self._process.pid

    def close(self) -> None:
        """Let it finish what it was given, and end it."""
        self._pipe.close()
        self._process.join(ENDS_WITHIN_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()

    def _started(self) -> tuple[BaseProcess, Connection]:
        context = multiprocessing.get_context("spawn")
        here, there = context.Pipe()
        process = context.Process(target=_take_in, args=(there, *self._given), daemon=True)
        process.start()
        there.close()
        return process, here


def _take_in(pipe: Connection, address: str, secret: bytes, names: Names) -> None:
    """Take in what comes through the pipe, until its other end is closed."""
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, signal.SIG_IGN)  # whoever gave it work tells it when to end
    spare_the_collector()
    log_as_json()
    engine = create_engine(address)
    take = TakingIn(lambda: Ledger(engine, secret, clock.now), names)
    try:
        while True:
            pipe.send(take(pipe.recv()))
    except (EOFError, OSError):
        engine.dispose()
