"""Settlement: an arrived sale or customer event in, outcome events for many streams out.

A policy never rejects: what is refused is an outcome too.
"""

from msgspec.structs import replace

from loyalty_ledger.domain.arrivals import Arrived, Knowledge
from loyalty_ledger.domain.customer import Customer
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.customers import SettlementHeld, SettlementResumed
from loyalty_ledger.domain.events.sales import CustomerEventReceived, TransactionReceived
from loyalty_ledger.domain.events.settlement import SettlementFailed
from loyalty_ledger.domain.judging import settle_sale
from loyalty_ledger.domain.judging_events import settle_event
from loyalty_ledger.domain.late import settle_late
from loyalty_ledger.domain.streams import cause, customer_of
from loyalty_ledger.domain.transaction import Sale


def settle(arrived: Arrived, knowledge: Knowledge, draft: Draft, *, retried: bool = False) -> None:
    """Put into the draft what follows from an arrival; nothing when nothing does."""
    match arrived.event:
        case TransactionReceived() as version:
            if not _settles(arrived, draft):
                return
            if not retried and _waits(arrived, draft):
                return
            if arrived.late:
                settle_late(arrived, knowledge, draft, retried=retried)
            else:
                settle_sale(arrived, version, knowledge, draft, retried=retried)
        case CustomerEventReceived() as event:
            if draft.state(arrived.stream).settled or (not retried and _waits(arrived, draft)):
                return
            settle_event(arrived, event, knowledge, draft, retried=retried)


def fail(arrived: Arrived, reason: str, draft: Draft, *, held: bool = False) -> None:
    """Record that settling went wrong: its customers wait, nobody else does.

    `held` when they wait for it already.
    """
    customers = arrived.customers
    draft.emit(
        arrived.stream,
        SettlementFailed(
            at=arrived.event.at,
            subject=arrived.stream,
            version=arrived.version,
            customers=customers,
            reason=reason,
            cause=arrived.cause,
        ),
        *customers,
    )
    if not held:
        _hold(arrived, arrived.cause, draft)


def resume(arrived: Arrived, draft: Draft) -> None:
    """The customers wait for this one no more; where it named nobody, its own stream says so."""
    for customer_id in arrived.customers:
        draft.emit(customer_of(customer_id), _resumed(arrived, customer_id), customer_id)
    if not arrived.customers or held_alone(arrived, draft):
        draft.emit(arrived.stream, _resumed(arrived, ""))


def held_alone(arrived: Arrived, draft: Draft) -> bool:
    """Whether it waits by itself: it names nobody, or named nobody when it came."""
    if not isinstance(arrived.event, TransactionReceived):
        return False
    state: Sale = draft.state(arrived.stream)
    return arrived.version in state.held


def _resumed(arrived: Arrived, customer_id: str) -> SettlementResumed:
    return SettlementResumed(
        at=arrived.event.at,
        customer_id=customer_id,
        subject=arrived.stream,
        version=arrived.version,
    )


def _settles(arrived: Arrived, draft: Draft) -> bool:
    """Whether this version is to be settled: from the first closed one on, each of them once.

    One that came late may change what a later one came to, as often as it is looked at.
    """
    state: Sale = draft.state(arrived.stream)
    if arrived.late:
        return bool(state.first_closed)
    return arrived.version in state.unsettled()


def overtakes(arrived: Arrived, draft: Draft) -> bool:
    """Whether it is a later version of a sale of which an earlier one is still to be settled."""
    if not isinstance(arrived.event, TransactionReceived):
        return False
    state: Sale = draft.state(arrived.stream)
    return any(number < arrived.version for number in state.unsettled())


def _waits(arrived: Arrived, draft: Draft) -> bool:
    """Whether it, or one of its customers, waits for an earlier one; then it queues behind that."""
    if held_alone(arrived, draft):
        return True
    if overtakes(arrived, draft):
        earliest = draft.state(arrived.stream).unsettled()[0]
        _hold(arrived, cause(arrived.stream, earliest), draft)
        return True
    for customer_id in arrived.customers:
        state: Customer = draft.state(customer_of(customer_id))
        if arrived.cause in state.waiting:
            return True
        if state.waiting:
            _hold(arrived, state.waiting[0], draft)
            return True
    return False


def _hold(arrived: Arrived, blocked_by: str, draft: Draft) -> None:
    """Whom it concerns waits; a version that names nobody waits by itself."""
    held = SettlementHeld(
        at=arrived.event.at,
        customer_id="",
        subject=arrived.stream,
        version=arrived.version,
        blocked_by=blocked_by,
    )
    for customer_id in arrived.customers:
        draft.emit(customer_of(customer_id), replace(held, customer_id=customer_id), customer_id)
    if not arrived.customers and blocked_by != arrived.cause:
        draft.emit(arrived.stream, held)
