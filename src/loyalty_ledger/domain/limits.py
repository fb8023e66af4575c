"""What limits count, for one customer and for everybody, and what they refuse."""

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

from msgspec import Struct

from loyalty_ledger.domain.events.limits import GrantCounted, GrantUncounted
from loyalty_ledger.domain.events.merging import MovedMoment, UsageMovedIn, UsageMovedOut
from loyalty_ledger.domain.pages import Pages
from loyalty_ledger.domain.program.earning import CustomerLimit, Limits
from loyalty_ledger.domain.values import Window


class Granted(Struct, frozen=True, array_like=True, gc=False):
    """A moment at which something was granted, and how often."""

    when: datetime
    amount: int
    number: ClassVar[int] = 0


class Count(Struct, frozen=True, array_like=True, gc=False):
    """How often and for how many points something was granted; for a customer also when."""

    times: int = 0
    points: int = 0
    moments: Pages[Granted] = Pages()


class Usage(Struct, frozen=True, array_like=True, gc=False):
    """Counts by subject; `events` is how many events the stream has."""

    counts: dict[str, Count] = {}
    events: int = 0

    def of(self, subject: str) -> Count:
        """The count of a subject, zero when it never was counted."""
        return self.counts.get(subject, NOT_YET)


NOT_YET = Count()


CountEvent = GrantCounted | GrantUncounted


def evolve_customer(usage: Usage, event: CountEvent | UsageMovedOut | UsageMovedIn) -> Usage:
    """A customer's counts after the event."""
    if isinstance(event, UsageMovedOut):
        return Usage({}, usage.events + 1)
    if isinstance(event, UsageMovedIn):
        return _joined(usage, event)
    count = evolve_global(usage.of(event.subject), event)
    moments = _moments(usage.of(event.subject).moments, event)
    after = Count(count.times, count.points, moments)
    return Usage({**usage.counts, event.subject: after}, usage.events + 1)


def _joined(usage: Usage, event: UsageMovedIn) -> Usage:
    counts = dict(usage.counts)
    for moved in event.counts:
        before = usage.of(moved.subject)
        times, points = before.times + moved.times, before.points + moved.points
        counts[moved.subject] = Count(times, points, with_moments(before.moments, moved.moments))
    return Usage(counts, usage.events + 1)


def with_moments(moments: Pages[Granted], more: Iterable[MovedMoment]) -> Pages[Granted]:
    """The moments at which something was granted, with those of another customer."""
    for one in more:
        moments = moments.add(Granted(one.counted_at, one.times))
    return moments


def moments_of(count: Count) -> list[MovedMoment]:
    """The moments of a count, as they move."""
    rows = count.moments.rows(Granted)
    return [MovedMoment(counted_at=one.when, times=one.amount) for one in rows]


def evolve_global(count: Count, event: CountEvent) -> Count:
    """The count over all customers after the event."""
    sign = 1 if isinstance(event, GrantCounted) else -1
    return Count(count.times + sign * event.times, count.points + sign * event.points)


def _moments(moments: Pages[Granted], event: CountEvent) -> Pages[Granted]:
    """When something was granted; what was taken back was never granted then."""
    if isinstance(event, GrantCounted):
        granted = Granted(event.counted_at, event.times)
        return moments.add(granted) if event.times else moments
    rest = event.times

    def less(row: Granted) -> Granted | None:
        nonlocal rest
        part = min(rest, row.amount)
        rest -= part
        return Granted(row.when, row.amount - part) if row.amount > part else None

    return moments.changed(Granted, event.counted_at, less) if rest else moments


def refusal(
    limits: Limits,
    mine: Count,
    everybodys: Count,
    at: datetime,
    zone_name: str,
    *,
    times: int = 1,
    in_all: int | None = None,
    points: int = 0,
) -> str | None:
    """The name of the limit that more grants, of these points, would break; None if none.

    `in_all` is how many of them are new for everybody together: all, unless told.
    """
    new = times if in_all is None else in_all
    each = limits.per_customer
    if each is not None and _crowded(mine, times, each, at, zone_name):
        return "per_customer"
    if limits.total is not None and everybodys.times + new > limits.total:
        return "total"
    if limits.points is not None and everybodys.points + points > limits.points:
        return "points"
    return None


def _crowded(mine: Count, more: int, each: CustomerLimit, at: datetime, zone_name: str) -> bool:
    """Whether some trailing window that contains `at` would hold more grants than allowed."""
    if each.period is None:
        return mine.times + more > each.times
    later = (one.when for one in mine.moments.later_than(Granted, at))
    for end in (at, *later):
        window = Window(end, each.period, zone_name)
        if window.holds(at) and more + mine.moments.total_within(Granted, window) > each.times:
            return True
    return False
