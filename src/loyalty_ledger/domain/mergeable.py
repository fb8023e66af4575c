"""Whether two customers can be merged, and what a merge looks at."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from loyalty_ledger.domain.customer import Customer
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.base import Event
from loyalty_ledger.domain.events.customers import IdentifierLinked
from loyalty_ledger.domain.lots import Programs
from loyalty_ledger.domain.rules import Rulebook
from loyalty_ledger.domain.streams import customer_of, tiers_of, tries_of, usage_of, wallet_of
from loyalty_ledger.domain.values import Reason, Rejected


class Merge(NamedTuple):
    """`customer_id` goes on as `into`. What there is of him, by its streams, and his history."""

    customer_id: str
    into: str
    at: datetime
    rulebook: Rulebook
    programs: Programs
    links: Sequence[IdentifierLinked] = ()
    offers: Sequence[str] = ()
    sales: Sequence[str] = ()
    history: Sequence[Event] = ()


def own(customer_id: str) -> list[str]:
    """The streams that are a customer's own, and move."""
    return [of(customer_id) for of in (customer_of, wallet_of, tiers_of, usage_of, tries_of)]


# --- whether ------------------------------------------------------------------------------------


def check(merge: Merge, draft: Draft) -> None:
    """Rejected when the two cannot be merged, or not now."""
    if merge.customer_id == merge.into:
        raise Rejected(
            Reason.VALIDATION,
            "both name the same customer: a merge takes two",
            {"field": "into"},
        )
    for customer_id in (merge.customer_id, merge.into):
        customer: Customer = draft.state(customer_of(customer_id))
        if not customer.active:
            raise Rejected(Reason.UNKNOWN_CUSTOMER, _why_not(customer_id, customer))
        if customer.waiting:
            raise Rejected(
                Reason.NOT_AVAILABLE,
                f"a sale of {customer_id} could not be worked out, `loyalty status` tells why:"
                " merge after `loyalty work --retry`",
                {"waiting": list(customer.waiting)},
            )


def _why_not(customer_id: str, customer: Customer) -> str:
    if customer.erased:
        return f"{customer_id} was erased"
    if customer.merged_into:
        return f"{customer_id} was merged into {customer.merged_into}"
    return f"no customer has the id {customer_id}"
