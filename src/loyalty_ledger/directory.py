"""Whom an identifier names, and enrolling customers, inside a decision."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from loyalty_ledger.domain.customer import Customer, Identifier
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.customers import (
    CustomerChanged,
    CustomerEnrolled,
    IdentifierLinked,
)
from loyalty_ledger.domain.streams import customer_of, identifier
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.identity import Keyring, Reference
from loyalty_ledger.store.log import PersonalValue


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
        """The streams that a link of the reference is written to."""
        return [identifier(self._digest(one)) for one in _spellings(reference)]

    def named(self, reference: Reference, states: Mapping[str, Any]) -> tuple[str, ...]:
        """Everybody the reference may name; an internal id names whoever has it."""
        if reference.kind == "id":
            return (reference.value,)
        identified: Identifier = states[self.stream_of(reference)]
        return identified.customers

    def find(self, reference: Reference, draft: Draft) -> str | None:
        """The customer it names, or None. Rejected when it names several."""
        stream = self.stream_of(reference)
        if reference.kind == "id":
            customer: Customer = draft.state(stream)
            return reference.value if customer.active else None
        found: Identifier = draft.state(stream)
        if len(found.customers) > 1:
            raise Rejected(
                Reason.AMBIGUOUS_CUSTOMER,
                f"the {reference.kind} id names {len(found.customers)} customers: say its type",
                {"kind": reference.kind},
            )
        return found.customer_id

    def erased(self, reference: Reference, draft: Draft) -> tuple[str, ...]:
        """The customers it named until they were erased."""
        state: Customer | Identifier = draft.state(self.stream_of(reference))
        if isinstance(state, Identifier):
            return state.erased
        return (reference.value,) if state.erased else ()

    def enrol(
        self,
        reference: Reference,
        at: datetime,
        draft: Draft,
        *,
        opted_in: bool = True,
        tags: list[str] | None = None,
        cause: str = "",
    ) -> tuple[str, list[PersonalValue]]:
        """A new customer under this identifier; his id follows from it."""
        before: Identifier = draft.state(identifier(self._digest(reference)))
        number = before.enrolled + 1
        customer_id = self._keyring.customer_id(reference, number)
        draft.emit(
            customer_of(customer_id),
            CustomerEnrolled(
                at=at,
                customer_id=customer_id,
                number=number,
                opted_in=opted_in,
                tags=sorted(tags or []),
                cause=cause,
            ),
            customer_id,
        )
        return customer_id, list(self.link(reference, customer_id, at, draft))

    def link(
        self, reference: Reference, customer_id: str, at: datetime, draft: Draft
    ) -> Iterator[PersonalValue]:
        """Let the identifier name the customer; one that names another is refused."""
        named = draft.state(identifier(self._digest(reference))).customers
        if named == (customer_id,):
            return
        if named:
            raise Rejected(
                Reason.IDENTIFIER_TAKEN,
                f"that {reference.kind} belongs to another customer",
                {"kind": reference.kind},
            )
        for spelling in _spellings(reference):
            digest = self._digest(spelling)
            event = IdentifierLinked(
                at=at,
                kind=spelling.kind,
                type=spelling.type,
                digest=digest,
                customer_id=customer_id,
            )
            draft.emit(identifier(digest), event, customer_id)
        digest = self._digest(reference)
        yield PersonalValue(customer_id, reference.field, digest, reference.value)

    def _digest(self, reference: Reference) -> str:
        known = self._digests.get(reference)
        if known is None:
            if len(self._digests) >= _MOST_DIGESTS:
                self._digests.clear()
            known = self._digests[reference] = self._keyring.digest(reference)
        return known


_MOST_DIGESTS = 100_000


def changed(
    customer_id: str, before: Customer, opted_in: bool, tags: list[str], at: datetime
) -> list[CustomerChanged]:
    """The change of consent or tags; nothing when they are so already."""
    if (before.opted_in, before.tags) == (opted_in, tuple(sorted(tags))):
        return []
    return [CustomerChanged(at=at, customer_id=customer_id, opted_in=opted_in, tags=sorted(tags))]


def _spellings(reference: Reference) -> list[Reference]:
    """A typed external id can also be asked for without its type."""
    if reference.kind == "external" and reference.type:
        return [reference, Reference("external", "", reference.value)]
    return [reference]
