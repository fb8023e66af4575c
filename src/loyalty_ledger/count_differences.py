"""By how much the counters of limits differ from what they have to be, since the last commit."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from loyalty_ledger.domain.events.limits import GrantCounted, GrantUncounted
from loyalty_ledger.domain.events.merging import MovedCount
from loyalty_ledger.domain.events.settlement import Grant
from loyalty_ledger.domain.streams import kind_of, limit, usage_of
from loyalty_ledger.store.log import Recorded

TIMES, POINTS = "times", "points"


class Counts(NamedTuple):
    """What counts for a subject since a moment, for a customer."""

    customer_id: str
    subject: str
    counted_at: datetime
    times: int = 1
    points: int = 0


class _Figure(NamedTuple):
    """A figure of a counter: `what` is TIMES, POINTS, or a moment at which something counts."""

    stream: str
    subject: str
    what: str


class Differences:
    """What was counted less what has to be, figure by figure, and where it began to differ."""

    def __init__(self) -> None:
        self._where = ""
        self._recorded_at: datetime | None = None
        self._differs: dict[_Figure, tuple[int, str]] = {}
        self._untold: set[str] = set()

    def goes_on(self, recorded: Recorded) -> str | None:
        """The next event; what is wrong before it, if it is of another commit."""
        self._where = f"position {recorded.position:,} ({recorded.stream}@{recorded.version})"
        if recorded.recorded_at == self._recorded_at:
            return None
        wrong = self.wrong()
        self._recorded_at = recorded.recorded_at
        self._differs.clear()
        return wrong

    def wrong(self) -> str | None:
        """A line about a counter that is not what was granted; None when every one is."""
        for figure, (more, where) in self._differs.items():
            if more and not self._is_untold(figure.subject):
                whose = f" of {figure.subject}" if kind_of(figure.stream) == "usage" else ""
                moment = f"times at {figure.what}"
                what = figure.what if figure.what in (TIMES, POINTS) else moment
                wrong = f"{abs(more):,} {what} too {'many' if more > 0 else 'few'}"
                return f"counts: {where}: {figure.stream} counts{whose} {wrong}"
        return None

    def counted(self, stream: str, event: GrantCounted | GrantUncounted) -> None:
        """This was counted."""
        sign = 1 if isinstance(event, GrantCounted) else -1
        if kind_of(stream) == "limit":
            self._all(event.subject, sign * event.times, sign * event.points, stream)
        else:
            counts = event.subject, event.counted_at, event.times, event.points
            self._each(stream, Counts(event.customer_id, *counts), sign)

    def has_to_count(self, every: Iterable[Counts], sign: int = 1) -> None:
        """It has to be counted, or no more, for the customer and for everybody."""
        for counts in every:
            self.for_customer(counts, sign)
            self.for_all(counts.subject, counts.times, counts.points, sign)

    def for_customer(self, counts: Counts, sign: int) -> None:
        """It has to be counted for the customer."""
        self._each(usage_of(counts.customer_id), counts, -sign)

    def for_all(self, subject: str, times: int, points: int, sign: int) -> None:
        """It has to be counted over all customers."""
        self._all(subject, -sign * times, -sign * points, limit(subject))

    def moved(self, stream: str, counts: Iterable[MovedCount], sign: int) -> None:
        """All of this came to a customer, or had to."""
        for one in counts:
            figures = {TIMES: one.times, POINTS: one.points}
            moments = ((when.counted_at.isoformat(), when.times) for when in one.moments)
            for what, count in (*figures.items(), *moments):
                self._differ(_Figure(stream, one.subject, what), sign * count)

    def _each(self, stream: str, counts: Counts, sign: int) -> None:
        """Of a customer it matters also when something counts."""
        for what in (TIMES, counts.counted_at.isoformat()):
            self._differ(_Figure(stream, counts.subject, what), sign * counts.times)
        self._differ(_Figure(stream, counts.subject, POINTS), sign * counts.points)

    def _all(self, subject: str, times: int, points: int, stream: str) -> None:
        self._differ(_Figure(stream, subject, TIMES), times)
        self._differ(_Figure(stream, subject, POINTS), points)

    def _differ(self, figure: _Figure, more: int) -> None:
        before, since = self._differs.get(figure, (0, self._where))
        if more:
            self._differs[figure] = before + more, since if before else self._where

    # --- what earlier builds did not tell -------------------------------------------------------

    def note_untold(self, grants: Iterable[Grant]) -> None:
        """Grants once told nothing of what they count for: their counters cannot be judged."""
        for grant in grants:
            told = grant.awards or grant.held or grant.drawn or grant.granted
            if not told and (grant.lots or grant.offers):
                self._untold |= {grant.rule, "source"}

    def _is_untold(self, subject: str) -> bool:
        return subject in self._untold or subject.partition(":")[0] in self._untold
