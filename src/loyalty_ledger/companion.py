"""A second process beside the worker that keeps the projections up while the worker settles.

It holds nothing that matters: positions and rows commit together, so that it may die at any moment,
and it ends by itself when its worker is gone.
"""

import multiprocessing
import os
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.synchronize import Event

from sqlalchemy import URL

from loyalty_ledger import clock
from loyalty_ledger.collector import spare_the_collector
from loyalty_ledger.ledger import projector_of
from loyalty_ledger.store.engine import create_engine
from loyalty_ledger.store.log import Log
from loyalty_ledger.worker import project

PAUSE_SECONDS = 0.1
GRACE_SECONDS = 5


@contextmanager
def projecting_beside(url: URL) -> Iterator[None]:
    """Keep the projections of that ledger up in a process of its own until the block ends."""
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    address = url.render_as_string(hide_password=False)
    process = context.Process(target=_project, args=(address, stop, os.getpid()), daemon=True)
    process.start()
    try:
        yield
    finally:
        stop.set()
        process.join(GRACE_SECONDS)
        if process.is_alive():
            process.terminate()
            process.join()


def _project(address: str, stop: Event, worker: int) -> None:
    spare_the_collector()
    engine = create_engine(address)
    projector = projector_of(Log(engine, clock.now))

    def stopped() -> bool:
        return stop.is_set() or os.getppid() != worker

    while not stopped():
        if not project(projector, stopped):
            stop.wait(PAUSE_SECONDS)
    engine.dispose()
