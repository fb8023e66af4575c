"""Figures for Prometheus: answers, latencies, refusals, how much waits, how far readers are."""

from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from loyalty_ledger.http.arriving import Arriving
from loyalty_ledger.http.loop_watch import LoopWatch
from loyalty_ledger.http.pool import Pool
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.settlement import ARRIVALS, READER
from loyalty_ledger.status import oldest_unsettled

BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
LATE_S = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1)


class Metrics:
    """The figures of one service."""

    def __init__(self, pool: Pool, arriving: Arriving):
        self._pool = pool
        self._arriving = arriving
        self.registry = registry = CollectorRegistry()
        self._answers = Counter(
            "loyalty_answers",
            "Answers by operation and HTTP status.",
            ("operation", "status"),
            registry=registry,
        )
        self._took = Histogram(
            "loyalty_answer_seconds",
            "Time to an answer.",
            ("operation",),
            buckets=BUCKETS_S,
            registry=registry,
        )
        # To look them up by their labels takes longer than to count.
        self._counted_by = cache(self._labelled)
        self._refusals = Counter(
            "loyalty_refusals", "Refusals by reason.", ("reason",), registry=registry
        )
        self._waiting = Gauge(
            "loyalty_requests_waiting",
            "Requests in line or under way.",
            ("line",),
            registry=registry,
        )
        self._watch_the_log()
        self._watch_the_loop()

    def _watch_the_log(self) -> None:
        registry = self.registry
        self._position = Gauge("loyalty_log_position", "The end of the log.", registry=registry)
        self._lag = Gauge(
            "loyalty_reader_lag_events",
            "Events a reader has not read.",
            ("reader",),
            registry=registry,
        )
        self._commits = Counter(
            "loyalty_commits", "Commits of this service to the log.", registry=registry
        )
        self._unsettled = Gauge(
            "loyalty_unsettled_arrivals", "Arrivals that wait to be settled.", registry=registry
        )
        self._oldest = Gauge(
            "loyalty_oldest_unsettled_sale_seconds",
            "How long the oldest sale has waited to be settled; 0 when none waits.",
            registry=registry,
        )

    def _watch_the_loop(self) -> None:
        self._late = Histogram(
            "loyalty_loop_late_seconds",
            "How late the loop is that serves connections.",
            buckets=LATE_S,
            registry=self.registry,
        )
        self._blocked = Gauge(
            "loyalty_loop_blocked_seconds",
            "The longest that work of this process kept the loop, since it began.",
            registry=self.registry,
        )
        self.loop = LoopWatch(self._late.observe)

    def answered(self, operation: str, status: int, took_s: float) -> None:
        """Note an answer."""
        answers, took = self._counted_by(operation, status)
        answers.inc()
        took.observe(took_s)

    def _labelled(self, operation: str, status: int) -> tuple[Counter, Histogram]:
        return self._answers.labels(operation, str(status)), self._took.labels(operation)

    def refused(self, reason: str) -> None:
        """Note a refusal by the ledger."""
        self._refusals.labels(reason).inc()

    def committed(self, commits: int = 1) -> None:
        """Note commits to the log."""
        self._commits.inc(commits)

    def text(self, ledger: Ledger) -> bytes:
        """All figures, as Prometheus reads them."""
        head, readers = ledger.log.head().position, ledger.log.readers()
        self._position.set(head)
        self._blocked.set(self.loop.worst_s)
        for reader, position in readers.items():
            self._lag.labels(reader).set(head - position)
        self._unsettled.set(ledger.log.count(readers.get(READER, 0), ARRIVALS))
        oldest = oldest_unsettled(ledger)
        waited_s = (ledger.clock() - oldest).total_seconds() if oldest else 0.0
        self._oldest.set(max(0.0, waited_s))
        self._waiting.labels("asking").set(self._pool.waiting)
        self._waiting.labels("sales").set(self._arriving.waiting)
        return generate_latest(self.registry)
