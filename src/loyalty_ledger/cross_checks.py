"""What stands beside the log and answers from it stand on: is it what the log says?

Every check streams, in constant memory, and gives a line about the first thing that is wrong, or
None. Writers may go on.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import msgspec
from msgspec import msgpack
from sqlalchemy import Engine, Row, select

from loyalty_ledger.domain.events.base import Event
from loyalty_ledger.domain.events.merging import OfferMoved, PromoCodeMoved, SaleMoved
from loyalty_ledger.domain.events.offers import DiscountChanged, DiscountNotHonoured
from loyalty_ledger.domain.events.program import CatalogLoaded
from loyalty_ledger.domain.events.promotions import PromoCodeUsed
from loyalty_ledger.domain.events.sales import TransactionReceived, TransactionVersionIgnored
from loyalty_ledger.domain.events.settlement import (
    SettlementDeferred,
    SettlementFailed,
    TransactionSettled,
)
from loyalty_ledger.domain.streams import FOLDS, fold, kind_of
from loyalty_ledger.states import STATE_VERSIONS
from loyalty_ledger.store.engine import for_streaming
from loyalty_ledger.store.log import CatalogItem, Log, Recorded
from loyalty_ledger.store.schema import event_customer, head, snapshots

Progress = Callable[[int, int], None]
EVENTS_AT_ONCE = 2_000
_ROWS_AT_ONCE = 1_000
_SNAPSHOTS_AT_ONCE = 100

_snapshot_of = {kind: msgpack.Decoder(type(FOLDS[kind].initial)).decode for kind in STATE_VERSIONS}
_encode = msgpack.Encoder().encode


class Unreadable(Exception):  # noqa: N818 - says what it is
    """An event of the log that cannot be read; the message says where, and why."""


# --- whom an event concerns ---------------------------------------------------------------------


def concerned(stream: str, event: Event) -> frozenset[str] | None:
    """The customers that an event concerns; None when it does not say so itself."""
    if kind_of(stream) == "limit":  # counts for everybody together
        return frozenset()
    match event:
        case TransactionReceived() | TransactionVersionIgnored():
            return frozenset(one.customer_id for one in event.payments if one.customer_id)
        case TransactionSettled():
            return frozenset(one.customer_id for one in event.customers)
        case SettlementFailed() | DiscountNotHonoured() | DiscountChanged():
            return frozenset(event.customers)
        case OfferMoved() | PromoCodeMoved():
            return frozenset((event.customer_id, event.moved_from))
        case SaleMoved():
            return frozenset((event.customer_id, event.into))
        case SettlementDeferred():
            return None
        case PromoCodeUsed():
            return frozenset(filter(None, (event.customer_id, event.drawn_for)))
    customer_id: str = getattr(event, "customer_id", "")
    return frozenset((customer_id,)) if customer_id else frozenset()


def _deferred(log: Log, stream: str, deferred: SettlementDeferred) -> set[frozenset[str]]:
    """Those of the version that is deferred, or of the one that was settled in its place."""
    named: dict[int, frozenset[str]] = {}
    versions = {deferred.version}
    for recorded in log.stream(stream):
        named[recorded.version] = concerned(stream, recorded.event) or frozenset()
        if isinstance(recorded.event, TransactionSettled):
            versions.add(recorded.event.version)
    return {named.get(version, frozenset()) for version in versions}


def customers_fault(log: Log, progress: Progress) -> str | None:
    """Whether the events found for each customer are those that concern him.

    Reads every event: Unreadable at the first that cannot be.
    """
    beyond = _beyond_the_log(log.engine)
    if beyond is not None:
        return f"customers: position {beyond}: a customer is told to be in an event that is none"
    goal = log.head().position
    with _rows_by_position(log.engine, goal) as rows:
        waiting = next(rows, None)
        for recorded in _every(log, goal, progress):
            found = set()
            while waiting is not None and waiting.position == recorded.position:
                found.add(waiting.customer_id)
                waiting = next(rows, None)
            wrong = _difference(log, recorded, found)
            if wrong:
                return f"customers: position {recorded.position:,} ({_where(recorded)}): {wrong}"
    if waiting is not None:
        return f"customers: position {waiting.position}: a customer is told to be in no event"
    return None


def _difference(log: Log, recorded: Recorded, found: Collection[str]) -> str | None:
    event = recorded.event
    wanted = concerned(recorded.stream, event)
    if wanted is None and isinstance(event, SettlementDeferred):
        allowed = _deferred(log, recorded.stream, event)
        wanted = frozenset(found) if frozenset(found) in allowed else next(iter(allowed))
    wanted = wanted or frozenset()
    if found == wanted:
        return None
    missing, more = len(wanted.difference(found)), len(set(found) - wanted)
    return (
        f"it is kept for other customers than {type(event).__name__} concerns:"
        f" {missing} missing, {more} too many"
    )


def _where(recorded: Recorded) -> str:
    return f"{recorded.stream}@{recorded.version}"


def _beyond_the_log(engine: Engine) -> object | None:
    """The first position beyond the head; one statement, so that it sees one moment."""
    query = (
        select(event_customer.c.position)
        .join_from(event_customer, head, event_customer.c.position > head.c.position)
        .order_by(event_customer.c.position)
        .limit(1)
    )
    with engine.connect() as connection:
        return connection.execute(query).scalar()


@contextmanager
def _rows_by_position(engine: Engine, goal: int) -> Iterator[Iterator[Any]]:
    query = (
        select(event_customer.c.position, event_customer.c.customer_id)
        .where(event_customer.c.position <= goal)
        .order_by(event_customer.c.position)
    )
    # The database sorts, and hands the rows out as they are asked for.
    with for_streaming(engine, _ROWS_AT_ONCE).connect() as connection:
        result: Any = connection.execute(query)
        try:
            yield iter(result)
        finally:
            result.close()


def _every(log: Log, goal: int, progress: Progress) -> Iterator[Recorded]:
    """The events up to `goal`; Unreadable at the first that cannot be read."""
    position, limit = 0, EVENTS_AT_ONCE
    while position < goal:
        try:
            found = log.read(position, min(limit, goal - position))
        except (ValueError, TypeError) as error:
            if limit == 1:  # the chain was checked: it is the event at the next position
                raise Unreadable(f"events: position {position + 1:,}: {error}") from error
            limit //= 2
            continue
        yield from found
        position = found[-1].position
        progress(position, goal)


# --- snapshots ----------------------------------------------------------------------------------


def snapshots_fault(log: Log, progress: Progress) -> str | None:
    """Whether every snapshot that would be used is what the events of its stream come to."""
    after, done = "", 0
    while True:
        query = select(snapshots).where(snapshots.c.stream > after).order_by(snapshots.c.stream)
        with log.engine.connect() as connection:
            rows = connection.execute(query.limit(_SNAPSHOTS_AT_ONCE)).all()
        for row in rows:
            wrong = _snapshot_fault(log, row)
            if wrong:
                return f"snapshot of {row.stream} at version {row.version}: {wrong}"
            after = row.stream
        if not rows:
            return None
        done += len(rows)
        progress(done, 0)


def _snapshot_fault(log: Log, row: Row[Any]) -> str | None:
    kind = kind_of(row.stream)
    if STATE_VERSIONS.get(kind) != row.state_version:
        return None  # of a form that is not read any more
    if type(row.version) is not int or row.version < 1:
        return "it is of no version of the stream"
    if type(row.body) is not bytes:
        return "it is not stored as bytes"
    read = _snapshot_of[kind]
    try:
        stored = read(row.body)
    except (msgspec.MsgspecError, ValueError, TypeError) as error:
        return f"it cannot be read: {error}"
    last = 0

    def events() -> Iterator[Event]:
        nonlocal last
        for recorded in islice(log.stream(row.stream), row.version):
            last = recorded.version
            yield recorded.event

    state = fold(row.stream, events())
    if last != row.version:
        return f"the stream ends at version {last}"
    # Both as they are after storing, which knows fewer types.
    return None if stored == read(_encode(state)) else "it is not what the stream's events come to"


# --- catalogs -----------------------------------------------------------------------------------


def catalogs_fault(log: Log, progress: Progress) -> str | None:
    """Whether the items of every catalog that was loaded are those of its digest."""
    position = 0
    seen: set[str] = set()
    name = CatalogLoaded.__name__
    while found := log.read(position, EVENTS_AT_ONCE, names=[name]):
        for recorded in found:
            event = recorded.event
            assert isinstance(event, CatalogLoaded)  # noqa: S101 - as asked for
            wrong = None if event.digest in seen else _catalog_fault(log, event)
            if wrong:
                where = f"position {recorded.position:,}"
                return f"catalog {event.version} ({where}): {wrong}"
            seen.add(event.digest)
        position = found[-1].position
        progress(position, position)
    return None


def _catalog_fault(log: Log, event: CatalogLoaded) -> str | None:
    count = 0

    def counted(items: Iterable[CatalogItem]) -> Iterator[CatalogItem]:
        nonlocal count
        for item in items:
            count += 1
            yield item

    try:
        digest = log.catalog_digest(counted(log.all_catalog_items(event.digest)))
    except (msgspec.MsgspecError, ValueError, TypeError, AttributeError) as error:
        return f"item {count + 1:,} by sku cannot be read: {error}"
    if count != event.items:
        return f"it has {count:,} items, and {event.items:,} were loaded"
    return None if digest == event.digest else "its items are not those that were loaded"
