"""Facts of sales that named nobody, and were claimed with the code on the receipt.

`digest` is the keyed hash of the code: the code itself is not kept. `transaction` is STORE/ID.
"""

from datetime import datetime

from loyalty_ledger.domain.events.base import Event, Fact
from loyalty_ledger.domain.events.offers import Actor


class CodedPayment(Fact, frozen=True, kw_only=True):
    """A payment that a code stands for: its place among the payments, and its id if it has one."""

    place: int
    payment_id: str | None = None


class ReceiptCodePrinted(Event, frozen=True, kw_only=True):
    """The receipt of a sale bears this code, for the whole sale or for these `payments` of it."""

    digest: str
    transaction: str
    payments: list[CodedPayment] = []
    cause: str


class SaleClaimed(Event, frozen=True, kw_only=True):
    """What the code stands for was claimed: it is this customer's from here on.

    `version` of the sale is settled anew with it; `sale_time` says that it was in time.
    """

    customer_id: str
    digest: str
    transaction: str
    payments: list[CodedPayment] = []
    claimed_at: datetime
    sale_time: datetime
    version: int
    by: Actor = Actor()
