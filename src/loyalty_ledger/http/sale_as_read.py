"""A sale under the names that reads have: other ones than it was sent under."""

from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from decimal import Decimal
from typing import Any, NamedTuple

from loyalty_ledger.domain.configuration import Catalogs, Stores
from loyalty_ledger.domain.events.sales import Discount, Line, Payment
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.rules import Item
from loyalty_ledger.domain.streams import CATALOG, STORES, customer_of, sale_name
from loyalty_ledger.domain.values import major_units
from loyalty_ledger.http.connect import program_of
from loyalty_ledger.http.names import called
from loyalty_ledger.http.operation import Call
from loyalty_ledger.http.owners import Owners
from loyalty_ledger.sales import KnownSale

Told = Mapping[str, Any]
_OF_DISCOUNTS = ("display_name", "image_url")
_OF_SALES = ("items", "discounts", "business_def_collection")
"""What a till may say that no event holds, and that has a place of its own when it is read."""


class _Beside(NamedTuple):
    """What is looked up for sales all at once."""

    program: Program
    programs: Mapping[int, Program]
    stores: Stores
    items: Mapping[tuple[int, str], Item]
    came: Mapping[str, Told]
    owners: Owners
    erased: Set[str]

    def tax_earns(self, version: int) -> bool:
        """Whether tax counted as spend under that version of the program."""
        return self.programs.get(version, self.program).tax_in_earning


def as_read(sales: Sequence[KnownSale], call: Call, *, whole: bool = True) -> list[dict[str, Any]]:
    """The sales, in their order. Amounts are in major units.

    Unless `whole` without what tills said that may be about anybody whom the sale names.
    """
    states = call.ledger.states.get([STORES, CATALOG])
    catalogs: Catalogs = states[CATALOG]
    wanted = {
        (one.received.catalog_version, line.item_id) for one in sales for line in one.received.lines
    }
    came = call.ledger.sales.came_with(sales) if whole else {}
    beside = _Beside(
        program_of(call),
        call.ledger.settlement.programs,
        states[STORES],
        call.ledger.settlement.shelf.items(wanted, catalogs),
        came,
        Owners(call.ledger, sales, came),
        _erased(sales, call),
    )
    return [_sale(one, beside) for one in sales]


def _payers(known: KnownSale) -> Iterator[str]:
    return (one.customer_id for one in known.received.payments if one.customer_id)


def _erased(sales: Sequence[KnownSale], call: Call) -> set[str]:
    """Who was erased of those that paid for sales of which the till's own id is kept."""
    streams = {one: customer_of(one) for x in sales if x.sent_as for one in _payers(x)}
    states = call.ledger.states
    states.drop(streams.values())
    found = states.get(streams.values()) if streams else {}
    return {one for one, stream in streams.items() if found[stream].erased}


def _sale(known: KnownSale, beside: _Beside) -> dict[str, Any]:
    received, header = known.received, known.received.header
    named = dict.fromkeys(_payers(known))
    came = beside.came.get(known.came_as, {})
    parts = _Parts(known, beside, came)
    from_id = header.from_transaction_id
    return (
        _where(known, beside)
        | {
            "id": parts.sale,
            "pos_transaction_id": received.transaction_id,
            "from_transaction_id": from_id and sale_name(received.store_id, from_id),
            "from_pos_transaction_id": from_id,
            "user_ids": list(named),
            "state": known.state,
            "is_closed": received.is_closed,
            "is_voided": received.is_voided,
            "status": header.status,
            "channel": header.channel,
            "pos_employee_id": header.pos_employee_id,
            "sm_employee_id": header.sm_employee_id,
            "table_id": header.table_id,
            "guest_count": header.guest_count,
            "subtotal": header.subtotal,
            "taxtotal": header.tax_total,
            "include_tax": beside.tax_earns(received.program_version),
            "check_amount": parts.money(sum(one.subtotal for one in received.lines)),
            "open_time": received.open_time,
            "modified_time": received.at,
            "sm_transaction_process_date": known.settled,
            "create_date": known.first.recorded_at,
            "last_updated": known.last.recorded_at,
            "items": [*parts.items()],
            "payments": [*parts.payments()],
            "discounts": [*parts.discounts()],
            "business_def_collection": came.get("business_def_collection"),
        }
        | _said(came, _OF_SALES)
    )


def _where(known: KnownSale, beside: _Beside) -> dict[str, Any]:
    """Whose sale it is and where it was made. Stores are under nothing but the retailer."""
    received, stores = known.received, beside.stores
    store_id = received.store_id
    store = stores.by_id.get(store_id) or stores.retired.get(store_id)
    place = {"id": store_id, "name": store.name if store else store_id, "type": "store"}
    return {
        "retailer_id": beside.program.retailer_id,
        "rewards_system_id": beside.program.program,
        "store_id": store_id,
        "store_time_zone": received.time_zone,
        "location_lineages": [[store_id]],
        "location_lineages_core": [[place]],
        "request_id": known.sent_as if beside.erased.isdisjoint(_payers(known)) else None,
        "user_id": next(_payers(known), None),
    }


def _said(came: Told, elsewhere: Collection[str] = ()) -> dict[str, Any]:
    """What a till said of a thing that no event holds: its own data, and what nobody knows."""
    told = ("custom_data", *elsewhere)
    return {
        "custom_data": came.get("custom_data"),
        "other_fields": {name: value for name, value in came.items() if name not in told},
    }


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


class _Parts:
    """The lines, payments and discounts of a sale."""

    def __init__(self, known: KnownSale, beside: _Beside, came: Told):
        self._known = known
        self._received = known.received
        self._beside = beside
        self._came = came
        self.sale = sale_name(known.received.store_id, known.received.transaction_id)

    def money(self, amount: int) -> Decimal:
        """The amount in major units."""
        return major_units(amount, self._beside.program.exponent)

    def items(self) -> Iterator[dict[str, Any]]:
        """Every line."""
        for place, line in enumerate(self._received.lines):
            came = self._came.get("items", {}).get(line.line_id, {})
            yield self._row("items", place) | self._item(line) | _said(came)

    def payments(self) -> Iterator[dict[str, Any]]:
        """Every payment."""
        for place, payment in enumerate(self._received.payments):
            came = self._beside.came.get(f"{self._known.came_as}#{place}", {})
            yield self._row("payments", place) | self._payment(payment) | _said(came)

    def discounts(self) -> Iterator[dict[str, Any]]:
        """Every discount."""
        for place, discount in enumerate(self._received.discounts):
            came = self._came.get("discounts", {}).get(str(place), {})
            told = self._discount(discount, came)
            # As of payments, an id stands beside them only where it is not clear whose it is.
            named = ("user_id",) if told["user_id"] else ()
            yield self._row("discounts", place) | told | _said(came, (*_OF_DISCOUNTS, *named))

    def _row(self, what: str, place: int) -> dict[str, Any]:
        return {
            "id": f"{self.sale}#{what}.{place}",
            "transaction_id": self.sale,
            "retailer_id": self._beside.program.retailer_id,
            "store_id": self._received.store_id,
            "create_date": self._known.last.recorded_at,
            "last_updated": self._known.last.recorded_at,
        }

    def _item(self, line: Line) -> dict[str, Any]:
        item = self._beside.items.get((self._received.catalog_version, line.item_id), Item())
        tax = line.tax_sent if line.tax_sent is not None else self.money(line.tax)
        return {
            "line_id": line.line_id,
            "pos_item_key": line.item_id,
            "master_item_id": line.item_id,
            "catalog_lineages": [list(item.categories)] if item.categories else [],
            "quantity": line.quantity,
            "unit_price": line.unit_price,
            "subtotal": self.money(line.subtotal),
            "tax_included": tax,
            "modifies_line_id": line.modifies_line_id,
            "status": line.status,
        }

    def _payment(self, payment: Payment) -> dict[str, Any]:
        return {
            "payment_id": payment.payment_id,
            "type": payment.type,
            "amount": self.money(payment.amount),
            "payment_time": payment.payment_time,
            "user_id": payment.customer_id,
        }

    def _discount(self, discount: Discount, came: Told) -> dict[str, Any]:
        return {
            "reference_id": discount.reference_id,
            "reference_id_type": called("reference_id_type", discount.reference_id_type),
            "pos_discount_id": discount.pos_discount_id,
            "status": discount.status,
            "display_name": _text(came.get("display_name")),
            "image_url": _text(came.get("image_url")),
            "discount_source": discount.discount_source,
            "amount": self.money(discount.amount),
            "stack_order": discount.stack_order,
            "applied_time": discount.applied_time,
            "user_id": self._beside.owners.of(discount, came.get("user_id")),
            "discounted_line_ids": discount.lines,
            "discounted_line_id_quantities": discount.quantities,
        }
