"""A catalog of any size is loaded in the same memory."""

import json
import random
import subprocess
import sys
from pathlib import Path

from sample_ledger import SECRET

FEW, MANY = 500, 30_000
UNIT = 1 if sys.platform == "darwin" else 1024
"""What systems measure memory in, in bytes."""
MEASURED = """
import os, sys
process = os.posix_spawn(sys.executable, [sys.executable, *sys.argv[1:]], os.environ)
_, status, usage = os.wait4(process, 0)
print(usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""
"""What begins a process counts for its peak, so that this is small."""


def peak(url: str, file: Path) -> int:
    """The most memory that loading the catalog ever held, in units."""
    load = ["-m", "loyalty_ledger", "--database", url, "load", "catalog", str(file), "--json"]
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, *load],
        env={"LOYALTY_SECRET_KEY": SECRET, "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    told, memory = done.stdout.splitlines()
    assert json.loads(told)["accepted"] == len(file.read_text().splitlines())
    return int(memory)


def written(folder: Path, items: int) -> Path:
    """A catalog in no order, every item in a category of its own."""
    lines = [
        json.dumps({"sku": f"{n:012}", "name": "x" * 3_000, "categories": ["ALL", f"{n:0110}"]})
        for n in range(items)
    ]
    random.Random(3).shuffle(lines)
    path = folder / f"{items}.jsonl"
    path.write_text("\n".join(lines))
    return path


def test_sixty_times_as_many_items_take_hardly_more_memory(
    database_url: str, tmp_path: Path
) -> None:
    few, many = (peak(database_url, written(tmp_path, items)) for items in (FEW, MANY))
    # Caches fill; that all was held at once would need more than it has as text.
    whole = (tmp_path / f"{MANY}.jsonl").stat().st_size
    assert (many - few) * UNIT < 0.8 * whole
