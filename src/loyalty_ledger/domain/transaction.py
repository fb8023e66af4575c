"""A sale: the versions in which it arrived. Facts in `events.sales` and `events.settlement`."""

from datetime import datetime
from typing import assert_never

from msgspec import Struct
from msgspec.structs import replace

from loyalty_ledger.domain.decider import Decider
from loyalty_ledger.domain.events.customers import SettlementResumed
from loyalty_ledger.domain.events.offers import (
    DiscountChanged,
    DiscountNotHonoured,
    OfferPutOnCheck,
    OfferTakenOffCheck,
    PricedDiscount,
)
from loyalty_ledger.domain.events.sales import TransactionReceived, TransactionVersionIgnored
from loyalty_ledger.domain.events.settlement import (
    SettlementDeferred,
    SettlementFailed,
    TransactionSettled,
)


class OnCheck(Struct, frozen=True, array_like=True, gc=False):
    """An offer that a sale holds: locked until `until`, or redeemed at once when that is None."""

    offer_id: str
    customer_id: str
    stackable: bool
    until: datetime | None
    discount: PricedDiscount


class Sale(Struct, frozen=True, array_like=True, gc=False):
    """The last version that counts, every body seen, and how far settlement got.

    `earliest` is the first time a version was made, ignored ones included; `versions` when each
    that counts was made, by its number in the stream of `events`. `first_closed` is the version to
    settle, `settled` the settled one (0: none), `failed` one whose settlement went wrong. `offers`
    are those put on the check; `flags` what was not as the till took it.
    """

    modified_time: datetime | None = None
    is_voided: bool = False
    is_closed: bool = False
    earliest: datetime | None = None
    bodies: tuple[str, ...] = ()
    settled: int = 0
    failed: int = 0
    deferred: tuple[int, ...] = ()
    events: int = 0
    versions: tuple[tuple[int, datetime], ...] = ()
    first_closed: int = 0
    offers: tuple[OnCheck, ...] = ()
    flags: tuple[str, ...] = ()

    def holding(self, now: datetime) -> list[OnCheck]:
        """The offers on the check at that moment; a lapsed lock holds nothing."""
        return [one for one in self.offers if one.until is None or one.until > now]

    def sale_time(self, version: TransactionReceived) -> datetime:
        """When the sale was: a version that does not say goes by the earliest one."""
        if version.open_time_sent or self.earliest is None:
            return version.open_time
        return min(self.earliest, version.at)

    def left_behind(self, version: int) -> list[tuple[int, datetime]]:
        """Versions that arrived after that one and were not deferred."""
        return [
            late for late in self.versions if late[0] > version and late[0] not in self.deferred
        ]


class Receive(Struct, frozen=True):
    """A version of the sale, as the edge read it."""

    version: TransactionReceived


SaleEvent = (
    TransactionReceived
    | TransactionVersionIgnored
    | TransactionSettled
    | SettlementDeferred
    | SettlementFailed
    | SettlementResumed
    | OfferPutOnCheck
    | OfferTakenOffCheck
    | DiscountNotHonoured
    | DiscountChanged
)


def decide(command: Receive, sale: Sale) -> list[SaleEvent]:
    """The version counts when it is later than the last; the same body again is nothing new."""
    version = command.version
    if version.body_digest in sale.bodies:
        return []
    if sale.modified_time is not None and _order(version) <= _order(sale):
        return [_ignored(version)]
    return [version]


def _order(version: TransactionReceived | Sale) -> tuple[datetime, bool, bool]:
    """At equal times a void beats a close, and a close beats an open one."""
    time = version.at if isinstance(version, TransactionReceived) else version.modified_time
    assert time is not None  # noqa: S101 - a sale that was received has one
    return time, version.is_voided, version.is_closed


def _ignored(version: TransactionReceived) -> TransactionVersionIgnored:
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
    )


def evolve(sale: Sale, event: SaleEvent) -> Sale:
    """The sale after the event. Streams are short: one event for each version and its outcome."""
    events = sale.events + 1
    match event:
        case TransactionReceived():
            closes = event.is_closed and not event.is_voided
            return Sale(
                event.at,
                event.is_voided,
                event.is_closed,
                _earlier(sale.earliest, event.at),
                (*sale.bodies, event.body_digest),
                sale.settled,
                sale.failed,
                sale.deferred,
                events,
                (*sale.versions, (events, event.at)),
                sale.first_closed or (events if closes else 0),
                sale.offers,
                sale.flags,
            )
        case TransactionVersionIgnored():
            bodies = (*sale.bodies, event.body_digest)
            earliest = _earlier(sale.earliest, event.at)
            return replace(sale, events=events, bodies=bodies, earliest=earliest)
        case TransactionSettled():
            settled = sale.settled or event.version
            return replace(sale, events=events, settled=settled, failed=0)
        case SettlementFailed():
            return replace(sale, events=events, failed=event.version)
        case SettlementResumed():
            return replace(sale, events=events)
        case SettlementDeferred():
            return replace(sale, events=events, deferred=(*sale.deferred, event.version))
        case OfferPutOnCheck() | OfferTakenOffCheck():
            return replace(sale, events=events, offers=_on_check(sale, event))
        case DiscountNotHonoured() | DiscountChanged():
            return replace(sale, events=events, flags=(*sale.flags, _flag(event)))
        case _:
            assert_never(event)


def _flag(event: DiscountNotHonoured | DiscountChanged) -> str:
    if isinstance(event, DiscountNotHonoured):
        return f"discount_not_honoured:{event.reason}:{event.reference_id}"
    return f"discount_changed:{event.locked}:{event.taken}:{event.offer_id}"


def _on_check(sale: Sale, event: OfferPutOnCheck | OfferTakenOffCheck) -> tuple[OnCheck, ...]:
    """The offers on the check; one that is put there again keeps its place."""
    if isinstance(event, OfferTakenOffCheck):
        return tuple(one for one in sale.offers if one.offer_id != event.offer_id)
    put = OnCheck(event.offer_id, event.customer_id, event.stackable, event.until, event.discount)
    if all(one.offer_id != event.offer_id for one in sale.offers):
        return (*sale.offers, put)
    return tuple(put if one.offer_id == event.offer_id else one for one in sale.offers)


def _earlier(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else min(one, other)


SALE: Decider[Receive, Sale, SaleEvent] = Decider(Sale(), decide, evolve)
