"""An event as exports tell it."""

from typing import Any

import msgspec

from loyalty_ledger.store.log import Recorded

COLUMNS = ("position", "stream", "version", "name", "recorded_at", "actor", "request", "event")


def event_row(one: Recorded) -> dict[str, Any]:
    """The event with who did it, by which request: a key of the service, or `cli`; None for nobody.

    What follows from an event is nobody's: the worker does it.
    """
    return {
        "position": one.position,
        "stream": one.stream,
        "version": one.version,
        "name": type(one.event).__name__,
        "recorded_at": one.recorded_at,
        "actor": one.meta.get("actor"),
        "request": one.meta.get("request"),
        "event": msgspec.to_builtins(one.event),
    }
