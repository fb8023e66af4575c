"""The versions of a sale in the order in which they were made, whenever they arrived.

What a version does not tell itself it takes from those before it in that order: so a sale ends the
same whichever of them came first.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct

from loyalty_ledger.domain.basket import NetLine, net_lines
from loyalty_ledger.domain.events.sales import (
    Payment,
    TransactionReceived,
    TransactionVersionIgnored,
)


class Known(Struct, frozen=True, array_like=True, gc=False):
    """A version of a sale, by its number in the sale's stream."""

    number: int
    body: TransactionReceived

    @property
    def holds(self) -> bool:
        """Whether it is closed and not voided."""
        return self.body.is_closed and not self.body.is_voided


def order(version: TransactionReceived) -> tuple[datetime, bool, bool]:
    """At equal times a void beats a close, and a close beats an open one."""
    return version.at, version.is_voided, version.is_closed


def with_one_more(
    known: Sequence[Known], number: int, body: TransactionReceived
) -> tuple[Known, ...]:
    """All versions in order; of equal ones the first to arrive is the last that counts."""
    before = [one for one in known if order(one.body) < order(body)]
    return (*before, Known(number, body), *known[len(before) :])


def as_ignored(version: TransactionReceived) -> TransactionVersionIgnored:
    """What is kept of a version that is not later than the last."""
    return TransactionVersionIgnored(
        at=version.at,
        store_id=version.store_id,
        transaction_id=version.transaction_id,
        modified_time=version.at,
        open_time=version.open_time if version.open_time_sent else None,
        is_closed=version.is_closed,
        is_voided=version.is_voided,
        lines=version.lines,
        payments=version.payments,
        discounts=version.discounts,
        header=version.header,
        body_digest=version.body_digest,
        program_version=version.program_version,
        catalog_version=version.catalog_version,
        time_zone=version.time_zone,
    )


def as_received(ignored: TransactionVersionIgnored) -> TransactionReceived:
    """The version as it would have been received, had it been in time."""
    return TransactionReceived(
        at=ignored.at,
        store_id=ignored.store_id,
        transaction_id=ignored.transaction_id,
        open_time=ignored.open_time or ignored.modified_time,
        open_time_sent=ignored.open_time is not None,
        time_zone=ignored.time_zone,
        is_closed=ignored.is_closed,
        is_voided=ignored.is_voided,
        lines=ignored.lines,
        payments=ignored.payments,
        discounts=ignored.discounts,
        header=ignored.header,
        program_version=ignored.program_version,
        catalog_version=ignored.catalog_version,
        body_digest=ignored.body_digest,
    )


def up_to(known: Sequence[Known], number: int) -> Sequence[Known]:
    """The version of that number, and those before it."""
    place = next((place for place, one in enumerate(known) if one.number == number), -1)
    return known[: place + 1]


def first_closed(known: Iterable[Known]) -> Known | None:
    """The first version that holds, if any does."""
    return next((one for one in known if one.holds), None)


def last_not_open(known: Iterable[Known]) -> Known | None:
    """The last version that is closed or voided, if any is."""
    found = [one for one in known if one.holds or one.body.is_voided]
    return found[-1] if found else None


def kept_lines(known: Sequence[Known]) -> list[list[str]]:
    """The lines of which something stayed, by each version after the one that closed the sale."""
    first = first_closed(known)
    later = known[known.index(first) + 1 :] if first else ()
    return [
        [] if body.is_voided else [line.line_id for line in _net(body) if not line.gone]
        for body in (one.body for one in later if one.holds or one.body.is_voided)
    ]


def that_counts(known: Sequence[Known], ends: datetime) -> Known | None:
    """The version that the sale stands by: the last one made in the return window.

    The first closed one has its effect whenever it was made. None when none was ever closed.
    """
    first = first_closed(known)
    if first is None:
        return None
    later = known[known.index(first) + 1 :]
    return [first, *(one for one in later if one.body.at <= ends)][-1]


def payments_of(known: Sequence[Known]) -> list[Payment]:
    """Those of the last one; if it tells none, of the last before it of which something is left."""
    telling = [one.body for one in known if one.body.payments]
    if not telling or known[-1].body.payments:
        return known[-1].body.payments if known else []
    left = [body for body in telling if total_of(body, tax_in_earning=True)]
    return (left or telling)[-1].payments


def total_of(body: TransactionReceived, *, tax_in_earning: bool) -> int:
    """What a version is worth; nothing when it is voided."""
    if body.is_voided:
        return 0
    return sum(line.net for line in _net(body, tax_in_earning=tax_in_earning))


def _net(body: TransactionReceived, *, tax_in_earning: bool = True) -> list[NetLine]:
    return net_lines(body.lines, body.discounts, tax_in_earning=tax_in_earning)
