"""The log of a customer's points, lot by lot: each award with what has become of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from loyalty_ledger.domain.acquisition import PRICE_OF
from loyalty_ledger.domain.events.offers import OfferIssued
from loyalty_ledger.domain.events.points import (
    InactivityReviewed,
    PointsAwarded,
    PointsClawedBack,
    PointsExpired,
    PointsRestored,
    PointsRolledOver,
    PointsSpent,
)
from loyalty_ledger.domain.sale_record import TENDER
from loyalty_ledger.domain.spending import NO_REFERENCE
from loyalty_ledger.store.log import Recorded

_NONE = (NO_REFERENCE, TENDER)
"""What spends are recorded as being for that name nothing, or only their sale."""


@dataclass(slots=True)
class AuditRow:
    """A movement of points in an account. Those that put points there are lots.

    `modification` is what it did to the balance. Of a lot, `spent` and `expired` are what is gone
    of it: what rolled over counts as expired, what was taken back or paid a debt as spent.
    `request` is the id of the request that moved them, where one did, and `line` that of its line;
    `reference` is what they moved for: a rule, an offer that was bought, a caller's own reference.
    `cause` names the event that it follows from, as `stream@version`, where it follows from one.
    """

    row_id: str
    at: datetime
    recorded_at: datetime
    account: str
    modification: int
    kind: str
    source: str = ""
    reference: str = ""
    transaction: str = ""
    spent: int = 0
    expired: int = 0
    request: str = ""
    line: str = ""
    cause: str = ""


class Audit:
    """Rows in log order, told event by event."""

    def __init__(self) -> None:
        self.rows: list[AuditRow] = []
        self._lots: dict[int, AuditRow] = {}

    def tell(self, recorded: Recorded) -> None:
        """Note what an event did."""
        match recorded.event:
            case PointsAwarded() as event:
                self._awarded(recorded, event)
            case PointsSpent() as event:
                self._spent(recorded, event)
            case OfferIssued() as event:
                self._bought(event)
            case PointsExpired() as event:
                self._row(recorded, event.account, -event.points, "expiration")
                self._take(((one.lot, one.points) for one in event.lots), "expired")
            case PointsRolledOver() as event:
                self._rolled_over(recorded, event)
            case PointsClawedBack() as event:
                self._clawed_back(recorded, event)
            case PointsRestored() as event:
                self._restored(recorded, event)
            case InactivityReviewed() as event:
                self._reviewed(recorded, event)

    def _awarded(self, recorded: Recorded, event: PointsAwarded) -> None:
        row = self._row(recorded, event.account, event.points - event.made_up, "issuance")
        row.source, row.reference, row.transaction = event.source, event.rule, event.transaction
        row.spent = event.repaid
        self._lots[event.lot] = row

    def _spent(self, recorded: Recorded, event: PointsSpent) -> None:
        row = self._row(recorded, event.account, -event.points, "spend")
        row.reference = "" if event.reference in _NONE else event.reference
        row.transaction = event.transaction
        self._take(((one.lot, one.points) for one in event.lots), "spent")

    def _bought(self, event: OfferIssued) -> None:
        """The offer that was just paid for is known by its id; no words of a caller's are."""
        for row in reversed(self.rows[-len(event.paid) :] if event.paid else ()):
            if row.kind == "spend" and row.reference == f"{PRICE_OF}{event.offer_id}":
                row.reference = event.offer_id

    def _rolled_over(self, recorded: Recorded, event: PointsRolledOver) -> None:
        self._row(recorded, event.account, -event.points, "transfer")
        self._take(((one.lot, one.points) for one in event.lots), "expired")
        for part, one in enumerate(event.lots, 1):
            row = self._row(recorded, event.into, one.points, "transfer", part)
            before = self._lots.get(one.lot)
            row.source = before.source if before else ""
            row.spent = one.repaid
            self._lots[one.new_lot] = row

    def _clawed_back(self, recorded: Recorded, event: PointsClawedBack) -> None:
        taken = event.points - event.written_off - event.already_gone
        row = self._row(recorded, event.account, -taken, "return")
        row.reference, row.transaction = event.rule, event.transaction
        self._take(((one.lot, one.points) for one in event.lots), "spent")

    def _restored(self, recorded: Recorded, event: PointsRestored) -> None:
        for part, one in enumerate(event.lots):
            home = self._lots.get(one.into)
            if one.into == one.lot and home is not None:
                home.spent -= one.points - one.repaid
                self._row(recorded, event.account, one.points, "restoration", part)
                self.rows[-1].spent = one.points  # they are the lot's again, not this row's
                continue
            row = self._row(recorded, event.account, one.points, "restoration", part)
            row.spent = one.repaid
            self._lots[one.into] = row

    def _reviewed(self, recorded: Recorded, event: InactivityReviewed) -> None:
        if event.points:
            kind = "expiration" if event.points > 0 else "restoration"
            row = self._row(recorded, event.account, -event.points, kind)
            row.transaction = event.transaction
            row.spent = sum(part.points for part in event.back)  # they are the lots' again
        self._take(((one.lot, one.points) for one in event.lost), "expired")
        self._take(((one.lot, -one.points) for one in event.back), "expired")
        self._take(((one.lot, one.repaid) for one in event.back), "spent")

    def _take(self, parts: Iterable[tuple[int, int]], what: str) -> None:
        for lot, points in parts:
            if lot in self._lots:
                setattr(self._lots[lot], what, getattr(self._lots[lot], what) + points)

    def _row(
        self, recorded: Recorded, account: str, points: int, kind: str, part: int = 0
    ) -> AuditRow:
        row = AuditRow(
            row_id=f"{recorded.stream.partition('/')[2]}.{recorded.version}.{part}",
            at=recorded.event.at,
            recorded_at=recorded.recorded_at,
            account=account,
            modification=points,
            kind=kind,
            request=recorded.meta.get("request", ""),
            line=recorded.meta.get("line", ""),
            cause=getattr(recorded.event, "cause", ""),
        )
        self.rows.append(row)
        return row
