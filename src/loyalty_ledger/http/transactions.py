"""Sales as they are read back: one of them, and those of a store."""

from datetime import timedelta
from typing import Any

from loyalty_ledger.client import shapes
from loyalty_ledger.domain.api_key import Scope
from loyalty_ledger.domain.configuration import Stores
from loyalty_ledger.domain.events.program import Store
from loyalty_ledger.domain.streams import STORES
from loyalty_ledger.domain.values import Reason
from loyalty_ledger.http.connect import (
    ConnectBody,
    Skip,
    Spanning,
    Take,
    page,
    sale_named,
    span,
)
from loyalty_ledger.http.operation import Call, Operation
from loyalty_ledger.http.sale_as_read import as_read
from loyalty_ledger.sent import Text

USUAL_SPAN = timedelta(days=31)


class GetTransaction(ConnectBody):
    """A sale: STORE/ID, or its id alone when only one store has it."""

    transaction_id: Text
    store_id: Text | None = None


class GetStoreTransactions(Spanning, ConnectBody):
    """The sales of a store that were opened between two moments; by default the last 31 days."""

    store_id: Text
    skip: Skip = 0
    take: Take = 100


def _one(call: Call) -> dict[str, Any]:
    asked: GetTransaction = call.body
    store_id, transaction_id = sale_named(asked.transaction_id, asked.store_id, call)
    known = call.ledger.sales.sale(store_id, transaction_id)
    (told,) = as_read([known], call)
    life = call.ledger.explaining.transaction(store_id, transaction_id)
    # What a version after the return window called for was not granted.
    last = [one for one in life["settlements"][-1:] if not one["outside_return_window"]]
    return told | {
        "granted": [row for one in last for row in one["grants"]],
        "granted_offers": [row for one in last for row in one["offers"]],
    }


def _of_store(call: Call) -> dict[str, Any]:
    asked: GetStoreTransactions = call.body
    zone = _store(asked.store_id, call).time_zone
    first, end = span(asked, zone, "the store", USUAL_SPAN, call.moment.now)
    rows = call.ledger.sales.of_store(asked.store_id, first, end)
    shown = page(rows, asked.skip, asked.take)
    known = [call.ledger.sales.sale(row.store_id, row.transaction_id) for row in shown]
    return {
        "total_records": len(rows),
        "results": as_read(known, call),
        "pagination_token": None,
    }


def _store(store_id: str, call: Call) -> Store:
    """The store, a retired one, too; Rejected when none of that id was ever loaded."""
    states = call.ledger.states
    stores: Stores = states.get([STORES])[STORES]
    if store_id not in stores.by_id and store_id not in stores.retired:
        states.drop([STORES])  # another process may have loaded it since
        stores = states.get([STORES])[STORES]
    return stores.seller(store_id)


def _paths(rest: str) -> tuple[str, ...]:
    path = f"/api/1.0/transactions/info/{rest}"
    return (path, f"/transactions{path}")


OPERATIONS = (
    Operation(
        name="get_transaction",
        family="connect",
        paths=_paths("get_transaction"),
        scope=Scope.POS,
        summary="A sale as its last version has it, whether it is settled, and what it granted.",
        asks=GetTransaction,
        tells=shapes.Sale,
        act=_one,
        refuses=(Reason.UNKNOWN_TRANSACTION,),
    ),
    Operation(
        name="get_store_transactions",
        family="connect",
        paths=_paths("get_store_transactions"),
        scope=Scope.OPERATOR,
        summary="The sales of a store that were opened between two moments.",
        asks=GetStoreTransactions,
        tells=shapes.SalesPage,
        act=_of_store,
        refuses=(Reason.UNKNOWN_STORE,),
    ),
)
