"""`loyalty work`: settle, project, keep time."""

import signal
import threading
from contextlib import nullcontext
from typing import Annotated

import typer

from loyalty_ledger import clock
from loyalty_ledger.cli.output import progress, tell, warn
from loyalty_ledger.cli.reads import zone_of
from loyalty_ledger.companion import projecting_beside
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.moments import read_moment
from loyalty_ledger.settlement import ARRIVALS, READER

WORTH_A_PROCESS = 5_000


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command("work")(work)


def work(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Until nothing is left.")] = False,
    until: Annotated[
        str | None, typer.Option(help="Keep time up to this moment instead of now.")
    ] = None,
    retry: Annotated[
        bool, typer.Option("--retry", help="Settle first what failed before.")
    ] = False,
) -> None:
    """Settle what has arrived, bring the views up to date, record what has fallen due."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda _signal, _frame: stop.set())
    with context.obj.ledger(actor="") as ledger:
        moment = None if until is None else read_moment(until, zone_of(ledger))
        still = _retried(ledger) if retry else []
        helped = _much_to_do(ledger, once=once)
        beside = projecting_beside(ledger.log.engine.url) if helped else nullcontext()
        with beside, progress("settling") as show:
            done = ledger.worker.work(
                lambda: moment or clock.now(),
                once=once,
                stop=stop,
                progress=lambda _what, at, goal: show(at, goal),
                helped=helped,
            )
    tell(f"Read {done.settled:,} positions; recorded {done.kept:,} events that had fallen due.")
    if still:
        raise typer.Exit(1)


def _much_to_do(ledger: Ledger, *, once: bool) -> bool:
    """Whether a second process is worth its start: on PostgreSQL, unless little is left to do."""
    if ledger.log.engine.name != "postgresql":
        return False
    waiting = ledger.log.count(ledger.log.position_of(READER), ARRIVALS)
    return not once or waiting >= WORTH_A_PROCESS


def _retried(ledger: Ledger) -> list[str]:
    still = ledger.worker.retry()
    for reason in still:
        warn(f"Still fails: {reason}")
    return still
