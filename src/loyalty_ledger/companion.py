"""A second process beside another: it keeps the views up for a worker, or works for a service.

It holds nothing that matters: positions, outcomes and rows commit together, so that it may die at
any moment, and it ends by itself when the process it was started by is gone.
"""

import multiprocessing
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

from loyalty_ledger import clock
from loyalty_ledger.collector import spare_the_collector
from loyalty_ledger.ledger import Ledger, projector_of
from loyalty_ledger.store.engine import create_engine
from loyalty_ledger.store.log import Busy, Conflict, Log, NotStored, OutcomeUnknown
from loyalty_ledger.worker import project

Task = Callable[..., None]
PAUSE_SECONDS = 0.1
GRACE_SECONDS = 5


@contextmanager
def projecting_beside(url: URL) -> Iterator[None]:
    """Keep the projections of that ledger up in a process of its own until the block ends."""
    with _beside(_project, url):
        yield


@contextmanager
def working_beside(url: URL, secret: bytes) -> Iterator[None]:
    """Settle, project and keep time in a process of its own until the block ends."""
    with _beside(_work, url, secret):
        yield


@contextmanager
def _beside(task: Task, url: URL, *more: object) -> Iterator[None]:
    companion = _Companion(task, url.render_as_string(hide_password=False), *more)
    try:
        yield
    finally:
        companion.end()


class _Companion:
    """A task in a process of its own until it is told to end; should it die, it begins anew.

    It is told by the end of a pipe, which also tells it when the starter is gone: whoever dies
    holding one end keeps nobody waiting at the other.
    """

    def __init__(self, task: Task, *given: object):
        self._task = task
        self._given = given
        self._ending = threading.Event()
        self._changing = threading.Lock()
        self._start()
        self._watching = threading.Thread(target=self._watch, daemon=True)
        self._watching.start()

    def end(self) -> None:
        """Let it finish what it is at, if that is soon done, and end it."""
        with self._changing:
            self._ending.set()
            self._pipe.close()
        self._watching.join(GRACE_SECONDS)
        if self._watching.is_alive():
            self._process.kill()
            self._watching.join()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, there = context.Pipe()
        self._process = context.Process(target=self._task, args=(there, *self._given), daemon=True)
        self._process.start()
        there.close()

    def _watch(self) -> None:
        """Only this thread waits for the process."""
        while True:
            self._process.join()
            if self._ending.wait(PAUSE_SECONDS):
                return
            with self._changing:
                if not self._ending.is_set():
                    self._pipe.close()
                    self._start()


def _project(starter: Connection, address: str) -> None:
    _begin()
    engine = create_engine(address)
    projector = projector_of(Log(engine, clock.now))
    while not starter.poll():
        with suppress(DBAPIError, Busy, Conflict, NotStored, OutcomeUnknown):
            if project(projector, starter.poll):
                continue
        starter.poll(PAUSE_SECONDS)
    engine.dispose()


def _work(starter: Connection, address: str, secret: bytes) -> None:
    _begin()
    engine = create_engine(address)
    worker = Ledger(engine, secret, clock.now).worker
    ended = threading.Event()

    def watch() -> None:
        starter.poll(None)
        ended.set()

    threading.Thread(target=watch, daemon=True).start()
    while not ended.is_set():
        with suppress(DBAPIError, Busy, Conflict, NotStored, OutcomeUnknown):
            worker.work(clock.now, once=False, stop=ended)
        ended.wait(PAUSE_SECONDS)
    engine.dispose()


def _begin() -> None:
    """A signal may reach all processes at once: the starter tells this one when to stop."""
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, signal.SIG_IGN)
    spare_the_collector()
