"""The rows of a customer's profile, but for his offers."""

from datetime import datetime
from typing import NamedTuple

from loyalty_projections.tables import Table


class CustomerRow(NamedTuple):
    """A customer's own facts; `tags` is a JSON list, `tag_ends` a JSON object.

    `changed_at` is when something about him was last other than before: these, what names him, or
    what is kept of him beside the log, where the log tells of it.
    """

    customer_id: str
    enrolled_at: datetime | None = None
    opted_in: int = 0
    tags: str = ""
    tag_ends: str = "{}"
    suspended: int = 0
    test: int = 0
    changed_at: datetime | None = None


class AccountRow(NamedTuple):
    """An account as `domain.lots.Account` holds it, without its lots."""

    customer_id: str
    account: str
    debt: int = 0
    debt_at: datetime | None = None
    lifetime: int = 0
    idle_from: datetime | None = None
    program_version: int = 0
    last_lot: int | None = None


class LotRow(NamedTuple):
    """A lot as `domain.lots.Lot` holds it."""

    customer_id: str
    account: str
    lot: int
    remaining: int
    at: datetime
    earned_at: datetime
    due: datetime
    program_version: int


class LevelRow(NamedTuple):
    """The level held in a tier system."""

    customer_id: str
    system: str
    level: str
    since: datetime | None
    until: datetime | None


CUSTOMERS = Table("profile_customer", CustomerRow, keys=1, latest=frozenset({"changed_at"}))
ACCOUNTS = Table(
    "profile_account",
    AccountRow,
    keys=2,
    sums=frozenset({"debt", "lifetime"}),
    latest=frozenset({"debt_at", "idle_from", "last_lot"}),
)
LOTS = Table("profile_lot", LotRow, keys=3, sums=frozenset({"remaining"}), gone=("remaining",))
LEVELS = Table("profile_level", LevelRow, keys=2)
