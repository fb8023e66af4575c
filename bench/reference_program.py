"""A program document as the reference reads it: who qualifies, for how much, how often.

Parsed with PyYAML alone. What is not worked out here is refused, never passed over.
"""

from __future__ import annotations

import calendar
import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from functools import lru_cache
from math import floor
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from reference_sales import Line, Sale, UnsupportedError, cents

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
PERIOD = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?")
EARNING_KEYS = {"id", "name", "on", "levels", "audience", "exclusive_group", "when", "award"}
EARNING_KEYS |= {"outcomes", "limits", "starts", "ends"}
WHEN_KEYS = {"items", "minimum_spend", "quantity", "channels", "stores", "payment_types"}
WHEN_KEYS |= {"days", "hours", "include_free_items", "requires"}


fraction = lru_cache(maxsize=4096)(Fraction)


def check_keys(where: str, section: dict[str, Any], known: set[str]) -> None:
    """Raise UnsupportedError when the section asks for something unknown."""
    asked = {key for key, value in section.items() if value not in (None, {}, [], False)}
    if asked - known:
        raise UnsupportedError(f"{where}: {', '.join(sorted(asked - known))}")


class Item(NamedTuple):
    """What the catalog says of a product; nothing, when it lacks it."""

    sku: str
    brand: str | None = None
    categories: frozenset[str] = frozenset()


class Calendar:
    """Dates and periods of one time zone."""

    def __init__(self, zone: str):
        self.zone = ZoneInfo(zone)
        self.end = lru_cache(maxsize=None)(self._end)

    def moment(self, value: Any) -> datetime:
        """Return the instant of a YAML date or time; without a zone it is this calendar's."""
        if isinstance(value, str):
            value = datetime.fromisoformat(value)
        if not isinstance(value, datetime) and isinstance(value, date):
            value = datetime.combine(value, time())
        return (value if value.tzinfo else value.replace(tzinfo=self.zone)).astimezone(UTC)

    def counts(self, then: datetime, now: datetime, period: str | None) -> bool:
        """Tell whether what happened `then` counts within the period at `now`."""
        return then <= now and (period is None or now < self.end(then, period))

    def _end(self, start: datetime, period: str) -> datetime:
        match = PERIOD.fullmatch(period)
        if not match:
            raise UnsupportedError(f"period {period}")
        years, months, weeks, days, hours, minutes = (int(n or 0) for n in match.groups())
        end = start
        if years or months or weeks or days:
            wall = start.astimezone(self.zone).replace(tzinfo=None)
            year, month = divmod(wall.year * 12 + wall.month - 1 + years * 12 + months, 12)
            last = calendar.monthrange(year, month + 1)[1]
            wall = wall.replace(year=year, month=month + 1, day=min(wall.day, last))
            wall += timedelta(days=weeks * 7 + days)
            end = wall.replace(tzinfo=self.zone).astimezone(UTC)
        return end + timedelta(hours=hours, minutes=minutes)


class Selector:
    """Which items a rule takes."""

    def __init__(self, section: dict[str, Any] | None):
        section = section or {}
        check_keys("items", section, {"skus", "categories", "brands", "exclude"})
        self.skus = {str(sku) for sku in section.get("skus") or ()}
        self.brands = set(section.get("brands") or ())
        self.categories = set(section.get("categories") or ())
        self.exclude = Selector(section["exclude"]) if section.get("exclude") else None
        self._known: dict[str, bool] = {}

    def takes(self, item: Item) -> bool:
        """Tell whether the item is one of these."""
        if item.sku not in self._known:
            named = self._names(item) or not (self.skus or self.brands or self.categories)
            self._known[item.sku] = named and not (self.exclude and self.exclude.takes(item))
        return self._known[item.sku]

    def _names(self, item: Item) -> bool:
        categories = not self.categories.isdisjoint(item.categories)
        return item.sku in self.skus or item.brand in self.brands or categories


class Earning:
    """A rule or a campaign."""

    def __init__(self, section: dict[str, Any], kind: str, calendar_: Calendar):
        # A bare `on` is a boolean to YAML 1.1.
        section = {"on" if key is True else key: value for key, value in section.items()}
        where = f"{kind} {section['id']}"
        check_keys(where, section, EARNING_KEYS)
        self.id, self.kind = section["id"], kind
        self.when: dict[str, Any] = section.get("when") or {}
        check_keys(where, self.when, WHEN_KEYS)
        audience = section.get("audience") or {}
        check_keys(where, audience, {"levels"})
        self.levels = {**(section.get("levels") or {}), **(audience.get("levels") or {})}
        self.never = section.get("on") not in (None, "purchase")
        self.group = section.get("exclusive_group")
        self.requires = self.when.get("requires")
        self.selector = Selector(self.when.get("items"))
        self.outcomes = section.get("outcomes") or [{"award": section["award"]}]
        self.limits = section.get("limits") or {}
        self.starts = calendar_.moment(section["starts"]) if section.get("starts") else None
        self.ends = calendar_.moment(section["ends"]) if section.get("ends") else None
        for outcome in self.outcomes:
            check_keys(where, outcome, {"award", "issue"})

    def qualifying(self, sale: Sale, levels: dict[str, str], items: dict[str, Item]) -> list[Line]:
        """Return the lines this takes, none when a condition fails (`requires` is not judged)."""
        if self.never or not self._in_time(sale) or not self._circumstances(sale):
            return []
        if any(levels[system] not in wanted for system, wanted in self.levels.items()):
            return []
        free = self.when.get("include_free_items")
        lines = [
            line
            for line in sale.lines
            if (line.net > 0 or free) and self.selector.takes(items.get(line.item, Item(line.item)))
        ]
        return lines if self._enough(lines) else []

    def _in_time(self, sale: Sale) -> bool:
        if (self.starts and sale.at < self.starts) or (self.ends and sale.at >= self.ends):
            return False
        days, hours = self.when.get("days"), self.when.get("hours")
        if days and DAYS[sale.wall.weekday()] not in days:
            return False
        return not hours or hours[0] <= sale.wall.strftime("%H:%M:%S") < hours[1]

    def _circumstances(self, sale: Sale) -> bool:
        when = self.when
        return (
            (not when.get("channels") or sale.channel in when["channels"])
            and (not when.get("stores") or sale.store in when["stores"])
            and (
                not when.get("payment_types") or bool(sale.payment_types & {*when["payment_types"]})
            )
        )

    def _enough(self, lines: list[Line]) -> bool:
        spend, quantity = self.when.get("minimum_spend"), self.when.get("quantity")
        if spend is not None and sum(line.net for line in lines) < cents(spend):
            return False
        return quantity is None or sum(line.quantity for line in lines) >= fraction(str(quantity))


def worth(award: dict[str, Any], lines: Iterable[Line], levels: dict[str, str]) -> Fraction:
    """Return the exact points of an award over these lines, not yet floored."""
    known = {"account", "source", "points", "per_amount", "per_quantity", "by_level"}
    check_keys("award", award, known)
    rates = [
        fraction(str(by[levels[system]]))
        for system, by in (award.get("by_level") or {}).items()
        if levels[system] in by
    ]
    points = max(rates) if rates else fraction(str(award["points"]))
    if award.get("per_amount"):
        return points * Fraction(sum(line.net for line in lines), cents(award["per_amount"]))
    if award.get("per_quantity"):
        return points * sum(line.quantity for line in lines) / fraction(str(award["per_quantity"]))
    return points


def points_of(
    outcomes: Iterable[dict[str, Any]], lines: Iterable[Line], levels: dict[str, str]
) -> dict[str, int]:
    """Return the points of all awards among the outcomes: summed, then floored once an account."""
    exact: dict[str, Fraction] = defaultdict(Fraction)
    for award in (outcome["award"] for outcome in outcomes if "award" in outcome):
        exact[award["account"]] += worth(award, lines, levels)
    return {account: floor(points) for account, points in exact.items() if floor(points)}


class Standing:
    """What one customer has done and got so far."""

    def __init__(self, systems: Iterable[str]):
        self.earned: dict[str, list[tuple[datetime, int]]] = defaultdict(list)
        self.purchases: list[tuple[datetime, int]] = []
        self.place = dict.fromkeys(systems, 0)
        self.entered: set[tuple[str, int]] = set()
        self.due: dict[str, datetime] = {}
        self.grants: dict[str, int] = defaultdict(int)


def holds(tree: dict[str, Any], standing: Standing, now: datetime, dates: Calendar) -> bool:
    """Tell whether a tree of requirements holds for a customer at an instant."""
    ((kind, asked),) = tree.items()
    if kind in ("all", "any"):
        parts = (holds(part, standing, now, dates) for part in asked)
        return all(parts) if kind == "all" else any(parts)
    within = asked.get("within")
    if kind == "points_earned":
        earned = standing.earned[asked["account"]]
        return sum(n for at, n in earned if dates.counts(at, now, within)) >= asked["amount"]
    sales = [total for at, total in standing.purchases if dates.counts(at, now, within)]
    if kind == "spend":
        return sum(sales) >= cents(asked["amount"])
    if kind == "transactions":
        least = cents(asked.get("minimum_total") or 0)
        return sum(total >= least for total in sales) >= asked["count"]
    raise UnsupportedError(f"requirement {kind}")


class Limits:
    """Who has had what of everything that is limited."""

    def __init__(self, dates: Calendar):
        self._dates = dates
        self._times: dict[tuple[str, str], list[datetime]] = defaultdict(list)
        self._total: dict[str, int] = defaultdict(int)
        self._points: dict[str, int] = defaultdict(int)

    def allow(
        self, subject: str, limits: dict[str, Any], customer: str, at: datetime, points: int
    ) -> bool:
        """Tell whether one more grant fits all limits."""
        check_keys(subject, limits, {"per_customer", "total", "points"})
        if limits.get("total") is not None and self._total[subject] >= limits["total"]:
            return False
        if limits.get("points") is not None and self._points[subject] + points > limits["points"]:
            return False
        own = limits.get("per_customer")
        own = {"times": own} if isinstance(own, int) else own
        return own is None or self._fits(self._times[subject, customer], at, own)

    def _fits(self, had: list[datetime], at: datetime, own: dict[str, Any]) -> bool:
        """Tell whether no trailing window that contains `at` would hold too many."""
        moments, period = [*had, at], own.get("period")
        if period is None:
            return len(moments) <= own["times"]
        windows = [end for end in moments if self._dates.counts(at, end, period)]
        return all(
            sum(self._dates.counts(then, end, period) for then in moments) <= own["times"]
            for end in windows
        )

    def count(self, subject: str, customer: str, at: datetime, points: int) -> None:
        """Count a grant."""
        self._times[subject, customer].append(at)
        self._total[subject] += 1
        self._points[subject] += points
