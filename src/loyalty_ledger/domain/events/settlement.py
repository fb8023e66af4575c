"""What working out a sale or a customer event came to."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from loyalty_ledger.domain.events.base import Event, Fact


class JudgedCustomer(Fact, frozen=True, kw_only=True):
    """What a customer was judged by, frozen by the first settled version.

    `paid` of `paid_in_all` is the share; `first` marks who gets flat awards, offers and the count.
    `times` is 1 when the sale counts for him as one: when he is first and something was kept.
    """

    customer_id: str
    paid: int
    paid_in_all: int
    first: bool
    levels: dict[str, str]
    opted_in: bool
    tags: list[str] = []
    times: int | None = None


class JudgedLine(Fact, frozen=True, kw_only=True):
    """What a line was judged by: its money after netting, discounts and tax, and its item."""

    line_id: str
    net: int
    quantity: Decimal = Decimal(1)
    categories: tuple[str, ...] = ()
    brand: str | None = None


class PostedAward(Fact, frozen=True, kw_only=True):
    """An award as it stands: `points` of it count, in lot `lot`, less what was taken back."""

    account: str
    source: str
    lot: int
    points: int
    earned_at: datetime


class EntryCount(Fact, frozen=True, kw_only=True):
    """A point source that what a level gave counts for, once and with these points."""

    subject: str
    points: int


class Grant(Fact, frozen=True, kw_only=True):
    """What a rule owes a customer for this version, what he had of it, and so what was posted.

    `deserved` less `granted`, by account, is the difference. `lots` are those this version made,
    `offers` those it issued, `codes` those it drew; `awards`, `held` (offer id -> definition) and
    `drawn` (code's digest -> promotion) all that stands after it. `counted` names the point sources
    it counts for. `measured` says how the customer stood to what the rule `requires`.
    """

    customer_id: str
    rule: str
    deserved: dict[str, int] = {}
    granted: dict[str, int] = {}
    lots: list[int] = []
    offers: list[str] = []
    measured: list[dict[str, Any]] = []
    awards: list[PostedAward] = []
    held: dict[str, str] = {}
    counted: list[str] = []
    codes: list[str] = []
    drawn: dict[str, str] = {}


class Asked(Fact, frozen=True, kw_only=True):
    """How a customer stood to what a rule requires without this sale: one figure for each leaf.

    Frozen when the rule was first asked, so that later versions are judged by the same. `counts`
    tells of each leaf whether this sale counted for it.
    """

    customer_id: str
    rule: str
    others: list[int]
    counts: list[bool]


class Taken(Fact, frozen=True, kw_only=True):
    """What of a sale's awards in `account` was taken back by this version, out of `out_of`.

    `points` in all, of which `written_off` and `already_gone` came from nowhere; below zero when a
    version earns again what an earlier one had lost so. What entering a level had given is told
    here as far as it was written off.
    """

    customer_id: str
    account: str
    out_of: str
    points: int
    written_off: int = 0
    already_gone: int = 0


class GivenBack(Fact, frozen=True, kw_only=True):
    """What a return gave back: `points` that were spent, or the offer that was redeemed.

    `how` is tender, reinstated or restored_points.
    """

    customer_id: str
    how: str
    account: str = ""
    points: int = 0
    offer_id: str = ""


class NotDone(Fact, frozen=True, kw_only=True):
    """What this version called for and did not move, and why: `outside_return_window`, ..."""

    customer_id: str
    what: str
    why: str
    points: int = 0


class Cut(Fact, frozen=True, kw_only=True):
    """What a rule would have given, and the limit that cut it; `kept` is what it left in all."""

    customer_id: str
    rule: str
    limit: str
    points: int = 0
    kept: int = 0


class TransactionSettled(Event, frozen=True, kw_only=True):
    """A version of a sale has been worked out. Says what it was judged by, gave, and cut.

    `holds` is false for an open or voided version, which deserves nothing; `outside_return_window`
    for one that came too late to move anything. `payment_types` are those it was judged by.
    `late` is the number of an older version that arrived only now, and for which this one is
    settled anew.
    """

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
    modified_time: datetime | None = None
    holds: bool = True
    outside_return_window: bool = False
    payment_types: list[str] = []
    asked: list[Asked] = []
    taken: list[Taken] = []
    given_back: list[GivenBack] = []
    not_done: list[NotDone] = []
    late: int = 0
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


class PurchaseRecounted(Event, frozen=True, kw_only=True):
    """A later version of a sale counts otherwise for the customer than the one before did."""

    customer_id: str
    transaction: str
    total: int
    spend: int
    times: int
    was_total: int
    was_spend: int
    was_times: int
    counted_at: datetime
    program_version: int
    cause: str
