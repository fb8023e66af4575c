"""Small events and commits for tests of the log."""

from datetime import UTC, datetime

from loyalty_ledger.domain.events.customers import CustomerEnrolled
from loyalty_ledger.store.log import Commit, NewEvent

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def enrolled(customer: str) -> CustomerEnrolled:
    """A small event."""
    return CustomerEnrolled(at=NOON, customer_id=customer)


def new(customer: str) -> NewEvent:
    """The event in the customer's stream, concerning that customer."""
    return NewEvent(f"customer/{customer}", enrolled(customer), (customer,))


def commit(*customers: str, read_at: int = 0, version: int = 0) -> Commit:
    """An event for each customer, whose stream is expected at `version`."""
    expected = {f"customer/{customer}": version for customer in customers}
    return Commit([new(customer) for customer in customers], expected, read_at)
