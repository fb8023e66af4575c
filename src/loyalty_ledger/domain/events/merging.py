"""Facts of a merge: one customer goes on as another, who has all that was his.

What moves is told twice, in the stream it leaves and in the one it comes to. Nothing of it is new:
it is no award, no entry and no issue. Lot n of the one is lot n + `numbering` of the other.
"""

from datetime import datetime

from loyalty_ledger.domain.events.base import Event, Fact
from loyalty_ledger.domain.events.offers import OfferEvent
from loyalty_ledger.domain.events.points import LotPoints
from loyalty_ledger.domain.events.settlement import EntryCount, JudgedCustomer, PostedAward
from loyalty_ledger.domain.events.tiers import TierStep

MERGED = "merged"


class CustomerMerged(Event, frozen=True, kw_only=True):
    """This customer goes on as another, and his id and identifiers lead there from here on."""

    customer_id: str
    into: str


class CustomerAbsorbed(Event, frozen=True, kw_only=True):
    """This customer has all that was another's, and of those merged into that one before."""

    customer_id: str
    absorbed: list[str]


class MovedLot(Fact, frozen=True, kw_only=True):
    """A lot that moved, with its own end; `repaid` of it paid back debt of who has it now."""

    lot: int
    new_lot: int
    points: int
    repaid: int = 0
    earned_at: datetime
    expires_at: datetime | None = None
    program_version: int


class MovedEarning(Fact, frozen=True, kw_only=True):
    """Points earned at a moment, less what was taken back of them."""

    earned_at: datetime
    points: int


class MovedAccount(Fact, frozen=True, kw_only=True):
    """What moved in one account.

    Of the `debt`, the `lots_taken` of who has it now paid back as much as they could. `debt_at`,
    `idle_from` and `version` (of the program) are how his account stands to them after it.
    """

    account: str
    lots: list[MovedLot] = []
    debt: int = 0
    lots_taken: list[LotPoints] = []
    earned: list[MovedEarning] = []
    debt_at: datetime | None = None
    idle_from: datetime | None = None
    version: int = 0

    @property
    def points(self) -> int:
        """What it does to the balance."""
        return sum(lot.points for lot in self.lots) - self.debt

    @property
    def repaid(self) -> int:
        """Debt that is debt no more, of either."""
        return sum(x.repaid for x in self.lots) + sum(x.points for x in self.lots_taken)

    @property
    def owed(self) -> int:
        """By how much the debt of who has it now grows, or shrinks."""
        taken = sum(x.points for x in self.lots_taken)
        return self.debt - taken - sum(x.repaid for x in self.lots)

    @property
    def lifetime(self) -> int:
        """What of it was ever earned."""
        return sum(one.points for one in self.earned)


class MovedTrace(Fact, frozen=True, kw_only=True):
    """Where points of a lot had gone before: into another lot, or nowhere. By the new numbers."""

    earned_at: datetime
    lot: int
    points: int
    into: str = ""
    new_lot: int = 0


class PointsMovedOut(Event, frozen=True, kw_only=True):
    """All points of this customer went to another, and with them what he owed."""

    customer_id: str
    into: str
    accounts: list[MovedAccount] = []
    numbering: int


class PointsMovedIn(Event, frozen=True, kw_only=True):
    """All points of another came to this customer. The next lot is `next_lot`.

    `latest` is the latest moment that an award of the other took hold.
    """

    customer_id: str
    moved_from: str
    accounts: list[MovedAccount] = []
    traces: list[MovedTrace] = []
    numbering: int
    next_lot: int
    latest: datetime | None = None


class MovedLevel(Fact, frozen=True, kw_only=True):
    """A level held, and the way to it."""

    system: str
    level: str
    since: datetime
    until: datetime | None = None
    program_version: int
    steps: list[TierStep] = []


class MovedPurchase(Fact, frozen=True, kw_only=True):
    """A sale that counts."""

    counted_at: datetime
    transaction: str
    spend: int
    total: int
    times: int


class MovedEntry(Fact, frozen=True, kw_only=True):
    """What entering a level had given, under the new numbers of lots."""

    key: str
    awards: list[PostedAward] = []
    offers: dict[str, str] = {}
    counted: list[EntryCount] = []
    counted_at: datetime
    codes: dict[str, str] = {}


class TiersMovedOut(Event, frozen=True, kw_only=True):
    """The customer's levels, and the sales that count, went to another."""

    customer_id: str
    into: str
    levels: list[MovedLevel] = []
    purchases: list[MovedPurchase] = []


class TiersMovedIn(Event, frozen=True, kw_only=True):
    """The sales that count of another, and those of his `levels` that are the better ones.

    A sale that counts for this customer already is not among the `purchases`: it counts otherwise.
    `rewarded` are the levels whose entry outcomes he had, and so this customer.
    """

    customer_id: str
    moved_from: str
    levels: list[MovedLevel] = []
    purchases: list[MovedPurchase] = []
    entries: list[MovedEntry] = []
    rewarded: list[str] = []
    latest: datetime | None = None


class MovedMoment(Fact, frozen=True, kw_only=True):
    """How often something counts at a moment."""

    counted_at: datetime
    times: int


class MovedCount(Fact, frozen=True, kw_only=True):
    """What a limit counts for one customer."""

    subject: str
    times: int
    points: int = 0
    moments: list[MovedMoment] = []


class UsageMovedOut(Event, frozen=True, kw_only=True):
    """What limits count for this customer counts for another. Over all customers nothing moves."""

    customer_id: str
    into: str
    counts: list[MovedCount] = []


class UsageMovedIn(Event, frozen=True, kw_only=True):
    """What limits counted for another counts for this customer."""

    customer_id: str
    moved_from: str
    counts: list[MovedCount] = []


class MovedClaim(Fact, frozen=True, kw_only=True):
    """A claim of a promotion."""

    claim_id: str
    promotion: str
    digest: str = ""
    claimed_at: datetime


class PromoTriesMovedOut(Event, frozen=True, kw_only=True):
    """The codes that this customer entered are another's."""

    customer_id: str
    into: str


class PromoTriesMovedIn(Event, frozen=True, kw_only=True):
    """The codes that another entered are this customer's: `accepted` and `claims` are new to him.

    The wrong ones are as here after it: in a row the more, in all together, locked out the longer.
    """

    customer_id: str
    moved_from: str
    in_a_row: int = 0
    in_all: int = 0
    locked_until: datetime | None = None
    accepted: list[MovedMoment] = []
    claims: list[MovedClaim] = []


class OfferMoved(OfferEvent, frozen=True, kw_only=True):
    """The offer is in another customer's hands, as it stands: a lock goes on holding it.

    The lots that paid for it bear other numbers, by `numbering`.
    """

    moved_from: str
    definition: str
    state: str
    issued_at: datetime
    redeemable_from: datetime | None = None
    expires_at: datetime | None = None
    transaction: str = ""
    locked_until: datetime | None = None
    recalled: bool = False
    numbering: int


class SaleMoved(Event, frozen=True, kw_only=True):
    """What this sale has to do with a customer, it has to do with another from here on.

    Where both have a part in it, `judged` is what he is judged by who has both from here on.
    """

    customer_id: str
    into: str
    transaction: str
    numbering: int
    judged: JudgedCustomer | None = None


class PromoCodeMoved(Event, frozen=True, kw_only=True):
    """A drawn promo code is in another customer's profile: drawn, used or withdrawn, as `state` is.

    It stays the code that followed from what gave it to `first_drawn_for`.
    """

    customer_id: str
    moved_from: str
    promotion: str
    digest: str
    state: str
    first_drawn_for: str
    rule: str
    number: int
    drawn_at: datetime
    cause: str
