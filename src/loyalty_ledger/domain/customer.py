"""A customer and the identifiers that name him. Facts in `events.customers`."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple, assert_never

from msgspec import Struct
from msgspec.structs import replace

from loyalty_ledger.domain.events.customers import (
    CustomerChanged,
    CustomerEnrolled,
    CustomerErased,
    ExternalTypeUsed,
    IdentifierLinked,
    IdentifierUnlinked,
    SettlementHeld,
    SettlementResumed,
)
from loyalty_ledger.domain.events.merging import CustomerAbsorbed, CustomerMerged

ERASED = "erased"
"""Why an identifier names a customer no more, when he was erased."""


UNLINKED = "unlinked"
"""Why it does, when somebody asked for it."""


class Standing(NamedTuple):
    """What can be changed of a customer. A tag holds before its end, and for ever without one."""

    opted_in: bool = True
    tags: tuple[str, ...] = ()
    tag_ends: tuple[tuple[str, datetime], ...] = ()
    suspended: bool = False
    test: bool = False


USUAL = Standing()
"""How a customer begins when nothing else is said."""


class Customer(Struct, frozen=True, array_like=True, gc=False):
    """Whether he is enrolled, his consent, tags and flags, and what of his waits for settlement.

    One who was `erased` takes part in nothing new: he has no consent, no tags and no identifier.
    `waiting` names `stream@version`, in the order received; the first is what blocks the others.
    One who was merged goes on as `merged_into`, since `merged_at`; `absorbed` are all who were
    merged into this one.
    """

    enrolled: bool = False
    opted_in: bool = True
    tags: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    erased: bool = False
    tag_ends: tuple[tuple[str, datetime], ...] = ()
    suspended: bool = False
    test: bool = False
    merged_into: str = ""
    merged_at: datetime | None = None
    absorbed: tuple[str, ...] = ()

    @property
    def active(self) -> bool:
        """Whether something can be done for him."""
        return self.enrolled and not self.erased and not self.merged_into

    @property
    def standing(self) -> Standing:
        """What can be changed of him."""
        return Standing(self.opted_in, self.tags, self.tag_ends, self.suspended, self.test)

    def tags_at(self, at: datetime) -> frozenset[str]:
        """The tags that hold at that moment."""
        return frozenset(holding(self.tags, dict(self.tag_ends), at))


def holding(tags: tuple[str, ...], ends: Mapping[str, datetime], at: datetime) -> tuple[str, ...]:
    """Those tags that hold at that moment, by when they end."""
    return tuple(tag for tag in tags if tag not in ends or at < ends[tag])


CustomerEvent = (
    CustomerEnrolled
    | CustomerChanged
    | CustomerErased
    | SettlementHeld
    | SettlementResumed
    | CustomerMerged
    | CustomerAbsorbed
)


def evolve(customer: Customer, event: CustomerEvent) -> Customer:
    """The customer after the event."""
    match event:
        case CustomerEnrolled():
            return _standing(replace(customer, enrolled=True), event)
        case CustomerChanged():
            return _standing(customer, event)
        case CustomerErased():
            return replace(customer, opted_in=False, tags=(), tag_ends=(), erased=True)
        case CustomerMerged():
            since = customer.merged_at or event.at
            return replace(customer, merged_into=event.into, merged_at=since)
        case CustomerAbsorbed():
            return replace(customer, absorbed=(*customer.absorbed, *event.absorbed))
        case SettlementHeld():
            return replace(customer, waiting=(*customer.waiting, held(event)))
        case SettlementResumed():
            gone = held(event)
            return replace(customer, waiting=tuple(w for w in customer.waiting if w != gone))
        case _:
            assert_never(event)


def _standing(customer: Customer, event: CustomerEnrolled | CustomerChanged) -> Customer:
    return replace(
        customer,
        opted_in=event.opted_in,
        tags=tuple(event.tags),
        tag_ends=tuple(sorted(event.tag_ends.items())),
        suspended=event.suspended,
        test=event.test,
    )


def held(event: SettlementHeld | SettlementResumed) -> str:
    """`stream@version` of what waits."""
    return f"{event.subject}@{event.version}"


class Identifier(Struct, frozen=True, array_like=True, gc=False):
    """Whom an identifier names: nobody, one customer, or several when it is ambiguous.

    `enrolled` counts the customers enrolled under it so far; `erased` are those it named until they
    were erased. `links` are customers with what each link is by: the hash of a typed id whose
    spelling without a type this is, or nothing when it was linked itself.
    """

    customers: tuple[str, ...] = ()
    enrolled: int = 0
    erased: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()

    @property
    def customer_id(self) -> str | None:
        """The one customer it names."""
        return self.customers[0] if len(self.customers) == 1 else None


IdentifierEvent = IdentifierLinked | IdentifierUnlinked


def evolve_identifier(identifier: Identifier, event: IdentifierEvent) -> Identifier:
    """The identifier after the event."""
    match event:
        case IdentifierLinked():
            links = (*identifier.links, (event.customer_id, event.via))
            return replace(_named(identifier, links), enrolled=identifier.enrolled + 1)
        case IdentifierUnlinked():
            after = _named(identifier, _without(identifier.links, event))
            gone = (event.customer_id,) if event.why == ERASED else ()
            return replace(after, erased=(*identifier.erased, *gone))
        case _:
            assert_never(event)


def _named(identifier: Identifier, links: tuple[tuple[str, str], ...]) -> Identifier:
    customers = tuple(dict.fromkeys(customer_id for customer_id, _ in links))
    return replace(identifier, customers=customers, links=links)


def _without(
    links: tuple[tuple[str, str], ...], event: IdentifierUnlinked
) -> tuple[tuple[str, str], ...]:
    """The links that are left. Those made before `via` was told apart go one for one."""
    if event.why != UNLINKED:
        return tuple(link for link in links if link[0] != event.customer_id)
    kept = list(links)
    for link in ((event.customer_id, event.via), (event.customer_id, "")):
        if link in kept:
            kept.remove(link)
            break
    return tuple(kept)


def evolve_types(types: tuple[str, ...], event: ExternalTypeUsed) -> tuple[str, ...]:
    """The types of external ids there are, after the event."""
    return (*types, event.type)
