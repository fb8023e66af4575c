"""The keyed hashes of promo codes stand beside the log: are they those whose batches it has?"""

import hashlib
from collections.abc import Callable
from typing import Any

from loyalty_ledger.domain.events.promotions import PromoCodesAdded
from loyalty_ledger.domain.promo_code import batch_name
from loyalty_ledger.store.log import Log

Progress = Callable[[int, int], None]
EVENTS_AT_ONCE = 2_000


def codes_fault(log: Log, progress: Progress) -> str | None:
    """A line about the first batch whose codes are not those that were added, or None.

    What is added meanwhile is not looked at.
    """
    before = _added(log)
    contents: dict[str, Any] = {}
    counts: dict[str, int] = {}
    for done, (digest, batch) in enumerate(log.all_promo_codes(), 1):
        contents.setdefault(batch, hashlib.sha256()).update(digest)
        counts[batch] = counts.get(batch, 0) + 1
        if done % EVENTS_AT_ONCE == 0:
            progress(done, done)
    for batch in sorted(counts.keys() - _added(log).keys()):
        return f"promo codes of {batch}: no such batch was added"
    for batch, count in before.items():
        found = counts.get(batch, 0)
        if found != count:
            return f"promo codes of {batch}: there are {found:,}, and {count:,} were added"
        if batch_name(batch.partition("/")[0], contents[batch].hexdigest()) != batch:
            return f"promo codes of {batch}: they are not those that were added"
    return None


def _added(log: Log) -> dict[str, int]:
    """How many codes each batch has."""
    position, batches = 0, dict[str, int]()
    while found := log.read(position, EVENTS_AT_ONCE, names=[PromoCodesAdded.__name__]):
        position = found[-1].position
        events = [one.event for one in found if isinstance(one.event, PromoCodesAdded)]
        batches |= {event.batch: event.count for event in events}
    return batches
