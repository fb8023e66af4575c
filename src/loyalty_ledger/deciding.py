"""Deciding one thing at a time: read what it takes, decide, append; again when somebody was faster.

A refusal is trusted only when it was decided on what the log says now.
"""

from collections.abc import Callable, Collection, Iterable
from typing import Any, TypeVar

from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.values import Rejected
from loyalty_ledger.once import Once
from loyalty_ledger.states import States, add_draft
from loyalty_ledger.store.log import Answer, Busy, Commit, Conflict, Forgotten, PersonalValue

T = TypeVar("T")
Key = tuple[str, str, str]
PATIENCE = 200


class Reading:
    """The states that a decision looks at. Its commit names every one of them.

    `quiet` names customers, and the position behind which nothing may have been recorded of them;
    `answers` are kept with what is decided, and `answered` looks for those that were; `forgotten`
    and `personal` are what becomes of personal data in the same commit. `lines` are the ids of the
    request's lines that events come from, by the place of the event in the draft.
    """

    def __init__(self, states: States):
        self._states = states
        self.found: dict[str, Any] = {}
        self.quiet: dict[str, int] = {}
        self.answers: list[Answer] = []
        self.forgotten: list[Forgotten] = []
        self.personal: list[PersonalValue] = []
        self.lines: dict[int, str] = {}

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

    def answered(self, keys: Collection[Key]) -> dict[Key, Answer]:
        """What was answered before to requests under these keys."""
        return self._states.answered(keys)

    def draft(self) -> Draft:
        """An empty draft over all that is looked at, now or later."""
        return Draft(self.found)


Decision = Callable[[Reading], tuple[Draft, T]]


def decide(states: States, decision: Decision[T], settle: Callable[[], object] = lambda: None) -> T:
    """Decide and append what the draft holds; the decision's answer. Rejected changes nothing.

    Where a customer is not as quiet as the decision has it, `settle` is called before the next try.
    Where the states answer a request once, the answer or refusal is kept in the same commit; when
    it had been asked before, it is Answered.
    """
    once = states.once
    states.catch_up()
    sure: set[str] = set()  # read, or found unmoved, since it was asked
    for _ in range(PATIENCE):
        reading = Reading(states)
        decided = _decided(decision, reading)
        keeping = _keeping(once, decided)
        if keeping is None and (
            isinstance(decided, Rejected) or not (decided[0].outcomes or reading.writes)
        ):
            # The log has no say in what is not appended: it has to be asked.
            if sure.issuperset(reading.found) or states.fresh():
                states.check_new(once)
                return _told(decided)
            states.drop(reading.found)
            sure.update(reading.found)
            continue
        try:
            states.append(*_made(states, reading, decided, keeping), soon_again=True)
            return _told(decided)
        except Conflict as conflict:
            if conflict.what == "quiet":
                settle()
            if conflict.what == "answers":
                states.check_new(once)
            # What has moved is dropped, and so will be read again; all else is as it was read.
            sure.update(reading.found)
    raise Busy


def decide_alone(states: States, decision: Decision[T]) -> T:
    """Decide while nobody else can append, and append: it ends, however much others append.

    For what has to do with so much that somebody would always be faster; everybody waits for it.
    """
    once, made = states.once, list[tuple[Draft, T] | Rejected]()

    def alone() -> tuple[Commit, dict[str, Any]]:
        states.check_new(once)
        reading = Reading(states)
        decided = _decided(decision, reading)
        keeping = _keeping(once, decided)
        if keeping is None:
            _told(decided)
        made.append(decided)
        return _made(states, reading, decided, keeping)

    states.append_alone(alone)
    return _told(made[-1])


def _decided(decision: Decision[T], reading: Reading) -> tuple[Draft, T] | Rejected:
    try:
        return decision(reading)
    except Rejected as refusal:
        return refusal


def _keeping(once: Once | None, decided: tuple[Draft, T] | Rejected) -> Once | None:
    """The request, when what was decided on it is to be kept."""
    refusal = decided if isinstance(decided, Rejected) else None
    return once if once is not None and once.keeps(refusal) else None


def _told(decided: tuple[Draft, T] | Rejected) -> T:
    if isinstance(decided, Rejected):
        raise decided
    return decided[1]


def _made(
    states: States, reading: Reading, decided: tuple[Draft, T] | Rejected, once: Once | None
) -> tuple[Commit, dict[str, Any]]:
    """The commit of what was decided, and the states after it."""
    commit, after = states.commit(reading.found), dict(reading.found)
    commit.quiet.update(reading.quiet)
    if isinstance(decided, Rejected):
        said: Any = decided
    else:
        said = decided[1]
        add_draft(commit, after, decided[0])
        for place, line in reading.lines.items():
            commit.events[place] = commit.events[place]._replace(meta={"line": line})
        commit.answers.extend(reading.answers)
        commit.forgotten.extend(reading.forgotten)
        commit.personal.extend(reading.personal)
    if once is not None:
        commit.answers.append(once.answer(said))
    return commit, after
