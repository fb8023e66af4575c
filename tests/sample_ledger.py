"""A ledger over a piece of a real grocer's year: filled once a run for each database, and copied.

It is told month by month as it might have come in: under a clock of its own, the worker at work in
between, some sales weeks late. The program is harsher than the grocer's, so that much falls due.
"""

import gzip
import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL

import databases
from loyalty_ledger import loading
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.identity import Keyring
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.program_file import load_program
from loyalty_ledger.store.engine import create_engine

SECRET = hashlib.sha256(b"the tests").hexdigest()
"""The same on every run, for the ids of customers follow from it; and written nowhere."""
SAMPLE = files("loyalty_ledger") / "sample"
PROGRAM = Path(__file__).parent / "sample.program.yaml"
GROCER = Path(str(SAMPLE / "program.yaml"))
YEAR_ENDS = datetime(2018, 1, 2, 11, tzinfo=UTC)
BEFORE_THE_YEAR = "2016-12-31"
HOUSEHOLDS, SALES_EACH = 3, 110
AT_ONCE = 60
SOON, LATE = timedelta(hours=1), timedelta(days=40)
THE_LAST = YEAR_ENDS - SOON

both_databases = pytest.mark.parametrize("backend", ["sqlite", "postgresql"])


class MovingClock:
    """A clock that shows what it was last set to, and never goes back."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now

    def move_to(self, moment: datetime) -> None:
        self.now = max(self.now, moment)


@cache
def all_lines() -> tuple[bytes, ...]:
    """Every sale of the package's sample, one body a line."""
    with gzip.open(str(SAMPLE / "transactions.jsonl.gz")) as file:
        return tuple(file)


@cache
def lines() -> tuple[bytes, ...]:
    """The sales of a few whole households, in order of time."""
    counts: dict[str, int] = {}
    for line in all_lines():
        counts[_household(line)] = counts.get(_household(line), 0) + 1
    chosen = set(
        sorted(counts, key=lambda name: (abs(counts[name] - SALES_EACH), name))[:HOUSEHOLDS]
    )
    return tuple(line for line in all_lines() if _household(line) in chosen)


@cache
def _household(line: bytes) -> str:
    return str(json.loads(line)["request_payload"]["payments"][0]["user_id"])


def time_of(line: bytes) -> datetime:
    """When a sale was, by the clocks of New York, near enough."""
    told = json.loads(line)["request_payload"]["open_time"]
    return datetime.fromisoformat(told).replace(tzinfo=UTC) + timedelta(hours=5)


def ledger_at(url: str | URL, clock: Any, **options: Any) -> Ledger:
    """The ledger at an address, under the key `secret` if named; the caller disposes of it."""
    secret = str(options.pop("secret", SECRET))
    made = Ledger(create_engine(url), secret.encode(), clock, **options)
    made.administration.open(Keyring(secret.encode()).check)
    return made


@contextmanager
def ledger_on(url: str, clock: Any = None, **options: Any) -> Iterator[Ledger]:
    """The ledger at an address, as long as the block lasts."""
    made = ledger_at(url, clock or MovingClock(YEAR_ENDS), **options)
    try:
        yield made
    finally:
        made.log.engine.dispose()


def configure(ledger: Ledger, program: Path = PROGRAM) -> None:
    """Stores, catalog and program, as an operator loads them."""
    nowhere = Path("never-refused")
    for load, name in (
        (loading.load_stores, "stores.jsonl.gz"),
        (loading.load_catalog, "catalog.jsonl.gz"),
    ):
        load(ledger, Path(str(SAMPLE / name)), nowhere, lambda _done, _goal: None)
    ledger.administration.publish(read_program(program))


@cache
def read_program(path: Path) -> Program:
    return load_program(path)


def fill_configured(url: str) -> None:
    """A ledger that knows stores, catalog and the grocer's program, and no sale."""
    with ledger_on(url, MovingClock(datetime(2017, 1, 1, tzinfo=UTC))) as ledger:
        configure(ledger, GROCER)


def fill_told(url: str, published: Mapping[int, Program] | None = None) -> None:
    """The sample, told over the year; `published` before those groups of arrivals."""
    clock = MovingClock(datetime(2017, 1, 1, tzinfo=UTC))
    with ledger_on(url, clock) as ledger:
        configure(ledger)
        for number, (moment, group) in enumerate(arrivals()):
            clock.move_to(moment)
            if published and number in published:
                ledger.administration.publish(published[number])
            receipts = ledger.intake.receive(group)
            assert {receipt.outcome for receipt in receipts} == {"accepted"}
            ledger.worker.work(lambda: clock.now, once=True)
        clock.move_to(YEAR_ENDS)
        ledger.worker.work(lambda: YEAR_ENDS, once=True)


def arrivals() -> list[tuple[datetime, list[bytes]]]:
    """Groups of sales and when they arrive: one of nine is forty days late."""
    due = sorted(
        (min(time_of(line) + (LATE if number % 9 == 4 else SOON), THE_LAST), number, line)
        for number, line in enumerate(lines())
    )
    groups = [due[start : start + AT_ONCE] for start in range(0, len(due), AT_ONCE)]
    return [(group[-1][0], [line for _, _, line in group]) for group in groups]


@contextmanager
def configured(backend: str, folder: Path) -> Iterator[str]:
    """The address of a ledger of its own that only waits for sales."""
    with databases.copy_of(backend, "configured", fill_configured, folder) as url:
        yield url


@contextmanager
def told(backend: str, folder: Path) -> Iterator[str]:
    """The address of a copy of the sample, settled and projected."""
    with databases.copy_of(backend, "told", fill_told, folder) as url:
        yield url


def digests(ledger: Ledger) -> dict[str, str]:
    """What every projection holds."""
    return {one.name: ledger.projector.digest(one.name).value for one in ledger.projector.status()}
