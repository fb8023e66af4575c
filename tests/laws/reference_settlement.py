"""A ledger in plain Python: every sale is worked out over whole histories. Slow, and readable."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any, NamedTuple

from laws import reference_basket
from laws.reference_program import (
    NEVER,
    ZONE,
    Document,
    Item,
    Part,
    Standing,
    counts,
    end_of,
    exact_points,
    on_the_clock,
    open_then,
    parts_of,
    points_paid,
    qualifying,
    runs,
    something_kept,
)
from loyalty_ledger.domain.events.sales import CustomerEventReceived, TransactionReceived


class Buyer(NamedTuple):
    """A customer of a sale, as he was before it."""

    name: str
    share: Fraction
    first: bool
    levels: dict[str, str]


class Due(NamedTuple):
    """What a rule owes a buyer: exact points by account and source, and offers."""

    rule: str
    limits: Document
    points: dict[tuple[str, str], int]
    offers: list[str]


class NaiveLedger:
    """All customers of a program."""

    def __init__(self, document: Document, items: dict[str, Item]):
        self.document = document
        self.items = items
        self.systems = {one["id"]: one["levels"] for one in document.get("tier_systems", [])}
        self.accounts = {one["id"]: one for one in document["point_accounts"]}
        self.offers = {one["id"]: one for one in document.get("offers", [])}
        self.sources = {one["id"]: one.get("limits", {}) for one in document["point_sources"]}
        self.customers: dict[str, Standing] = defaultdict(Standing)
        self.counted: dict[str, list[tuple[str, datetime, int]]] = defaultdict(list)

    # --- sales and events -----------------------------------------------------------------------

    def sale(self, sale: TransactionReceived) -> None:
        """Settle a sale."""
        now = sale.open_time
        parts = parts_of(sale, self.items)
        total = sum(part.net for part in parts)
        counts_as_one = something_kept(sale)
        shares = reference_basket.shares(sale.payments)
        for name, _, _ in shares:
            self.pass_time(self.customers[name], now)
            self._tender(self.customers[name], points_paid(sale, name))
        buyers = [Buyer(*share, self.levels(self.customers[share[0]])) for share in shares]
        for buyer in buyers:
            spend = int(total * buyer.share)
            once = buyer.first and counts_as_one
            self.customers[buyer.name].bought.append((now, spend, total, once))
            hit = [
                (rule, taken)
                for rule in self._rules("purchase")
                if open_then(rule.get("when", {}), sale)
                and (taken := qualifying(rule.get("when", {}), parts))
            ]
            self._grant(hit, buyer, now)
        for buyer in buyers:
            self._promote(buyer, now)

    def happened(self, event: CustomerEventReceived) -> None:
        """Settle a customer event."""
        no_lines: list[Part] = []
        self.pass_time(self.customers[event.customer_id], event.at)
        levels = self.levels(self.customers[event.customer_id])
        buyer = Buyer(event.customer_id, Fraction(1), True, levels)
        wall = event.at.astimezone(ZONE).replace(tzinfo=None)
        rules = self._rules({"event": event.event})
        hit = [(rule, no_lines) for rule in rules if on_the_clock(rule.get("when", {}), wall)]
        self._grant(hit, buyer, event.at)
        self._promote(buyer, event.at)

    def levels(self, standing: Standing) -> dict[str, str]:
        """The levels a customer holds."""
        return {
            system: levels[standing.rank.get(system, 0)]["id"]
            for system, levels in self.systems.items()
        }

    def balance(self, standing: Standing, account: str, now: datetime) -> int:
        """What there is in an account."""
        return sum(points for due, points in standing.lots.get(account, []) if due > now)

    def pass_time(self, standing: Standing, now: datetime) -> None:
        """Lots end and levels are looked at again, once and for all."""
        for account, lots in standing.lots.items():
            standing.lots[account] = [(due, points) for due, points in lots if due > now]
        while standing.due and (first := min((due, one) for one, due in standing.due.items())):
            due, system = first
            if due > now:
                return
            asked = self.systems[system][standing.rank[system]]["maintenance"]
            if standing.meets(asked["requires"], due):
                standing.due[system] = end_of(asked["every"], due)
            else:
                self._place(standing, system, standing.rank[system] - 1, due)

    def _tender(self, standing: Standing, points: int) -> None:
        """Spend as many of the points as there are, what ends soonest first."""
        ends = sorted({due for lots in standing.lots.values() for due, _ in lots})
        for end in ends:
            for account, lots in standing.lots.items():
                for place, (due, held) in enumerate(lots):
                    part = min(held, points) if due == end else 0
                    lots[place], points = (due, held - part), points - part
                standing.lots[account] = [lot for lot in lots if lot[1]]

    def _rules(self, trigger: Any) -> list[Document]:
        found = [("rule", one) for one in self.document.get("rules", [])]
        found += [("campaign", one) for one in self.document.get("campaigns", [])]
        return [
            {**one, "name": f"{kind}:{one['id']}"}
            for kind, one in found
            if one.get("on", "purchase") == trigger
        ]

    # --- grants ---------------------------------------------------------------------------------

    def _grant(
        self, hit: Sequence[tuple[Document, list[Part]]], buyer: Buyer, now: datetime
    ) -> None:
        standing = self.customers[buyer.name]
        mine = [(rule, taken) for rule, taken in hit if runs(rule, now) and self._for(rule, buyer)]

        def group(rule: Document) -> str:
            return str(rule.get("exclusive_group", rule["name"]))

        late = {group(rule) for rule, _ in mine if "requires" in rule.get("when", {})}
        for turn in (False, True):
            groups: dict[str, list[Due]] = {}
            for rule, taken in mine:
                asked = rule.get("when", {}).get("requires")
                ready = asked is None or standing.meets(asked, standing.latest(now))
                if (group(rule) in late) is turn and ready:
                    owed = self._due(rule, _outcomes(rule), taken, buyer)
                    if owed.points or owed.offers:
                        groups.setdefault(group(rule), []).append(owed)
            for rivals in groups.values():
                best_first = sorted(rivals, key=lambda due: -sum(due.points.values()))
                any(self._post(due, buyer.name, now) for due in best_first)

    def _for(self, rule: Document, buyer: Buyer) -> bool:
        wanted = rule.get("levels") or rule.get("audience", {}).get("levels", {})
        return all(buyer.levels[system] in levels for system, levels in wanted.items())

    def _due(
        self, rule: Document, outcomes: list[Document], taken: list[Part], buyer: Buyer
    ) -> Due:
        exact: dict[str, Fraction] = defaultdict(Fraction)
        points: dict[tuple[str, str], int] = {}
        for award in (one["award"] for one in outcomes if "award" in one):
            account, before = award["account"], exact[award["account"]]
            exact[account] += exact_points(award, taken, buyer.levels, buyer.share, buyer.first)
            more = int(exact[account]) - int(before)
            goes_to = account, award["source"]
            if more:
                points[goes_to] = points.get(goes_to, 0) + more
        offers = [one["issue"] for one in outcomes if "issue" in one] if buyer.first else []
        return Due(rule["name"], rule.get("limits", {}), points, offers)

    def _post(
        self, due: Due, customer: str, now: datetime, held_from: datetime | None = None
    ) -> bool:
        """Give it, whole or not at all; an account may hold only so much."""
        if not self._allowed(due, customer, now):
            return False
        standing, given = self.customers[customer], dict(due.points)
        for (account, source), points in due.points.items():
            room = self.accounts[account].get("maximum_balance", 10**12)
            held = sum(points for _, points in standing.lots.get(account, []))
            given[account, source] = kept = max(0, min(points, room - held))
            if kept:
                life = self.accounts[account]["expiry"].get("after")
                ends = max(end_of(life, now), held_from or now) if life else NEVER
                standing.lots.setdefault(account, []).append((ends, kept))
                standing.earned.append((account, now, kept))
        if any(given.values()) or due.offers:
            standing.grants.append((due.rule, sum(given.values())))
            self.counted[due.rule].append((customer, now, sum(given.values())))
            for source in {source for (_, source), points in given.items() if points}:
                used = sum(points for (_, one), points in given.items() if one == source)
                self.counted[f"source:{source}"].append((customer, now, used))
            for offer in due.offers:
                self.counted[f"offer:{offer}"].append((customer, now, 0))
        return True

    def _allowed(self, due: Due, customer: str, now: datetime) -> bool:
        asked = [(due.rule, due.limits, 1, sum(due.points.values()))]
        for source in {source for _, source in due.points}:
            points = sum(n for (_, one), n in due.points.items() if one == source)
            asked.append((f"source:{source}", self.sources[source], 1, points))
        for offer, number in Counter(due.offers).items():
            issuance = dict(self.offers[offer].get("issuance", {}))
            if not runs(issuance, now):
                return False
            if "per_customer" in issuance:
                issuance["per_customer"] = {"times": issuance["per_customer"]}
            asked.append((f"offer:{offer}", issuance, number, 0))
        return all(self._fits(*one, customer, now) for one in asked)

    def _fits(
        self, subject: str, limits: Document, times: int, points: int, customer: str, now: datetime
    ) -> bool:
        had = self.counted[subject]
        if len(had) + times > limits.get("total", 10**9):
            return False
        if sum(used for _, _, used in had) + points > limits.get("points", 10**12):
            return False
        each = limits.get("per_customer")
        moments = [when for one, when, _ in had if one == customer] + [now] * times
        return each is None or all(
            sum(counts(when, end, each.get("period")) for when in moments) <= each["times"]
            for end in [*moments, NEVER]
            if counts(now, end, each.get("period"))
        )

    # --- levels ---------------------------------------------------------------------------------

    def _promote(self, buyer: Buyer, now: datetime) -> None:
        standing, moving = self.customers[buyer.name], True
        while moving:
            moving = False
            for system, levels in self.systems.items():
                above = standing.rank.get(system, 0) + 1
                # A late sale does not turn the clock back behind the level that is held.
                when = max(standing.latest(now), standing.since.get(system, now))
                if above < len(levels) and standing.meets(levels[above]["entrance"], when):
                    moving = True
                    self._place(standing, system, above, when)
                    self._welcome(system, above, buyer, now, when)

    def _welcome(
        self, system: str, rank: int, buyer: Buyer, now: datetime, entered_at: datetime
    ) -> None:
        """What a level gives who enters it for the first time."""
        entered = self.customers[buyer.name].entered
        level = self.systems[system][rank]
        if (system, rank) not in entered:
            entered.add((system, rank))
            whole = buyer._replace(share=Fraction(1), first=True)
            for outcome in level.get("on_entry", []):
                rule = {"name": f"tier:{system}/{level['id']}"}
                self._post(self._due(rule, [outcome], [], whole), buyer.name, now, entered_at)

    def _place(self, standing: Standing, system: str, rank: int, when: datetime) -> None:
        standing.rank[system], standing.since[system] = rank, when
        standing.due.pop(system, None)
        if asked := self.systems[system][rank].get("maintenance"):
            standing.due[system] = end_of(asked["every"], when)


def _outcomes(rule: Document) -> list[Document]:
    return [{"award": rule["award"]}] if "award" in rule else list(rule["outcomes"])
