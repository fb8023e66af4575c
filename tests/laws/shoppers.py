"""Two who buy, spend and use what they can: one with a sale that comes back, one without it."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from hypothesis import strategies as st
from msgspec.structs import replace

from laws.reference_program import Document
from laws.returned_sales import (
    HOURS,
    OTHERS,
    SPENDINGS,
    USES,
    Other,
    Spending,
    Use,
    Version,
    programs,
    versions,
)
from laws.told_twice import CUSTOMERS, Story
from loyalty_ledger.domain.events.points import (
    PointsClawedBack,
    PointsRestored,
    PointsSpent,
)
from loyalty_ledger.domain.events.sales import TransactionReceived
from loyalty_ledger.domain.events.settlement import TransactionSettled
from loyalty_ledger.domain.offer import OfferState
from loyalty_ledger.domain.values import Rejected
from offer_examples import taken

PURSES = {"points": "points", "later": "points", "credits": "credits"}
"""Points that roll over are the same points, so these accounts are counted together."""


class Buying(NamedTuple):
    """A customer buys an offer in the reward store, if he can."""

    after: int
    customer: str


Step = Version | Other | Spending | Use | Buying


class Shopping(NamedTuple):
    """What happens, with a sale in it that comes back.

    `carries`: it uses an offer, if there is one. `greedy`: everybody spends all he has at once.
    """

    document: Document
    steps: Sequence[Step]
    carries: bool
    greedy: bool


BUYINGS = st.builds(Buying, HOURS, st.sampled_from(CUSTOMERS))
STEPS = st.one_of(OTHERS, SPENDINGS, SPENDINGS, BUYINGS, USES)


@st.composite
def stores(draw: st.DrawFn) -> Document:
    """A whole program that forbids debt more often than not, and sells offers for points."""
    document = draw(programs())
    points = document["point_accounts"][0]
    points["allow_negative"] = draw(st.sampled_from([False, False, True]))
    if draw(st.sampled_from([False, False, True])):
        points["expiry"] = {"kind": "inactivity", "after": "P12D", "percent": 50}
    price = draw(st.sampled_from([1, 5, 20]))
    sold = {"id": "sold", "offer": draw(st.sampled_from(["muffin", "mug"])), "price": price}
    store = {"id": "store", "name": "Store", "point_accounts": ["points"], "offers": [sold]}
    return document | {"reward_stores": [store]}


@st.composite
def shoppings(draw: st.DrawFn) -> Shopping:
    """A sale that comes back whole, in any pieces, among everything else."""
    steps: list[Step] = draw(st.lists(STEPS, max_size=3))
    for version in draw(versions()):
        steps.append(version)
        steps += draw(st.lists(STEPS, max_size=2))
    return Shopping(draw(stores()), steps, draw(st.booleans()), draw(st.booleans()))


class Shopper(Story):
    """A story of which what everybody has gained is told."""

    def __init__(self, document: Document):
        super().__init__(document)
        self.bought = False
        self._carried: str | None = None

    def goes_on(self, step: Step, number: str, *, carries: bool = False) -> None:
        """One more step."""
        self.now += timedelta(hours=step.after)
        for customer in CUSTOMERS:
            self.shop.keeps_time(self.now, customer)
        match step:
            case Version():
                self.arrives(self._carrying(step.sale) if carries else step.sale, "main")
            case Other():
                self.arrives(step.sale, number)
                if step.back:
                    self.arrives(replace(step.sale, is_voided=True), number)
            case Spending():
                points = max(0, self.available(step.customer, step.account)) * step.percent // 100
                if points:
                    self.spends(step.customer, step.account, points)
            case Buying():
                self._buys(step.customer)
            case Use():
                if known := [*self.offers()]:
                    self.uses(known[-1 - step.which % len(known)], number)

    def spends_all(self) -> None:
        """Everybody spends all he has."""
        for customer in CUSTOMERS:
            self.shop.keeps_time(self.now, customer)
            for account in PURSES:
                if (points := self.available(customer, account)) > 0:
                    self.spends(customer, account, points)

    def _buys(self, customer: str) -> None:
        try:
            self.shop.buys("sold", customer, self.now)
        except Rejected:
            return
        self.bought = True
        self.books_hold()

    def _carrying(self, sale: TransactionReceived) -> TransactionReceived:
        """The sale with the newest offer that is free when it is first told."""
        if "main" not in self.first and (known := [*self.offers()]):
            self._carried = known[-1]
        if self._carried is None:
            return sale
        return replace(sale, discounts=[*sale.discounts, taken(self._carried, 50)])

    # --- what everybody has gained --------------------------------------------------------------

    def gained(self) -> Counter[tuple[str, str]]:
        """The points everybody has, or owes, and those for which he got something."""
        found: Counter[tuple[str, str]] = Counter()
        for (customer, account), points in self._balances.items():
            found[customer, PURSES[account]] += points
        for event in self._events(PointsSpent):
            found[event.customer_id, PURSES[event.account]] += event.points
        for event in self._events(PointsRestored):
            found[event.customer_id, PURSES[event.account]] -= event.points
        return found

    def written_off(self) -> Counter[tuple[str, str]]:
        """What was written off by the house."""
        found: Counter[tuple[str, str]] = Counter()
        for event in self._events(PointsClawedBack):
            found[event.customer_id, PURSES[event.account]] += event.written_off
        return found

    def offers_had(self, *, ended: bool) -> Counter[tuple[str, str]]:
        """The offers everybody was given and has or used; `ended`: or could have used.

        Without those that were bought, and those in use that will be revoked when they are free.
        """
        found: Counter[tuple[str, str]] = Counter()
        left = self.offers()
        for stream, offer in self.shop.states.items():
            if not stream.startswith("offer/") or offer.paid or offer.recalled:
                continue
            if offer.offer_id in left or (ended and offer.state is not OfferState.REVOKED):
                found[offer.customer_id, offer.definition] += 1
        return found

    def others(self) -> dict[str, Any]:
        """What every other sale was judged by, and the rules that were open to it."""
        found = {}
        for event in self._events(TransactionSettled):
            if event.transaction_id != "main":
                by = [(one.customer_id, one.levels) for one in event.customers]
                rules = [(one.customer_id, one.rule, bool(one.deserved)) for one in event.grants]
                found[f"{event.transaction_id}@{event.version}"] = by, rules
        return found

    def _events(self, kind: type[Any]) -> list[Any]:
        return [event for _, event in self.shop.history if isinstance(event, kind)]
