"""How much memory and time does a large catalog take? On SQLite and on a durable PostgreSQL.

python bench/catalog.py [--items N]

The items come in no order, in a tree of categories. Each load is a process of its own; what is
printed is the most memory that it ever held. Loaded twice: new, and with half of the items changed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import secrets
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from postgres import private_postgres

ITEMS = 1_000_000
MB = 1024  # ru_maxrss is in KiB
KEY = {"LOYALTY_SECRET_KEY": secrets.token_hex(32)}


class Load(NamedTuple):
    """What one load took."""

    seconds: float
    peak_mb: int


def write_catalog(path: Path, items: int, edition: int) -> None:
    """A catalog in no order; of another edition, every second item has another name."""
    numbers = list(range(items))
    random.Random(1).shuffle(numbers)
    with path.open("w") as file:
        for number in numbers:
            name = f"Item {number}, edition {edition if number % 2 else 1}"
            department, aisle = f"DEPARTMENT {number % 40}", f"AISLE {number % 2_000}"
            categories = [department, aisle, f"TYPE {number % 20_000}"]
            line = {"sku": f"{number:09}", "name": name, "brand": None, "categories": categories}
            file.write(json.dumps(line) + "\n")


def loyalty(url: str, *arguments: str) -> Load:
    """Run a command to its end."""
    begun = time.perf_counter()
    command = [sys.executable, "-m", "loyalty_ledger", "--database", url, *arguments]
    process = subprocess.Popen(command, env=os.environ | KEY, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"loyalty {' '.join(arguments)} ended with {process.returncode}")
    return Load(time.perf_counter() - begun, usage.ru_maxrss // MB)


def loads(url: str, files: list[Path]) -> list[Load]:
    """Load these catalogs one after the other into a new ledger."""
    loyalty(url, "init")
    return [loyalty(url, "load", "catalog", str(file)) for file in files]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--items", type=int, default=ITEMS)
    items = parser.parse_args().items
    with tempfile.TemporaryDirectory() as folder, private_postgres() as server:
        files = [Path(folder) / f"{edition}.jsonl" for edition in (1, 2)]
        for edition, file in enumerate(files, 1):
            write_catalog(file, items, edition)
        for url in (f"sqlite:///{folder}/ledger.db", server.create_database("catalog")):
            for what, load in zip(("new", "again, changed"), loads(url, files), strict=True):
                told = f"{items:,} items, {what}: {load.seconds:.0f} s, {load.peak_mb} MB"
                print(f"{url.partition(':')[0]}: {told}", flush=True)


if __name__ == "__main__":
    main()
