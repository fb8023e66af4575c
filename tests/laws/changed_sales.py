"""A sale that is changed again and again, and ends as its last version has it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from hypothesis import strategies as st
from msgspec.structs import replace

from laws.programs_and_sales import sales
from laws.reference_program import Document
from laws.returned_sales import (
    BEGIN,
    HOURS,
    LATER_HOURS,
    MEANWHILE,
    PAYING,
    SHAPES,
    WHOLE,
    Other,
    Spending,
    Step,
    Use,
    Version,
    kept,
    later,
    paid,
    programs,
)
from laws.told_twice import CUSTOMERS, Story
from loyalty_ledger.domain.events.offers import OfferIssued
from loyalty_ledger.domain.events.points import PointsAwarded, PointsSpent
from loyalty_ledger.domain.events.sales import TransactionReceived
from loyalty_ledger.domain.events.settlement import PurchaseRecounted, TransactionSettled
from loyalty_ledger.domain.events.tiers import TierEntered
from offer_examples import taken

TOLD = st.sampled_from(["as before", "less", "negative"])
STATES = st.sampled_from(["closed", "closed", "closed", "open", "void"])


class Changes(NamedTuple):
    """What happens before a sale, and the versions of it."""

    document: Document
    before: Sequence[Step]
    versions: Sequence[Version]

    @property
    def last(self) -> Version:
        """The last version."""
        return self.versions[-1]


@st.composite
def changes(
    draw: st.DrawFn,
    *,
    most: int = 4,
    soon: bool = False,
    last_tells: bool = False,
    ends_closed: bool = True,
    before: int = 2,
) -> Changes:
    """A sale, and versions of it that keep any part; in between it may be open or voided.

    `before` is the most that happens before it. Versions may tell no payments; the last one does
    if `last_tells`, and is closed if it `ends_closed`.
    """
    first = replace(draw(sales()), transaction_id="main", body_digest="1")
    made = [Version(draw(HOURS), first)]
    waits = st.just(1) if soon else LATER_HOURS
    number = draw(st.integers(1, most))
    for which in range(1, number + 1):
        tells = last_tells and which == number
        left = [draw(st.integers(0, WHOLE)) for _ in first.lines]
        sale = replace(
            first,
            lines=kept(first.lines, left, draw(SHAPES)),
            payments=paid(first, sum(left), draw(TOLD if tells else PAYING)),
        )
        state = draw(STATES)
        sale = replace(sale, is_closed=state != "open", is_voided=state == "void")
        made.append(Version(draw(waits), sale))
    if ends_closed:
        made[-1] = made[-1]._replace(sale=replace(made[-1].sale, is_closed=True, is_voided=False))
    earlier = draw(st.lists(MEANWHILE, max_size=before))
    return Changes(draw(programs()), earlier, made)


class Telling(Story):
    """A story of one sale whose versions may come in any order."""

    def begins(self, first: TransactionReceived) -> None:
        """The sale was rung up now, whichever version of it arrives first."""
        self.first["main"] = replace(first, open_time=self.now)

    def carries(self, sale: TransactionReceived, chosen: int) -> TransactionReceived:
        """The sale with offers of those there are, for its first line or for all of it."""
        lines = sale.lines[:1] if chosen & 4 else ()
        which = [name for place, name in enumerate([*self.offers()][-2:]) if chosen & 1 << place]
        on = [one.line_id for one in lines]
        told = [replace(taken(name, 50), lines=on) for name in which]
        return replace(sale, discounts=[*sale.discounts, *told])

    def told(self, sale: TransactionReceived, made: datetime) -> None:
        """A version that was made then arrives."""
        self.now = made
        self.arrives(sale, "main")

    def time_passes(self, until: datetime) -> None:
        """What falls due by then is recorded."""
        self.now = until
        for customer in CUSTOMERS:
            self.shop.keeps_time(until, customer)
        self.books_hold()

    def goes_on(self, step: Step, number: str) -> None:
        """Something else that happens."""
        self.now = later(self.now, step)
        match step:
            case Other():
                self.arrives(step.sale, number)
            case Spending():
                held = max(0, self.available(step.customer, step.account))
                if points := held * step.percent // 100:
                    self.spends(step.customer, step.account, points)
            case Use():
                if known := [*self.offers()]:
                    self.uses(known[-1 - step.which % len(known)], number)

    # --- what the laws except -------------------------------------------------------------------

    def cut(self) -> bool:
        """Whether a limit or a maximum balance kept the sale from anything."""
        return any(one.cuts for one in self.settlements)

    def written_off(self) -> bool:
        """Whether what a claw-back found nowhere was written off."""
        return any(
            one.why == "written_off" for settled in self.settlements for one in settled.not_done
        )

    @property
    def settlements(self) -> list[TransactionSettled]:
        """Those of the sale."""
        found = (e for _, e in self.shop.history if isinstance(e, TransactionSettled))
        return [one for one in found if one.transaction_id == "main"]

    def grew(self) -> bool:
        """Whether a later version came to more of anything than the one before."""
        main = [
            isinstance(e, TransactionSettled) and e.transaction_id == "main"
            for _, e in self.shop.history
        ]
        after = self.shop.history[main.index(True) + 1 :] if True in main else []
        return any(_more(event) for _, event in after)

    def standing(self) -> dict[tuple[str, ...], int]:
        """Points awarded net of claw-backs, by rule, customer and account; not what paid for it."""
        return {key: n for key, n in self._standing.items() if n and key[1] != "tender"}

    def balances(self) -> dict[tuple[str, str], int]:
        """The points everybody has, less what he owes."""
        return {key: points for key, points in self._balances.items() if points}

    def paid_with(self) -> dict[tuple[str, ...], int]:
        """The points that pay for the sale now."""
        return {key: n for key, n in self._standing.items() if n and key[1] == "tender"}

    def short(self) -> bool:
        """Whether there were fewer points than a version of the sale was to be paid with."""
        return any("tender_short" in flag for one in self.settlements for flag in one.flags)

    def granted(self) -> dict[tuple[str, ...], int]:
        """What stands of awards by rules, not by levels."""
        return {key: n for key, n in self.standing().items() if _by_rule(key)}

    def tendered(self) -> bool:
        """Whether points paid for the sale."""
        return any(
            isinstance(event, PointsSpent) and event.transaction.endswith("/main")
            for _, event in self.shop.history
        )

    def levels_held(self) -> dict[Any, Any]:
        """The levels held, and those whose entry counts; not since when."""
        return {key: held[0] if key[1] else held for key, held in self.levels().items()}

    def kinds_of_offers(self) -> dict[tuple[str, str], int]:
        """How many offers of a kind a customer has, and where they stand."""
        found: dict[tuple[str, str], int] = {}
        for offer_id, stands in self.offers().items():
            offer = self.shop.offer(offer_id)
            key = f"{offer.customer_id}:{offer.definition}", stands
            found[key] = found.get(key, 0) + 1
        return found


def _by_rule(key: tuple[str, ...]) -> bool:
    return not key[1].startswith("tier:")


def _more(event: Any) -> bool:
    if isinstance(event, PurchaseRecounted):
        return (
            event.times > event.was_times
            or event.spend > event.was_spend
            or event.total > event.was_total
        )
    return isinstance(event, PointsAwarded | OfferIssued | TierEntered)


def moments(changes: Changes, begin: datetime = BEGIN) -> list[datetime]:
    """When each version was made."""
    found = []
    for step in changes.versions:
        begin = later(begin, step)
        found.append(begin)
    return found
