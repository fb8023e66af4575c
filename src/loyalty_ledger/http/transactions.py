"""Sales as they are read back: one of them, and those of a store, under the names reads have."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from loyalty_ledger.client import shapes
from loyalty_ledger.domain.api_key import Scope
from loyalty_ledger.domain.events.sales import Discount, Line, Payment
from loyalty_ledger.domain.streams import sale_name, split_sale_name
from loyalty_ledger.domain.values import Reason, major_units
from loyalty_ledger.http.connect import ConnectBody, Skip, Take, page, program_of
from loyalty_ledger.http.operation import Call, Operation
from loyalty_ledger.sales import KnownSale
from loyalty_ledger.sent import Text, Time, refused

LONGEST_SPAN = timedelta(days=366)
USUAL_SPAN = timedelta(days=31)


class GetTransaction(ConnectBody):
    """A sale: STORE/ID, or its id alone when only one store has it."""

    transaction_id: Text
    store_id: Text | None = None


class GetStoreTransactions(ConnectBody):
    """The sales of a store that were opened between two moments; by default the last 31 days."""

    store_id: Text
    from_date: Time | None = None
    to_date: Time | None = None
    skip: Skip = 0
    take: Take = 100


def _one(call: Call) -> dict[str, Any]:
    asked: GetTransaction = call.body
    store_id, transaction_id = _name(asked, call)
    known = call.ledger.sales.sale(store_id, transaction_id)
    told = as_read(known, program_of(call).exponent)
    life = call.ledger.explaining.transaction(store_id, transaction_id)
    last = life["settlements"][-1:]
    return told | {
        "granted": [row for one in last for row in one["grants"]],
        "granted_offers": [row for one in last for row in one["offers"]],
    }


def _name(asked: GetTransaction, call: Call) -> tuple[str, str]:
    if asked.store_id is not None:
        return asked.store_id, asked.transaction_id
    if "/" in asked.transaction_id:
        try:
            return split_sale_name(asked.transaction_id)
        except ValueError as error:
            raise refused([("transaction_id", str(error))]) from None
    return call.ledger.sales.store_of(asked.transaction_id), asked.transaction_id


def _of_store(call: Call) -> dict[str, Any]:
    asked: GetStoreTransactions = call.body
    first, end = _span(asked, call.moment.now)
    rows = call.ledger.sales.of_store(asked.store_id, first, end)
    exponent = program_of(call).exponent
    shown = page(rows, asked.skip, asked.take)
    known = (call.ledger.sales.sale(row.store_id, row.transaction_id) for row in shown)
    return {
        "total_records": len(rows),
        "results": [as_read(one, exponent) for one in known],
        "pagination_token": None,
    }


def _span(asked: GetStoreTransactions, now: datetime) -> tuple[datetime, datetime]:
    for name, moment in (("from_date", asked.from_date), ("to_date", asked.to_date)):
        if moment is not None and moment.tzinfo is None:
            raise refused([(name, "needs an offset, such as 2026-03-01T09:30:00Z")])
    end = asked.to_date or now + timedelta(days=1)
    first = asked.from_date or end - USUAL_SPAN
    if not first <= end <= first + LONGEST_SPAN:
        raise refused([("to_date", "must be after from_date, and at most 366 days after it")])
    return first, end


# --- the names of reading -----------------------------------------------------------------------


def as_read(known: KnownSale, exponent: int) -> dict[str, Any]:
    """A sale under the names that reads have. Amounts are in major units."""
    received, header = known.received, known.received.header
    named = dict.fromkeys(one.customer_id for one in received.payments if one.customer_id)
    return {
        "id": sale_name(received.store_id, received.transaction_id),
        "pos_transaction_id": received.transaction_id,
        "from_pos_transaction_id": header.from_transaction_id,
        "store_id": received.store_id,
        "store_time_zone": received.time_zone,
        "user_id": next(iter(named), None),
        "user_ids": list(named),
        "state": known.state,
        "is_closed": received.is_closed,
        "is_voided": received.is_voided,
        "channel": header.channel,
        "pos_employee_id": header.pos_employee_id,
        "guest_count": header.guest_count,
        "subtotal": header.subtotal,
        "taxtotal": header.tax_total,
        "check_amount": _money(sum(one.subtotal for one in received.lines), exponent),
        "open_time": received.open_time,
        "modified_time": received.at,
        "create_date": known.first.recorded_at,
        "last_updated": known.last.recorded_at,
        "items": [_item(one, exponent) for one in received.lines],
        "payments": [_payment(one, exponent) for one in received.payments],
        "discounts": [_discount(one, exponent) for one in received.discounts],
    }


def _money(amount: int, exponent: int) -> Decimal:
    return major_units(amount, exponent)


def _item(line: Line, exponent: int) -> dict[str, Any]:
    return {
        "line_id": line.line_id,
        "pos_item_key": line.item_id,
        "master_item_id": line.item_id,
        "quantity": line.quantity,
        "unit_price": line.unit_price,
        "subtotal": _money(line.subtotal, exponent),
        "tax_included": line.tax_sent if line.tax_sent is not None else _money(line.tax, exponent),
        "modifies_line_id": line.modifies_line_id,
    }


def _payment(payment: Payment, exponent: int) -> dict[str, Any]:
    return {
        "payment_id": payment.payment_id,
        "type": payment.type,
        "amount": _money(payment.amount, exponent),
        "payment_time": payment.payment_time,
        "user_id": payment.customer_id,
    }


def _discount(discount: Discount, exponent: int) -> dict[str, Any]:
    return {
        "reference_id": discount.reference_id,
        "reference_id_type": discount.reference_id_type,
        "pos_discount_id": discount.pos_discount_id,
        "amount": _money(discount.amount, exponent),
        "stack_order": discount.stack_order,
        "discounted_line_ids": discount.lines,
        "discounted_line_id_quantities": discount.quantities,
    }


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
    ),
)
