"""Deciding one thing at a time: read what it takes, decide, append; again when somebody was faster.

A refusal is trusted only when it was decided on what the log says now.
"""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.values import Rejected
from loyalty_ledger.states import States, add_draft
from loyalty_ledger.store.log import Busy, Conflict, Forgotten, PersonalValue

T = TypeVar("T")
PATIENCE = 200


class Reading:
    """The states that a decision looks at. Its commit names every one of them.

    `quiet` names customers, and the position behind which nothing may have been recorded of them;
    `forgotten` and `personal` are what becomes of personal data in the same commit.
    """

    def __init__(self, states: States):
        self._states = states
        self.found: dict[str, Any] = {}
        self.quiet: dict[str, int] = {}
        self.forgotten: list[Forgotten] = []
        self.personal: list[PersonalValue] = []

    @property
    def writes(self) -> bool:
        """Whether personal data becomes other than it is."""
        return bool(self.forgotten or self.personal)

    def get(self, streams: Iterable[str]) -> dict[str, Any]:
        """Look at these as well, in one go."""
        missing = [stream for stream in streams if stream not in self.found]
        if missing:
            self.found.update(self._states.get(missing))
        return self.found

    def state(self, stream: str) -> Any:
        """Look at this one as well."""
        return self.get([stream])[stream]

    def draft(self) -> Draft:
        """An empty draft over all that is looked at, now or later."""
        return Draft(self.found)


Decision = Callable[[Reading], tuple[Draft, T]]


def decide(states: States, decision: Decision[T], settle: Callable[[], object] = lambda: None) -> T:
    """Decide and append what the draft holds; the decision's answer. Rejected changes nothing.

    Where a customer is not as quiet as the decision has it, `settle` is called before the next try.
    """
    states.catch_up()
    sure: set[str] = set()  # read, or found unmoved, since it was asked
    for _ in range(PATIENCE):
        reading = Reading(states)
        decided = _decided(decision, reading)
        if isinstance(decided, Rejected) or not (decided[0].outcomes or reading.writes):
            # The log has no say in what is not appended: it has to be asked.
            if sure.issuperset(reading.found) or states.fresh():
                return _told(decided)
            states.drop(reading.found)
            sure.update(reading.found)
            continue
        try:
            _append(states, reading, decided[0])
            return decided[1]
        except Conflict as conflict:
            if conflict.what == "quiet":
                settle()
            # What has moved is dropped, and so will be read again; all else is as it was read.
            sure.update(reading.found)
    raise Busy


def _decided(decision: Decision[T], reading: Reading) -> tuple[Draft, T] | Rejected:
    try:
        return decision(reading)
    except Rejected as refusal:
        return refusal


def _told(decided: tuple[Draft, T] | Rejected) -> T:
    if isinstance(decided, Rejected):
        raise decided
    return decided[1]


def _append(states: States, reading: Reading, draft: Draft) -> None:
    commit, after = states.commit(reading.found), dict(reading.found)
    add_draft(commit, after, draft)
    commit.quiet.update(reading.quiet)
    commit.forgotten.extend(reading.forgotten)
    commit.personal.extend(reading.personal)
    states.append(commit, after)
