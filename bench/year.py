"""The whole year through the product: loaded, settled and projected, on a durable PostgreSQL.

Load and worker run side by side, as they do in a shop; the clock runs from the start of the load
until every sale is settled, every view is up and what fell due is recorded. What came out is
compared with the reference household by household.
"""

from __future__ import annotations

import csv
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import psycopg

from loyalty_projections.projections import PROJECTIONS

BEGINS = "2017-01-01T00:00:00"
UNTIL = "2018-01-02T06:00:00"
ALL_IS_IN = "2019-03-01T00:00:00"
POLL_S = 0.25
READERS = len(PROJECTIONS) + 1  # and settlement
LOYALTY = (sys.executable, "-m", "loyalty_ledger")


class Run(NamedTuple):
    """What the year took, and where it is."""

    transactions: int
    seconds: float
    load_seconds: float
    worker_peak_mb: float

    @property
    def per_second(self) -> float:
        """Transactions loaded, settled and projected in a second."""
        return self.transactions / self.seconds


def loyalty(url: str, *arguments: str) -> str:
    """Run a command of the product; what it printed."""
    command = [*LOYALTY, "--database", url, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)} failed: {done.stdout}{done.stderr}")
    return done.stdout


def prepare(url: str, data: Path, program: Path) -> None:
    """A new ledger with stores, catalog and program."""
    os.environ.setdefault("LOYALTY_SECRET_KEY", secrets.token_hex(32))
    loyalty(url, "init")
    loyalty(url, "load", "stores", str(data / "stores.jsonl"))
    loyalty(url, "load", "catalog", str(data / "catalog.jsonl"))
    loyalty(url, "program", "publish", str(program))


def run(url: str, transactions: Path, until: str = UNTIL) -> Run:
    """Load, settle and project; how long it took from the first line to the last view."""
    begun = time.perf_counter()
    with worker(url) as watched:
        told = loyalty(url, "load", "transactions", str(transactions), "--json")
        loaded = time.perf_counter() - begun
        wait_until_done(url, watched)
        peak = watched.peak_mb
    loyalty(url, "work", "--once", "--until", until)
    return Run(json.loads(told)["accepted"], time.perf_counter() - begun, loaded, peak)


class Watched:
    """A worker and its companion, and the most memory they held."""

    def __init__(self, process: subprocess.Popen[bytes]):
        self.process = process
        self.peak_mb = 0.0

    def look(self) -> None:
        """Take note of the memory in use."""
        if self.process.poll() is not None:
            raise RuntimeError("the worker ended by itself")
        family = [self.process.pid, *_children(self.process.pid)]
        self.peak_mb = max(self.peak_mb, *(_peak_mb(pid) for pid in family))


@contextmanager
def worker(url: str) -> Iterator[Watched]:
    """A worker in the background, ended as an operator would.

    Its clock stands still while the past is loaded: what falls due is recorded when all is there.
    """
    command = [*LOYALTY, "--database", url, "work", "--until", BEGINS]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        yield Watched(process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def wait_until_done(url: str, watched: Watched) -> None:
    """Wait until every reader has come to the end of the log, and the log stands still."""
    with psycopg.connect(url, autocommit=True) as connection:
        before = -1
        while True:
            watched.look()
            head = connection.execute("SELECT position FROM head").fetchone()[0]
            behind = connection.execute(
                "SELECT min(position) FROM tracking HAVING count(*) = %s", [READERS]
            ).fetchone()
            if behind and behind[0] == head == before:
                return
            before = head if behind and behind[0] == head else -1
            time.sleep(POLL_S)


def _children(pid: int) -> list[int]:
    found = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        found += [int(child) for child in path.read_text().split()]
    return found


def _peak_mb(pid: int) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    peak = next((line for line in status.splitlines() if line.startswith("VmHWM")), "VmHWM: 0 kB")
    return int(peak.split()[1]) / 1024


def results(url: str, folder: Path) -> dict[str, dict[str, Any]]:
    """What every household has, as the reference tells it."""
    found: dict[str, dict[str, Any]] = {}

    def household(row: dict[str, str]) -> dict[str, Any]:
        fresh: dict[str, Any] = {"lifetime": {}, "levels": {}, "grants": {}}
        return found.setdefault(row["external_id"], fresh)

    for what in ("balances", "tiers"):
        file = folder / f"{what}.csv"
        loyalty(url, "export", what, str(file), "--as-of", UNTIL)
        with file.open(newline="") as lines:
            for row in csv.DictReader(lines):
                if what == "balances":
                    household(row)["lifetime"][row["account"]] = int(row["lifetime"])
                else:
                    household(row)["levels"][row["system"]] = row["level"]
    for customer, campaign, times in granted(url):
        found[customer]["grants"][campaign] = times
    return found


def granted(url: str) -> list[tuple[str, str, int]]:
    """Campaign grants by household, straight from the log."""
    query = """
        SELECT p.value, split_part(g.data ->> 'subject', ':', 2), count(*)
        FROM events e
        CROSS JOIN LATERAL (SELECT convert_from(e.body, 'UTF8')::jsonb -> 'data' AS data) g
        JOIN personal p ON p.customer_id = g.data ->> 'customer_id' AND p.field = 'external'
        WHERE e.name = 'GrantCounted' AND e.stream LIKE 'usage/%'
          AND g.data ->> 'subject' LIKE 'campaign:%'
        GROUP BY 1, 2
    """
    with psycopg.connect(url) as connection:
        return [(one, two, int(three)) for one, two, three in connection.execute(query)]


def counts(url: str) -> dict[str, int]:
    """How often everything happened, by name."""
    query = "SELECT name, count(*) FROM events GROUP BY 1 ORDER BY 1"
    with psycopg.connect(url) as connection:
        return {name: int(count) for name, count in connection.execute(query)}
