"""Erasing a customer: nobody can be found to be him, and what he did stays in the books."""

from collections.abc import Iterable
from datetime import datetime

from loyalty_ledger.domain.customer import ERASED, Customer, Identifier
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.base import Event
from loyalty_ledger.domain.events.customers import (
    CustomerErased,
    IdentifierLinked,
    IdentifierUnlinked,
)
from loyalty_ledger.domain.streams import customer_of, identifier
from loyalty_ledger.domain.values import Reason, Rejected


def links_of(customer_id: str, history: Iterable[Event]) -> list[IdentifierLinked]:
    """The identifiers that were ever linked to the customer, in every spelling, each once."""
    links = {
        event.digest: event
        for event in history
        if isinstance(event, IdentifierLinked) and event.customer_id == customer_id
    }
    return list(links.values())


def erase(
    customer_id: str, links: Iterable[IdentifierLinked], values: int, at: datetime, draft: Draft
) -> None:
    """Release his identifiers and record that he is gone; nothing when he is already.

    So are those who were merged into him. `values` counts what is deleted beside the log. Rejected
    when there is no such customer.
    """
    customer: Customer = draft.state(customer_of(customer_id))
    if not customer.enrolled:
        raise Rejected(Reason.UNKNOWN_CUSTOMER, "no customer has this id")
    if customer.erased:
        return
    if customer.merged_into:
        why = f"this customer was merged into {customer.merged_into}: erase that one"
        raise Rejected(Reason.UNKNOWN_CUSTOMER, why)
    for link in links:
        stream = identifier(link.digest)
        named: Identifier = draft.state(stream)
        if customer_id in named.customers:
            draft.emit(stream, _released(link, at), customer_id)
    for one, gone in ((customer_id, values), *((name, 0) for name in customer.absorbed)):
        erased = CustomerErased(at=at, customer_id=one, values=gone)
        draft.emit(customer_of(one), erased, one)


def _released(link: IdentifierLinked, at: datetime) -> IdentifierUnlinked:
    return IdentifierUnlinked(
        at=at,
        kind=link.kind,
        type=link.type,
        digest=link.digest,
        customer_id=link.customer_id,
        why=ERASED,
    )
