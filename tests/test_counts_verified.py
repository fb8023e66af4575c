"""`loyalty verify` works the counters of limits out anew, and finds one that is wrong."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from msgspec.structs import replace

from cli.command_line import Said, loyalty
from loyalty_ledger.domain.events.base import Event
from loyalty_ledger.domain.events.limits import GrantCounted, GrantUncounted
from loyalty_ledger.domain.events.merging import UsageMovedIn
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.store.log import Commit, NewEvent, Recorded
from returned_ledger import returned_ledger
from sample_ledger import both_databases, ledger_on, told


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with told(request.param, tmp_path) as address:
        yield address


def counted(ledger: Ledger, kind: str) -> tuple[Recorded, GrantCounted]:
    """Something that was counted on streams of this kind."""
    for found in ledger.log.read(0, 5_000, names=[GrantCounted.__name__]):
        if found.stream.startswith(kind) and isinstance(found.event, GrantCounted):
            return found, found.event
    raise AssertionError(f"nothing was counted on {kind}")


def append(ledger: Ledger, stream: str, event: Event) -> str:
    """Put an event into the log that no decision has made; how `verify` names it."""
    loaded = ledger.log.load([stream])
    version = loaded.streams[stream].version
    concerned = (event.customer_id,) if stream.startswith("usage/") else ()  # type: ignore[attr-defined]
    new = NewEvent(stream, event, concerned)
    ledger.log.append(Commit([new], {stream: version}, loaded.position))
    return f"position {ledger.log.head().position:,} ({stream}@{version + 1})"


def verified(url: str) -> Said:
    """What `verify` says of all but the views, which take long."""
    with patch("loyalty_ledger.verification.PROJECTIONS", ()):
        return loyalty(url, "verify")


@pytest.mark.parametrize("kind", ["limit/", "usage/"])
@pytest.mark.parametrize(
    ("times", "points", "says"),
    [(1, 0, "1 times too many"), (0, 7, "7 points too many")],
    ids=["times", "points"],
)
def test_what_was_counted_and_never_granted_is_found(
    url: str, kind: str, times: int, points: int, says: str
) -> None:
    with ledger_on(url) as ledger:
        recorded, event = counted(ledger, kind)
        where = append(ledger, recorded.stream, replace(event, times=times, points=points))
    said = verified(url)
    assert said.code == 1
    assert f"counts: {where}: {recorded.stream} counts" in said.err and says in said.err, said


@pytest.mark.parametrize("kind", ["limit/", "usage/"])
def test_what_counts_no_more_although_nothing_was_taken_back_is_found(url: str, kind: str) -> None:
    with ledger_on(url) as ledger:
        recorded, event = counted(ledger, kind)
        less = GrantUncounted(
            at=event.at,
            customer_id=event.customer_id,
            subject=event.subject,
            counted_at=event.counted_at,
            times=1,
            cause=event.cause,
        )
        where = append(ledger, recorded.stream, less)
    said = verified(url)
    assert said.code == 1
    assert f"counts: {where}" in said.err and "1 times too few" in said.err, said


def test_what_counts_at_another_moment_than_it_was_granted_is_found(url: str) -> None:
    with ledger_on(url) as ledger:
        recorded, event = counted(ledger, "usage/")
        stream, later = recorded.stream, event.counted_at + timedelta(days=1)
        told: dict[str, Any] = {
            "at": event.at,
            "customer_id": event.customer_id,
            "subject": event.subject,
        }
        loaded = ledger.log.load([stream])
        moved = [
            GrantUncounted(counted_at=event.counted_at, times=1, cause=event.cause, **told),
            GrantCounted(counted_at=later, times=1, cause=event.cause, **told),
        ]
        new = [NewEvent(stream, one, (event.customer_id,)) for one in moved]
        at_version = {stream: loaded.streams[stream].version}
        ledger.log.append(Commit(new, at_version, loaded.position))
    said = verified(url)
    assert said.code == 1
    assert f"1 times at {event.counted_at.isoformat()} too few" in said.err, said


def test_what_comes_with_a_merge_that_nobody_left_is_found(url: str) -> None:
    with ledger_on(url) as ledger:
        gone, into = sorted(customers(ledger))[:2]
        ledger.merging.merge(gone, into)
    assert verified(url).code == 0
    with ledger_on(url) as ledger:
        (came,) = ledger.log.read(0, 5_000, names=[UsageMovedIn.__name__])
        where = append(ledger, came.stream, came.event)
    said = verified(url)
    assert said.code == 1 and f"counts: {where}" in said.err and "too many" in said.err, said


def customers(ledger: Ledger) -> set[str]:
    found = ledger.log.read(0, 5_000, names=[GrantCounted.__name__])
    return {one.event.customer_id for one in found if isinstance(one.event, GrantCounted)}


@both_databases
def test_a_year_of_returns_leaves_every_counter_as_it_was_granted(
    backend: str, tmp_path: Path
) -> None:
    with returned_ledger(backend, tmp_path, whole=False) as ledger:
        names = [GrantUncounted.__name__]
        assert ledger.log.read(0, 1, names=names), "no return gave anything back"
        url = ledger.log.engine.url.render_as_string(hide_password=False)
        assert verified(url).code == 0
