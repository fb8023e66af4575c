"""Files that exports are written to: CSV, JSON lines, and Parquet where pyarrow is installed."""

import csv
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from loyalty_ledger.domain.values import Reason, Rejected

Row = dict[str, Any]
Write = Callable[[Row], None]
ROWS_IN_A_GROUP = 10_000


@contextmanager
def csv_file(path: Path, columns: tuple[str, ...]) -> Iterator[Write]:
    """Comma separated values under a header; times in ISO 8601, facts as JSON."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        yield lambda row: writer.writerow({name: _cell(value) for name, value in row.items()})


def _cell(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else _flat(value)


def _flat(value: object) -> object:
    return msgspec.json.encode(value).decode() if isinstance(value, dict) else value


@contextmanager
def jsonl_file(path: Path, _columns: tuple[str, ...]) -> Iterator[Write]:
    """A JSON object a line."""
    with path.open("w", encoding="utf-8") as file:

        def write(row: Row) -> None:
            file.write(msgspec.json.encode(row).decode() + "\n")

        yield write


@contextmanager
def parquet_file(path: Path, columns: tuple[str, ...]) -> Iterator[Write]:
    """Parquet, in groups of rows: numbers as int64, times as instants in UTC, facts as JSON.

    Rejected when pyarrow is not there: it is an extra.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise Rejected(
            Reason.VALIDATION,
            "Parquet needs pyarrow: install loyalty-ledger[parquet], or export .csv or .jsonl",
        ) from error
    types = {"int": pyarrow.int64(), "time": pyarrow.timestamp("us", tz="UTC")}
    schema = pyarrow.schema(
        (name, types.get(_KINDS.get(name, "text"), pyarrow.string())) for name in columns
    )
    group: list[Row] = []
    with parquet.ParquetWriter(path, schema) as file:

        def flush() -> None:
            file.write_table(pyarrow.Table.from_pylist(group, schema))
            group.clear()

        def write(row: Row) -> None:
            group.append({name: _flat(value) for name, value in row.items()})
            if len(group) >= ROWS_IN_A_GROUP:
                flush()

        yield write
        flush()


_KINDS = dict.fromkeys(("available", "lifetime", "points", "position", "version"), "int")
_KINDS |= dict.fromkeys(("at", "recorded_at", "since"), "time")

WRITERS: dict[str, Callable[[Path, tuple[str, ...]], AbstractContextManager[Write]]] = {
    ".csv": csv_file,
    ".jsonl": jsonl_file,
    ".parquet": parquet_file,
}
"""Ending of a file's name -> how it is written."""
