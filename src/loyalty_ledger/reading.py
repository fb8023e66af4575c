"""From the wire to the domain: a request becomes a version of a sale, by program and store."""

from collections.abc import Callable
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal

from msgspec.structs import replace

from loyalty_ledger.domain.events.program import Store
from loyalty_ledger.domain.events.sales import (
    Discount,
    Line,
    Payment,
    SaleHeader,
    TransactionReceived,
)
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.sent import refuse_far_ahead, refused
from loyalty_ledger.wire import (
    Request,
    WireDiscount,
    WireItem,
    WirePayment,
    WireTransaction,
    resolved,
)

Namer = Callable[[int, WirePayment], str | None]
"""Who a payment names: the customer's internal id, or nobody."""


class Versions:
    """Reads requests under a program version and a catalog version."""

    def __init__(self, program: Program, program_version: int, catalog_version: int):
        self._program = program
        self._program_version = program_version
        self._catalog_version = catalog_version
        self._exponent = program.exponent
        self._scale = Decimal(10) ** program.exponent

    def version(
        self, request: Request, store: Store, customer_of: Namer, now: datetime
    ) -> TransactionReceived:
        """The version of the sale; Rejected when an amount or a time cannot be."""
        sent = request.transaction
        opened, modified = times(sent, store.time_zone, now)
        problems: list[tuple[str, str]] = []
        lines = [self._line(i, item, problems) for i, item in enumerate(sent.items)]
        payments = [
            self._payment(i, payment, customer_of(i, payment), store, problems)
            for i, payment in enumerate(sent.payments)
        ]
        discounts = [
            self._discount(i, discount, store, problems)
            for i, discount in enumerate(sent.discounts)
        ]
        if problems:
            raise refused(problems)
        return TransactionReceived(
            at=modified,
            store_id=store.store_id,
            transaction_id=sent.transaction_id,
            open_time=opened,
            open_time_sent=sent.open_time is not None,
            time_zone=store.time_zone,
            is_closed=sent.is_closed,
            is_voided=sent.is_voided,
            lines=lines,
            payments=payments,
            discounts=discounts,
            header=_header(sent),
            program_version=self._program_version,
            catalog_version=self._catalog_version,
            body_digest=request.digest,
        )

    def basket(self, sent: WireTransaction, store: Store) -> tuple[list[Line], list[Discount]]:
        """The lines and discounts of a sale in the making; Rejected when an amount cannot be."""
        problems: list[tuple[str, str]] = []
        lines = [self._line(i, item, problems) for i, item in enumerate(sent.items)]
        discounts = [
            replace(self._discount(i, discount, store, problems), stack_order=_on_check(discount))
            for i, discount in enumerate(sent.discounts)
        ]
        if problems:
            raise refused(problems)
        return lines, discounts

    def _line(self, index: int, item: WireItem, problems: list[tuple[str, str]]) -> Line:
        tax = 0
        if item.tax_included:
            tax = self._rounded(item.tax_included)
        return Line(
            line_id=item.line_id,
            item_id=item.item_id,
            subtotal=self._minor(item.subtotal, ("items", index, "subtotal"), problems),
            quantity=item.quantity,
            unit_price=item.unit_price,
            tax=tax,
            tax_sent=item.tax_included or None,
            modifies_line_id=item.modifies_line_id,
            status=item.status,
        )

    def _payment(
        self,
        index: int,
        payment: WirePayment,
        customer_id: str | None,
        store: Store,
        problems: list[tuple[str, str]],
    ) -> Payment:
        return Payment(
            amount=self._minor(payment.amount, ("payments", index, "amount"), problems),
            type=payment.type,
            payment_id=payment.payment_id,
            payment_time=resolved(payment.payment_time, store.time_zone),
            customer_id=customer_id,
        )

    def _discount(
        self, index: int, discount: WireDiscount, store: Store, problems: list[tuple[str, str]]
    ) -> Discount:
        order = discount.stack_order
        return Discount(
            amount=self._minor(discount.amount, ("discounts", index, "amount"), problems),
            stack_order=index if order is None else order,
            reference_id=discount.reference_id,
            reference_id_type=discount.reference_id_type,
            pos_discount_id=discount.pos_discount_id,
            status=discount.status,
            discount_source=discount.discount_source,
            lines=discount.discounted_line_ids or [],
            quantities=discount.discounted_line_id_quantities or [],
            applied_time=resolved(discount.applied_time, store.time_zone),
        )

    def _minor(
        self, amount: Decimal, place: tuple[str, int, str], problems: list[tuple[str, str]]
    ) -> int:
        scaled = amount * self._scale
        units = int(scaled)
        if units != scaled:
            part, index, field = place
            smallest = f"{1 / self._scale}, the smallest unit of {self._program.currency}"
            problems.append((f"{part}[{index}].{field}", f"{amount} is finer than {smallest}"))
        return units

    def _rounded(self, tax: Decimal) -> int:
        return int(tax.scaleb(self._exponent).to_integral_value(ROUND_HALF_EVEN))


def _on_check(discount: WireDiscount) -> int:
    """Where a discount stands on a check in the making: without an order, before all others."""
    return -(2**31) if discount.stack_order is None else discount.stack_order


def times(sent: WireTransaction, time_zone: str, now: datetime) -> tuple[datetime, datetime]:
    """When the sale was opened and when this version was made; each stands in for the other."""
    modified = resolved(sent.modified_time or sent.open_time, time_zone)
    opened = resolved(sent.open_time, time_zone) or modified
    assert modified is not None and opened is not None  # noqa: S101 - the wire asks for one
    refuse_far_ahead(max(opened, modified), now)
    return opened, modified


def _header(sent: WireTransaction) -> SaleHeader:
    return SaleHeader(
        from_transaction_id=sent.from_transaction_id,
        channel=sent.channel,
        pos_employee_id=sent.pos_employee_id,
        sm_employee_id=sent.sm_employee_id,
        table_id=sent.table_id,
        guest_count=sent.guest_count,
        subtotal=sent.subtotal,
        tax_total=sent.tax_total,
        status=sent.status,
    )
