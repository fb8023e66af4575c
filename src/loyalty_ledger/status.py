"""How a ledger stands: how far everybody has come, what waits, what failed."""

from typing import Any

from loyalty_ledger.ledger import Ledger
from loyalty_ledger.settlement import ARRIVALS, READER
from loyalty_projections import agenda


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
    unread = ledger.log.count(positions.get(READER, 0), ARRIVALS)
    return {
        "position": head.position,
        "digest": head.digest.hex(),
        "recorded_at": head.recorded_at,
        "program_version": len(ledger.settlement.programs),
        "readers": readers,
        "waiting": unread + len(held),
        "held": len(held),
        "failed": [
            {"cause": one.cause, "reason": one.reason, "customers": list(one.customers)}
            for one in failed
        ],
    }
