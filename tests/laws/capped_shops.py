"""Programs with every kind of cap, and shops whose caps are watched whatever happens.

What limits allow is read in the program; what stands is what the shop counts, which `Story`
compares with what was granted and not taken back.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import NamedTuple

from hypothesis import strategies as st
from msgspec.structs import replace

from laws.programs_and_sales import PERIODS, outcomes, some
from laws.reference_program import Document
from laws.returned_sales import HOURS, OTHERS, USES, Version, versions
from laws.shoppers import BUYINGS, Shopper, Step, stores
from laws.told_twice import CUSTOMERS
from loyalty_ledger.domain.events.limits import issued, sold
from loyalty_ledger.domain.events.offers import OfferIssued
from loyalty_ledger.domain.events.promotions import PromoCodeDrawn, PromotionClaimed
from loyalty_ledger.domain.events.sales import Payment, TransactionReceived
from loyalty_ledger.domain.events.settlement import Grant
from loyalty_ledger.domain.limits import Count, Granted
from loyalty_ledger.domain.offer import OfferState
from loyalty_ledger.domain.offer_commands import Reinstate, Revoke
from loyalty_ledger.domain.program.earning import CustomerLimit, Limits
from loyalty_ledger.domain.promotion import Listed
from loyalty_ledger.domain.streams import limit, promo_code_of, tiers_of, usage_of
from loyalty_ledger.domain.values import Rejected, Window
from specification import NEW_YORK, TILL

DEFINITIONS = ("muffin", "mug")


class Claiming(NamedTuple):
    """A customer enters the code for all, or the newest that was drawn for anybody."""

    after: int
    customer: str
    drawn: bool


class Giving(NamedTuple):
    """An employee gives an offer."""

    after: int
    customer: str
    definition: str


class Minding(NamedTuple):
    """An employee takes an offer away, or a till reinstates it; the newest first."""

    after: int
    which: int
    revokes: bool


CappedStep = Step | Claiming | Giving | Minding


class Capped(NamedTuple):
    """A program with caps, and what happens."""

    document: Document
    steps: Sequence[CappedStep]


WHO = st.sampled_from(CUSTOMERS)
STEPS: st.SearchStrategy[CappedStep] = st.one_of(
    OTHERS,
    OTHERS,
    BUYINGS,
    USES,
    BUYINGS,
    st.builds(Claiming, HOURS, WHO, st.booleans()),
    st.builds(Claiming, HOURS, WHO, st.booleans()),
    st.builds(Giving, HOURS, WHO, st.sampled_from(DEFINITIONS)),
    st.builds(Minding, HOURS, st.integers(0, 3), st.booleans()),
)
CAPS = some(per_customer=st.integers(1, 2), total=st.integers(1, 3))
LIMITS = some(
    per_customer=some(period=PERIODS).map(lambda period: {"times": 1, **period}),
    total=st.integers(1, 2),
    points=st.integers(5, 30),
)


DRAWN = st.sampled_from([[], [{"code": "gift"}]])


@st.composite
def capped(draw: st.DrawFn) -> Capped:
    """Sales in versions among everything else, under every kind of cap."""
    document = draw(stores())
    award = {"account": "points", "source": "shop", "points": 1, "per_amount": "0.30"}
    document["rules"].append({"id": "base", "outcomes": [{"award": award}, *draw(DRAWN)]})
    for one in (*document["rules"], *document["campaigns"], *document["point_sources"]):
        one["limits"] = draw(LIMITS)
    ware = document["reward_stores"][0]["offers"][0]
    ware |= {"price": 1} | draw(some(per_customer=st.integers(1, 2), inventory=st.integers(1, 3)))
    spring: Document = {"id": "spring", "name": "Spring", "kind": "multi_use", "code": "SPRING"}
    spring |= {"outcomes": draw(outcomes(bought=False))} | draw(CAPS)
    gift = {"id": "gift", "name": "Gift", "kind": "single_use", "outcomes": [{"issue": "mug"}]}
    promotions = [*document.get("promotions", [gift]), spring]
    steps: list[CappedStep] = draw(st.lists(STEPS, max_size=4))
    split = draw(st.booleans())
    for version in draw(versions()):
        steps.append(Version(version.after, _shared(version.sale)) if split else version)
        steps += draw(st.lists(STEPS, max_size=4))
    return Capped(document | {"promotions": promotions}, steps)


def _shared(sale: TransactionReceived) -> TransactionReceived:
    """The sale as if both had paid for it."""
    parts = ((CUSTOMERS[0], 600), (CUSTOMERS[1], 400))
    return replace(sale, payments=[Payment(amount=n, customer_id=one) for one, n in parts])


class CappedShop(Shopper):
    """A shop of which every cap is looked at after every step."""

    def happens(self, step: CappedStep, number: str) -> None:
        """One more step; what is refused is refused."""
        if not isinstance(step, Claiming | Giving | Minding):
            self.goes_on(step, number)
            return
        self.now += timedelta(hours=step.after)
        for customer in CUSTOMERS:
            self.shop.keeps_time(self.now, customer)
        try:
            self._asks(step)
        except Rejected:
            return
        finally:
            self.books_hold()

    def _asks(self, step: Claiming | Giving | Minding) -> None:
        match step:
            case Claiming():
                self._claims(step)
            case Giving():
                self.shop.gives(step.definition, to=step.customer, when=self.now)
            case Minding():
                if known := [*self.offers()]:
                    which = known[-1 - step.which % len(known)]
                    revoke = Revoke(at=self.now, by=TILL, why="a mistake")
                    back = Reinstate(at=self.now, by=TILL)
                    self.shop.asks(which, revoke if step.revokes else back)

    def _claims(self, step: Claiming) -> None:
        if not step.drawn:
            self.shop.claims("SPRING", by=step.customer, when=self.now)
        elif drawn := self._events(PromoCodeDrawn):
            digest = drawn[-1].digest
            listed = Listed(digest, drawn[-1].promotion, self.state(promo_code_of(digest)))
            self.shop.claims("DRAWN", by=step.customer, when=self.now, listed=listed)

    def returns_all(self) -> None:
        """Every sale comes back whole."""
        self.now += timedelta(hours=1)
        for number, sale in [*self.first.items()]:
            self.arrives(replace(sale, is_voided=True), number)

    # --- what may be ----------------------------------------------------------------------------

    def caps(self) -> Iterator[tuple[str, Limits]]:
        """Every cap of the program, by what is counted."""
        program = self.shop.programs[1]
        for rule in program.rules_by_reference.values():
            yield rule.reference, rule.limits
        for source in program.point_sources:
            yield f"source:{source.id}", source.limits
        for one in program.offers:
            yield issued(one.id), _ever(one.issuance.per_customer, one.issuance.total)
        for store in program.reward_stores:
            for ware in store.offers:
                yield sold(ware.id), _ever(ware.per_customer, ware.inventory)
        for promotion in program.promotions:
            yield promotion.reference, _ever(promotion.per_customer, promotion.total)

    def over(self) -> list[str]:
        """The caps of which more is granted and stands than they allow."""
        return [subject for subject, limits in self.caps() if self._is_over(subject, limits)]

    def _is_over(self, subject: str, limits: Limits) -> bool:
        counted: Count = self.state(limit(subject))
        if limits.total is not None and counted.times > limits.total:
            return True
        if limits.points is not None and counted.points > limits.points:
            return True
        each = limits.per_customer
        mine = [self.state(usage_of(one)).of(subject) for one in CUSTOMERS]
        return each is not None and any(_crowded(one, each) for one in mine)

    # --- what stands ----------------------------------------------------------------------------

    def stands(self) -> Counter[str]:
        """How often each subject counts, over all customers."""
        subjects = {subject for subject, _ in self.caps()}
        return +Counter({one: self.state(limit(one)).times for one in subjects})

    def stands_without_sales(self) -> Counter[str]:
        """The same as claims, gifts, purchases and levels have it, that no sale takes back.

        And offers in use, that go when they are free.
        """
        found: Counter[str] = Counter()
        claims: list[PromotionClaimed] = self._events(PromotionClaimed)
        grants = [one for claim in claims for one in claim.grants if _of_promotion(one)]
        found.update(subject for one in grants for subject in one.counted)
        kept = {offer for one in grants for offer in one.held}
        for customer in CUSTOMERS:
            for entry in self.state(tiers_of(customer)).entries.values():
                found.update(one.subject for one in entry.counted)
                kept |= entry.offers.keys()
        for event in self._events(OfferIssued):
            offer = self.shop.offer(event.offer_id)
            in_use = offer.recalled and offer.state in (OfferState.LOCKED, OfferState.REDEEMED)
            undone = offer.returned and offer.state is OfferState.REVOKED
            had = event.rule.startswith(("reward_store:", "by_hand:")) and not undone
            if had or in_use or event.offer_id in kept:
                found[issued(event.definition)] += 1
            if had and event.store_offer:
                found[sold(event.store_offer)] += 1
        return found


def _of_promotion(grant: Grant) -> bool:
    return grant.rule.startswith("promotion:")


def _ever(each: int | None, total: int | None) -> Limits:
    mine = None if each is None else CustomerLimit(times=each)
    return Limits(per_customer=mine, total=total)


def _crowded(mine: Count, each: CustomerLimit) -> bool:
    """Whether some window that ends with a grant holds more of them than allowed."""
    rows = [*mine.moments.rows(Granted)]
    if each.period is None:
        return sum(row.amount for row in rows) > each.times
    windows = [Window(row.when, each.period, NEW_YORK) for row in rows]
    return any(
        sum(row.amount for row in rows if window.holds(row.when)) > each.times for window in windows
    )
