"""Points that pay for a sale: spent when it is settled, and given back as it comes back."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from loyalty_ledger.domain import upkeep, wallet
from loyalty_ledger.domain.basket import POINTS_TENDER
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.points import LotPoints, PointsSpent
from loyalty_ledger.domain.events.sales import Payment, PointsTendered
from loyalty_ledger.domain.events.settlement import GivenBack
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.restoring import Restore, latest_first, restore
from loyalty_ledger.domain.sale_record import TENDER, SaleRecord, Tender
from loyalty_ledger.domain.streams import wallet_of
from loyalty_ledger.domain.taking_back import Case


class Value(NamedTuple):
    """What a version of a sale is worth; `kept` says whether anything of it was kept.

    `holds` says whether it is closed and not voided.
    """

    total: int
    kept: bool
    holds: bool = True


class Worth(NamedTuple):
    """What a version is worth `now`, and the sale was at `first`; None: it is the first itself."""

    now: Value
    first: int | None


def asked_for(payments: Sequence[Payment], program: Program) -> dict[str, int]:
    """The points that payments of type POINTS come to, by customer; '' for those of nobody."""
    sums: dict[str, int] = {}
    for payment in payments:
        if (payment.type or "").upper() == POINTS_TENDER:
            owner = payment.customer_id or ""
            sums[owner] = sums.get(owner, 0) + payment.amount
    value = program.minor(program.point_value)
    return {owner: amount // value for owner, amount in sums.items() if amount >= value}


class Tendering:
    """Spends what a version of a sale is paid with, and gives back what it is no longer."""

    def __init__(self, case: Case, stream: str, worth: Worth, draft: Draft):
        self._case = case
        self._stream = stream
        self._value = worth.now
        self._first = worth.first
        self._draft = draft
        self.given_back: list[GivenBack] = []
        self.flags: list[str] = []

    def settle(self, asked: dict[str, int], record: SaleRecord) -> None:
        """Bring what is spent to what this version is paid with."""
        if nobody := asked.get("", 0):
            self.flags.append(f"tender_unnamed:{nobody}")
        for customer_id in dict.fromkeys((*record.tenders, *asked)):
            if customer_id:
                self._bring(customer_id, asked.get(customer_id, 0))

    def _bring(self, customer_id: str, asked: int) -> None:
        """Spend what is asked beyond what was; then give back, or take again, by what is left."""
        more = asked - self._tender(customer_id).asked
        if more > 0:
            self._spend(customer_id, more, again=False)
        tender = self._tender(customer_id)
        due = self._due(tender) - tender.spent
        if due < 0:
            self._give_back(customer_id, tender, -due)
        elif due > 0:
            self._spend(customer_id, due, again=True)

    def _tender(self, customer_id: str) -> Tender:
        record: SaleRecord = self._draft.state(self._stream).record
        return record.tenders.get(customer_id, Tender())

    def _due(self, tender: Tender) -> int:
        """What is owed of the points that were paid, now that the sale is worth this much."""
        by_total: dict[int, int] = {}
        for total, points in tender.paid:
            base = (self._first or 0) if total is None else total
            by_total[base] = by_total.get(base, 0) + points
        if self._first is None:
            return tender.spent if self._value.holds else 0
        return sum(points - self._back(points, base) for base, points in by_total.items())

    def _back(self, points: int, base: int) -> int:
        """What comes back of points paid when the sale was worth `base`: all when nothing is."""
        if not self._value.total and (base or not self._value.kept):
            return points
        return points * max(0, base - self._value.total) // base if base else 0

    def _spend(self, customer_id: str, points: int, *, again: bool) -> None:
        """Spend what there is of them; a closed sale is never refused for its points."""
        case, stream = self._case, wallet_of(customer_id)
        program = case.rulebook.program
        _time_first(case, customer_id, self._draft)
        parts = wallet.split(self._draft.state(stream), program.tender_accounts, points)
        short = points - sum(parts.values())
        if short:
            self.flags.append(f"tender_short:{points}:{points - short}:{customer_id}")
        for account, part in parts.items():
            command = wallet.Spend(
                customer_id=customer_id,
                account=account,
                points=part,
                at=case.now,
                reference=TENDER,
                program=program,
                program_version=case.rulebook.version,
                transaction=case.transaction,
                cause=case.cause,
            )
            spent = wallet.spend(command, self._draft.state(stream))
            self._draft.emit(stream, spent, customer_id)
            told = part + short, again
            self._draft.emit(self._stream, self._tendered(spent, *told), customer_id)
            short = 0
        if short and not again:
            self._draft.emit(self._stream, self._nothing(customer_id, short), customer_id)

    def _tendered(self, spent: PointsSpent, asked: int, again: bool) -> PointsTendered:
        return PointsTendered(
            at=spent.at,
            customer_id=spent.customer_id,
            account=spent.account,
            points=spent.points,
            lots=spent.lots,
            asked=asked,
            again=again,
            cause=spent.cause,
        )

    def _nothing(self, customer_id: str, asked: int) -> PointsTendered:
        """Asked for, and nothing was there: a later version does not ask for it again."""
        return PointsTendered(
            at=self._case.now,
            customer_id=customer_id,
            account="",
            points=0,
            lots=[],
            asked=asked,
            cause=self._case.cause,
        )

    def _give_back(self, customer_id: str, tender: Tender, points: int) -> None:
        """Give back the points taken last, each to its own lot."""
        by_account: dict[str, list[LotPoints]] = {}
        for account, part in reversed(tender.lots):
            taken = latest_first([part], points)
            by_account.setdefault(account, []).extend(taken)
            points -= sum(one.points for one in taken)
        for account, lots in by_account.items():
            if lots:
                at = max(self._case.now, tender.at)
                give_back(self._case, customer_id, account, lots, TENDER, at, self._draft)
                back = sum(lot.points for lot in lots)
                self.given_back.append(
                    GivenBack(customer_id=customer_id, how=TENDER, account=account, points=back)
                )


def give_back(
    case: Case,
    customer_id: str,
    account: str,
    lots: Sequence[LotPoints],
    reference: str,
    at: datetime,
    draft: Draft,
) -> None:
    """Give spent points back to their lots, for a version that no longer takes them.

    `at` is when: never before they were spent.
    """
    stream = wallet_of(customer_id)
    _time_first(case, customer_id, draft)
    command = Restore(
        customer_id=customer_id,
        account=account,
        lots=lots,
        at=at,
        reference=reference,
        program=case.rulebook.program,
        program_version=case.rulebook.version,
        transaction=case.transaction,
        cause=case.cause,
    )
    draft.emit(stream, restore(command, draft.state(stream).holdings), customer_id)


def _time_first(case: Case, customer_id: str, draft: Draft) -> None:
    """Who paid need not be one of the sale's customers, whom time has been recorded for."""
    upkeep.bring_up_to_date(draft, customer_id, case.now, case.rulebook, case.programs)
