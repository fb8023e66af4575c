"""A sale: the versions in which it arrived. Facts in `events.sales` and `events.settlement`."""

from collections.abc import Collection
from datetime import datetime
from typing import assert_never

from msgspec import Struct
from msgspec.structs import replace

from loyalty_ledger.domain import on_check, sale_record
from loyalty_ledger.domain.carried import carried
from loyalty_ledger.domain.decider import Decider
from loyalty_ledger.domain.events.customers import SettlementHeld, SettlementResumed
from loyalty_ledger.domain.events.merging import SaleMoved
from loyalty_ledger.domain.events.offers import (
    DiscountChanged,
    DiscountNotHonoured,
    OfferPutOnCheck,
    OfferTakenOffCheck,
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
from loyalty_ledger.domain.on_check import OnCheck
from loyalty_ledger.domain.sale_record import NEW, SaleRecord
from loyalty_ledger.domain.values import BEGINNING_OF_TIME
from loyalty_ledger.domain.versions import (
    Known,
    as_ignored,
    as_received,
    first_closed,
    order,
    with_one_more,
)


class Sale(Struct, frozen=True, array_like=True, gc=False):
    """The last version that counts, every body seen, and how far settlement got.

    `earliest` is the first time a version was made, ignored ones included; `versions` when each
    that counts was made, by its number in the stream of `events`. `first_closed` is the version to
    settle first, `settled` the last settled one (0: none), `failed` one whose settlement went
    wrong. `offers` are those put on the check; `flags` what was not as the till took it.
    `redeemed` are the offers it used, with the lines they were for (none: the whole check), and
    `record` is what it came to. `held` are versions that wait and name nobody who would. `claims`
    say whose payments are that named nobody. `payers` are all customers that any version names, or
    who claimed a part of it. `moved` are customers who go on as others. `known` are all versions
    in the order in which they were made, those that arrived too late to be the last included.
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
    known: tuple[Known, ...] = ()

    @property
    def order(self) -> tuple[datetime, bool, bool]:
        """Where the last version is among all."""
        return self.modified_time or BEGINNING_OF_TIME, self.is_voided, self.is_closed

    @property
    def carried(self) -> dict[str, tuple[str, ...]]:
        """Of the offers it used those that its first closed version carried, with their lines."""
        at_once = {one.offer_id for one in self.offers if one.until is None}
        return {name: lines for name, lines in self.redeemed.items() if name not in at_once}

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
    if sale.modified_time is not None and order(version) <= sale.order:
        return [as_ignored(version)]
    return [version]


def evolve(sale: Sale, event: SaleEvent) -> Sale:
    """The sale after the event. Streams are short: one event for each version and its outcome."""
    return replace(_after(sale, event), events=sale.events + 1)


def _after(sale: Sale, event: SaleEvent) -> Sale:
    match event:
        case TransactionReceived():
            return _received(sale, event)
        case TransactionVersionIgnored():
            return _came_late(sale, event)
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
            return replace(sale, offers=on_check.after(sale.offers, event), redeemed=redeemed)
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
    return replace(
        _with_version(sale, event),
        modified_time=event.at,
        is_voided=event.is_voided,
        is_closed=event.is_closed,
        versions=(*sale.versions, (sale.events + 1, event.at)),
    )


def _came_late(sale: Sale, event: TransactionVersionIgnored) -> Sale:
    """Later versions take from it what they do not tell; not from one that an old build kept."""
    if event.program_version:
        return _with_version(sale, as_received(event))
    bodies, earliest = (*sale.bodies, event.body_digest), _earlier(sale.earliest, event.at)
    return replace(sale, bodies=bodies, earliest=earliest, payers=_payers(sale, event))


def _with_version(sale: Sale, version: TransactionReceived) -> Sale:
    """The first closed version, by when it was made, uses the offers it carries; no later does."""
    number, redeemed, record = sale.events + 1, sale.redeemed, sale.record
    known = with_one_more(sale.known, number, version)
    first = first_closed(known)
    if first is not None and first.number == number:
        used = carried(version.discounts).items()
        lines = {name: tuple(line.line_id for line in priced.lines) for name, priced in used}
        at_once = {name: ids for name, ids in redeemed.items() if name not in sale.carried}
        told = {name: ids or at_once.get(name, ()) for name, ids in lines.items()}
        redeemed = at_once | told
        record = _used_anew(record, told)
    return replace(
        sale,
        earliest=_earlier(sale.earliest, version.at),
        bodies=(*sale.bodies, version.body_digest),
        first_closed=sale.first_closed or (first.number if first else 0),
        redeemed=redeemed,
        record=record,
        payers=_payers(sale, version),
        known=known,
    )


def _used_anew(record: SaleRecord, offers: Collection[str]) -> SaleRecord:
    """What had been given back of them was so by the version that closed the sale first before."""
    given_back = tuple(one for one in record.given_back if one not in offers)
    return replace(record, given_back=given_back)


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


def _earlier(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else min(one, other)


SALE: Decider[Receive, Sale, SaleEvent] = Decider(Sale(), decide, evolve)
