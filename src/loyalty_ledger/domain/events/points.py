"""Every movement of points."""

from datetime import datetime

from loyalty_ledger.domain.events.base import Event, Fact


class LotPoints(Fact, frozen=True, kw_only=True):
    """Points taken from, or put into, one lot.

    A spend also says what the lot was, so that points given back return to it when it is gone.
    """

    lot: int
    points: int
    earned_at: datetime | None = None
    expires_at: datetime | None = None
    program_version: int = 0


class PointsAwarded(Event, frozen=True, kw_only=True):
    """Points were earned: `repaid` of them paid back debt, the rest is lot `lot`.

    `earned_at` is the plain business time; `amount` the net of the qualifying `lines`; `levels`
    what the customer was judged by; `cut` what the account's maximum balance kept back. `made_up`
    of them had been written off, or were over, when they were taken back: they are earned again and
    make no lot.
    """

    customer_id: str
    account: str
    source: str
    points: int
    lot: int
    earned_at: datetime
    expires_at: datetime | None = None
    repaid: int = 0
    cut: int = 0
    made_up: int = 0
    rule: str
    transaction: str = ""
    amount: int | None = None
    lines: list[str] = []
    levels: dict[str, str] = {}
    program_version: int
    catalog_version: int = 0
    cause: str


class PointsSpent(Event, frozen=True, kw_only=True):
    """Points were spent, from these lots, for `reference`."""

    customer_id: str
    account: str
    points: int
    lots: list[LotPoints]
    spent_at: datetime
    reference: str
    transaction: str = ""
    program_version: int
    cause: str = ""


class PointsExpired(Event, frozen=True, kw_only=True):
    """Points were lost to time: `kind` is the account's expiry kind. `at` is when they fell due."""

    customer_id: str
    account: str
    points: int
    lots: list[LotPoints]
    kind: str
    program_version: int


class RolledLot(Fact, frozen=True, kw_only=True):
    """A lot that moved: `points` of lot `lot` became `new_lot`, less `repaid` of debt."""

    lot: int
    points: int
    new_lot: int
    earned_at: datetime
    expires_at: datetime | None = None
    repaid: int = 0


class PointsRolledOver(Event, frozen=True, kw_only=True):
    """Points moved to another account when they fell due there. `at` is that instant."""

    customer_id: str
    account: str
    into: str
    points: int
    lots: list[RolledLot]
    program_version: int


class PointsClawedBack(Event, frozen=True, kw_only=True):
    """An award was taken back: from `lots`, then as `debt`, then `written_off` by the house.

    `awarded_at` and `rule` name the award that is reduced, `awarded_in` its account if its points
    have rolled over since. `already_gone` of them had expired before and are taken from nowhere.
    """

    customer_id: str
    account: str
    points: int
    lots: list[LotPoints] = []
    debt: int = 0
    written_off: int = 0
    already_gone: int = 0
    awarded_in: str = ""
    awarded_at: datetime
    rule: str
    transaction: str = ""
    program_version: int
    cause: str


class RestoredLot(Fact, frozen=True, kw_only=True):
    """Points given back to lot `lot`, less `repaid` of debt.

    They are in `into`: the lot itself, or a new one where its time was up meanwhile.
    """

    lot: int
    points: int
    into: int
    earned_at: datetime
    expires_at: datetime | None = None
    program_version: int
    repaid: int = 0


class PointsRestored(Event, frozen=True, kw_only=True):
    """Points that were spent were given back, for `reference`, each to the lot it came from."""

    customer_id: str
    account: str
    points: int
    lots: list[RestoredLot]
    restored_at: datetime
    reference: str
    transaction: str = ""
    program_version: int
    cause: str


class InactivityReviewed(Event, frozen=True, kw_only=True):
    """What inactivity takes was worked out again, since `transaction` came to less than before.

    Had it always been what it is now, `lost` would have been lost, beyond what was; or `back` would
    not have been, and is given back to its lots. `due` are moments at which something would have
    been lost, and nothing was recorded. The account is idle from `idle_from` (None: nothing was
    earned or spent), judged by `program_version`.
    """

    customer_id: str
    account: str
    lost: list[LotPoints] = []
    back: list[RestoredLot] = []
    due: list[datetime] = []
    idle_from: datetime | None = None
    transaction: str
    program_version: int
    cause: str

    @property
    def points(self) -> int:
        """What it takes from the balance; negative when it gives back."""
        return sum(part.points for part in self.lost) - sum(part.points for part in self.back)
