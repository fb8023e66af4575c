"""Stories of two customers, one of whom goes on as the other at some moment."""

from msgspec.structs import replace

from laws.told_twice import Story
from loyalty_ledger.domain.events.sales import TransactionReceived
from loyalty_ledger.domain.mergeable import Merge
from loyalty_ledger.domain.merging import merge_customers
from loyalty_ledger.domain.streams import offer

GONE, INTO = "ben", "ann"
BOTH = ""
"""A bill that whoever paid for it had split."""


def of_one(sale: TransactionReceived, customer: str) -> TransactionReceived:
    """The sale as if this customer had paid for whatever anybody had paid for in it."""
    if customer == BOTH:
        return sale
    payments = [
        one if one.customer_id is None else replace(one, customer_id=customer)
        for one in sale.payments
    ]
    return replace(sale, payments=payments)


def merges(story: Story) -> None:
    """The one customer goes on as the other, now."""
    shop = story.shop
    merge = Merge(
        GONE,
        INTO,
        story.now,
        shop.newest,
        shop.programs,
        offers=[
            name.removeprefix(offer(""))
            for name, state in shop.states.items()
            if name.startswith(offer("")) and state.customer_id == GONE
        ],
        sales=[
            name
            for name, state in shop.states.items()
            if name.startswith("sale/") and GONE in (*state.payers, *state.record.members)
        ],
        history=[event for _, event in shop.history],
    )
    shop.decides(lambda draft: merge_customers(merge, draft))
    story.books_hold()
