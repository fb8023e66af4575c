"""The outcomes of one decision in the making, over many streams."""

from collections import ChainMap
from collections.abc import Mapping
from typing import Any, NamedTuple

from loyalty_ledger.domain.events.base import Event
from loyalty_ledger.domain.streams import FOLDS, kind_of


class Outcome(NamedTuple):
    """An event for a stream, and the customers it concerns."""

    stream: str
    event: Event
    customers: tuple[str, ...]


class Draft:
    """Collects outcomes and shows every state as it is after them.

    What a draft holds is real only once it is committed; one that went wrong is thrown away.
    """

    def __init__(self, states: Mapping[str, Any]):
        self._before = states
        self.after: dict[str, Any] = {}
        self.outcomes: list[Outcome] = []

    def aside(self) -> "Draft":
        """Another draft that goes on from here, for what is worked out and not to be recorded."""
        return Draft(ChainMap({}, self.after, dict(self._before)))

    def state(self, stream: str) -> Any:
        """The state of the stream, the initial one when it does not exist."""
        if stream in self.after:
            return self.after[stream]
        state = self._before.get(stream)
        return FOLDS[kind_of(stream)].initial if state is None else state

    def emit(self, stream: str, event: Event, *customers: str) -> None:
        """One more outcome."""
        state = self.state(stream)
        self.after[stream] = FOLDS[kind_of(stream)].evolve(state, event)
        self.outcomes.append(Outcome(stream, event, customers))
