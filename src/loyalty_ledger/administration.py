"""What an operator does: publish a program, load stores, a catalog, customers, customer events."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from loyalty_ledger.customer_events import CustomerEvent, Happened, receive
from loyalty_ledger.deciding import Reading, decide
from loyalty_ledger.directory import Directory
from loyalty_ledger.domain import configuration, customer_decisions
from loyalty_ledger.domain.configuration import Catalogs, Programs, Stores
from loyalty_ledger.domain.customer import Customer, Standing
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.base import Event
from loyalty_ledger.domain.events.program import Store, StoresLoaded
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.streams import (
    CATALOG,
    EXTERNAL_TYPES,
    LEDGER,
    PROGRAM,
    STORES,
    customer_of,
    happening,
)
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.identity import Reference
from loyalty_ledger.personal_fields import BORN, about, born_on, counted
from loyalty_ledger.states import States, add_draft
from loyalty_ledger.store.log import Busy, CatalogItem, Commit, Conflict, Log, PersonalValue

PATIENCE = 50
Items = Callable[[], Iterable[CatalogItem]]
Decision = Callable[[dict[str, Any], Commit], bool]


class CustomerRecord(NamedTuple):
    """A customer as an operator loads him; None leaves consent or tags as they are."""

    references: tuple[Reference, ...]
    opted_in: bool | None
    tags: tuple[str, ...] | None
    personal: tuple[tuple[str, str], ...]


class Administration:
    """Decisions of operators. Each answers whether anything is new; doing it twice is not."""

    def __init__(
        self, log: Log, states: States, directory: Directory, clock: Callable[[], datetime]
    ):
        self._log = log
        self._states = states
        self._directory = directory
        self._clock = clock

    def open(self, key_check: str) -> bool:
        """Open a new ledger under a secret key; Rejected when it was opened under another."""
        return self._record(
            LEDGER, lambda state: configuration.open_under(key_check, self._clock(), state)
        )

    def publish(self, program: Program) -> int | None:
        """Record a new program version and answer its number; None when nothing changed."""
        sor = program.customer_ids == "sor"

        def decision(states: dict[str, Any], commit: Commit) -> bool:
            draft = Draft(states)
            if sor:
                customer_decisions.check_sor(states[EXTERNAL_TYPES])
            for event in configuration.publish(program, self._clock(), states[PROGRAM]):
                draft.emit(PROGRAM, event)
            add_draft(commit, states, draft)
            return bool(draft.outcomes)

        new = self._decide(lambda: [PROGRAM, EXTERNAL_TYPES] if sor else [PROGRAM], decision)
        return self._states.get([PROGRAM])[PROGRAM].version if new else None

    def load_stores(self, stores: Sequence[Store], *, confirmed: bool = False) -> bool:
        """Replace the list of stores. Rejected when most would be retired, unless confirmed."""

        def decide(state: Stores) -> list[StoresLoaded]:
            now = self._clock()
            return configuration.load_stores(list(stores), now, state, confirmed=confirmed)

        return self._record(STORES, decide)

    def load_catalog(self, items: Items, store_id: str = "", *, confirmed: bool = False) -> bool:
        """Replace the catalog of a store, or of all that have none of their own.

        `items` gives them by ascending sku, each time it is asked. Rejected when the store is not
        known, and when most items would be retired, unless confirmed.
        """
        catalog = self._log.measured_catalog(items())
        loaded = configuration.LoadedCatalog(*catalog)

        def decide(states: dict[str, Any], commit: Commit) -> bool:
            known: Catalogs = states[CATALOG]
            if store_id:
                states[STORES].store(store_id)
            before = self._log.all_catalog_items(known.of(known.in_force(store_id)).digest)
            retired = self._log.count_missing(before, items())
            draft = Draft(states)
            for event in configuration.load_catalog(
                loaded, retired, store_id, self._clock(), known, confirmed=confirmed
            ):
                draft.emit(CATALOG, event)
                commit.catalog = (catalog.digest, items())
            add_draft(commit, states, draft)
            return bool(draft.outcomes)

        return self._decide(lambda: [STORES, CATALOG] if store_id else [CATALOG], decide)

    def enrol(self, records: Sequence[CustomerRecord]) -> list[bool | Rejected]:
        """Enrol or change customers: for each whether anything is new, or why it is refused."""
        answers: list[bool | Rejected] = []
        streams = {PROGRAM, *(s for record in records for s in self._streams(record))}

        def decide(states: dict[str, Any], commit: Commit) -> bool:
            answers.clear()
            for record in records:
                draft = Draft(states)
                try:
                    personal = self._enrol(record, draft)
                except Rejected as refusal:
                    answers.append(refusal)
                    continue
                add_draft(commit, states, draft)
                commit.personal.extend(personal)
                answers.append(bool(draft.outcomes) or bool(personal))
            return any(answer is True for answer in answers)

        self._decide(lambda: self._with_customers(streams), decide)
        return answers

    def happened(self, events: Sequence[CustomerEvent]) -> list[bool | Rejected]:
        """Receive customer events: for each whether it is new, or why it is refused."""
        answers: list[bool | Rejected] = []
        identifiers = {
            s for event in events for s in self._directory.streams_to_find(event.customer)
        }

        def streams() -> list[str]:
            states = self._states.get(identifiers)
            named = [(x, who) for x in events for who in self._directory.named(x.customer, states)]
            customers = self._states.get({customer_of(who) for _, who in named})
            happenings = {
                happening(each, one.event_id)
                for one, who in named
                for each in (who, *customers[customer_of(who)].absorbed)
            }
            return [PROGRAM, CATALOG, *identifiers, *customers, *happenings]

        def decide(states: dict[str, Any], commit: Commit) -> bool:
            answers.clear()
            for event in events:
                draft = Draft(states)
                try:
                    receive(event, self._directory, self._clock(), draft)
                except Rejected as refusal:
                    answers.append(refusal)
                    continue
                add_draft(commit, states, draft)
                answers.append(bool(draft.outcomes))
            return any(answer is True for answer in answers)

        self._decide(streams, decide)
        return answers

    def happens(self, event: CustomerEvent) -> Happened:
        """Receive one customer event; the same again changes nothing."""

        def decision(reading: Reading) -> tuple[Draft, Happened]:
            identifiers = [self._directory.stream_of(event.customer)]
            states = reading.get([PROGRAM, CATALOG, *identifiers])
            named = self._directory.named(event.customer, states)
            customers = reading.get(map(customer_of, named))
            ids = (each for who in named for each in (who, *customers[customer_of(who)].absorbed))
            reading.get(happening(each, event.event_id) for each in ids)
            draft = reading.draft()
            receive(event, self._directory, self._clock(), draft)
            published: Programs = states[PROGRAM]
            return draft, Happened(event, published.retailer_id)

        return decide(self._states, decision)

    # --- how ------------------------------------------------------------------------------------

    def _record(
        self,
        stream: str,
        decide: Callable[[Any], Sequence[Event]],
    ) -> bool:
        """Append what is decided on one stream; whether that was anything."""

        def decision(states: dict[str, Any], commit: Commit) -> bool:
            draft = Draft(states)
            for event in decide(states[stream]):
                draft.emit(stream, event)
            add_draft(commit, states, draft)
            return bool(draft.outcomes)

        return self._decide(lambda: [stream], decision)

    def _decide(self, streams: Callable[[], Iterable[str]], decision: Decision) -> bool:
        """Decide and append; again when somebody else was faster."""
        for attempt in range(PATIENCE):
            states = self._states.get(streams())
            commit = self._states.commit(states)
            try:
                decided = decision(states, commit)
            except Rejected:
                if attempt or self._states.fresh():
                    raise
                self._states.forget()
                continue
            if not decided:
                if attempt or self._states.fresh():
                    return False
                self._states.forget()
                continue
            try:
                self._states.append(commit, states)
                return True
            except Conflict:
                continue
        raise Busy

    def _streams(self, record: CustomerRecord) -> Iterator[str]:
        for reference in record.references:
            yield from self._directory.streams_to_find(reference)
            if reference.kind != "id":
                yield from self._directory.streams_to_link(reference)

    def _with_customers(self, streams: Iterable[str]) -> list[str]:
        """The streams, and those of the customers that identifiers among them name."""
        states = self._states.get(streams)
        named = [
            customer_of(customer_id)
            for state in states.values()
            for customer_id in getattr(state, "customers", ())
        ]
        go_on = (getattr(state, "merged_into", "") for state in states.values())
        return [*states, *named, *map(customer_of, filter(None, go_on))]

    def _enrol(self, record: CustomerRecord, draft: Draft) -> list[PersonalValue]:
        """Enrol or change one customer; the personal values that are new."""
        now = self._clock()
        customer_id = self._directory.found(record.references, draft)
        _check_age(record, draft, now)
        links = [reference for reference in record.references if reference.kind != "id"]
        personal: list[PersonalValue] = []
        if customer_id is None:
            if not links:
                raise Rejected(Reason.UNKNOWN_CUSTOMER, "no customer has this id")
            customer_id, personal = self._directory.enrol(
                links[0],
                now,
                draft,
                Standing(opted_in=record.opted_in is not False, tags=record.tags or ()),
            )
        else:
            before: Customer = draft.state(customer_of(customer_id))
            wanted = before.standing
            if record.opted_in is not None:
                wanted = wanted._replace(opted_in=record.opted_in)
            if record.tags is not None:
                wanted = customer_decisions.retagged(wanted, record.tags)
            for event in customer_decisions.change(customer_id, before, wanted, now):
                draft.emit(customer_of(customer_id), event, customer_id)
        for reference in links:
            personal += self._directory.link(reference, customer_id, now, draft)
        values = [PersonalValue(customer_id, name, "", text) for name, text in record.personal]
        there = self._log.personal(customer_id)
        known = set(there)
        new = [one for one in values if one not in known]
        return [*personal, *new, *counted(customer_id, there, (one.field for one in new))]


def _check_age(record: CustomerRecord, draft: Draft, now: datetime) -> None:
    born = dict(record.personal).get(about(BORN))
    if born is not None:
        programs: Programs = draft.state(PROGRAM)
        customer_decisions.check_age(born_on(born), programs.day_of(now))
