"""The outcomes of one decision in the making, over many streams."""

from collections import ChainMap
from collections.abc import Mapping, Sequence
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
    `histories` are the events so far of streams whose state alone may not tell enough.
    """

    def __init__(
        self, states: Mapping[str, Any], histories: Mapping[str, Sequence[Event]] | None = None
    ):
        self._before = states
        self.histories = dict(histories or {})
        self.after: dict[str, Any] = {}
        self.outcomes: list[Outcome] = []

    def aside(self) -> "Draft":
        """Another draft that goes on from here, for what is worked out and not to be recorded."""
        histories = {stream: self.history(stream) for stream in self.histories}
        return Draft(ChainMap({}, self.after, dict(self._before)), histories)

    def state(self, stream: str) -> Any:
        """The state of the stream, the initial one when it does not exist."""
        if stream in self.after:
            return self.after[stream]
        state = self._before.get(stream)
        return FOLDS[kind_of(stream)].initial if state is None else state

    def history(self, stream: str) -> list[Event]:
        """All events of the stream, for the few decisions that a state does not tell enough.

        KeyError when the history was not read before.
        """
        own = (outcome.event for outcome in self.outcomes if outcome.stream == stream)
        return [*self.histories[stream], *own]

    def emit(self, stream: str, event: Event, *customers: str) -> None:
        """One more outcome."""
        state = self.state(stream)
        self.after[stream] = FOLDS[kind_of(stream)].evolve(state, event)
        self.outcomes.append(Outcome(stream, event, customers))
