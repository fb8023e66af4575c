"""A customer and the identifiers that name him. Facts in `events.customers`."""

from typing import assert_never

from msgspec import Struct
from msgspec.structs import replace

from loyalty_ledger.domain.events.customers import (
    CustomerChanged,
    CustomerEnrolled,
    CustomerErased,
    IdentifierLinked,
    IdentifierUnlinked,
    SettlementHeld,
    SettlementResumed,
)

ERASED = "erased"
"""Why an identifier names a customer no more, when he was erased."""


class Customer(Struct, frozen=True, array_like=True, gc=False):
    """Whether he is enrolled, his consent and tags, and what of his waits for settlement.

    One who was `erased` takes part in nothing new: he has no consent, no tags and no identifier.
    `waiting` names `stream@version`, in the order received; the first is what blocks the others.
    """

    enrolled: bool = False
    opted_in: bool = True
    tags: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    erased: bool = False

    @property
    def active(self) -> bool:
        """Whether something can be done for him."""
        return self.enrolled and not self.erased


CustomerEvent = (
    CustomerEnrolled | CustomerChanged | CustomerErased | SettlementHeld | SettlementResumed
)


def evolve(customer: Customer, event: CustomerEvent) -> Customer:
    """The customer after the event."""
    match event:
        case CustomerEnrolled():
            return replace(customer, enrolled=True, opted_in=event.opted_in, tags=tuple(event.tags))
        case CustomerChanged():
            return replace(customer, opted_in=event.opted_in, tags=tuple(event.tags))
        case CustomerErased():
            return replace(customer, opted_in=False, tags=(), erased=True)
        case SettlementHeld():
            return replace(customer, waiting=(*customer.waiting, held(event)))
        case SettlementResumed():
            gone = held(event)
            return replace(customer, waiting=tuple(w for w in customer.waiting if w != gone))
        case _:
            assert_never(event)


def held(event: SettlementHeld | SettlementResumed) -> str:
    """`stream@version` of what waits."""
    return f"{event.subject}@{event.version}"


class Identifier(Struct, frozen=True, array_like=True, gc=False):
    """Whom an identifier names: nobody, one customer, or several when it is ambiguous.

    `enrolled` counts the customers enrolled under it so far; `erased` are those it named until they
    were erased.
    """

    customers: tuple[str, ...] = ()
    enrolled: int = 0
    erased: tuple[str, ...] = ()

    @property
    def customer_id(self) -> str | None:
        """The one customer it names."""
        return self.customers[0] if len(self.customers) == 1 else None


IdentifierEvent = IdentifierLinked | IdentifierUnlinked


def evolve_identifier(identifier: Identifier, event: IdentifierEvent) -> Identifier:
    """The identifier after the event."""
    named = identifier.customers
    match event:
        case IdentifierLinked():
            customers = tuple(dict.fromkeys((*named, event.customer_id)))
            return replace(identifier, customers=customers, enrolled=identifier.enrolled + 1)
        case IdentifierUnlinked():
            others = tuple(c for c in named if c != event.customer_id)
            gone = (event.customer_id,) if event.why == ERASED else ()
            return replace(identifier, customers=others, erased=(*identifier.erased, *gone))
        case _:
            assert_never(event)
