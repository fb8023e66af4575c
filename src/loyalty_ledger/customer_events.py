"""Things that customers do besides buying, as they are received."""

from datetime import datetime
from typing import NamedTuple

from loyalty_ledger.directory import Directory
from loyalty_ledger.domain.configuration import Catalogs, Programs
from loyalty_ledger.domain.customer import Customer
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.sales import CustomerEventReceived
from loyalty_ledger.domain.streams import CATALOG, PROGRAM, customer_of, happening
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.identity import Reference
from loyalty_ledger.sent import refuse_far_ahead


class CustomerEvent(NamedTuple):
    """Something a customer did that is no purchase; `event_id` makes a repeat known."""

    customer: Reference
    event: str
    event_id: str
    at: datetime


class Happened(NamedTuple):
    """An event that was received, and the retailer whose program is in force, if it names one."""

    event: CustomerEvent
    retailer_id: str | None


def receive(event: CustomerEvent, directory: Directory, now: datetime, draft: Draft) -> None:
    """Put the event into the draft; nothing when it was received before. Rejected for nobody's."""
    programs: Programs = draft.state(PROGRAM)
    catalogs: Catalogs = draft.state(CATALOG)
    if not programs.version:
        raise Rejected(Reason.NO_PROGRAM, "no program was published")
    refuse_far_ahead(event.at, now)
    customer_id = directory.found([event.customer], draft)
    if customer_id is None:
        raise Rejected(Reason.UNKNOWN_CUSTOMER, "no customer has this identifier")
    stream = happening(customer_id, event.event_id)
    customer: Customer = draft.state(customer_of(customer_id))
    ids = (customer_id, *customer.absorbed)
    if any(draft.state(happening(one, event.event_id)).received for one in ids):
        return
    received = CustomerEventReceived(
        at=event.at,
        customer_id=customer_id,
        event=event.event,
        event_id=event.event_id,
        program_version=programs.version,
        catalog_version=catalogs.in_force(),
    )
    draft.emit(stream, received, customer_id)
