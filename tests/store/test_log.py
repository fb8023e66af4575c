"""Appending to the log and reading it back."""

from datetime import UTC, datetime

from loyalty_ledger.domain.events.customers import CustomerEnrolled
from loyalty_ledger.store.log import (
    Commit,
    Log,
    NewEvent,
)

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def enrolled(customer: str) -> CustomerEnrolled:
    return CustomerEnrolled(at=NOON, customer_id=customer)


def commit(*streams: str, read_at: int = 0, **expected: int) -> Commit:
    events = [NewEvent(stream, enrolled(stream), (stream,)) for stream in streams]
    return Commit(events, dict.fromkeys(streams, 0) | expected, read_at)


def test_what_is_appended_is_read_back(log: Log) -> None:
    appended = log.append(commit("customer/a", "customer/b"))
    assert (appended.first, appended.last) == (1, 2)
    first, second = log.read(0, 10)
    assert first.event == enrolled("customer/a")
    assert (first.position, first.stream, first.version) == (1, "customer/a", 1)
    assert second.recorded_at == first.recorded_at == appended.recorded_at
    assert log.head().position == 2
    assert log.verify_chain() is None
    assert [r.event for r in log.history("customer/a")] == [first.event]
    loaded = log.load(["customer/a", "customer/x"])
    assert loaded.streams["customer/a"].events == [first]
    assert loaded.streams["customer/x"].version == 0
