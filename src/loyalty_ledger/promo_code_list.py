"""The codes of a promotion or a batch: known by keyed hashes, and what became of each."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from loyalty_ledger.domain.events.merging import PromoCodeMoved
from loyalty_ledger.domain.events.promotions import (
    PromoCodeDrawn,
    PromoCodesAdded,
    PromoCodeUsed,
    PromoCodeWithdrawn,
)
from loyalty_ledger.domain.streams import promo_code_of
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.store.log import Log, Recorded

STATES = ("unused", "used", "withdrawn")
_AT_ONCE, _EVENTS_AT_ONCE = 500, 2_000


class CodeOfList(NamedTuple):
    """A code of one claim by its keyed hash; `batch` is empty for one that was drawn."""

    digest: str
    batch: str
    state: str
    drawn_for: str = ""
    claimed_by: str = ""
    claim_id: str = ""


def codes_of(log: Log, name: str) -> Iterator[CodeOfList]:
    """The codes of a batch, or of a promotion: those of its lists, then those drawn; streaming.

    Rejected when no code was ever added or drawn under that name.
    """
    found = _told(log, _digests(log, name))
    first = next(found, None)
    if first is None:
        raise Rejected(
            Reason.VALIDATION,
            f"no codes of one claim are known of {name!r}: name a promotion, or a batch as"
            " `loyalty promo generate` tells it",
            {"field": "of"},
        )
    yield first
    yield from found


def _digests(log: Log, name: str) -> Iterator[tuple[str, str]]:
    """Keyed hashes with their batches."""
    if _is_listed(log, name):
        for digest, batch in log.all_promo_codes():
            if name in (batch, batch.partition("/")[0]):
                yield digest.hex(), batch
    position = 0
    while found := log.read(position, _EVENTS_AT_ONCE, names=[PromoCodeDrawn.__name__]):
        events = [one.event for one in found if isinstance(one.event, PromoCodeDrawn)]
        yield from ((one.digest, "") for one in events if one.promotion == name)
        position = found[-1].position


def _is_listed(log: Log, name: str) -> bool:
    """Whether a list of that name, or for that promotion, was ever added."""
    position = 0
    while found := log.read(position, _EVENTS_AT_ONCE, names=[PromoCodesAdded.__name__]):
        events = [one.event for one in found if isinstance(one.event, PromoCodesAdded)]
        if any(name in (one.batch, one.promotion) for one in events):
            return True
        position = found[-1].position
    return False


def _told(log: Log, digests: Iterator[tuple[str, str]]) -> Iterator[CodeOfList]:
    while some := [*islice(digests, _AT_ONCE)]:
        streams = log.load([promo_code_of(digest) for digest, _ in some]).streams
        for digest, batch in some:
            tail = streams.get(promo_code_of(digest))
            yield _after(CodeOfList(digest, batch, "unused"), tail.events if tail else ())


def _after(code: CodeOfList, events: Sequence[Recorded]) -> CodeOfList:
    """What became of the code."""
    for recorded in events:
        match recorded.event:
            case PromoCodeDrawn() | PromoCodeMoved() as drawn:
                code = code._replace(drawn_for=drawn.customer_id)
            case PromoCodeUsed() as used:
                told = {"claimed_by": used.customer_id, "claim_id": used.claim_id}
                code = code._replace(state="used", **told)
            case PromoCodeWithdrawn():
                code = code._replace(state="withdrawn")
    return code
