"""The states of streams that decisions need, kept between decisions and never trusted blindly.

Every commit names the versions it read; a state that somebody else has moved on is a conflict, is
dropped here, and is read again.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from msgspec import msgpack

from loyalty_ledger.domain.draft import Draft, Outcome
from loyalty_ledger.domain.events.base import Event
from loyalty_ledger.domain.streams import FOLDS, fold, kind_of
from loyalty_ledger.once import Once
from loyalty_ledger.store.log import (
    Answer,
    Appended,
    Commit,
    Conflict,
    Log,
    NewEvent,
    Snapshot,
    StreamTail,
)
from loyalty_ledger.store.records import NO_META

STATE_VERSIONS = {"wallet": "2", "tiers": "2", "usage": "2", "limit": "1", "tries": "1"}
"""The form of state that snapshots of each kind of stream have; others are never snapshotted."""
SNAPSHOT_EVERY = 64
PASSING = (
    *("sale", "happening", "offer", "code", "claim", "receipt"),
    *("promo-code", "promo-batch", "acts"),
)
"""Streams that are asked for again soon or never: their states are the first to go."""
MOST_STATES = 20_000
REST_S = 1.0
COMPARE_EVERY_S = 0.25
FAR_BEHIND = 2_000
"""So many events are quicker forgotten than looked at."""


class Known:
    """A state, the version of its stream, and the version its snapshot has."""

    __slots__ = ("snapshot", "state", "version")

    def __init__(self, state: Any, version: int, snapshot: int):
        self.state = state
        self.version = version
        self.snapshot = snapshot


class States:
    """States by stream, as of one position of the log or later."""

    def __init__(self, log: Log, most: int = MOST_STATES):
        self._log = log
        self._most = most
        self._known: OrderedDict[str, Known] = OrderedDict()
        self._position: int | None = None
        self._seen = 0
        self.once: Once | None = None
        self.meta: Mapping[str, str] = NO_META
        self._looked_at = time.monotonic()
        self._compared_at = float("-inf")
        self._encode = msgpack.Encoder().encode
        self._decoders = {
            kind: msgpack.Decoder(type(FOLDS[kind].initial)) for kind in STATE_VERSIONS
        }

    def get(self, streams: Iterable[str]) -> dict[str, Any]:
        """The states of these streams; those not known yet are read in one go."""
        wanted = dict.fromkeys(streams)
        missing = [stream for stream in wanted if stream not in self._known]
        if missing or self._position is None:
            self._load(missing)
        for stream in wanted:
            if kind_of(stream) not in PASSING:
                self._known.move_to_end(stream)
        return {stream: self._known[stream].state for stream in wanted}

    def suppose(self, stream: str, first: Event) -> None:
        """Take a stream to hold this one event. Should it hold more, the append is a conflict."""
        if stream not in self._known:
            self._known[stream] = Known(fold(stream, [first]), 1, 0)

    def commit(self, streams: Collection[str]) -> Commit:
        """An empty commit for a decision that read these streams."""
        known = self._known
        expected = {stream: known[stream].version for stream in streams}
        return Commit([], expected, self._position or 0)

    def append(
        self, commit: Commit, after: Mapping[str, Any], *, soon_again: bool = False
    ) -> Appended:
        """Append a commit and take over the states after it. On Conflict drop what has moved.

        `soon_again` keeps the passing ones, too: who locks an offer unlocks it, or prices it anew.
        """
        written = self._made_ready(commit, after)
        try:
            appended = self._log.append(commit)
        except Conflict as conflict:
            for stream in conflict.streams or commit.expected:
                self._known.pop(stream, None)
            raise
        self.drop(appended.changed)
        self._known.update(written)
        passing = [stream for stream in commit.expected if kind_of(stream) in PASSING]
        if not soon_again:
            self.drop(passing)
        for stream in self._known.keys() & passing:
            self._known.move_to_end(stream, last=False)
        self._position = appended.last
        self.saw(appended.last)
        self._looked_at = time.monotonic()
        self._trim()
        return appended

    def append_alone(self, decide: Callable[[], tuple[Commit, Mapping[str, Any]]]) -> None:
        """Append the commit that is decided while nobody else can append; its states after it.

        All is read anew for it, and again by who comes next.
        """

        def decided() -> Commit:
            self.forget()
            commit, after = decide()
            self._made_ready(commit, after)
            return commit

        try:
            self.saw(self._log.append_alone(decided).last)
        finally:
            self.forget()

    @property
    def position(self) -> int:
        """Nothing that is known here, or was, was written after this position of the log.

        Whoever reads at it finds all that a decision was made on, and what it came to.
        """
        return self._seen

    def saw(self, position: int) -> None:
        """Something that was written up to there is known here."""
        self._seen = max(self._seen, position)

    @contextmanager
    def answering(self, once: Once | None) -> Iterator[None]:
        """Within the block one decision is made, and its answer is kept under the request's id.

        Answered when there is one already: nothing that happened since makes it another.
        """
        self.check_new(once)
        self.once = once
        try:
            yield
        finally:
            self.once = None

    def check_new(self, once: Once | None) -> None:
        """Answered when this request was answered before; Rejected when with another body."""
        if once is not None:
            once.check(self.answered([once.key]).get(once.key))

    def answered(
        self, keys: Collection[tuple[str, str, str]]
    ) -> dict[tuple[str, str, str], Answer]:
        """What was answered before to requests under these keys."""
        found = self._log.find_answers(keys)
        for answer in found.values():
            self.saw(answer.position)
        return found

    def look_again(self, streams: Collection[str], *, at_once: bool = False) -> None:
        """Drop those of the streams that others have moved on; asked at most so often, or at once.

        Where something is only read, no commit would notice it.
        """
        if not at_once and time.monotonic() - self._compared_at < COMPARE_EVERY_S:
            return
        self._compared_at = time.monotonic()
        known = [stream for stream in streams if stream in self._known]
        versions = self._log.versions(known)
        self.drop(one for one in known if versions.get(one, 0) != self._known[one].version)

    def fresh(self) -> bool:
        """Whether these states are of now: since they were read, nobody has written anything.

        What is written is checked against the log; what is refused, and so not written, is not.
        """
        return self._position == self._log.head().position

    def catch_up(self) -> None:
        """Forget everything when others have written much since anything was read here.

        A commit looks at all that was written since: after a long rest that would be a long look.
        """
        if self._position is None or time.monotonic() - self._looked_at < REST_S:
            return
        self._looked_at = time.monotonic()
        if self._log.head().position - self._position > FAR_BEHIND:
            self.forget()

    def drop(self, streams: Iterable[str]) -> None:
        """Drop these, to be read again."""
        for stream in streams:
            self._known.pop(stream, None)

    def forget(self) -> None:
        """Drop everything."""
        self._known.clear()
        self._position = None

    def _made_ready(self, commit: Commit, after: Mapping[str, Any]) -> dict[str, Known]:
        """The commit with all that goes into it; the states after it."""
        counts: dict[str, int] = {}
        for event in commit.events:
            counts[event.stream] = counts.get(event.stream, 0) + 1
            commit.expected.setdefault(event.stream, 0)
        if self.meta:
            commit.events = [
                event._replace(meta={**self.meta, **event.meta}) for event in commit.events
            ]
        written = {
            stream: self._written(stream, after[stream], commit.expected[stream] + count)
            for stream, count in counts.items()
        }
        commit.snapshots.extend(self._due_snapshots(written))
        return written

    def _load(self, missing: list[str]) -> None:
        loaded = self._log.load(missing, STATE_VERSIONS)
        self.saw(loaded.seen)
        if self._position is None:
            self._position = loaded.position
        for stream, tail in loaded.streams.items():
            self._known[stream] = self._folded(stream, tail)

    def _folded(self, stream: str, tail: StreamTail) -> Known:
        state, snapshot = None, 0
        if tail.snapshot is not None:
            state = self._decoders[kind_of(stream)].decode(tail.snapshot.body)
            snapshot = tail.snapshot.version
        events = (recorded.event for recorded in tail.events)
        return Known(fold(stream, events, state), tail.version, snapshot)

    def _written(self, stream: str, state: Any, version: int) -> Known:
        before = self._known.get(stream)
        return Known(state, version, before.snapshot if before else 0)

    def _due_snapshots(self, written: Mapping[str, Known]) -> list[Snapshot]:
        due = []
        for stream, known in written.items():
            form = STATE_VERSIONS.get(kind_of(stream))
            if form is not None and known.version - known.snapshot >= SNAPSHOT_EVERY:
                due.append(Snapshot(stream, known.version, form, self._encode(known.state)))
                known.snapshot = known.version
        return due

    def _trim(self) -> None:
        while len(self._known) > self._most:
            self._known.popitem(last=False)


def new_event(outcome: Outcome, meta: Mapping[str, str] | None = None) -> NewEvent:
    """An outcome as it is appended."""
    if meta is None:
        return NewEvent(outcome.stream, outcome.event, outcome.customers)
    return NewEvent(outcome.stream, outcome.event, outcome.customers, meta)


def add_draft(
    commit: Commit, after: dict[str, Any], draft: Draft, meta: Mapping[str, str] | None = None
) -> None:
    """Put a draft's outcomes into a commit, and its states into those after it."""
    commit.events.extend(new_event(outcome, meta) for outcome in draft.outcomes)
    after.update(draft.after)
