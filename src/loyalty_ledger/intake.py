"""Taking in sales: accepted means committed, each request is answered once.

Requests come in groups and share a commit. Somebody else's commit in between makes the group
decide again, in halves if need be; it never makes a request fail.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Literal, NamedTuple

import msgspec

from loyalty_ledger import wire
from loyalty_ledger.directory import Directory
from loyalty_ledger.domain import transaction
from loyalty_ledger.domain.carried import names_offer
from loyalty_ledger.domain.closing import Closing, close
from loyalty_ledger.domain.configuration import Catalogs, Programs, Stores
from loyalty_ledger.domain.counting import counts_of
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.offers import Actor
from loyalty_ledger.domain.events.sales import TransactionReceived, TransactionVersionIgnored
from loyalty_ledger.domain.issuing import is_offer_id
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.streams import (
    CATALOG,
    PROGRAM,
    STORES,
    cause,
    customer_of,
    offer,
    sale,
)
from loyalty_ledger.domain.transaction import Sale
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.identity import Keyring, as_external
from loyalty_ledger.naming import Naming, references_of
from loyalty_ledger.once import conflict
from loyalty_ledger.reading import Versions, times
from loyalty_ledger.receipt_codes import ReceiptCodes
from loyalty_ledger.states import States, add_draft
from loyalty_ledger.store.log import Answer, Conflict, PersonalValue
from loyalty_ledger.store.records import NO_META
from loyalty_ledger.till_ids import with_till_id

PATIENCE = 50
_CONFIGURED = (PROGRAM, STORES, CATALOG)


class Receipt(NamedTuple):
    """What became of one request: the answer it got, or why it was refused."""

    outcome: Literal["accepted", "repeated", "refused"]
    answer: bytes = b""
    refusal: Rejected | None = None


class Sent(NamedTuple):
    """A request, and when its body had been read: the moment it is judged at.

    `meta` is told with its events: who sent it, as which request.
    """

    request: wire.Request
    read_at: datetime
    meta: Mapping[str, str] = NO_META


class _Asked(NamedTuple):
    """A request of a group, by its place in it."""

    place: int
    request: wire.Request
    read_at: datetime
    meta: Mapping[str, str]

    @property
    def key(self) -> tuple[str, str, str]:
        return self.request.client_id, self.request.store_id, self.request.request_id


def _first_of_each(asked: list[_Asked]) -> tuple[list[_Asked], list[_Asked]]:
    """The first request under each id, and those that use one again."""
    first: dict[tuple[str, str, str], _Asked] = {}
    again = [one for one in asked if first.setdefault(one.key, one) is not one]
    return list(first.values()), again


class Intake:
    """Receives `send_transaction` bodies."""

    def __init__(
        self,
        states: States,
        directory: Directory,
        clock: Callable[[], datetime],
        keyring: Keyring,
    ):
        self._states = states
        self._directory = directory
        self._clock = clock
        self.answer_to = answer_to
        self._keyring = keyring
        self._program: tuple[int, Program] | None = None

    def receive(self, bodies: Sequence[bytes]) -> list[Receipt]:
        """A receipt for every body, in order. What is refused leaves no trace."""
        return self.take([self._read(body) for body in bodies])

    def take(self, sent: Sequence[Sent | Rejected]) -> list[Receipt]:
        """A receipt for everything sent, in order; what could not be read stays refused."""
        receipts: dict[int, Receipt] = {}
        asked = []
        for index, one in enumerate(sent):
            if isinstance(one, Rejected):
                receipts[index] = Receipt("refused", refusal=one)
            else:
                asked.append(_Asked(index, *one))
        self._answer(asked, receipts, PATIENCE)
        return [receipts[index] for index in range(len(sent))]

    def _read(self, body: bytes) -> Sent | Rejected:
        try:
            return Sent(wire.read_request(body), self._clock())
        except Rejected as refusal:
            return refusal

    def _answer(self, asked: list[_Asked], receipts: dict[int, Receipt], patience: int) -> None:
        if not asked:
            return
        first, again = _first_of_each(asked)
        new = self._new(first, receipts)
        try:
            self._decide(new, receipts)
        except Conflict:
            if not patience:
                raise
            half = len(new) // 2 if patience < PATIENCE - 2 else 0
            for group in (new[:half], new[half:]):
                self._answer(group, receipts, patience - 1)
        self._answer(again, receipts, patience)

    def _new(self, asked: list[_Asked], receipts: dict[int, Receipt]) -> list[_Asked]:
        """Those that were not answered before; the others get the answer they had."""
        known = self._states.answered([one.key for one in asked])
        new = []
        for one in asked:
            before = known.get(one.key)
            if before is None:
                new.append(one)
            elif before.fingerprint == one.request.digest:
                receipts[one.place] = Receipt("repeated", before.body)
            else:
                receipts[one.place] = Receipt("refused", refusal=conflict(one.key, one.meta))
        return new

    def _decide(self, asked: list[_Asked], receipts: dict[int, Receipt]) -> None:
        streams = [*_CONFIGURED, *(stream for one in asked for stream in self._streams(one))]
        if not self._decided(asked, streams, receipts):
            self._states.forget()
            self._decided(asked, streams, receipts)

    def _decided(
        self, asked: list[_Asked], streams: list[str], receipts: dict[int, Receipt]
    ) -> bool:
        """Decide and append; False when all is refused, by what may have changed since."""
        states = self._states.get(streams)
        states |= self._states.get(_held(states, streams) - states.keys())
        states |= self._states.get(_counts(states) - states.keys())
        states |= self._states.get(_payers(states) - states.keys())
        commit = self._states.commit(states)
        for one in asked:
            draft = Draft(states)
            try:
                personal = self._receive(one, draft)
            except Rejected as refusal:
                receipts[one.place] = Receipt("refused", refusal=refusal)
                continue
            answer = self.answer_to(one.request)
            commit.answers.append(Answer(*one.key, one.request.digest, answer))
            receipts[one.place] = Receipt(
                "accepted" if personal is not None else "repeated", answer
            )
            if personal is not None:
                commit.personal.extend(personal)
                add_draft(commit, states, draft, with_till_id(one.meta, one.request))
        if commit.answers:
            self._states.append(commit, states)
        return bool(commit.answers) or not asked or self._states.fresh()

    def _streams(self, one: _Asked) -> list[str]:
        sent = one.request.transaction
        references = [ref for payment in sent.payments for ref in references_of(payment)]
        streams = [sale(one.request.store_id, sent.transaction_id)]
        streams += [
            offer(discount.reference_id)
            for discount in sent.discounts
            if names_offer(discount.reference_id_type)
            and discount.reference_id is not None
            and is_offer_id(discount.reference_id)
        ]
        streams += ReceiptCodes(self._keyring, sent).streams()
        for reference in references:
            streams.append(self._directory.stream_of(reference))
            linked = as_external(reference) if reference.kind == "id" else reference
            streams += self._directory.streams_to_link(linked)
        return streams

    def _receive(self, one: _Asked, draft: Draft) -> list[PersonalValue] | None:
        """Put the version into the draft; None when the very same was received before."""
        request, now = one.request, one.read_at
        stores: Stores = draft.state(STORES)
        store = stores.seller(request.store_id)
        versions, program = self._versions(request.store_id, draft)
        opened, _ = times(request.transaction, store.time_zone, now)
        stream = sale(request.store_id, request.transaction.transaction_id)
        before: Sale = draft.state(stream)
        following = cause(stream, before.events + 1)
        codes = ReceiptCodes(self._keyring, request.transaction)
        claimed = partial(codes.owner, before.claims)
        naming = Naming(self._directory, program, draft, opened, following, before.payers, claimed)
        version = versions.version(request, store, naming.name, now)
        events = transaction.decide(transaction.Receive(version), before)
        for event in events:
            draft.emit(stream, event, *naming.customers)
            if isinstance(event, TransactionReceived | TransactionVersionIgnored):
                codes.tell(event, following, draft)
        if events:
            customers = tuple(naming.customers)
            by = Actor(
                client_id=request.client_id,
                employee_id=request.transaction.pos_employee_id or "",
            )
            close(Closing(version, stream, following, now, customers, by), before, draft)
        return [*naming.personal, *naming.kept(request, stream)] if events else None

    def _versions(self, store_id: str, draft: Draft) -> tuple[Versions, Program]:
        programs: Programs = draft.state(PROGRAM)
        catalogs: Catalogs = draft.state(CATALOG)
        if not programs.version:
            raise Rejected(
                Reason.NO_PROGRAM, "no program was published: run `loyalty program publish` first"
            )
        if self._program is None or self._program[0] != programs.version:
            program = Program.from_document(programs.documents[-1])
            self._program = (programs.version, program)
        version, program = self._program
        return Versions(program, version, catalogs.in_force(store_id)), program


def _held(states: dict[str, Any], streams: Iterable[str]) -> set[str]:
    """The streams of the offers that these sales hold or used: closing one may give them free."""
    sales = [states[stream] for stream in streams if stream.startswith("sale/")]
    used = {offer(name) for one in sales for name in one.redeemed}
    return used | {offer(held.offer_id) for one in sales for held in one.offers}


def _counts(states: dict[str, Any]) -> set[str]:
    """What counts the offers among these that may be taken back when they are given free."""
    offers = (state for stream, state in states.items() if stream.startswith("offer/"))
    return {stream for one in offers for stream in counts_of(one)}


def _payers(states: dict[str, Any]) -> set[str]:
    """The customers that earlier versions of these sales name: they may have been erased since."""
    sales = (state for stream, state in states.items() if stream.startswith("sale/"))
    return {customer_of(payer) for one in sales for payer in one.payers}


def answer_to(request: wire.Request) -> bytes:
    """The answer of an accepted `send_transaction`."""
    return msgspec.json.encode(
        {"status": "OK", "payload": None, "transaction_id": request.transaction.transaction_id}
    )
