"""What working out a sale or a customer event came to."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from loyalty_ledger.domain.events.base import Event, Fact


class JudgedCustomer(Fact, frozen=True, kw_only=True):
    """What a customer was judged by, frozen by the first settled version.

    `paid` of `paid_in_all` is the share; `first` marks who gets flat awards, offers and the count.
    """

    customer_id: str
    paid: int
    paid_in_all: int
    first: bool
    levels: dict[str, str]
    opted_in: bool
    tags: list[str] = []


class JudgedLine(Fact, frozen=True, kw_only=True):
    """What a line was judged by: its money after netting, discounts and tax, and its item."""

    line_id: str
    net: int
    quantity: Decimal = Decimal(1)
    categories: tuple[str, ...] = ()
    brand: str | None = None


class Grant(Fact, frozen=True, kw_only=True):
    """What a rule owes a customer for this version, what he had of it, and so what was posted.

    `points` by account for awards; `offers` names the offers issued; `measured` says how the
    customer stood to what the rule `requires`.
    """

    customer_id: str
    rule: str
    deserved: dict[str, int] = {}
    granted: dict[str, int] = {}
    lots: list[int] = []
    offers: list[str] = []
    measured: list[dict[str, Any]] = []


class Cut(Fact, frozen=True, kw_only=True):
    """What a rule would have given, and the limit that cut it."""

    customer_id: str
    rule: str
    limit: str
    points: int = 0


class TransactionSettled(Event, frozen=True, kw_only=True):
    """A version of a sale has been worked out. Says what it was judged by, gave, and cut."""

    store_id: str
    transaction_id: str
    version: int
    sale_time: datetime
    total: int
    program_version: int
    catalog_version: int
    customers: list[JudgedCustomer] = []
    lines: list[JudgedLine] = []
    grants: list[Grant] = []
    cuts: list[Cut] = []
    flags: list[str] = []
    cause: str
    retried: bool = False


class CustomerEventSettled(Event, frozen=True, kw_only=True):
    """A customer event has been worked out; `customer` is what he was judged by."""

    customer_id: str
    customer: JudgedCustomer
    event: str
    event_id: str
    program_version: int
    catalog_version: int
    grants: list[Grant] = []
    cuts: list[Cut] = []
    cause: str
    retried: bool = False


class SettlementDeferred(Event, frozen=True, kw_only=True):
    """A later version of a settled sale is recorded and waits to be settled."""

    store_id: str
    transaction_id: str
    version: int
    modified_time: datetime
    cause: str


class SettlementFailed(Event, frozen=True, kw_only=True):
    """Working this out went wrong; nothing was granted and nothing is lost. A retry settles it."""

    subject: str
    version: int
    customers: list[str]
    reason: str
    cause: str


class PurchaseCounted(Event, frozen=True, kw_only=True):
    """A sale counts for the customer: `times` 1 when he paid most, `spend` his share of `total`.

    It counts at `counted_at`, the sale time.
    """

    customer_id: str
    transaction: str
    total: int
    spend: int
    times: int
    counted_at: datetime
    program_version: int
    cause: str
