"""Sales and customer events as they arrived."""

from datetime import datetime
from decimal import Decimal

from loyalty_ledger.domain.events.base import Event, Fact
from loyalty_ledger.domain.events.points import LotPoints


class Line(Fact, frozen=True, kw_only=True):
    """A line of a sale as received. `subtotal` and `tax` are money, `quantity` is as sent."""

    line_id: str
    item_id: str
    subtotal: int
    quantity: Decimal = Decimal(1)
    unit_price: Decimal | None = None
    tax: int = 0
    tax_sent: Decimal | None = None
    modifies_line_id: str | None = None
    status: str | None = None


class Payment(Fact, frozen=True, kw_only=True):
    """A payment of a sale; `customer_id` when it names a customer."""

    amount: int
    type: str | None = None
    payment_id: str | None = None
    payment_time: datetime | None = None
    customer_id: str | None = None


class Discount(Fact, frozen=True, kw_only=True):
    """A discount the till has applied. `lines` empty: it applies to all lines."""

    amount: int
    stack_order: int
    reference_id: str | None = None
    reference_id_type: str | None = None
    pos_discount_id: str | None = None
    status: str | None = None
    discount_source: str | None = None
    lines: list[str] = []
    quantities: list[Decimal] = []
    applied_time: datetime | None = None
    customer_id: str | None = None


class SaleHeader(Fact, frozen=True, kw_only=True):
    """What a till says about the whole sale; stored, never checked."""

    from_transaction_id: str | None = None
    channel: str | None = None
    pos_employee_id: str | None = None
    sm_employee_id: str | None = None
    table_id: str | None = None
    guest_count: int | None = None
    subtotal: Decimal | None = None
    tax_total: Decimal | None = None
    status: str | None = None


class TransactionReceived(Event, frozen=True, kw_only=True):
    """A version of a sale has arrived. `at` is its `modified_time`.

    `open_time` is `modified_time` where none was sent. `time_zone` is the store's;
    `program_version` and `catalog_version` were the last published. `body_digest` tells a repeat
    of the same body.
    """

    store_id: str
    transaction_id: str
    open_time: datetime
    open_time_sent: bool = True
    time_zone: str
    is_closed: bool
    is_voided: bool
    lines: list[Line]
    payments: list[Payment] = []
    discounts: list[Discount] = []
    header: SaleHeader = SaleHeader()
    program_version: int
    catalog_version: int
    body_digest: str


class TransactionVersionIgnored(Event, frozen=True, kw_only=True):
    """A version not later than the last one arrived; it is kept here.

    Of itself it has no effect; what the versions after it take from it, they take from it now.
    Earlier builds kept it without `program_version`, `catalog_version` and `time_zone`: those have
    none at all.
    """

    store_id: str
    transaction_id: str
    modified_time: datetime
    open_time: datetime | None = None
    is_closed: bool
    is_voided: bool
    lines: list[Line]
    payments: list[Payment] = []
    discounts: list[Discount] = []
    header: SaleHeader = SaleHeader()
    body_digest: str
    program_version: int = 0
    catalog_version: int = 0
    time_zone: str = ""


class CustomerEventReceived(Event, frozen=True, kw_only=True):
    """The customer did something that is no purchase: signed in, answered a survey."""

    customer_id: str
    event: str
    event_id: str
    program_version: int
    catalog_version: int


class PointsTendered(Event, frozen=True, kw_only=True):
    """Points pay for the sale: `points` of the `asked` ones were spent, from these lots.

    They come back in proportion to `total`, or without it to what the sale was worth when it was
    settled first. `again`: they had been given back for a return that is undone.
    """

    customer_id: str
    account: str
    points: int
    lots: list[LotPoints]
    asked: int
    total: int | None = None
    again: bool = False
    cause: str = ""
