"""The one shape of a decision."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

Command = TypeVar("Command")
State = TypeVar("State")
Event = TypeVar("Event")


@dataclass(frozen=True, slots=True)
class Decider(Generic[Command, State, Event]):
    """A decision maker over one kind of stream.

    `decide` is asked with a command and yields what happened, or raises Rejected; what is already
    so yields nothing. `evolve` takes one event into the state; it never raises and never checks.
    """

    initial: State
    decide: Callable[[Command, State], list[Event]]
    evolve: Callable[[State, Event], State]

    def fold(self, events: Iterable[Event], state: State | None = None) -> State:
        """The state after these events."""
        current = self.initial if state is None else state
        for event in events:
            current = self.evolve(current, event)
        return current
