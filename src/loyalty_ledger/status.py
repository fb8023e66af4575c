"""How a ledger stands: how far everybody has come, what waits, what failed, what to look after."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from loyalty_ledger.domain.streams import kind_of
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.settlement import ARRIVALS, READER
from loyalty_projections import agenda

SALES = ("TransactionReceived",)


def status_of(ledger: Ledger) -> dict[str, Any]:
    """Where everything stands; lag is in events not yet read."""
    head = ledger.log.head()
    positions = ledger.log.readers()
    wanted = [READER, *(one.reader for one in ledger.projector.status())]
    readers = [
        {"name": name, "position": at, "lag": max(0, head.position - at)}
        for name in wanted
        for at in (positions.get(name, 0),)
    ]
    failed = ledger.projector.ask(agenda.failed)
    held = {(one.subject, one.version) for one in ledger.projector.ask(agenda.waiting)}
    settled = positions.get(READER, 0)
    unread = ledger.log.count(settled, ARRIVALS)
    oldest = _oldest_unsettled(ledger, settled, held)
    return {
        "position": head.position,
        "digest": head.digest.hex(),
        "recorded_at": head.recorded_at,
        "program_version": len(ledger.settlement.programs),
        "readers": readers,
        "waiting": unread + len(held),
        "held": len(held),
        "oldest_unsettled_at": oldest,
        "failed": [
            {"cause": one.cause, "reason": one.reason, "customers": list(one.customers)}
            for one in failed
        ],
        "warnings": _warnings(ledger, oldest),
    }


def warnings_of(ledger: Ledger) -> list[str]:
    """What an operator should know, a sentence each."""
    return _warnings(ledger, oldest_unsettled(ledger))


def oldest_unsettled(ledger: Ledger) -> datetime | None:
    """When the oldest sale that waits to be settled was received; None when none waits."""
    held = {(one.subject, one.version) for one in ledger.projector.ask(agenda.waiting)}
    return _oldest_unsettled(ledger, ledger.log.position_of(READER), held)


def _oldest_unsettled(
    ledger: Ledger, settled: int, held: Iterable[tuple[str, int]]
) -> datetime | None:
    """When the oldest sale that waits to be settled was received: unread, or held up."""
    sales = [one for one in held if kind_of(one[0]) == "sale"]
    found = [one.recorded_at for one in ledger.log.read(settled, 1, names=SALES)]
    held_since = ledger.log.first_recorded(sales)
    return min([*found, held_since] if held_since else found, default=None)


def _warnings(ledger: Ledger, oldest: datetime | None) -> list[str]:
    """A sale that waits longer than a lock holds may find its offer in another one's hands."""
    rulebook = ledger.settlement.rulebook()
    if oldest is None or rulebook is None or not rulebook.program.offers:
        return []
    zone, now = rulebook.program.time_zone, ledger.clock()
    first = min(rulebook.program.offers, key=lambda one: one.lock_timeout.after(oldest, zone))
    if now <= first.lock_timeout.after(oldest, zone):
        return []
    return [
        f"a sale waits to be settled since {oldest:%Y-%m-%dT%H:%M:%SZ}, longer than a lock of offer"
        f" {first.id} holds ({first.lock_timeout}): see that `loyalty work` runs and what failed"
    ]
