"""What a projection is: tables, and what each kind of event adds to them."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple, Protocol

from loyalty_ledger.domain.events.base import Event
from loyalty_projections.rows import MemoryRows, Rows
from loyalty_projections.tables import Table


class Recorded(Protocol):
    """An event as it stands in the log. `recorded_at` is None for what is due but not recorded."""

    @property
    def position(self) -> int:
        """Its place in the log."""
        ...

    @property
    def stream(self) -> str:
        """The stream it belongs to."""
        ...

    @property
    def version(self) -> int:
        """Its place in the stream."""
        ...

    @property
    def event(self) -> Event:
        """What happened."""
        ...

    @property
    def recorded_at(self) -> datetime | None:
        """When it was recorded."""
        ...


class Unrecorded(NamedTuple):
    """An event that is due and not in the log."""

    position: int
    event: Event
    stream: str = ""
    version: int = 0
    recorded_at: datetime | None = None


Handler = Callable[[Rows, Any, Recorded], None]
"""Adds what an event (the second argument) means; it only writes."""


@dataclass(frozen=True, eq=False)
class Projection:
    """The answer to one question. A new `version` is built anew: raise it when `apply` changes.

    Its tables begin with its name, and no projection's name begins with another's and `_`.
    """

    name: str
    version: int
    tables: tuple[Table[Any], ...]
    handlers: Mapping[type[Event], Handler]

    @cached_property
    def reader(self) -> str:
        """The name of its position in the log."""
        return f"projection:{self.name}:v{self.version}"

    def apply(self, rows: Rows, recorded: Recorded) -> None:
        """Add one event."""
        handle = self.handlers.get(type(recorded.event))
        if handle is not None:
            handle(rows, recorded.event, recorded)


class Applier:
    """Adds events to several projections; one that a projection does not care for costs nothing."""

    def __init__(self, projections: Iterable[Projection]):
        handlers: dict[type[Event], list[Handler]] = {}
        for projection in projections:
            for event_type, handler in projection.handlers.items():
                handlers.setdefault(event_type, []).append(handler)
        self._handlers = {event_type: tuple(some) for event_type, some in handlers.items()}

    @property
    def names(self) -> Collection[str]:
        """The names of the events that any of the projections cares for."""
        return frozenset(event_type.__name__ for event_type in self._handlers)

    def apply(self, rows: Rows, events: Iterable[Recorded]) -> None:
        """Add events in order. What fails says at which event."""
        handlers = self._handlers
        for recorded in events:
            event = recorded.event
            for handle in handlers.get(type(event), ()):
                try:
                    handle(rows, event, recorded)
                except Exception as error:
                    where = f"position {recorded.position}, {recorded.stream}@{recorded.version}"
                    error.add_note(f"while projecting {type(event).__name__} at {where}")
                    raise


def fold(
    projections: Iterable[Projection],
    events: Iterable[Recorded],
    as_of: datetime | None = None,
    known_at: datetime | None = None,
) -> MemoryRows:
    """The rows after what had happened by `as_of` and was recorded by `known_at` (None: all)."""
    rows = MemoryRows()
    Applier(projections).apply(
        rows,
        (
            recorded
            for recorded in events
            if (as_of is None or recorded.event.at <= as_of)
            and (known_at is None or not recorded.recorded_at or recorded.recorded_at <= known_at)
        ),
    )
    return rows
