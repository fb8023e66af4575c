"""Whatever is asked of offers, and whenever: a plain reference of under 100 lines agrees.

Every history is told three times: to a ledger whose timekeeper never runs, to one where it runs
after every step, and to one where it runs now and then. All three must say the same.
"""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from laws.reference_offers import OPENS, OVER, SOLO, NaiveClub, NaiveOffer
from laws.reference_wallet import NaiveWallet
from loyalty_ledger.domain.carried import OFFER_REFERENCE
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.sales import Discount
from loyalty_ledger.domain.offer import OfferState
from loyalty_ledger.domain.offer_commands import Elapse, Reinstate, Revoke, Unlock
from loyalty_ledger.domain.streams import sale as sale_stream
from loyalty_ledger.domain.values import Rejected, to_wall
from specification import NEW_YORK, Shop, awards, line, program

KINDS = ("cash", "solo", "mug")
CUSTOMERS = ("ann", "bob")
TILLS = st.sampled_from([0, 1, 1, 2])
MOSTLY_NOT = st.sampled_from([False, False, False, True])
WHICH = st.sampled_from([0, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7])
WHO = st.sampled_from(["", *CUSTOMERS])
QUEUED = st.sampled_from([0, 0, 0, 15, 60, 180])  # minutes
DEARER = st.sampled_from([0, 0, 7])
EARLIEST, LATEST = OPENS - timedelta(days=99), OPENS + timedelta(days=9999)
TINY = timedelta(microseconds=1)
BIG, SMALL = line("x", "100.00"), line("x", "1.50")


def _offer(id: str, dollars: str, lock: str, **more: Any) -> dict[str, Any]:
    discount = {"kind": "amount_off_check", "amount": dollars}
    return {"id": id, "title": id, "discount": discount, "lock_timeout": lock, **more}


def _wall(moment: datetime) -> str:
    return to_wall(moment, NEW_YORK).isoformat()


PROGRAM = program(
    point_accounts=[
        {"id": "points", "name": "P", "expiry": {"kind": "rolling", "after": "P30D"}},
    ],
    point_sources=[{"id": "shop", "name": "Shop", "accounts": ["points"]}],
    rules=[{"id": "visit", "award": awards(25)}],
    offers=[
        _offer(
            *("cash", "1.00", "PT30M"),
            issuance={"per_customer": 4, "total": 6},
            redemption={"after_issue": "PT2H"},
        ),
        _offer(
            *("solo", "5.00", "PT20M"),
            redemption={"starts": _wall(SOLO[0]), "ends": _wall(SOLO[1])},
            minimum_spend="20.00",
            stackable=False,
        ),
        _offer("mug", "0.00", "PT10M", redemption={}) | {"discount": {"kind": "manual"}},
    ],
    reward_stores=[
        {
            "id": "shelf",
            "name": "Shelf",
            "point_accounts": ["points"],
            "offers": [
                {"id": "shelf-cash", "offer": "cash", "price": 30}
                | {"per_customer": 2, "inventory": 3}
            ],
        }
    ],
)


class OfferMachine(RuleBasedStateMachine):
    """Three ledgers and the reference, side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.now = OPENS
        self.kept, self.unkept, self.at_times = self.shops = [Shop(PROGRAM) for _ in range(3)]
        self.naive = NaiveClub()
        self.wallets: dict[str, NaiveWallet] = defaultdict(NaiveWallet)
        self.flags: dict[str, set[str]] = {}
        self.buyers: dict[str, str] = {}
        self.tills = [0, 0, 0]

    @initialize()
    def everybody_has_something(self) -> None:
        for who in CUSTOMERS:
            self.an_offer_is_given(who, "cash")
            self.an_offer_is_given(who, "solo")
            self.an_offer_is_given(who, "mug")
            self._closes(f"first of {who}", {}, who, self.now)

    # --- time -----------------------------------------------------------------------------------

    def _passes(self, moment: datetime) -> None:
        self.now = max(self.now, moment)
        for wallet in self.wallets.values():
            wallet.pass_time(self.now)
        self._keeps_time(self.kept)

    def _keeps_time(self, shop: Shop) -> None:
        for again in (False, True):
            followed = [event for who in CUSTOMERS for event in shop.keeps_time(self.now, who)]
            for name in self.naive.offers:
                followed += shop.asks(name, Elapse(until=self.now))
            assert not (again and followed), "what time has done was recorded twice"

    @rule(minutes=st.sampled_from([0, 1, 5, 9, 10, 20, 25, 60]))
    def minutes_pass(self, minutes: int) -> None:
        self._passes(self.now + timedelta(minutes=minutes))

    @rule(before=st.sampled_from([TINY, timedelta(0)]), far=MOSTLY_NOT)
    def it_is_the_very_moment(self, before: timedelta, far: bool) -> None:
        offers = self.naive.offers.values()
        ends = {moment for one in offers for moment in (one.ends, one.begins)}
        locks = {one.until for one in offers if one.state == "LOCKED"}
        edges = sorted(moment for moment in ends | locks if self.now < moment < LATEST)
        if edges and not far:
            self._passes(edges[0] - before)
        elif far:
            self._passes(self.now + timedelta(days=15))

    @rule()
    def the_timekeeper_runs(self) -> None:
        self._keeps_time(self.at_times)

    # --- what is asked --------------------------------------------------------------------------

    def _asked(self, expected: str, ask: Callable[[Shop], Any]) -> list[Any]:
        """All ledgers are asked; each refuses for the expected reason, or none does."""
        answers = []
        for shop in self.shops:
            refusal = ""
            try:
                answers.append(ask(shop))
            except Rejected as error:
                refusal = error.code
            assert refusal == expected
        return answers

    def _issued(self, answers: list[Any], who: str, kind: str) -> None:
        ends = {"cash": self.now + timedelta(hours=2), "solo": SOLO[1], "mug": LATEST}[kind]
        for name in {issued.offer_id for answer in answers for issued in answer}:
            begins = SOLO[0] if kind == "solo" else EARLIEST
            self.naive.offers[name] = NaiveOffer(who, kind, begins, ends)

    @rule(who=st.sampled_from(CUSTOMERS), kind=st.sampled_from(KINDS))
    def an_offer_is_given(self, who: str, kind: str) -> None:
        expected = self.naive.give(who, kind, self.now)
        self._issued(self._asked(expected, lambda s: s.gives(kind, who, self.now)), who, kind)

    @rule(who=st.sampled_from(CUSTOMERS))
    def an_offer_is_bought(self, who: str) -> None:
        points = self.wallets[who].purses["points"].balance
        expected = self.naive.buy(who, points, self.now)
        if not expected:
            self.wallets[who].spend("points", 30, self.now)
        bought = self._asked(expected, lambda s: s.buys("shelf-cash", who, self.now))
        self._issued(bought, who, "cash")

    def _some(self, which: int, *likely: str) -> tuple[str, NaiveOffer]:
        """Newer ones rather than older ones, and mostly those for which it makes sense."""
        offers = self.naive.offers
        sensible = [name for name in offers if offers[name].seen(self.now) in likely]
        names = sensible if sensible and which < 7 else [*offers]
        name = names[-1 - which % len(names)]
        return name, offers[name]

    def _sale(self, at_till: int, shut: bool = False) -> str:
        """The sale at a till, which is often the same one, or one that is over."""
        number = self.tills[at_till]
        if f"{at_till}-{number}" in self.naive.shut and not shut:
            self.tills[at_till] += 1
        return f"{at_till}-{self.tills[at_till]}"

    @rule(which=WHICH, till=TILLS, lines=st.sampled_from([BIG, BIG, SMALL]), shut=MOSTLY_NOT)
    def an_offer_is_locked(self, which: int, till: int, lines: Any, shut: bool) -> None:
        self._bound(which, self._sale(till, shut), lines)

    @rule(which=WHICH, till=TILLS, shut=MOSTLY_NOT)
    def an_offer_is_redeemed_at_once(self, which: int, till: int, shut: bool) -> None:
        self._bound(which, self._sale(till, shut), BIG, at_once=True)

    @rule(which=WHICH)
    def an_offer_is_locked_where_it_was_before(self, which: int) -> None:
        _, offer = self._some(which, "ISSUED", "LOCKED")
        if offer.sale:
            self._bound(which, offer.sale, SMALL)

    def _bound(self, which: int, sale: str, lines: Any, at_once: bool = False) -> None:
        name, offer = self._some(which, "ISSUED", "LOCKED")
        state = "REDEEMED" if at_once else "LOCKED"
        expected = self.naive.lock(offer, sale, lines.subtotal, self.now, state)
        ask: dict[str, Any] = {"sale": sale, "when": self.now, "at_once": at_once}
        for bound in self._asked(expected, lambda s: s.locks(name, lines, **ask)):
            assert bound.discount.amount == offer.prices[sale]

    @rule(which=WHICH)
    def an_offer_is_unlocked(self, which: int) -> None:
        name, offer = self._some(which, "LOCKED")
        free = offer.seen(self.now) in ("ISSUED", "LOCKED")
        expected = "" if free else "offer_not_locked"
        self._asked(expected, lambda s: s.asks(name, Unlock(at=self.now)))
        if free:
            offer.freed()

    @rule(which=WHICH)
    def an_offer_is_reinstated(self, which: int) -> None:
        name, offer = self._some(which, "REDEEMED")
        used = offer.state == "REDEEMED"
        expected = "" if used else "offer_not_redeemed"
        self._asked(expected, lambda s: s.asks(name, Reinstate(at=self.now)))
        if used:
            offer.freed()

    @rule(which=WHICH, sure=MOSTLY_NOT)
    def an_offer_is_revoked(self, which: int, sure: bool) -> None:
        if not sure:
            return
        name, offer = self._some(which)
        seen = offer.seen(self.now)
        kept = {**OVER, "REVOKED": "", "LOCKED": "offer_locked"}.get(seen, "")
        self._asked(kept, lambda s: s.asks(name, Revoke(at=self.now)))
        offer.state = offer.state if kept else "REVOKED"

    # --- sales ----------------------------------------------------------------------------------

    @rule(till=TILLS, shut=MOSTLY_NOT, who=WHO, queued=QUEUED, more=st.sets(WHICH, max_size=2))
    def a_sale_closes(self, till: int, shut: bool, who: str, queued: int, more: set[int]) -> None:
        others = [self._some(which)[0] for which in more]
        self._closes_with(self._sale(till, shut), others, who, queued, dearer=0)

    @rule(which=WHICH, late=st.booleans(), who=WHO, queued=QUEUED, dearer=DEARER, drop=MOSTLY_NOT)
    def a_sale_that_locked_it_closes(
        self, which: int, late: bool, who: str, queued: int, dearer: int, drop: bool
    ) -> None:
        _, offer = self._some(which, "LOCKED", "ISSUED")
        if sales := [sale for sale in offer.prices if sale not in self.naive.shut]:
            self._closes_with(sales[-late], [], who, queued, dearer, drop=drop)

    def _closes_with(
        self, sale: str, more: list[str], who: str, queued: int, dearer: int, *, drop: bool = False
    ) -> None:
        offers = self.naive.offers
        mine = [name for name in offers if sale in offers[name].prices]
        chosen = sorted({*mine[drop:], *more})
        carried = {name: offers[name].prices.get(sale, 100) + dearer for name in chosen}
        self._closes(sale, carried, who, self.now - timedelta(minutes=queued))

    def _closes(self, sale: str, carried: dict[str, int], who: str, sold: datetime) -> None:
        if sale in self.naive.shut and sale not in self.flags:
            return  # it was voided
        discounts = [
            Discount(
                amount=off, stack_order=1, reference_id=name, reference_id_type=OFFER_REFERENCE
            )
            for name, off in carried.items()
        ]
        who = self.buyers.setdefault(sale, who)  # a later version moves nothing
        self._arrives(sale, who, sold, discounts=discounts)
        if sale in self.naive.shut:
            return
        self.naive.shut.add(sale)
        self.flags[sale] = self.naive.close(sale, carried, who, self.now, sold)
        if who:
            self.wallets[who].award("points", 25, sold)
            self.wallets[who].pass_time(self.now)

    @rule(till=TILLS, closed=st.booleans(), likely=MOSTLY_NOT)
    def a_sale_is_voided(self, till: int, closed: bool, likely: bool) -> None:
        sale = self._sale(till)
        if likely and sale not in self.flags:
            self._arrives(sale, "ann", self.now, is_closed=closed, is_voided=True)
            self.naive.close(sale, {}, "ann", self.now, self.now)
            self.naive.shut.add(sale)

    def _arrives(self, sale: str, who: str, sold: datetime, **version: Any) -> None:
        made = {"number": sale, "when": sold, "at": self.now, "read_at": self.now}
        for shop in self.shops:
            shop.sells(BIG, to=who or None, **made, **version)

    # --- what is seen ---------------------------------------------------------------------------

    @invariant()
    def every_ledger_shows_what_the_reference_shows(self) -> None:
        self._keeps_time(self.kept)
        for shop in self.shops:
            for name, offer in self.naive.offers.items():
                expected = offer.seen(self.now), offer.holder(self.now)
                assert _seen(shop, name, self.now) == expected, name
            for who in CUSTOMERS:
                points = self.wallets[who].purses["points"].balance
                assert shop.balance(self.now, who) == points
            for sale, flags in self.flags.items():
                assert set(Draft(shop.states).state(sale_stream("s1", sale)).flags) == flags


def _seen(shop: Shop, name: str, now: datetime) -> tuple[str, str]:
    """Where the offer stands for who looks now, and the sale that has it."""
    offer = shop.offer(name)
    state = OfferState.ISSUED if offer.lock_lapses(now) else offer.state
    if state is OfferState.ISSUED and offer.has_ended(now):
        state = OfferState.EXPIRED
    has_it = state in (OfferState.LOCKED, OfferState.REDEEMED)
    return state, offer.transaction.removeprefix("s1/") if has_it else ""


TestOfferMachine = OfferMachine.TestCase
TestOfferMachine.settings = settings(max_examples=200, stateful_step_count=50, deadline=None)
