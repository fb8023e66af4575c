"""What can be asked of an offer in a customer's hands."""

from collections.abc import Callable
from datetime import datetime

from msgspec import Struct

from loyalty_ledger.domain.events.offers import Actor, PricedDiscount
from loyalty_ledger.domain.values import Period


class Terms(Struct, frozen=True, kw_only=True):
    """What a lock is made on: how long it holds, and how to price it, which may be refused."""

    timeout: Period
    time_zone: str
    price: Callable[[], PricedDiscount]
    total: int
    catalog_version: int = 0


class Lock(Struct, frozen=True, kw_only=True):
    """Bind the offer to a sale, or price it anew there."""

    transaction: str
    at: datetime
    terms: Terms
    by: Actor = Actor()


class Redeem(Lock, frozen=True, kw_only=True):
    """Lock and redeem at once."""


class Unlock(Struct, frozen=True, kw_only=True):
    """Give the offer free."""

    at: datetime
    by: Actor = Actor()
    why: str = "requested"
    cause: str = ""


class Reinstate(Struct, frozen=True, kw_only=True):
    """Make a redeemed offer the customer's again."""

    at: datetime
    by: Actor = Actor()
    why: str = "requested"
    cause: str = ""


class Revoke(Struct, frozen=True, kw_only=True):
    """Take the offer away for good."""

    at: datetime
    by: Actor = Actor()
    why: str = "requested"


class Extend(Struct, frozen=True, kw_only=True):
    """Let its time to be redeemed be another one."""

    at: datetime
    redeemable_from: datetime | None
    expires_at: datetime | None
    by: Actor = Actor()


class Annotate(Struct, frozen=True, kw_only=True):
    """Keep other data with the offer, which is known by its keyed hash."""

    at: datetime
    digest: str
    by: Actor = Actor()


class Recall(Struct, frozen=True, kw_only=True):
    """Take back an offer that is no longer deserved; one in use is taken back when it is free."""

    at: datetime
    cause: str


class Deserve(Struct, frozen=True, kw_only=True):
    """The offer is deserved again: what was recalled is not taken back."""

    at: datetime
    cause: str


class Elapse(Struct, frozen=True, kw_only=True):
    """Record what time has done to the offer up to and at `until`."""

    until: datetime


class Carry(Struct, frozen=True, kw_only=True):
    """A closed sale carries the offer, for this discount.

    `read_at` is when the sale reached us, by which locks are judged; `sale_time` is by which the
    redemption period is judged once the lock is gone; `at` dates the sale. `customers` are those
    the sale names. `locked_before` when the sale had locked the offer and never gave it free;
    `alive` when that lock held at `read_at`, whatever was recorded since.
    """

    transaction: str
    discount: PricedDiscount
    at: datetime
    read_at: datetime
    sale_time: datetime
    customers: tuple[str, ...]
    locked_before: bool = False
    alive: bool = False
    by: Actor = Actor()
    cause: str


Command = (
    Lock
    | Redeem
    | Unlock
    | Reinstate
    | Revoke
    | Extend
    | Annotate
    | Recall
    | Deserve
    | Elapse
    | Carry
)
