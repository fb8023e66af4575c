"""The writing half of the plain `eventsourcing` way: aggregates, intake and settlement.

`Intake` saves one aggregate per sale; `Settlement` follows it and saves each sale's outcome in one
commit with its position. The arithmetic is the reference's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5
from zoneinfo import ZoneInfo

from eventsourcing.application import AggregateNotFoundError, Application, ProcessingEvent
from eventsourcing.dispatch import singledispatchmethod
from eventsourcing.domain import Aggregate, event
from eventsourcing.system import ProcessApplication
from eventsourcing.utils import get_topic
from reference_program import Calendar, Earning, Item, holds, points_of
from reference_sales import Sale, UnsupportedError, sale_of

SECTION_SIZE = 500


class ReceivedSale(Aggregate):
    """A sale as the till sent it."""

    @event("Received")
    def __init__(self, body: dict[str, Any]):
        self.body = body

    @staticmethod
    def create_id(body: dict[str, Any]) -> UUID:
        """Name a sale by its store and number."""
        number = body["request_payload"]["transaction_id"]
        return uuid5(NAMESPACE_URL, f"/sales/{body['store_id']}/{number}")


class Wallet(Aggregate):
    """A customer's lots, and how often he had what is limited."""

    @event("Opened")
    def __init__(self, customer: str):
        self.customer = customer
        self.lots: list[dict[str, Any]] = []
        self.lifetime: dict[str, int] = defaultdict(int)
        self.granted: dict[str, list[datetime]] = defaultdict(list)

    @staticmethod
    def create_id(customer: str) -> UUID:
        """Name a wallet by its customer."""
        return uuid5(NAMESPACE_URL, f"/wallets/{customer}")

    @event("PointsAwarded")
    def award(
        self,
        customer: str,
        account: str,
        points: int,
        earned_at: datetime,
        expires_at: datetime | None,
        rule: str,
        sale: str,
        levels: dict[str, str],
    ) -> None:
        """Add a lot."""
        self.lifetime[account] += points
        self.lots.append(
            {
                "account": account,
                "points": points,
                "remaining": points,
                "earned_at": earned_at,
                "expires_at": expires_at,
                "rule": rule,
                "sale": sale,
            }
        )

    @event("GrantCounted")
    def count_grant(self, customer: str, campaign: str, at: datetime, sale: str) -> None:
        """Count a campaign's grant towards its limits."""
        self.granted[campaign].append(at)


class Tiers(Aggregate):
    """A customer's levels and what they are judged by."""

    @event("Started")
    def __init__(self, customer: str, levels: dict[str, str]):
        self.customer = customer
        self.place = dict.fromkeys(levels, 0)
        self.earned: dict[str, list[tuple[datetime, int]]] = defaultdict(list)
        self.purchases: list[tuple[datetime, int]] = []

    @staticmethod
    def create_id(customer: str) -> UUID:
        """Name them by their customer."""
        return uuid5(NAMESPACE_URL, f"/tiers/{customer}")

    @event("SaleCounted")
    def count_sale(self, at: datetime, total: int, earned: dict[str, int], sale: str) -> None:
        """Count a sale and what it earned."""
        self.purchases.append((at, total))
        for account, points in earned.items():
            self.earned[account].append((at, points))

    @event("LevelEntered")
    def enter(
        self,
        customer: str,
        system: str,
        place: int,
        level: str,
        at: datetime,
        earned: dict[str, int],
    ) -> None:
        """Move to a level; its entry awards count at once."""
        self.place[system] = place
        for account, points in earned.items():
            self.earned[account].append((at, points))


class Intake(Application[UUID]):
    """Takes in sales."""

    log_section_size = SECTION_SIZE

    def receive(self, body: dict[str, Any]) -> None:
        """Record one sale."""
        self.save(ReceivedSale(body))


class Terms:
    """A program as Settlement needs it. Raises UnsupportedError for one that counts globally."""

    def __init__(self, program: dict[str, Any], items: dict[str, Item], zones: dict[str, ZoneInfo]):
        self.items, self.zones = items, zones
        self.dates = Calendar(program["time_zone"])
        self.systems = {s["id"]: s["levels"] for s in program.get("tier_systems") or ()}
        self.expiry = {a["id"]: a.get("expiry") or {} for a in program["point_accounts"]}
        self.earnings = [
            Earning(section, kind, self.dates)
            for kind in ("rules", "campaigns")
            for section in program.get(kind) or ()
        ]
        levels = [level for system in self.systems.values() for level in system]
        entries = [outcome for level in levels for outcome in level.get("on_entry") or ()]
        awards_only = all("award" in outcome for outcome in entries)
        if not awards_only or any(level.get("maintenance") for level in levels):
            raise UnsupportedError("the baseline knows awards on entry, and no maintenance")
        for earning in self.earnings:
            limited = set(earning.limits) - {"per_customer"}
            issues = any("issue" in outcome for outcome in earning.outcomes)
            if limited or issues or earning.requires or earning.group:
                raise UnsupportedError(f"the baseline knows no such thing: {earning.id}")

    def expires_at(self, account: str, earned_at: datetime) -> datetime | None:
        """Return when points of the account that are earned then are lost."""
        after = self.expiry[account].get("after")
        return self.dates.end(earned_at, after) if after else None

    def may_have(self, earning: Earning, had: list[datetime], at: datetime) -> bool:
        """Tell whether one more grant fits the customer's limit, in every trailing window."""
        own = earning.limits.get("per_customer")
        if not own:
            return True
        moments, period = [*had, at], own.get("period")
        windows = [end for end in moments if self.dates.counts(at, end, period)]
        return all(
            sum(self.dates.counts(then, end, period) for then in moments) <= own["times"]
            for end in windows
        )


class Settlement(ProcessApplication[UUID]):
    """Follows Intake and settles one sale at a time, outcome and position in one commit."""

    topics = (get_topic(ReceivedSale.Received),)
    pull_section_size = SECTION_SIZE
    terms: Terms

    @singledispatchmethod
    def policy(self, domain_event: Any, processing_event: ProcessingEvent[UUID]) -> None:
        """Pass over what is not a sale."""

    @policy.register
    def _(
        self, domain_event: ReceivedSale.Received, processing_event: ProcessingEvent[UUID]
    ) -> None:
        body = domain_event.body
        sale = sale_of(body, self.terms.zones[body["store_id"]])
        if sale.customer is None:
            return
        wallet = self._get(Wallet, sale.customer, lambda: Wallet(sale.customer))
        lowest = {name: levels[0]["id"] for name, levels in self.terms.systems.items()}
        tiers = self._get(Tiers, sale.customer, lambda: Tiers(sale.customer, lowest))
        before = self._levels(tiers)
        earned = self._award_all(sale, wallet, before)
        tiers.count_sale(sale.at, sale.total, earned, sale.key)
        self._promote(sale, wallet, tiers, before)
        processing_event.collect_events(wallet, tiers)

    def _get(self, kind: type[Any], customer: str, make: Callable[[], Any]) -> Any:
        try:
            return self.repository.get(kind.create_id(customer))
        except AggregateNotFoundError:
            return make()

    def _levels(self, tiers: Tiers) -> dict[str, str]:
        return {name: self.terms.systems[name][place]["id"] for name, place in tiers.place.items()}

    def _award_all(self, sale: Sale, wallet: Wallet, levels: dict[str, str]) -> dict[str, int]:
        """Award what rules and campaigns give; return the points by account."""
        earned: dict[str, int] = defaultdict(int)
        for earning in self.terms.earnings:
            lines = earning.qualifying(sale, levels, self.terms.items)
            if not lines:
                continue
            points = points_of(earning.outcomes, lines, levels)
            if not points:
                continue
            if not self.terms.may_have(earning, wallet.granted.get(earning.id, []), sale.at):
                continue
            if earning.kind == "campaigns" or earning.limits:
                wallet.count_grant(wallet.customer, earning.id, sale.at, sale.key)
            for account, n in points.items():
                self._award(sale, wallet, levels, (account, n), earning.id)
                earned[account] += n
        return earned

    def _award(
        self,
        sale: Sale,
        wallet: Wallet,
        levels: dict[str, str],
        amount: tuple[str, int],
        rule: str,
    ) -> None:
        account, points = amount
        expires_at = self.terms.expires_at(account, sale.at)
        wallet.award(wallet.customer, account, points, sale.at, expires_at, rule, sale.key, levels)

    def _promote(self, sale: Sale, wallet: Wallet, tiers: Tiers, before: dict[str, str]) -> None:
        """Move up one level at a time while the next entrance holds, in every system."""
        moved = True
        while moved:
            moved = False
            for system, levels in self.terms.systems.items():
                place = tiers.place[system] + 1
                if place < len(levels) and holds(
                    levels[place]["entrance"], tiers, sale.at, self.terms.dates
                ):
                    moved = True
                    self._enter(sale, wallet, tiers, (system, before))

    def _enter(
        self, sale: Sale, wallet: Wallet, tiers: Tiers, move: tuple[str, dict[str, str]]
    ) -> None:
        system, before = move
        place = tiers.place[system] + 1
        level = self.terms.systems[system][place]
        earned: dict[str, int] = defaultdict(int)
        for outcome in level.get("on_entry") or ():
            for account, points in points_of([outcome], (), before).items():
                earned[account] += points
                self._award(sale, wallet, before, (account, points), f"{system}/{level['id']}")
        tiers.enter(tiers.customer, system, place, level["id"], sale.at, earned)
