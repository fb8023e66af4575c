"""A second process beside another: it keeps the views up for a worker, or works for a service.

It holds nothing that matters: positions, outcomes and rows commit together, so that it may die at
any moment, and it ends by itself when the process it was started by is gone.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.synchronize import Event

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

from loyalty_ledger import clock
from loyalty_ledger.collector import spare_the_collector
from loyalty_ledger.ledger import Ledger, projector_of
from loyalty_ledger.store.engine import create_engine
from loyalty_ledger.store.log import Busy, Conflict, Log, NotStored, OutcomeUnknown
from loyalty_ledger.worker import project

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
def _beside(task: Callable[..., None], url: URL, *more: object) -> Iterator[None]:
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    address = url.render_as_string(hide_password=False)
    arguments = (address, stop, os.getpid(), *more)
    process = context.Process(target=task, args=arguments, daemon=True)
    process.start()
    try:
        yield
    finally:
        stop.set()
        process.join(GRACE_SECONDS)
        if process.is_alive():
            process.terminate()
            process.join()


def _project(address: str, stop: Event, starter: int) -> None:
    _begin()
    engine = create_engine(address)
    projector = projector_of(Log(engine, clock.now))

    def stopped() -> bool:
        return stop.is_set() or os.getppid() != starter

    while not stopped():
        if not project(projector, stopped):
            stop.wait(PAUSE_SECONDS)
    engine.dispose()


def _work(address: str, stop: Event, starter: int, secret: bytes) -> None:
    _begin()
    engine = create_engine(address)
    worker = Ledger(engine, secret, clock.now).worker
    ended = threading.Event()

    def watch() -> None:
        while not stop.wait(PAUSE_SECONDS) and os.getppid() == starter:
            pass
        ended.set()

    threading.Thread(target=watch, daemon=True).start()
    while not ended.is_set():
        with suppress(DBAPIError, Busy, Conflict, NotStored, OutcomeUnknown):
            worker.work(clock.now, once=False, stop=ended)
        ended.wait(PAUSE_SECONDS)
    engine.dispose()


def _begin() -> None:
    """A terminal's interrupt reaches all its processes: the starter tells this one when to stop."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    spare_the_collector()
