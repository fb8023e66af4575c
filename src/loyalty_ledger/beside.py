"""What stands beside the log about one customer, wherever it stands: to be shown, or deleted."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from loyalty_ledger.domain.events.merging import CustomerMerged
from loyalty_ledger.domain.events.sales import TransactionReceived, TransactionVersionIgnored
from loyalty_ledger.domain.streams import customer_of
from loyalty_ledger.mentions import references, sale_of, without
from loyalty_ledger.store.log import Forgotten, Log, PersonalValue, Recorded


class Beside(NamedTuple):
    """Personal data about one customer.

    `own` is kept under his id. `sales` is what came with sales that name him, kept under nobody's
    or under another payer's: such free text may be about any of them. `mentions` are payments and
    discounts of others or of nobody that hold an identifier of his.
    """

    own: list[PersonalValue]
    sales: list[PersonalValue]
    mentions: list[PersonalValue]

    @property
    def everything(self) -> list[PersonalValue]:
        """Each value once."""
        return sorted({*self.own, *self.sales, *self.mentions})


def sales_of(history: Sequence[Recorded]) -> list[str]:
    """The streams of the sales that the customer has to do with."""
    streams = (one.stream for one in history if one.stream.startswith("sale/"))
    return list(dict.fromkeys(streams))


def beside(
    log: Log, customer_id: str, history: Sequence[Recorded], mentions: Sequence[PersonalValue]
) -> Beside:
    """All that stands beside the log about the customer with this history and these mentions."""
    own, streams = log.personal(customer_id), sales_of(history)
    nobody = [("", stream) for stream in streams]
    others = [one for one in _paid(log, streams) if one[0] != customer_id]
    sales = log.personal_below("sale", [*nobody, *others])
    sales += log.personal_below("payment", nobody)
    gone = {(one.customer_id, one.field, one.reference) for one in sales}
    left = [one for one in mentions if (one.customer_id, one.field, one.reference) not in gone]
    nobodys = (one for one in left if not one.customer_id)
    with_them = (value for one in nobodys for value in _of_the_same_sale(log, one))
    return Beside(own, sales, [*left, *with_them])


def _paid(log: Log, streams: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Who paid for each of these sales in any version, and who goes on as one of them.

    The sales tell: of one where he used an offer or points only, his history has no version.
    """
    events = [one for tail in log.load(streams).streams.values() for one in tail.events]
    paid = {
        (payment.customer_id, one.stream)
        for one in events
        if isinstance(one.event, TransactionReceived | TransactionVersionIgnored)
        for payment in one.event.payments
        if payment.customer_id is not None
    }
    tails = log.load([customer_of(payer) for payer in {payer for payer, _ in paid}]).streams
    for payer, stream in paid:
        yield payer, stream
        moved = (one.event for one in tails[customer_of(payer)].events)
        yield from ((one.into, stream) for one in moved if isinstance(one, CustomerMerged))


def _of_the_same_sale(log: Log, mention: PersonalValue) -> Iterator[PersonalValue]:
    for field in ("sale", "payment"):
        yield from log.personal_below(field, [("", sale_of(mention))])


def forgetting(customer_id: str, found: Beside) -> tuple[list[Forgotten], list[PersonalValue]]:
    """What is deleted, and what others keep without his ids in it."""
    gone = [Forgotten(customer_id)]
    gone += [Forgotten(one.customer_id, one.field, one.reference) for one in found.sales]
    gone += [Forgotten("", v.field, v.reference) for v in found.mentions if not v.customer_id]
    his = references(found.own)
    kept = (without(one, his) for one in found.mentions if one.customer_id)
    return gone, [one for one in kept if one is not None]
