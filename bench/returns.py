"""A file of sales with returns added, to standard output or `--to`.

    python bench/returns.py --seed N FILE [--to FILE]

What comes back, and how, is told in `loyalty_ledger.sample.returns`; the same seed writes the same
bytes.
"""

from __future__ import annotations

import argparse
import gzip
import sys
from collections.abc import Iterable
from pathlib import Path

from loyalty_ledger.sample.returns import with_returns


def write(sales: Path, seed: int, to: Path) -> int:
    """Write the sales of a file, with returns, to another; how many lines it holds."""
    count = 0
    with gzip.open(sales) as lines, gzip.GzipFile(to, "wb", 1, mtime=0) as out:
        for line in with_returns(lines, seed):
            out.write(line)
            count += 1
    return count


def main() -> None:
    """Read the command line, and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--to", type=Path)
    asked = parser.parse_args()
    if asked.to is not None:
        write(asked.file, asked.seed, asked.to)
        return
    opened = gzip.open if asked.file.suffix == ".gz" else Path.open
    with opened(asked.file, "rb") as lines:
        told: Iterable[bytes] = with_returns(lines, asked.seed)
        sys.stdout.buffer.writelines(told)


if __name__ == "__main__":
    main()
