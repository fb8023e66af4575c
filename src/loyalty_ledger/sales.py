"""What is asked about sales: one of them as it stands, those of a store, what came with them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from loyalty_ledger.domain.events.merging import CustomerMerged
from loyalty_ledger.domain.events.sales import TransactionReceived
from loyalty_ledger.domain.events.settlement import TransactionSettled
from loyalty_ledger.domain.streams import customer_of, sale
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.personal_fields import of_text
from loyalty_ledger.store.log import Log, Recorded
from loyalty_ledger.till_ids import SENT_AS
from loyalty_projections import sales
from loyalty_projections.projector import Projector
from loyalty_projections.sales import SaleRow


class KnownSale(NamedTuple):
    """A sale: its first arrival and the last that counts, and where its settlement stands.

    `settled` is when a version of it was settled last, if one was.
    """

    first: Recorded
    last: Recorded
    received: TransactionReceived
    state: str
    settled: datetime | None = None

    @property
    def sent_as(self) -> str | None:
        """The till's id of the request that the last version came in, if it is kept."""
        return self.last.meta.get(SENT_AS)

    @property
    def came_as(self) -> str:
        """What came with its last version is kept under this."""
        return f"{self.last.stream}#{self.received.body_digest}"


class Sales:
    """Answers about sales."""

    def __init__(self, log: Log, projector: Projector):
        self._log = log
        self._projector = projector

    def store_of(self, transaction_id: str) -> str:
        """The store whose sale this is; Rejected when none has one, or several."""
        rows = self._projector.ask(lambda reader: sales.named(reader, transaction_id))
        if not rows:
            raise _unknown(transaction_id)
        if len(rows) > 1:
            raise Rejected(
                Reason.VALIDATION,
                f"{len(rows)} stores have a sale of this id: name it as STORE/ID",
                {"stores": sorted(row.store_id for row in rows)[:100]},
            )
        return rows[0].store_id

    def sale(self, store_id: str, transaction_id: str) -> KnownSale:
        """The sale as its last version that counts has it; Rejected when there is none."""
        known = known_sale(self._log.stream(sale(store_id, transaction_id)))
        if known is None:
            raise _unknown(transaction_id)
        return known

    def of_store(self, store_id: str, first: datetime, end: datetime) -> list[SaleRow]:
        """The sales of a store that were opened from the one moment to before the other."""
        return self._projector.ask(lambda reader: sales.of_store(reader, store_id, first, end))

    def came_with(self, known: Sequence[KnownSale]) -> Mapping[str, dict[str, Any]]:
        """What came with these sales that no event holds, by what it is kept under.

        That is, by `came_as` what a till said of a sale and its parts, and by that, `#` and its
        place what it said of a payment. Of those who were erased there is nothing.
        """
        places = list(self._places(known))
        found = [
            value
            for field in ("sale", "payment")
            for value in self._log.personal_below(field, places)
        ]
        return {one.reference: of_text(one.value) for one in found}

    def _places(self, known: Sequence[KnownSale]) -> Iterator[tuple[str, str]]:
        """Under whom what came with each sale may be kept: nobody, who paid, who he goes on as."""
        paid = [
            (payment.customer_id, one.last.stream)
            for one in known
            for payment in one.received.payments
            if payment.customer_id is not None
        ]
        tails = self._log.load([customer_of(payer) for payer in {payer for payer, _ in paid}])
        yield from (("", one.last.stream) for one in known)
        for payer, stream in paid:
            yield payer, stream
            moved = (one.event for one in tails.streams[customer_of(payer)].events)
            yield from ((one.into, stream) for one in moved if isinstance(one, CustomerMerged))


def known_sale(events: Iterable[Recorded]) -> KnownSale | None:
    """The sale that these events of its stream make; None before a version that counts."""
    first = last = settled = None
    version = 0
    for one in events:
        if isinstance(one.event, TransactionReceived):
            first, last = first or one, one
        if isinstance(one.event, TransactionSettled):
            settled, version = one.recorded_at, max(version, one.event.version)
    if first is None or last is None:
        return None
    received = last.event
    assert isinstance(received, TransactionReceived)  # noqa: S101 - as looked at above
    state = "settled" if version >= last.version else "received"
    return KnownSale(first, last, received, state, settled)


def _unknown(transaction_id: str) -> Rejected:
    return Rejected(Reason.UNKNOWN_TRANSACTION, f"no sale {transaction_id[:80]!r} is known")
