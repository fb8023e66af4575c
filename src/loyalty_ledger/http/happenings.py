"""What happened to a customer, his purchases among it: received, then settled with what they gave.

Purchases are read from the log itself, so that they are told as soon as they are there.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from loyalty_ledger.domain.events.sales import TransactionReceived
from loyalty_ledger.domain.events.settlement import TransactionSettled
from loyalty_ledger.domain.streams import sale_name
from loyalty_ledger.explaining import differences
from loyalty_ledger.http.operation import Call
from loyalty_ledger.sales import KnownSale
from loyalty_ledger.store.log import Recorded
from loyalty_projections.timeline import Happening


class Purchase(Happening):
    """A version of a sale that came in, as it is read."""

    sale: Any


def happenings(customer_id: str, call: Call) -> list[Happening]:
    """All that happened, in order of time; of one instant, what came in first and settling last."""
    moment = call.moment
    told = list(call.ledger.answers.timeline(customer_id, moment))
    history = [
        one
        for one in call.ledger.log.history(customer_id, known_at=moment.known_at)
        if moment.as_of is None or one.event.at <= moment.as_of
    ]
    settled = _settled_last(history)
    for one in history:
        match one.event:
            case TransactionReceived():
                told.append(_received(one, one.event, settled.get(one.stream)))
            case TransactionSettled():
                told.append(_settled(one, one.event, customer_id))
    return sorted(told, key=_order)


def _settled_last(history: Iterable[Recorded]) -> dict[str, Recorded]:
    """Of each sale the settlement of its latest version: an earlier one may be settled anew."""
    last: dict[str, tuple[int, Recorded]] = {}
    for one in history:
        if isinstance(one.event, TransactionSettled):
            before = last.get(one.stream)
            if before is None or before[0] <= one.event.version:
                last[one.stream] = one.event.version, one
    return {stream: one for stream, (_, one) in last.items()}


def _order(one: Happening) -> tuple[datetime, int]:
    first = isinstance(one, Purchase)
    return one.at, 0 if first else 2 if one.kind == TransactionSettled.__name__ else 1


def _received(one: Recorded, event: TransactionReceived, settled: Recorded | None) -> Purchase:
    version = getattr(settled.event, "version", 0) if settled is not None else 0
    state = "settled" if version >= one.version else "received"
    at = settled.recorded_at if settled is not None and state == "settled" else None
    sale = KnownSale(one, one, event, state, at)
    return Purchase(
        **_told(one, sale_name(event.store_id, event.transaction_id)),
        facts={"state": state, "version": one.version},
        sale=sale,
    )


def _settled(one: Recorded, event: TransactionSettled, customer_id: str) -> Happening:
    """What a version gave this customer, or took back; nothing after the return window."""
    grants = [] if event.outside_return_window else event.grants
    his = [grant for grant in grants if grant.customer_id == customer_id]
    return Happening(
        **_told(one, sale_name(event.store_id, event.transaction_id)),
        facts={
            "state": "settled",
            "version": event.version,
            "granted": [row for grant in his for row in differences(grant)],
            "granted_offers": [
                {"customer_id": customer_id, "rule": grant.rule, "offers": grant.offers}
                for grant in his
                if grant.offers
            ],
            "flags": event.flags,
            "outside_return_window": event.outside_return_window,
            "not_done": [
                {"customer_id": customer_id, "what": one.what, "why": one.why, "points": one.points}
                for one in event.not_done
                if one.customer_id == customer_id
            ],
        },
    )


def _told(one: Recorded, name: str) -> dict[str, Any]:
    return {
        "at": one.event.at,
        "recorded_at": one.recorded_at,
        "kind": type(one.event).__name__,
        "subject": name,
        "transaction": name,
        "client_id": None,
        "employee_id": None,
        "why": None,
        "cause": None,
    }
