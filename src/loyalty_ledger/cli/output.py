"""What commands print: tables for people, JSON for programs, progress on long work."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import msgspec
import structlog
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

OUT = Console(highlight=False, soft_wrap=False)
ERR = Console(stderr=True, highlight=False)


_NUMBERS = msgspec.json.Encoder(decimal_format="number")


def tell(text: str) -> None:
    """A line for people, as it is."""
    OUT.print(Text(text), soft_wrap=True)


def warn(text: str) -> None:
    """A line about something that is wrong."""
    ERR.print(Text(text), soft_wrap=True)


def log_plainly() -> None:
    """What is logged goes to standard error, a short line each: what is printed is the answer."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.LogfmtRenderer(key_order=["level", "event"]),
        ],
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )


def as_json(value: object) -> None:
    """A value for programs, on one line."""
    sys.stdout.write(json_bytes(value).decode() + "\n")


def json_bytes(value: object) -> bytes:
    """A value as JSON."""
    return _NUMBERS.encode(_plain(value))


def _plain(value: object) -> Any:
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    right: str = "",
    whole: str = "",
) -> None:
    """A table; `right` names the columns aligned right, separated by commas.

    `whole` names one that is never folded, so that it can be copied.
    """
    OUT.print(Text(title, style="bold"))
    made = Table(box=None, pad_edge=False)
    to_the_right = right.split(", ")
    for column in columns:
        justify = "right" if column in to_the_right else "left"
        made.add_column(column, justify=justify, overflow="fold", no_wrap=column == whole)  # type: ignore[arg-type]
    for row in rows:
        made.add_row(*(Text(cell(value)) for value in row))
    OUT.print(made)
    OUT.print()


def cell(value: object) -> str:
    """How a value stands in a table."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M}"
        case _:
            return str(value)


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on a terminal, silence elsewhere; it is told (done, goal)."""
    if not ERR.is_terminal:
        yield lambda _done, _goal: None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
    )
    with Progress(*columns, TimeElapsedColumn(), console=ERR, transient=True) as bar:
        task = bar.add_task(what, total=None)

        def show(done: int, goal: int) -> None:
            bar.update(task, completed=done, total=max(goal, 1))

        yield show


def plain_json(value: object) -> str:
    """JSON for files people look at."""
    return json.dumps(value, ensure_ascii=False, indent=2, default=str)
