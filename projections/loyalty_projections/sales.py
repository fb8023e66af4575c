"""Which sales does a store have? Each once, as its last version that counts has it."""

from datetime import datetime
from typing import NamedTuple

from loyalty_ledger.domain.events.sales import TransactionReceived
from loyalty_ledger.domain.events.settlement import TransactionSettled
from loyalty_projections.projection import Projection, Recorded
from loyalty_projections.rows import Reader, Rows, Within
from loyalty_projections.tables import Table


class SaleRow(NamedTuple):
    """A sale; `version` is that of its last arrival in its stream, `settled` of the last settled.

    An open sale waits for being closed, and is settled when that is.
    """

    store_id: str
    transaction_id: str
    opened_at: datetime
    modified_at: datetime
    is_closed: int
    is_voided: int
    version: int
    settled: int


SALES = Table(
    "sales",
    SaleRow,
    keys=2,
    indexes=(("store_id", "opened_at"), ("transaction_id",)),
)


def _received(rows: Rows, event: TransactionReceived, recorded: Recorded) -> None:
    rows.merge(
        SALES,
        (event.store_id, event.transaction_id),
        opened_at=event.open_time,
        modified_at=event.at,
        is_closed=int(event.is_closed),
        is_voided=int(event.is_voided),
        version=recorded.version,
    )


def _settled(rows: Rows, event: TransactionSettled, _recorded: Recorded) -> None:
    rows.merge(SALES, (event.store_id, event.transaction_id), settled=event.version)


PROJECTION = Projection(
    "sales", 1, (SALES,), {TransactionReceived: _received, TransactionSettled: _settled}
)


def of_store(reader: Reader, store_id: str, first: datetime, end: datetime) -> list[SaleRow]:
    """The sales of a store that were opened from the one moment to before the other, in order."""
    rows = reader.select(SALES, store_id=store_id, opened_at=Within(first, end))
    return sorted(rows, key=lambda row: (row.opened_at, row.transaction_id))


def named(reader: Reader, transaction_id: str) -> list[SaleRow]:
    """The sales of this id, one for each store that has one."""
    return reader.select(SALES, transaction_id=transaction_id)
