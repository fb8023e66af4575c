"""The histories that settling looks up: what points ended by inactivity is no matter of state."""

from collections.abc import Iterable, Mapping
from typing import Any

from loyalty_ledger.domain.arrivals import Arrived
from loyalty_ledger.domain.events.base import Event
from loyalty_ledger.domain.lots import Programs
from loyalty_ledger.domain.needs import told_again
from loyalty_ledger.store.log import Log, NewEvent


def histories(
    log: Log,
    arrived: Arrived,
    states: Mapping[str, Any],
    programs: Programs,
    pending: Iterable[NewEvent] = (),
) -> dict[str, list[Event]]:
    """The events so far of the wallets it may look back on, `pending` ones of this commit included.

    What others append meanwhile is a conflict of the commit, which names these streams.
    """
    wallets = told_again(arrived, states, programs)
    found: dict[str, list[Event]] = {
        stream: [recorded.event for recorded in log.stream(stream)] for stream in wallets
    }
    for new in pending if found else ():
        if new.stream in found:
            found[new.stream].append(new.event)
    return found
