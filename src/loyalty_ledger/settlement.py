"""The settlement policy at work: arrivals from the log in batches, one commit for each batch."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from loyalty_ledger.deciding import Reading
from loyalty_ledger.domain import policies
from loyalty_ledger.domain.arrivals import Arrived, Knowledge, arrived_with, reason_of
from loyalty_ledger.domain.carried import carried
from loyalty_ledger.domain.configuration import Programs
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.base import Event
from loyalty_ledger.domain.events.sales import TransactionReceived
from loyalty_ledger.domain.judging import facts_of, settle_sale
from loyalty_ledger.domain.needs import needed, own, settled_with, with_former
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.promo_code import DigestOf
from loyalty_ledger.domain.rules import Rulebook
from loyalty_ledger.domain.streams import (
    CATALOG,
    PROGRAM,
    cause,
    customer_of,
    limit,
    split_cause,
)
from loyalty_ledger.domain.transaction import Sale
from loyalty_ledger.histories import histories
from loyalty_ledger.shelf import Shelf
from loyalty_ledger.states import States, add_draft
from loyalty_ledger.store.log import Advance, Busy, Commit, Conflict, Log, NewEvent, Recorded

READER = "settlement"
ARRIVALS = ("TransactionReceived", "TransactionVersionIgnored", "CustomerEventReceived")
BATCH, PATIENCE = 500, 100
Settle = Callable[..., None]


class Settlement:
    """Settles what has arrived, exactly once, in the order of the log."""

    def __init__(
        self, log: Log, states: States, digest_of: DigestOf, settle: Settle = policies.settle
    ):
        self._log = log
        self._states = states
        self._digest_of = digest_of
        self._settle = settle
        self._rulebooks: dict[int, Rulebook] = {}
        self._programs: dict[int, Program] = {}
        self.shelf = Shelf(log)

    def settle_batch(self, most: int = BATCH) -> int:
        """Settle the next arrivals of the log; how far the reader moved, 0 at the end of the log.

        Another worker that was faster is no error: what it did is not done again.
        """
        for attempt in range(PATIENCE):
            before = self._log.position_of(READER)
            end = self._log.head().position
            # The fewer are settled at once, the less can be in the way of it.
            recorded = self._log.read(before, max(1, most >> attempt), names=ARRIVALS)
            after = recorded[-1].position if recorded else max(before, end)
            if after == before:
                return 0
            try:
                arrivals = _arrived(recorded)
                if attempt == 0:
                    self._suppose_new(arrivals)
                self._commit(arrivals, Advance(READER, before, after))
                return after - before
            except Conflict:
                continue
        raise Busy

    def settle_all(self) -> None:
        """Settle everything that has arrived."""
        while self.settle_batch():
            pass

    def settle_again(
        self, arrived: Arrived, version: TransactionReceived, reading: Reading, draft: Draft
    ) -> None:
        """Settle a version anew, into the draft; all that it takes is looked at in the reading."""
        reading.get(self._streams([arrived]))
        subjects = {version: book.subjects for version, book in self._rulebooks.items()}
        while more := needed(arrived, reading.found, subjects) - reading.found.keys():
            reading.get(more)
        knowledge = self._knowledge([arrived], reading.found)
        draft.histories |= self._histories(arrived, reading.found)
        settle_sale(arrived, version, knowledge, draft, retried=False)

    def position(self) -> int:
        """How far settlement has come in the log."""
        return self._log.position_of(READER)

    def retry(self, failed: Iterable[str], waiting: Iterable[str] = ()) -> list[str]:
        """Try again what failed, given as `stream@version`, and all that waits behind it.

        `waiting` is all that waits: a retry that was cut off left some of it behind nothing that
        failed. Answers what still fails, with the reason.
        """
        self._states.forget()  # what waits is only read: no commit would notice that it is old
        known = set(failed)
        still: dict[str, str] = {}
        queue = list(dict.fromkeys((*sorted(known), *waiting)))
        done: set[str] = set()
        while queue:
            one = queue.pop(0)
            if one in done or one in still:
                continue
            reason = self._retry(one, known)
            if reason is None:
                done.add(one)
                queue.extend(self._next_of(one))
            elif reason:
                still[one] = f"{one}: {reason}"
        return list(still.values())

    def rulebook(self) -> Rulebook | None:
        """The rulebook in force; None before the first program."""
        return self._rulebooks.get(self._learn())

    @property
    def programs(self) -> dict[int, Program]:
        """All published versions."""
        self._learn()
        return self._programs

    def _suppose_new(self, arrivals: list[Arrived]) -> None:
        """Spare reading sales that have just arrived: most came once. Else there is a conflict."""
        counts = Counter(arrived.stream for arrived in arrivals)
        for arrived in arrivals:
            alone = arrived.version == 1 and counts[arrived.stream] == 1
            if alone and not _carries_offers(arrived):
                self._states.suppose(arrived.stream, arrived.event)

    def _commit(self, arrivals: list[Arrived], advance: Advance | None) -> None:
        arrivals, states = self._loaded(arrivals)
        knowledge = self._knowledge(arrivals, states)
        commit = self._states.commit(states)
        commit.advance = advance
        seen = set[str]()
        for arrived in arrivals:
            if arrived.stream in seen:
                arrived, knowledge = self._after_others(arrived, knowledge, states, commit)
            seen.add(arrived.stream)
            draft = Draft(states, self._histories(arrived, states, commit.events))
            try:
                self._settle(arrived, knowledge, draft)
            except Exception as error:
                draft = Draft(states)
                policies.fail(arrived, reason_of(error), draft)
            add_draft(commit, states, draft)
        self._states.append(commit, states)

    def _after_others(
        self, arrived: Arrived, knowledge: Knowledge, states: dict[str, Any], commit: Commit
    ) -> tuple[Arrived, Knowledge]:
        """A further version of a sale in one commit, and what is known: by what the others froze.

        What it looks at beyond them is read now.
        """
        (arrived,), more = self._completed([arrived], states)
        commit.expected |= self._states.commit(more).expected
        items = self._knowledge([arrived], states).items
        return arrived, knowledge._replace(items={**knowledge.items, **items})

    def _retry(self, subject: str, known: set[str]) -> str | None:
        """None when it is settled now, the reason when it failed again, '' when it still waits.

        What fails and was not `known` to is recorded as failed.
        """
        for _ in range(PATIENCE):
            (arrived,), states = self._loaded([self._arrival(subject)])
            queues = [states[customer_of(one)].waiting for one in arrived.customers]
            alone = policies.held_alone(arrived, Draft(states))
            if queues and not alone and not any(subject in queue for queue in queues):
                return None
            if any(queue[:1] not in ((), (subject,)) for queue in queues):
                return ""
            if policies.overtakes(arrived, Draft(states)):
                return ""
            draft, reason = Draft(states, self._histories(arrived, states)), None
            try:
                knowledge = self._knowledge([arrived], states)
                self._settle(arrived, knowledge, draft, retried=True)
                policies.resume(arrived, draft)
            except Exception as error:
                draft, reason = Draft(states), reason_of(error)
                if subject in known:
                    return reason
                policies.fail(arrived, reason, draft, held=True)
            commit = self._states.commit(states)
            add_draft(commit, states, draft)
            try:
                self._states.append(commit, states)
                return reason
            except Conflict:
                continue
        raise Busy

    def _next_of(self, subject: str) -> list[str]:
        """What comes first now for the customers that waited for this one, and of its own sale."""
        (arrived,), states = self._loaded([self._arrival(subject)])
        queues = [states[customer_of(one)].waiting for one in arrived.customers]
        after = [queue[0] for queue in queues if queue]
        if isinstance(arrived.event, TransactionReceived):
            sale: Sale = states[arrived.stream]
            after += [cause(arrived.stream, number) for number in sale.unsettled()[:1]]
        return list(dict.fromkeys(after))

    def _arrival(self, subject: str) -> Arrived:
        stream, version = split_cause(subject)
        for recorded in self._log.stream(stream):
            if recorded.version == version:
                return _arrived([recorded])[0]
        raise LookupError(f"no arrival {subject}")

    def _loaded(self, arrivals: list[Arrived]) -> tuple[list[Arrived], dict[str, Any]]:
        """The arrivals with all whom they concern, and the states that settling them looks at."""
        states = self._states.get(self._streams(arrivals))
        return self._completed(arrivals, states)[0], states

    def _completed(
        self, arrivals: list[Arrived], states: dict[str, Any]
    ) -> tuple[list[Arrived], set[str]]:
        """The same, as far as these states tell; what they lack is added to them, and named."""
        arrivals = [with_former(arrived, states) for arrived in arrivals]
        subjects = {version: book.subjects for version, book in self._rulebooks.items()}
        added = set[str]()
        while (
            more := {stream for arrived in arrivals for stream in needed(arrived, states, subjects)}
            - states.keys()
        ):
            states |= self._states.get(more)
            added |= more
        return arrivals, added

    def _histories(
        self, arrived: Arrived, states: dict[str, Any], pending: Iterable[NewEvent] = ()
    ) -> dict[str, list[Event]]:
        return histories(self._log, arrived, states, self._programs, pending)

    def _streams(self, arrivals: list[Arrived]) -> list[str]:
        streams = [PROGRAM, CATALOG]
        self._learn_of(arrivals)
        for version in {arrived.event.program_version for arrived in arrivals}:
            streams += [limit(subject) for subject in self._rulebooks[version].subjects]
        for arrived in arrivals:
            streams.append(arrived.stream)
            for customer_id in arrived.customers:
                streams += own(customer_id)
        return streams

    def _knowledge(self, arrivals: list[Arrived], states: dict[str, Any]) -> Knowledge:
        """Rulebooks, programs and the items of these sales."""
        wanted = (
            (facts_of(states[arrived.stream].record, version)[1], line.item_id)
            for arrived in arrivals
            for version in settled_with(arrived, states[arrived.stream])
            for line in version.lines
        )
        items = self.shelf.items(wanted, states[CATALOG])
        return Knowledge(self._rulebooks, self._programs, items)

    def _learn_of(self, arrivals: list[Arrived]) -> None:
        """Learn what these sales are judged by: it may be newer than all that is known here."""
        known = self._states.get([PROGRAM, CATALOG])
        programs, catalogs = known[PROGRAM].version, known[CATALOG].version
        if any(
            arrived.event.program_version > programs or arrived.event.catalog_version > catalogs
            for arrived in arrivals
        ):
            self._states.drop([PROGRAM, CATALOG])
        self._learn()

    def _learn(self) -> int:
        """Compile the programs published since; the version in force."""
        published: Programs = self._states.get([PROGRAM])[PROGRAM]
        for version in range(len(self._programs) + 1, published.version + 1):
            program = Program.from_document(published.documents[version - 1])
            self._programs[version] = program
            self._rulebooks[version] = Rulebook(program, version, self._digest_of)
        return published.version


def _arrived(recorded: list[Recorded]) -> list[Arrived]:
    found = (arrived_with(one.stream, one.version, one.event) for one in recorded)
    return [one for one in found if one is not None]


def _carries_offers(arrived: Arrived) -> bool:
    """Whether the sale's stream says what became of them: it holds more than the arrival."""
    event = arrived.event
    return isinstance(event, TransactionReceived) and bool(carried(event.discounts))
