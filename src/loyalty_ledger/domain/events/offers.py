"""Facts of offers in customers' hands, of their codes, and of checks that carry them.

`transaction` is STORE/ID. `program_version` is the one whose definition the offer is honoured by.
"""

from datetime import datetime
from decimal import Decimal

from loyalty_ledger.domain.events.base import Event, Fact
from loyalty_ledger.domain.events.points import LotPoints

LAPSED = "lapsed"
TIME_IS_UP = "time is up"
RETURNED = "returned"


class Actor(Fact, frozen=True, kw_only=True):
    """Who asked for it: the client (till, app, tool) and the employee. Nobody: the ledger did."""

    client_id: str = ""
    employee_id: str = ""


class LineDiscount(Fact, frozen=True, kw_only=True):
    """What is taken off one line: `amount` off `quantity` of it."""

    line_id: str
    quantity: Decimal
    amount: int


class PricedDiscount(Fact, frozen=True, kw_only=True):
    """What an offer takes off a check. Without `lines` it is off the whole check."""

    amount: int
    lines: list[LineDiscount] = []
    stack_order: int = 1


class AccountSpent(Fact, frozen=True, kw_only=True):
    """Points paid from one account, and from which of its lots."""

    account: str
    points: int
    lots: list[LotPoints]


class OfferEvent(Event, frozen=True, kw_only=True):
    """What every event of an offer carries: whose it is, who asked, why, and what it follows from.

    `why` is a word of ours (`requested`, `sale_closed`, `not_carried`, ...) or the reason given.
    """

    customer_id: str
    offer_id: str
    by: Actor = Actor()
    why: str = ""
    cause: str = ""
    program_version: int


class OfferIssued(OfferEvent, frozen=True, kw_only=True):
    """An offer is in the customer's hands, under the definition of `program_version`.

    One that was bought names the `store_offer` and what was `paid` for it.
    """

    definition: str
    rule: str
    issued_at: datetime
    redeemable_from: datetime | None = None
    expires_at: datetime | None = None
    transaction: str = ""
    catalog_version: int = 0
    levels: dict[str, str] = {}
    lines: list[str] = []
    reward_store: str = ""
    store_offer: str = ""
    price: int = 0
    paid: list[AccountSpent] = []


class OfferLocked(OfferEvent, frozen=True, kw_only=True):
    """The offer is bound to a sale until `locked_until`, at this price.

    Locked again by the same sale it is priced anew. `total` is what the check came to.
    """

    transaction: str
    locked_at: datetime
    locked_until: datetime
    discount: PricedDiscount
    total: int
    catalog_version: int = 0


class OfferUnlocked(OfferEvent, frozen=True, kw_only=True):
    """The offer is free again."""

    transaction: str
    unlocked_at: datetime


class OfferLockLapsed(OfferEvent, frozen=True, kw_only=True):
    """The lock's time was up; `at` is when."""

    transaction: str


class OfferRedeemed(OfferEvent, frozen=True, kw_only=True):
    """The offer is used up by this sale, for the discount the till has taken."""

    transaction: str
    redeemed_at: datetime
    discount: PricedDiscount
    definition: str = ""


class OfferReinstated(OfferEvent, frozen=True, kw_only=True):
    """The offer is the customer's again, with its old end."""

    transaction: str
    reinstated_at: datetime
    expires_at: datetime | None = None
    definition: str = ""


class OfferExpired(OfferEvent, frozen=True, kw_only=True):
    """The offer's time is up; `at` is when."""


class OfferRevoked(OfferEvent, frozen=True, kw_only=True):
    """The offer was taken away."""

    revoked_at: datetime


class OfferCodeMade(OfferEvent, frozen=True, kw_only=True):
    """A code, known by its keyed hash alone, stands for the offer until `expires_at`."""

    digest: str
    expires_at: datetime


class OfferCodeUsed(OfferEvent, frozen=True, kw_only=True):
    """The code was shown for this sale, and is good for no other."""

    digest: str
    transaction: str


class OfferPutOnCheck(OfferEvent, frozen=True, kw_only=True):
    """A sale holds the offer, until `until`; without it, the offer was redeemed at once."""

    stackable: bool
    until: datetime | None = None
    discount: PricedDiscount


class OfferTakenOffCheck(OfferEvent, frozen=True, kw_only=True):
    """A sale holds the offer no more."""


class DiscountNotHonoured(Event, frozen=True, kw_only=True):
    """The till took a discount for an offer that it could not have; the offer stays as it is."""

    customers: list[str]
    reference_id: str
    amount: int
    reason: str
    by: Actor = Actor()
    cause: str


class DiscountChanged(Event, frozen=True, kw_only=True):
    """The till took another amount off than the offer was locked for."""

    customers: list[str]
    offer_id: str
    locked: int
    taken: int
    by: Actor = Actor()
    cause: str


class OfferRecalled(OfferEvent, frozen=True, kw_only=True):
    """The offer is no longer deserved, but in use: it is revoked as soon as it is free."""


class OfferRecallWithdrawn(OfferEvent, frozen=True, kw_only=True):
    """The offer is deserved again."""


class OfferExtended(OfferEvent, frozen=True, kw_only=True):
    """The offer's time to be redeemed is another one from now on."""

    redeemable_from: datetime | None = None
    expires_at: datetime | None = None


class OfferAnnotated(OfferEvent, frozen=True, kw_only=True):
    """Data of the caller's is kept with the offer, beside the log; its keyed hash is `digest`."""

    digest: str
