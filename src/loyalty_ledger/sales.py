"""What is asked about sales: one of them as it stands, and those of a store."""

from datetime import datetime
from typing import NamedTuple

from loyalty_ledger.domain.events.sales import TransactionReceived
from loyalty_ledger.domain.streams import sale
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.store.log import Log, Recorded
from loyalty_projections import sales
from loyalty_projections.projector import Projector
from loyalty_projections.sales import SaleRow


class KnownSale(NamedTuple):
    """A sale: its first arrival and the last that counts, and where its settlement stands."""

    first: Recorded
    last: Recorded
    received: TransactionReceived
    state: str


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
        first = last = None
        settled = 0
        for one in self._log.stream(sale(store_id, transaction_id)):
            if isinstance(one.event, TransactionReceived):
                first, last = first or one, one
            settled = max(settled, getattr(one.event, "version", 0))
        if first is None or last is None:
            raise _unknown(transaction_id)
        received = last.event
        assert isinstance(received, TransactionReceived)  # noqa: S101 - as looked at above
        state = "settled" if settled >= last.version else "received"
        return KnownSale(first, last, received, state)

    def of_store(self, store_id: str, first: datetime, end: datetime) -> list[SaleRow]:
        """The sales of a store that were opened from the one moment to before the other."""
        return self._projector.ask(lambda reader: sales.of_store(reader, store_id, first, end))


def _unknown(transaction_id: str) -> Rejected:
    return Rejected(Reason.UNKNOWN_TRANSACTION, f"no sale {transaction_id[:80]!r} is known")
