"""Whom an identifier names, and enrolling customers, inside a decision."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from loyalty_ledger.domain import customer_decisions
from loyalty_ledger.domain.configuration import Programs
from loyalty_ledger.domain.customer import UNLINKED, USUAL, Customer, Identifier, Standing
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.customers import IdentifierLinked, IdentifierUnlinked
from loyalty_ledger.domain.streams import EXTERNAL_TYPES, PROGRAM, customer_of, identifier
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.identity import Keyring, Reference, as_external
from loyalty_ledger.store.log import Forgotten, PersonalValue


class Directory:
    """Names and enrols customers; what it enrols goes into the draft it is given."""

    def __init__(self, keyring: Keyring):
        self._keyring = keyring
        self._digests: dict[Reference, str] = {}

    def stream_of(self, reference: Reference) -> str:
        """The stream that says whom the reference names."""
        if reference.kind == "id":
            return customer_of(reference.value)
        return identifier(self._digest(reference))

    def streams_to_link(self, reference: Reference) -> list[str]:
        """The streams that a link of the reference is decided by, and those it is written to."""
        streams = [identifier(self._digest(one)) for one in _spellings(reference)]
        return [*streams, EXTERNAL_TYPES, PROGRAM] if reference.type else streams

    def named(self, reference: Reference, states: Mapping[str, Any]) -> tuple[str, ...]:
        """Everybody the reference may name; an internal id names whoever has it."""
        if reference.kind == "id":
            external = states.get(self.stream_of(as_external(reference)), Identifier())
            internal: Customer = states.get(self.stream_of(reference), Customer())
            goes_on = (internal.merged_into,) if internal.merged_into else ()
            return (reference.value, *goes_on, *external.customers)
        identified: Identifier = states[self.stream_of(reference)]
        return identified.customers

    def find(self, reference: Reference, draft: Draft) -> str | None:
        """The customer it names, or None. Rejected when it names several."""
        stream = self.stream_of(reference)
        if reference.kind == "id":
            customer: Customer = draft.state(stream)
            if customer.merged_into and not customer.erased:
                return customer.merged_into
            return reference.value if customer.active else None
        found: Identifier = draft.state(stream)
        if len(found.customers) > 1:
            raise Rejected(
                Reason.AMBIGUOUS_CUSTOMER,
                f"the {reference.kind} id names {len(found.customers)} customers: say its type",
                {"kind": reference.kind},
            )
        return found.customer_id

    def streams_to_find(self, reference: Reference) -> list[str]:
        """The streams that tell whom the reference names, whatever an internal id stands for."""
        if reference.kind != "id":
            return [self.stream_of(reference)]
        return [PROGRAM, self.stream_of(reference), self.stream_of(as_external(reference))]

    def found(self, references: Iterable[Reference], draft: Draft) -> str | None:
        """The one customer that these name, those left aside that name nobody; None without any.

        Where external ids stand for internal ones an internal id may be either. Rejected when
        they name several.
        """
        programs: Programs = draft.state(PROGRAM)
        asked = list(references)
        if programs.sor:
            asked += [as_external(one) for one in asked if one.kind == "id"]
        found = {self.find(one, draft) for one in asked} - {None}
        if len(found) > 1:
            raise Rejected(
                Reason.AMBIGUOUS_CUSTOMER, f"these identifiers belong to {len(found)} customers"
            )
        return next(iter(found), None)

    def erased(self, reference: Reference, draft: Draft) -> tuple[str, ...]:
        """The customers it named until they were erased."""
        state: Customer | Identifier = draft.state(self.stream_of(reference))
        if isinstance(state, Identifier):
            return state.erased
        return (state.merged_into or reference.value,) if state.erased else ()

    def enrol(
        self,
        reference: Reference,
        at: datetime,
        draft: Draft,
        standing: Standing = USUAL,
        *,
        cause: str = "",
    ) -> tuple[str, list[PersonalValue]]:
        """A new customer under this identifier; his id follows from it."""
        self._use_type(reference, at, draft)
        before: Identifier = draft.state(identifier(self._digest(reference)))
        number = before.enrolled + 1
        customer_id = self._keyring.customer_id(reference, number)
        event = customer_decisions.enrol(customer_id, number, standing, at, cause)
        draft.emit(customer_of(customer_id), event, customer_id)
        return customer_id, list(self.link(reference, customer_id, at, draft))

    def link(
        self, reference: Reference, customer_id: str, at: datetime, draft: Draft
    ) -> Iterator[PersonalValue]:
        """Let the identifier name the customer; one that names another is refused."""
        digest = self._digest(reference)
        named: Identifier = draft.state(identifier(digest))
        if (customer_id, "") in named.links:
            return
        if set(named.customers) - {customer_id}:
            raise Rejected(
                Reason.IDENTIFIER_TAKEN,
                f"that {reference.kind} belongs to another customer",
                {"kind": reference.kind},
            )
        self._use_type(reference, at, draft)
        for spelling in _spellings(reference):
            event = IdentifierLinked(
                at=at,
                kind=spelling.kind,
                type=spelling.type,
                digest=self._digest(spelling),
                customer_id=customer_id,
                via="" if spelling == reference else digest,
            )
            draft.emit(identifier(event.digest), event, customer_id)
        yield PersonalValue(customer_id, reference.field, digest, reference.value)

    def unlink(
        self, reference: Reference, customer_id: str, at: datetime, draft: Draft
    ) -> Iterator[Forgotten]:
        """Let the identifier name the customer no more; nothing when it does not.

        Rejected when it names another, or names this one only as the spelling of a typed one.
        """
        digest = self._digest(reference)
        named: Identifier = draft.state(identifier(digest))
        if (customer_id, "") not in named.links:
            if named.customers:
                raise _not_his(reference, customer_id, named)
            return
        for spelling in _spellings(reference):
            event = IdentifierUnlinked(
                at=at,
                kind=spelling.kind,
                type=spelling.type,
                digest=self._digest(spelling),
                customer_id=customer_id,
                why=UNLINKED,
                via="" if spelling == reference else digest,
            )
            draft.emit(identifier(event.digest), event, customer_id)
        yield Forgotten(customer_id, reference.field, digest)

    def _use_type(self, reference: Reference, at: datetime, draft: Draft) -> None:
        """Where external ids stand for internal ones, there may be only one type of them."""
        if reference.kind != "external" or not reference.type:
            return
        programs: Programs = draft.state(PROGRAM)
        known: tuple[str, ...] = draft.state(EXTERNAL_TYPES)
        for event in customer_decisions.use_type(reference.type, known, programs.sor, at):
            draft.emit(EXTERNAL_TYPES, event)

    def _digest(self, reference: Reference) -> str:
        known = self._digests.get(reference)
        if known is None:
            if len(self._digests) >= _MOST_DIGESTS:
                self._digests.clear()
            known = self._digests[reference] = self._keyring.digest(reference)
        return known


_MOST_DIGESTS = 100_000


def _not_his(reference: Reference, customer_id: str, named: Identifier) -> Rejected:
    if customer_id in named.customers:
        why = "that external id names the customer by its type: say which one to unlink"
        return Rejected(Reason.VALIDATION, why, {"field": "type"})
    why = f"that {reference.kind} belongs to another customer"
    return Rejected(Reason.IDENTIFIER_TAKEN, why, {"kind": reference.kind})


def _spellings(reference: Reference) -> list[Reference]:
    """A typed external id can also be asked for without its type."""
    if reference.kind == "external" and reference.type:
        return [reference, Reference("external", "", reference.value)]
    return [reference]
