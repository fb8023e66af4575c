"""What asking for something of a customer begins with: a program in force, and that he is known."""

from collections.abc import Iterator
from itertools import chain

from loyalty_ledger.deciding import Reading
from loyalty_ledger.domain.customer import Customer
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.points import PointsExpired
from loyalty_ledger.domain.events.tiers import TierLeft
from loyalty_ledger.domain.rules import Rulebook
from loyalty_ledger.domain.streams import PROGRAM, customer_of
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.settlement import Settlement
from loyalty_ledger.store.log import Recorded


def rulebook_in_force(settlement: Settlement, reading: Reading) -> Rulebook:
    """The newest program, ready to judge; Rejected before the first."""
    reading.get([PROGRAM])
    rulebook = settlement.rulebook()
    if rulebook is None:
        raise Rejected(
            Reason.NO_PROGRAM, "no program was published: run `loyalty program publish` first"
        )
    return rulebook


def check_enrolled(customer_id: str, reading: Reading) -> None:
    """Rejected when there is no such customer, or none any more."""
    customer: Customer = reading.state(customer_of(customer_id))
    if not customer.active:
        why = "this customer was erased" if customer.erased else "no customer has this id"
        if customer.merged_into and not customer.erased:
            why = f"this customer was merged into {customer.merged_into}: ask for that one"
        raise Rejected(Reason.UNKNOWN_CUSTOMER, why)


def known_then(history: Iterator[Recorded]) -> Iterator[Recorded]:
    """A customer's history as it was known at a moment; Rejected when nothing of him was."""
    first = next(history, None)
    if first is None:
        raise Rejected(
            Reason.UNKNOWN_CUSTOMER, "this customer was not known yet at the moment asked about"
        )
    return chain([first], history)


def check_may_ask(customer_id: str, reading: Reading) -> None:
    """Rejected when there is no such customer, or he is suspended and so may ask for nothing."""
    check_enrolled(customer_id, reading)
    customer: Customer = reading.state(customer_of(customer_id))
    if customer.suspended:
        raise Rejected(
            Reason.CUSTOMER_SUSPENDED,
            "this customer is suspended: `loyalty customer change` ends it",
        )


def settled_first_if_lost(
    customer_id: str, draft: Draft, settlement: Settlement, reading: Reading
) -> None:
    """Where points or a level are lost to time, no sale may wait: it could have kept them."""
    events = (outcome.event for outcome in draft.outcomes)
    if any(
        isinstance(one, TierLeft) or (isinstance(one, PointsExpired) and one.kind == "inactivity")
        for one in events
    ):
        reading.quiet[customer_id] = settlement.position()
