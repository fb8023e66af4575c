"""What projections need of the log; the composition root puts it together."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from sqlalchemy import Connection

from loyalty_projections.projection import Recorded


@dataclass(frozen=True)
class Source:
    """The log as projections see it.

    `read(after, limit, names)` gives the next events of these names, none when there is none up to
    the head; `head()` the last position; `positions()` every reader's. `transaction()` is one that
    may write, `snapshot()` one that reads a single state of the database; `statement()`, where it
    saves trips to the server, is a connection on which a statement is its own transaction.
    `advance(connection, reader, before, after)` moves a reader and raises `conflict` when it does
    not stand at `before`.
    """

    read: Callable[[int, int, Collection[str]], Sequence[Recorded]]
    head: Callable[[], int]
    positions: Callable[[], Mapping[str, int]]
    transaction: Callable[[], AbstractContextManager[Connection]]
    snapshot: Callable[[], AbstractContextManager[Connection]]
    statement: Callable[[], AbstractContextManager[Connection]] | None
    advance: Callable[[Connection, str, int, int], None]
    conflict: type[Exception]
