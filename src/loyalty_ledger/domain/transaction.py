"""A sale: the versions in which it arrived. Facts in `events.sales` and `events.settlement`."""

from datetime import datetime
from typing import assert_never

from msgspec import Struct
from msgspec.structs import replace

from loyalty_ledger.domain import sale_record
from loyalty_ledger.domain.carried import carried
from loyalty_ledger.domain.decider import Decider
from loyalty_ledger.domain.events.customers import SettlementHeld, SettlementResumed
from loyalty_ledger.domain.events.merging import SaleMoved
from loyalty_ledger.domain.events.offers import (
    DiscountChanged,
    DiscountNotHonoured,
    OfferPutOnCheck,
    OfferTakenOffCheck,
    PricedDiscount,
)
from loyalty_ledger.domain.events.receipts import SaleClaimed
from loyalty_ledger.domain.events.sales import (
    PointsTendered,
    TransactionReceived,
    TransactionVersionIgnored,
)
from loyalty_ledger.domain.events.settlement import (
    SettlementDeferred,
    SettlementFailed,
    TransactionSettled,
)
from loyalty_ledger.domain.moved_sales import Renaming
from loyalty_ledger.domain.sale_record import NEW, SaleRecord


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
    settle first, `settled` the last settled one (0: none), `failed` one whose settlement went
    wrong. `offers` are those put on the check; `flags` what was not as the till took it.
    `redeemed` are the offers it used, with the lines they were for (none: the whole check), and
    `record` is what it came to. `held` are versions that wait and name nobody who would. `claims`
    say whose payments are that named nobody. `payers` are all customers that any version names, or
    who claimed a part of it. `moved` are customers who go on as others.
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
    redeemed: dict[str, tuple[str, ...]] = {}
    record: SaleRecord = NEW
    held: tuple[int, ...] = ()
    payers: tuple[str, ...] = ()
    claims: tuple[SaleClaimed, ...] = ()
    moved: dict[str, str] = {}

    def holding(self, now: datetime) -> list[OnCheck]:
        """The offers on the check at that moment; a lapsed lock holds nothing."""
        return [one for one in self.offers if one.until is None or one.until > now]

    def sale_time(self, version: TransactionReceived) -> datetime:
        """When the sale was, fixed when it was settled first.

        A version that does not say goes by the earliest one.
        """
        if self.record.sale_time is not None:
            return self.record.sale_time
        if version.open_time_sent or self.earliest is None:
            return version.open_time
        return min(self.earliest, version.at)

    def unsettled(self) -> list[int]:
        """The versions from the first closed one on that are still to be settled, in order.

        A void of a sale that never closed gives back what points had paid for it.
        """
        if not self.first_closed:
            paid = any(tender.spent for tender in self.record.tenders.values())
            last = self.versions[-1][0] if self.versions else 0
            return [last] if self.is_voided and paid and last > self.settled else []
        return [
            number
            for number, _ in self.versions
            if number >= self.first_closed and number > self.settled and number not in self.deferred
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
    | SettlementHeld
    | SettlementResumed
    | OfferPutOnCheck
    | OfferTakenOffCheck
    | DiscountNotHonoured
    | DiscountChanged
    | PointsTendered
    | SaleClaimed
    | SaleMoved
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
    return replace(_after(sale, event), events=sale.events + 1)


def _after(sale: Sale, event: SaleEvent) -> Sale:
    match event:
        case TransactionReceived():
            return _received(sale, event)
        case TransactionVersionIgnored():
            bodies = (*sale.bodies, event.body_digest)
            earliest, payers = _earlier(sale.earliest, event.at), _payers(sale, event)
            return replace(sale, bodies=bodies, earliest=earliest, payers=payers)
        case TransactionSettled() | PointsTendered():
            return _worked_out(sale, event)
        case SettlementFailed():
            return replace(sale, failed=event.version)
        case SettlementHeld() | SettlementResumed():
            others = tuple(one for one in sale.held if one != event.version)
            waits = isinstance(event, SettlementHeld)
            return replace(sale, held=(*others, event.version) if waits else others)
        case SettlementDeferred():
            return replace(sale, deferred=(*sale.deferred, event.version))
        case OfferPutOnCheck() | OfferTakenOffCheck():
            redeemed = _redeemed(sale, event)
            return replace(sale, offers=_on_check(sale, event), redeemed=redeemed)
        case DiscountNotHonoured() | DiscountChanged():
            return _flagged(sale, event)
        case SaleClaimed() | SaleMoved():
            return _whose(sale, event)
        case _:
            assert_never(event)


def _whose(sale: Sale, event: SaleClaimed | SaleMoved) -> Sale:
    """Claimed, or all that it holds of the one customer is of the other."""
    if isinstance(event, SaleClaimed):
        payers = tuple(dict.fromkeys((*sale.payers, event.customer_id)))
        return replace(sale, claims=(*sale.claims, event), payers=payers)
    now = Renaming(event)
    return replace(
        sale,
        offers=tuple(replace(x, customer_id=now.name(x.customer_id)) for x in sale.offers),
        record=now.record(sale.record),
        payers=now.names(sale.payers),
        claims=tuple(replace(x, customer_id=now.name(x.customer_id)) for x in sale.claims),
        moved={**sale.moved, event.customer_id: event.into},
    )


def _received(sale: Sale, event: TransactionReceived) -> Sale:
    """The first closed version uses the offers it carries; no later one does."""
    events = sale.events + 1
    closes = event.is_closed and not event.is_voided
    redeemed = sale.redeemed
    if closes and not sale.first_closed:
        used = carried(event.discounts).items()
        lines = {name: tuple(line.line_id for line in priced.lines) for name, priced in used}
        told = {name: ids or redeemed.get(name, ()) for name, ids in lines.items()}
        redeemed = {**redeemed, **told}
    return replace(
        sale,
        modified_time=event.at,
        is_voided=event.is_voided,
        is_closed=event.is_closed,
        earliest=_earlier(sale.earliest, event.at),
        bodies=(*sale.bodies, event.body_digest),
        versions=(*sale.versions, (events, event.at)),
        first_closed=sale.first_closed or (events if closes else 0),
        redeemed=redeemed,
        payers=_payers(sale, event),
    )


def _payers(sale: Sale, event: TransactionReceived | TransactionVersionIgnored) -> tuple[str, ...]:
    named = (one.customer_id for one in event.payments if one.customer_id is not None)
    return tuple(dict.fromkeys((*sale.payers, *named)))


def _worked_out(sale: Sale, event: TransactionSettled | PointsTendered) -> Sale:
    if isinstance(event, PointsTendered):
        return replace(sale, record=sale_record.tendered(sale.record, event))
    settled = max(sale.settled, event.version)  # a claim may settle an earlier one anew
    record = sale_record.settled(sale.record, event)
    return replace(sale, settled=settled, failed=0, record=record)


def _redeemed(
    sale: Sale, event: OfferPutOnCheck | OfferTakenOffCheck
) -> dict[str, tuple[str, ...]]:
    """The offers used, after one was redeemed at once or given free."""
    others = {name: lines for name, lines in sale.redeemed.items() if name != event.offer_id}
    if isinstance(event, OfferTakenOffCheck) or event.until is not None:
        return others
    return {**others, event.offer_id: tuple(line.line_id for line in event.discount.lines)}


def _flagged(sale: Sale, event: DiscountNotHonoured | DiscountChanged) -> Sale:
    """What was not honoured was not used."""
    redeemed = sale.redeemed
    if isinstance(event, DiscountNotHonoured):
        redeemed = {name: ids for name, ids in redeemed.items() if name != event.reference_id}
    return replace(sale, flags=(*sale.flags, _flag(event)), redeemed=redeemed)


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
