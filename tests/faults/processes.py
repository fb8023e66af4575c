"""Real processes of the command line, watched by what they have done."""

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import msgspec

from loyalty_ledger.ledger import Ledger
from loyalty_ledger.settlement import READER
from returned_ledger import baskets, made_at
from sample_ledger import BEFORE_THE_YEAR, SECRET, YEAR_ENDS, all_lines, ledger_on

PATIENCE_S = 60
SALES = 600
GROUP = 100
YEAR_ENDS_THERE = "2018-01-02T06:00:00"
KEEP_UP = ("work", "--until", BEFORE_THE_YEAR)
FINISH = ("work", "--once", "--until", YEAR_ENDS_THERE)

Process = subprocess.Popen[str]


def start(url: str, *arguments: str, stdin: int = subprocess.DEVNULL) -> Process:
    """A command on the ledger at that address, in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "loyalty_ledger", "--database", url, *arguments],
        env=os.environ | {"LOYALTY_SECRET_KEY": SECRET},
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
    )


def run(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command, to its end."""
    process = start(url, *arguments)
    out, err = process.communicate(timeout=PATIENCE_S)
    return subprocess.CompletedProcess(arguments, process.returncode, out, err)


@contextmanager
def running(url: str, *arguments: str) -> Iterator[Process]:
    """A command that is ended with the block, whatever it does."""
    process = start(url, *arguments)
    try:
        yield process
    finally:
        end(process)


def end(process: Process) -> None:
    """Kill a process, as a power cut would."""
    process.kill()
    process.communicate(timeout=PATIENCE_S)


def wait_until(done: Callable[[], bool], process: Process | None = None) -> None:
    """Wait for something to become true; the process must not end before that."""
    deadline = time.monotonic() + PATIENCE_S
    while not done():
        if process is not None and process.poll() is not None:
            raise AssertionError(f"it ended with {process.returncode}: {process.communicate()}")
        assert time.monotonic() < deadline, "it takes too long"
        time.sleep(0.002)


def seeded() -> random.Random:
    """Random numbers whose seed stands in the report of a failed test."""
    seed = int(os.environ.get("LOYALTY_TEST_SEED", random.randrange(1 << 32)))
    print(f"LOYALTY_TEST_SEED={seed}")
    return random.Random(seed)


def sales() -> Sequence[bytes]:
    """The first six hundred sales of the sample."""
    return all_lines()[:SALES]


@cache
def year() -> tuple[tuple[bytes, ...], ...]:
    """The whole sample, with what came back of it while the year lasted, in groups of 100 sales.

    All versions of a sale are received together: whether one is settled before the next arrives
    would show in their numbers.
    """
    told = [
        [one.line for one in basket.arrivals if made_at(one.line) < YEAR_ENDS]
        for basket in baskets()
    ]
    parts = (told[first : first + GROUP] for first in range(0, len(told), GROUP))
    return tuple(tuple(line for sale in part for line in sale) for part in parts)


def sales_file(folder: Path, lines: Sequence[bytes]) -> Path:
    path = folder / "sales.jsonl"
    path.write_bytes(b"".join(lines))
    return path


def told_undisturbed(url: str, groups: Iterable[Sequence[bytes]]) -> None:
    """What comes of these sales when nothing goes wrong."""
    with ledger_on(url) as ledger:
        for group in groups:
            ledger.intake.receive(group)
        ledger.worker.work(lambda: YEAR_ENDS, once=True)


def facts(ledger: Ledger) -> list[tuple[str, int, str, bytes]]:
    """Every event of the ledger, by stream: the same however the work was cut up."""
    encode = msgspec.json.Encoder(order="deterministic").encode
    found, position = [], 0
    while batch := ledger.log.read(position, 5_000):
        found += [(r.stream, r.version, type(r.event).__name__, encode(r.event)) for r in batch]
        position = batch[-1].position
    return sorted(one for one in found if one[0] not in _OPERATORS)


_OPERATORS = ("ledger", "program", "stores", "catalog")  # dated by the clock they were loaded at


def caught_up(ledger: Ledger) -> bool:
    """Whether everything that was received is settled and projected."""
    readers = ledger.log.readers()
    wanted = [READER, *(one.reader for one in ledger.projector.status())]
    head = ledger.log.head().position
    return all(readers.get(name, 0) == head for name in wanted)
