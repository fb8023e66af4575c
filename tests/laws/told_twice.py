"""A ledger in memory whose books are checked event by event, and all that can be seen of it."""

from collections import Counter
from typing import Any, NamedTuple

from msgspec.structs import replace

from laws.counted_again import CountedAgain
from laws.programs_and_sales import ITEMS
from laws.reference_program import Document
from laws.returned_sales import BEGIN
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.merging import PointsMovedIn, PointsMovedOut
from loyalty_ledger.domain.events.points import (
    InactivityReviewed,
    PointsAwarded,
    PointsClawedBack,
    PointsExpired,
    PointsRestored,
    PointsRolledOver,
    PointsSpent,
)
from loyalty_ledger.domain.events.promotions import PromoCodeDrawn
from loyalty_ledger.domain.events.sales import TransactionReceived
from loyalty_ledger.domain.events.settlement import TransactionSettled
from loyalty_ledger.domain.events.tiers import TierLeft
from loyalty_ledger.domain.limits import Count, Granted
from loyalty_ledger.domain.lots import Lot
from loyalty_ledger.domain.offer import OfferState
from loyalty_ledger.domain.progress import Earned, Purchase
from loyalty_ledger.domain.streams import promo_code_of, tiers_of, usage_of, wallet_of
from loyalty_ledger.domain.values import Rejected
from loyalty_ledger.domain.wallet import Spend, spend
from loyalty_projections.laws import Laws
from specification import Shop, line, program

CUSTOMERS = ("ann", "ben")
ACCOUNTS = ("points", "credits", "later")


class Seen(NamedTuple):
    """An event as the books read it."""

    position: int
    stream: str
    version: int
    event: Any
    recorded_at: None = None


class Story:
    """A ledger whose clock goes on from step to step."""

    def __init__(self, document: Document):
        self.shop = Shop(program(**document), items=ITEMS)
        self.now = BEGIN
        self.first: dict[str, TransactionReceived] = {}
        self._laws = Laws()
        self._counted = CountedAgain()
        self._read = 0
        self._balances: Counter[tuple[str, str]] = Counter()
        self._standing: Counter[tuple[str, ...]] = Counter()

    # --- what happens ---------------------------------------------------------------------------

    def arrives(self, sale: TransactionReceived, number: str) -> None:
        """A version of a sale is made now, arrives and is settled, once however often it is."""
        told = self.version(sale, number)
        self.shop.settles(arrived := self.shop.takes_in(told, self.now))
        self.books_hold()
        again = self.shop.settles(arrived)
        assert not again, f"it was settled twice: {again}"
        self.shop.takes_in(told, self.now)
        assert not self.shop.last, f"it was received twice: {self.shop.last}"

    def version(self, sale: TransactionReceived, number: str) -> TransactionReceived:
        """The sale as it is told now."""
        first = self.first.setdefault(number, replace(sale, open_time=self.now))
        digest = f"{number}-{len(self.shop.history)}"
        return replace(
            sale,
            at=self.now,
            open_time=first.open_time,
            store_id=first.store_id,
            transaction_id=number,
            body_digest=digest,
        )

    def spends(self, customer: str, account: str, points: int) -> None:
        """A customer spends."""
        shop = self.shop
        shop.keeps_time(self.now, customer)
        command = Spend(
            customer_id=customer,
            account=account,
            points=points,
            at=self.now,
            reference="elsewhere",
            program=shop.programs[1],
            program_version=1,
        )
        stream = wallet_of(customer)
        shop.decides(
            lambda draft: draft.emit(stream, spend(command, draft.state(stream)), customer)
        )
        self.books_hold()

    def uses(self, offer_id: str, number: str) -> bool:
        """An offer is redeemed at once in another sale; whether it could be."""
        try:
            self.shop.locks(offer_id, line("x", "1.00"), sale=number, when=self.now, at_once=True)
        except Rejected:
            return False
        return True

    # --- what always holds ----------------------------------------------------------------------

    def books_hold(self) -> None:
        """After every event the books balance, and every wallet is what its movements make it.

        Counters are what was granted and not taken back.
        """
        for position, (stream, event) in enumerate(self.shop.history[self._read :], self._read + 1):
            assert self._laws.take(Seen(position, stream, 1, event)) is None
            self._move(event)
            more = {key: points for key, points in self._standing.items() if points < 0}
            assert not more, f"more went back than was granted or spent: {more} by {event}"
        assert self._counted.read(self.shop.history[self._read :]) is None
        self._read = len(self.shop.history)
        for customer in CUSTOMERS:
            holdings = self.state(wallet_of(customer)).holdings
            for name, account in holdings.accounts.items():
                assert account.available == self._balances[customer, name]
                assert account.debt >= 0
        for stream, state in self.shop.states.items():
            if isinstance(state, Count):
                assert min(state.times, state.points) >= 0, stream

    def _move(self, event: Any) -> None:
        """What an event does to a balance, and to what was granted, or spent, and not taken back.

        What entering a level gave, and what an offer was bought for, is counted whichever sale
        takes or gives it back.
        """
        match event:
            case PointsAwarded():
                self._balance(event, event.points - event.made_up)
                self._stand(event.rule, event, event.account, event.points)
            case PointsSpent():
                self._balance(event, -event.points)
                self._stand(event.reference, event, event.account, event.points)
            case PointsExpired() | InactivityReviewed():
                self._balance(event, -event.points)
            case PointsRolledOver():
                self._balance(event, -event.points)
                self._balances[event.customer_id, event.into] += event.points
            case PointsClawedBack():
                self._balance(event, event.written_off + event.already_gone - event.points)
                self._stand(event.rule, event, event.awarded_in or event.account, -event.points)
            case PointsRestored():
                self._balance(event, event.points)
                self._stand(event.reference, event, event.account, -event.points)
            case PointsMovedOut():
                for moved in event.accounts:
                    self._balances[event.customer_id, moved.account] -= moved.points
            case PointsMovedIn():
                self._move_in(event)

    def _move_in(self, event: PointsMovedIn) -> None:
        """What came is his, and what stands of the other's grants, too."""
        for moved in event.accounts:
            self._balances[event.customer_id, moved.account] += moved.points
        for key in [one for one in self._standing if one[2] == event.moved_from]:
            sale, why, _, account = key
            self._standing[sale, why, event.customer_id, account] += self._standing.pop(key)

    def _balance(self, event: Any, points: int) -> None:
        self._balances[event.customer_id, event.account] += points

    def _stand(self, why: str, event: Any, account: str, points: int) -> None:
        whose = "" if why.startswith(("tier:", "offer:")) else event.transaction
        self._standing[whose, why, event.customer_id, account] += points

    def left_of(self, number: str) -> dict[tuple[str, ...], int]:
        """What stands of a sale's awards, and of the points that were spent for it."""
        own = {key: n for key, n in self._standing.items() if key[0].endswith(f"/{number}")}
        return {key: points for key, points in own.items() if points}

    def codes_of(self, number: str) -> list[str]:
        """The promo codes that stand of those drawn by a sale, by digest."""
        return [one.digest for one in self._codes() if one.transaction.endswith(f"/{number}")]

    def codes_of_levels(self) -> Counter[tuple[str, str]]:
        """How many codes stand by customer and level: a level outlives the sale that opened it."""
        return Counter((one.customer_id, one.rule) for one in self._codes(of_levels=True))

    def _codes(self, *, of_levels: bool = False) -> list[PromoCodeDrawn]:
        drawn = [one for _, one in self.shop.history if isinstance(one, PromoCodeDrawn)]
        standing = [one for one in drawn if not self._withdrawn(one)]
        return [one for one in standing if one.rule.startswith("tier:") == of_levels]

    def _withdrawn(self, drawn: PromoCodeDrawn) -> bool:
        return bool(self.state(promo_code_of(drawn.digest)).withdrawn)

    # --- what can be seen -----------------------------------------------------------------------

    def state(self, stream: str) -> Any:
        """The state of a stream."""
        return Draft(self.shop.states).state(stream)

    def available(self, customer: str, account: str) -> int:
        """What can be spent now."""
        return self.shop.balance(self.now, customer, account)

    def judged(self) -> list[Any]:
        """How every settlement of other sales came out."""
        return [
            (
                e.transaction_id,
                [(c.customer_id, c.levels) for c in e.customers],
                e.cuts,
                [(g.customer_id, g.rule, g.deserved, g.held) for g in e.grants],
            )
            for _, e in self.shop.history
            if isinstance(e, TransactionSettled) and e.transaction_id != "main"
        ]

    def settled(self) -> list[TransactionSettled]:
        """Every settlement, in order."""
        return [e for _, e in self.shop.history if isinstance(e, TransactionSettled)]

    def spent_elsewhere(self) -> bool:
        """Whether points were spent other than for the sale."""
        events = (event for _, event in self.shop.history if isinstance(event, PointsSpent))
        return any(not event.transaction.endswith("/main") for event in events)

    def idled(self) -> bool:
        """Whether points ended by inactivity."""
        events = (event for _, event in self.shop.history if isinstance(event, PointsExpired))
        return any(event.kind == "inactivity" for event in events)

    def gave_back(self) -> bool:
        """Whether points that had paid were given back."""
        return any(isinstance(event, PointsRestored) for _, event in self.shop.history)

    def points_lived_on(self) -> bool:
        """Whether points were given back whose time was up."""
        events = (event for _, event in self.shop.history if isinstance(event, PointsRestored))
        return any(lot.into != lot.lot for event in events for lot in event.lots)

    def fell(self) -> bool:
        """Whether a level was left because time had passed.

        Whatever is settled next enters it again if its entrance holds, be it a sale or its return.
        """
        events = (event for _, event in self.shop.history if isinstance(event, TierLeft))
        return any(event.why == "maintenance" for event in events)

    def reviewed(self) -> bool:
        """Whether a return made points be lost, or not lost, that inactivity takes."""
        return any(isinstance(e, InactivityReviewed) and e.points for _, e in self.shop.history)

    def points(self) -> dict[Any, Any]:
        """Points by what they are and when they end, and debts."""
        found: Counter[Any] = Counter()
        for customer in CUSTOMERS:
            for name, account in self.state(wallet_of(customer)).holdings.accounts.items():
                for lot in account.lots.rows(Lot):
                    found[customer, name, lot.earned_at, lot.due] += lot.remaining
                found[customer, name, "debt"] += account.debt
        return +found

    def balances(self) -> dict[tuple[str, str], int]:
        """What each has in each account, debts taken off."""
        return {
            (customer, name): account.available
            for customer in CUSTOMERS
            for name, account in self.state(wallet_of(customer)).holdings.accounts.items()
            if account.available
        }

    def credit(self) -> dict[Any, Any]:
        """What counts for levels: points earned and purchases, each at its time."""
        found: Counter[Any] = Counter()
        for customer in CUSTOMERS:
            for name, pages in self.state(wallet_of(customer)).earned.items():
                for row in pages.rows(Earned):
                    found[customer, name, row.when] += row.amount
            for bought in self.state(tiers_of(customer)).purchases.rows(Purchase):
                if bought.amount or bought.times:
                    key = customer, bought.when, bought.amount, bought.total, bought.times
                    found[key] += 1
        return +found

    def levels(self) -> dict[Any, Any]:
        """Levels with since when and until when, and those whose entry counts."""
        found = {}
        for customer in CUSTOMERS:
            tiers = self.state(tiers_of(customer))
            for system, held in tiers.levels.items():
                found[customer, system] = held.level, held.since, held.until
            found[customer, ""] = tuple(sorted(tiers.rewarded))
        return {key: value for key, value in found.items() if value}

    def counts(self) -> dict[Any, Any]:
        """What limits count, for everybody and for each customer, and when."""
        found: dict[Any, Any] = {
            stream: (state.times, state.points)
            for stream, state in self.shop.states.items()
            if isinstance(state, Count) and (state.times or state.points)
        }
        for customer in CUSTOMERS:
            for subject, count in self.state(usage_of(customer)).counts.items():
                moments = sorted((row.when, row.amount) for row in count.moments.rows(Granted))
                if count.times or count.points or moments:
                    found[customer, subject] = count.times, count.points, moments
        return found

    def offers(self) -> dict[str, str]:
        """Every offer of which something is left, and where it stands."""
        found = {}
        for stream, offer in self.shop.states.items():
            if stream.startswith("offer/"):
                over = offer.state is OfferState.ISSUED and offer.has_ended(self.now)
                if not over and offer.state not in (OfferState.EXPIRED, OfferState.REVOKED):
                    found[offer.offer_id] = str(offer.state)
        return found
