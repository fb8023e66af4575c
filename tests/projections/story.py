"""Customers' histories for tests of projections, told in words of the business.

What the wallet decides is decided by the wallet itself, so that every history could have happened.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from loyalty_ledger.domain import clawing, wallet
from loyalty_ledger.domain.events.base import Event
from loyalty_ledger.domain.events.customers import (
    CustomerEnrolled,
    IdentifierLinked,
    SettlementHeld,
    SettlementResumed,
)
from loyalty_ledger.domain.events.offers import Actor, OfferIssued, PricedDiscount
from loyalty_ledger.domain.events.points import LotPoints, PointsSpent
from loyalty_ledger.domain.events.promotions import PromotionClaimed
from loyalty_ledger.domain.events.settlement import Grant, PurchaseCounted, SettlementFailed
from loyalty_ledger.domain.events.tiers import TierEntered, TierKept, TierLeft
from loyalty_ledger.domain.lots import PointsEvent
from loyalty_ledger.domain.offer import Offer
from loyalty_ledger.domain.offer_commands import (
    Command,
    Deserve,
    Elapse,
    Lock,
    Recall,
    Redeem,
    Reinstate,
    Revoke,
    Terms,
    Unlock,
)
from loyalty_ledger.domain.offer_decisions import OFFER
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.promo_claim import claim_id
from loyalty_ledger.domain.restoring import Restore
from loyalty_ledger.domain.values import Period
from loyalty_ledger.domain.wallet import Wallet
from loyalty_ledger.program_file import parse_program
from loyalty_ledger.store.log import Commit, Log, NewEvent

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
PROGRAM = parse_program(
    b"""
program: corner-shop
name: Corner shop
currency: USD
time_zone: America/New_York
point_accounts:
  - {id: points, name: Points, default: true, expiry: {kind: rolling, after: P30D}}
  - {id: escrow, name: Pending, spendable: false, expiry: {kind: rolling, after: P7D, into: points}}
  - {id: stars, name: Stars, expiry: {kind: inactivity, after: P1M, percent: "50"}}
  - {id: credits, name: Credits, spendable: false, expiry: {kind: never}}
  - {id: strict, name: Strict, allow_negative: false, expiry: {kind: never}}
point_sources:
  - {id: purchases, name: Purchases, accounts: [points, escrow, stars, credits, strict]}
tier_systems:
  - id: club
    name: Club
    levels:
      - {id: bronze, name: Bronze}
      - id: silver
        name: Silver
        entrance:
          any:
            - points_earned: {account: credits, amount: 100, within: P12M}
            - all:
                - transactions: {count: 3, minimum_total: "5.00"}
                - spend: {amount: "50.00", within: P30D}
        maintenance:
          every: P1M
          requires: {points_earned: {account: credits, amount: 50, within: P1M}}
rules:
  - {id: base, award: {account: credits, source: purchases, points: 1, per_amount: "1.00",
     by_level: {club: {silver: "1.5"}}}}
  - {id: bonus, award: {account: credits, source: purchases, points: 1, per_amount: "4.00"}}
  - {id: big, when: {minimum_spend: "10.00"},
     award: {account: credits, source: purchases, points: 9, per_amount: "1.00"}}
  - {id: silver-only, levels: {club: [silver]},
     award: {account: credits, source: purchases, points: 1, per_amount: "1.00"}}
"""
)
PROGRAMS = {1: PROGRAM}
ACCOUNTS = tuple(PROGRAM.accounts_by_id)


def altered(**sections: Any) -> Program:
    """The program with other sections."""
    return Program.from_document(PROGRAM.to_document() | sections)


def day(number: float) -> datetime:
    """So many days into the year."""
    return NEW_YEAR + timedelta(days=number)


class Told(NamedTuple):
    """An event of a story as it stands in the log."""

    position: int
    stream: str
    version: int
    event: Event
    recorded_at: datetime


class Story:
    """What happened, in the order it was recorded: each event an hour after the last."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        self.wallets: dict[str, Wallet] = {}
        self.offers: dict[str, Offer] = {}
        self.spent_lots: dict[tuple[str, str], list[LotPoints]] = {}
        self._versions: dict[str, int] = {}

    def record(self, stream: str, *events: Event) -> None:
        for event in events:
            self._versions[stream] = version = self._versions.get(stream, 0) + 1
            position = len(self.told) + 1
            recorded_at = day(400) + timedelta(hours=position)
            self.told.append(Told(position, stream, version, event, recorded_at))

    def enrolled(self, customer: str, at: datetime = NEW_YEAR) -> None:
        event = CustomerEnrolled(at=at, customer_id=customer, tags=["vip", 'a "b"\\'])
        self.record(f"customer/{customer}", event)

    def linked(self, customer: str, kind: str, digest: str) -> None:
        event = IdentifierLinked(at=NEW_YEAR, kind=kind, digest=digest, customer_id=customer)
        self.record(f"identifier/{digest}", event)

    def awarded(
        self, customer: str, account: str, points: int, at: datetime, made_up: int = 0
    ) -> None:
        self._decide(
            customer,
            wallet.Award(
                customer_id=customer,
                account=account,
                source="purchases",
                points=points,
                earned_at=at,
                made_up=made_up,
                rule="rule:base",
                program=PROGRAM,
                program_version=1,
                transaction="s/1",
                cause="sale/s/1@1",
            ),
            at,
        )

    def spent(
        self, customer: str, account: str, points: int, at: datetime, program: Program = PROGRAM
    ) -> None:
        self._decide(
            customer,
            wallet.Spend(
                customer_id=customer,
                account=account,
                points=points,
                at=at,
                reference="a mug",
                program=program,
                program_version=1,
            ),
            at,
        )

    def restored(self, customer: str, account: str, at: datetime) -> None:
        """What was spent last comes back."""
        self._decide(
            customer,
            Restore(
                customer_id=customer,
                account=account,
                lots=self.spent_lots.pop((customer, account), []),
                at=at,
                reference="tender",
                program=PROGRAM,
                program_version=1,
                transaction="s/1",
                cause="sale/s/1@2",
            ),
            at,
        )

    def clawed_back(
        self,
        customer: str,
        account: str,
        points: int,
        at: datetime,
        awarded_at: datetime,
        own_lots: Sequence[int] = (),
    ) -> None:
        self._decide(
            customer,
            clawing.ClawBack(
                customer_id=customer,
                account=account,
                points=points,
                at=at,
                own_lots=own_lots,
                awarded_at=awarded_at,
                rule="rule:base",
                program=PROGRAM,
                program_version=1,
                transaction="s/1",
                cause="sale/s/1@2",
            ),
            at,
        )

    def time_kept(self, customer: str, until: datetime) -> None:
        """What fell due in the customer's accounts is recorded."""
        now = self.wallets.get(customer, Wallet())
        self._add(customer, wallet.decide(wallet.Elapse(customer, until, PROGRAMS), now))

    def bought(
        self, customer: str, total: int, at: datetime, counted_at: datetime | None = None
    ) -> None:
        event = PurchaseCounted(
            at=at,
            customer_id=customer,
            transaction=f"s/{len(self.told)}",
            total=total,
            spend=total,
            times=1,
            counted_at=counted_at or at,
            program_version=1,
            cause="sale/s/1@1",
        )
        self.record(f"tiers/{customer}", event)

    def entered_silver(self, customer: str, at: datetime, until: datetime | None) -> None:
        event = TierEntered(
            at=at,
            customer_id=customer,
            system="club",
            level="silver",
            left="bronze",
            entered_at=at,
            until=until,
            program_version=1,
            cause="sale/s/1@1",
        )
        self.record(f"tiers/{customer}", event)

    def left_silver(self, customer: str, at: datetime) -> None:
        event = TierLeft(
            at=at,
            customer_id=customer,
            system="club",
            level="silver",
            entered="bronze",
            why="maintenance",
            program_version=1,
        )
        self.record(f"tiers/{customer}", event)

    def kept_silver(self, customer: str, at: datetime, until: datetime) -> None:
        event = TierKept(
            at=at, customer_id=customer, system="club", level="silver", until=until,
            program_version=1,
        )  # fmt: skip
        self.record(f"tiers/{customer}", event)

    def issued(self, customer: str, offer: str, at: datetime, expires: datetime | None) -> None:
        event = OfferIssued(
            at=at,
            customer_id=customer,
            offer_id=offer,
            definition="free-muffin",
            rule="rule:base",
            issued_at=at,
            expires_at=expires,
            program_version=1,
            cause="sale/s/1@1",
        )
        self.offers[offer] = OFFER.fold([event])
        self.record(f"offer/{offer}", event)

    def claimed(self, customer: str, points: int, at: datetime, offer: str | None = None) -> None:
        """A promotion of so many points; of an offer of that id, too."""
        number = 1 + sum(
            isinstance(one.event, PromotionClaimed) and one.event.customer_id == customer
            for one in self.told
        )
        self.awarded(customer, "points", points, at)
        if offer is not None:
            self.issued(customer, offer, at, None)
        grant = Grant(
            customer_id=customer,
            rule="promotion:spring",
            deserved={"points": points},
            offers=[] if offer is None else [offer],
        )
        event = PromotionClaimed(
            at=at,
            customer_id=customer,
            claim_id=claim_id(customer, "spring", number),
            promotion="spring",
            number=number,
            claimed_at=at,
            by=Actor(client_id="app"),
            program_version=1,
            grants=[grant],
        )
        self.record(f"claim/{event.claim_id}", event)

    def locked(self, offer: str, at: datetime, days: int, sale: str = "s/1") -> None:
        self._ask(offer, Lock(transaction=sale, at=at, terms=_terms(days)))

    def redeemed(self, offer: str, at: datetime, sale: str = "s/1") -> None:
        self._ask(offer, Redeem(transaction=sale, at=at, terms=_terms(1)))

    def unlocked(self, offer: str, at: datetime) -> None:
        self._ask(offer, Unlock(at=at))

    def reinstated(self, offer: str, at: datetime) -> None:
        self._ask(offer, Reinstate(at=at))

    def revoked(self, offer: str, at: datetime) -> None:
        self._ask(offer, Revoke(at=at))

    def recalled(self, offer: str, at: datetime) -> None:
        self._ask(offer, Recall(at=at, cause="sale/s/1@2"))

    def deserved(self, offer: str, at: datetime) -> None:
        self._ask(offer, Deserve(at=at, cause="sale/s/1@3"))

    def offer_elapsed(self, offer: str, until: datetime) -> None:
        self._ask(offer, Elapse(until=until))

    def _ask(self, offer: str, command: Command) -> None:
        """What the offer itself decides."""
        events = OFFER.decide(command, self.offers[offer])
        self.offers[offer] = OFFER.fold(events, self.offers[offer])
        self.record(f"offer/{offer}", *events)

    def failed(self, sale: str, customer: str, at: datetime) -> None:
        event = SettlementFailed(
            at=at,
            subject=sale,
            version=1,
            customers=[customer],
            reason="ZeroDivisionError",
            cause=f"{sale}@1",
        )
        self.record(sale, event)

    def held(self, sale: str, customer: str, at: datetime, blocked_by: str) -> None:
        event = SettlementHeld(
            at=at, customer_id=customer, subject=sale, version=1, blocked_by=blocked_by
        )
        self.record(f"customer/{customer}", event)

    def resumed(self, sale: str, customer: str, at: datetime) -> None:
        event = SettlementResumed(at=at, customer_id=customer, subject=sale, version=1)
        self.record(f"customer/{customer}", event)

    def _decide(self, customer: str, command: wallet.Command, at: datetime) -> None:
        self.time_kept(customer, at)
        now = self.wallets.get(customer, Wallet())
        self._add(customer, wallet.decide(command, now))

    def _add(self, customer: str, events: Iterable[PointsEvent]) -> None:
        for event in events:
            now = self.wallets.get(customer, Wallet())
            self.wallets[customer] = wallet.evolve(now, event)
            if isinstance(event, PointsSpent):
                self.spent_lots[customer, event.account] = event.lots
            self.record(f"wallet/{customer}", event)


def _terms(days: int) -> Terms:
    """A lock for so many days, for a dollar off five."""
    return Terms(
        timeout=Period(days=days),
        time_zone="UTC",
        price=lambda: PricedDiscount(amount=100),
        total=500,
    )


def append_to(log: Log, told: Iterable[Told]) -> None:
    """Put the events into a log that holds everything told before them."""
    events: list[NewEvent] = []
    expected: dict[str, int] = {}
    for one in told:
        expected.setdefault(one.stream, one.version - 1)
        customer = getattr(one.event, "customer_id", None)
        events.append(NewEvent(one.stream, one.event, (customer,) if customer else ()))
    if events:
        log.append(Commit(events, expected, log.head().position))
