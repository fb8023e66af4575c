"""A program document and a customer in plain Python: dates, selectors, rates, requirements."""

import re
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from laws import reference_basket
from loyalty_ledger.domain.events.sales import TransactionReceived

ZONE = ZoneInfo("America/New_York")
NEVER = datetime.max.replace(tzinfo=UTC)
Document = dict[str, Any]


def end_of(period: str, start: datetime) -> datetime:
    """When a period that begins then is over, by New York's calendar."""
    number = int(re.findall(r"\d+", period)[0])
    if "T" in period:
        return start + timedelta(hours=number)
    wall = start.astimezone(ZONE).replace(tzinfo=None)
    if period.endswith("M"):
        year, month = divmod(wall.year * 12 + wall.month - 1 + number, 12)
        day = min(wall.day, monthrange(year, month + 1)[1])
        wall = wall.replace(year=year, month=month + 1, day=day)
    else:
        wall += timedelta(days=number)
    return wall.replace(tzinfo=ZONE).astimezone(UTC)


def counts(then: datetime, now: datetime, within: str | None) -> bool:
    """Whether what happened then counts within the period now."""
    return then <= now and (within is None or now < end_of(within, then))


def instant(text: str) -> datetime:
    """A date or time of the document."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)


def runs(holder: Document, now: datetime) -> bool:
    """Whether it has begun and is not over."""
    return (
        instant(holder.get("starts", "2000-01-01"))
        <= now
        < instant(holder.get("ends", "2100-01-01"))
    )


def cents(amount: str) -> int:
    """Dollars in cents."""
    return int(Decimal(amount) * 100)


class Item(NamedTuple):
    """What the catalog says of an item."""

    categories: tuple[str, ...] = ()
    brand: str | None = None


class Part(NamedTuple):
    """A line of a sale as rules see it."""

    line_id: str
    sku: str
    item: Item
    net: int
    quantity: Decimal
    given_back: bool


def takes(selector: Document, part: Part) -> bool:
    """Whether a selector takes a line."""

    def named(lists: Document) -> bool:
        return (
            part.sku in lists.get("skus", ())
            or any(one in lists.get("categories", ()) for one in part.item.categories)
            or part.item.brand in lists.get("brands", ())
        )

    asked = any(selector.get(key) for key in ("skus", "categories", "brands"))
    return not named(selector.get("exclude", {})) and (not asked or named(selector))


def parts_of(sale: TransactionReceived, items: dict[str, Item]) -> list[Part]:
    """The lines of a sale: what they are worth, and what is left of them."""
    nets = reference_basket.nets(sale.lines, sale.discounts, False)
    money = reference_basket.after_returns(sale.lines, [line.subtotal for line in sale.lines])
    left = reference_basket.quantities(sale.lines)
    parts = []
    for place, line in enumerate(sale.lines):
        given_back = (line.subtotal > 0 and not money[place]) or (
            line.quantity > 0 and not left[place]
        )
        item = items.get(line.item_id, Item())
        parts.append(Part(line.line_id, line.item_id, item, nets[place], left[place], given_back))
    return parts


def something_kept(sale: TransactionReceived) -> bool:
    """Whether the buyer keeps any line; with nothing kept it was no transaction."""
    money = reference_basket.after_returns(sale.lines, [line.subtotal for line in sale.lines])
    left = reference_basket.quantities(sale.lines)
    return any(
        (line.subtotal or line.quantity)
        and place not in reference_basket.negative(sale.lines)
        and (money[place] or not line.subtotal)
        and (left[place] or not line.quantity)
        for place, line in enumerate(sale.lines)
    )


def points_paid(sale: TransactionReceived, customer: str) -> int:
    """The points a customer pays with, at a dollar each."""
    paid = [p.amount for p in sale.payments if p.type == "POINTS" and p.customer_id == customer]
    return max(0, sum(paid)) // 100


def qualifying(when: Document, parts: Sequence[Part]) -> list[Part]:
    """The lines a rule takes; none when its hurdles are not met."""
    free = when.get("include_free_items", False)
    taken = [
        part
        for part in parts
        if takes(when.get("items", {}), part)
        and (part.net > 0 or (free and not part.given_back and part.quantity > 0))
    ]
    if sum(part.net for part in taken) < cents(when.get("minimum_spend", "0")):
        return []
    enough = sum(part.quantity for part in taken) >= Decimal(when.get("quantity", "0"))
    return taken if enough else []


def on_the_clock(when: Document, wall: datetime) -> bool:
    """Whether the day and the hour are right on clocks that show that."""
    opens, closes = when.get("hours", ("00:00", "23:59"))
    day = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[wall.weekday()]
    right_hour = time.fromisoformat(opens) <= wall.time() < time.fromisoformat(closes)
    return right_hour and day in (when.get("days") or [day])


def open_then(when: Document, sale: TransactionReceived) -> bool:
    """Whether the sale as a whole meets the conditions."""
    wall = sale.open_time.astimezone(ZoneInfo(sale.time_zone)).replace(tzinfo=None)
    types = {payment.type for payment in sale.payments}
    return (
        sale.header.channel in (when.get("channels") or [sale.header.channel])
        and sale.store_id in (when.get("stores") or [sale.store_id])
        and (not when.get("payment_types") or bool(types & set(when["payment_types"])))
        and on_the_clock(when, wall)
    )


def exact_points(
    award: Document, taken: Sequence[Part], levels: dict[str, str], share: Fraction, first: bool
) -> Fraction:
    """What an award is worth before it is floored."""
    rates = [
        Fraction(by_level[levels[system]])
        for system, by_level in award.get("by_level", {}).items()
        if levels[system] in by_level
    ]
    rate = max(rates) if rates else Fraction(award["points"])
    if "per_amount" in award:
        return rate * sum(part.net for part in taken) * share / cents(award["per_amount"])
    if "per_quantity" in award:
        bought = sum((Fraction(part.quantity) for part in taken), Fraction(0))
        return rate * bought * share / Fraction(award["per_quantity"])
    return rate if first else Fraction(0)


@dataclass
class Standing:
    """One customer: points, purchases, levels and what was granted."""

    lots: dict[str, list[tuple[datetime, int]]] = field(default_factory=dict)
    earned: list[tuple[str, datetime, int]] = field(default_factory=list)
    bought: list[tuple[datetime, int, int, bool]] = field(default_factory=list)
    rank: dict[str, int] = field(default_factory=dict)
    since: dict[str, datetime] = field(default_factory=dict)
    due: dict[str, datetime] = field(default_factory=dict)
    entered: set[tuple[str, int]] = field(default_factory=set)
    grants: list[tuple[str, int]] = field(default_factory=list)

    def latest(self, now: datetime) -> datetime:
        """The latest moment of anything that counts."""
        moments = [when for _, when, _ in self.earned] + [when for when, *_ in self.bought]
        return max([now, *moments])

    def meets(self, tree: Document, now: datetime) -> bool:
        """Whether a tree of requirements holds."""
        ((kind, asked),) = tree.items()
        if kind in ("all", "any"):
            answers = [self.meets(part, now) for part in asked]
            return all(answers) if kind == "all" else any(answers)
        within = asked.get("within")
        bought = [one for one in self.bought if counts(one[0], now, within)]
        if kind == "spend":
            return sum(spend for _, spend, _, _ in bought) >= cents(str(asked["amount"]))
        if kind == "transactions":
            least = cents(asked.get("minimum_total", "0"))
            sales = sum(first for _, _, total, first in bought if total >= least)
            return sales >= int(asked["count"])
        earned = sum(
            points
            for account, when, points in self.earned
            if account == asked["account"] and counts(when, now, within)
        )
        return earned >= int(asked["amount"])
