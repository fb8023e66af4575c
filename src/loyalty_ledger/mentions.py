"""Payments of others, or of nobody, that hold an identifier of a customer's."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from loyalty_ledger.domain.events.customers import CustomerErased
from loyalty_ledger.domain.events.merging import CustomerMerged
from loyalty_ledger.domain.events.sales import TransactionReceived, TransactionVersionIgnored
from loyalty_ledger.identity import KINDS, Reference, as_external, wire_reference
from loyalty_ledger.personal_fields import as_text, of_text
from loyalty_ledger.store.log import Log, PersonalValue, Recorded

_PAIRS = (("user_id", "user_id_type"), ("additional_user_id", "additional_user_id_type"))
_SALES = (TransactionReceived, TransactionVersionIgnored)
_MOVES = (CustomerErased, CustomerMerged)
FEW = 1_000
"""So many events are soon looked at."""


def identifier_of(value: PersonalValue) -> Reference | None:
    """The plain identifier that a piece of personal data is, if it is one."""
    kind, _, type_name = value.field.partition(":")
    if kind not in KINDS or not value.reference:
        return None
    return Reference(kind, type_name, value.value)


def references(own: Sequence[PersonalValue]) -> set[Reference]:
    """How a payment may name him; an external id also without its type."""
    named = [one for value in own if (one := identifier_of(value)) is not None]
    return {*named, *(as_external(one) for one in named if one.kind == "external")}


def without(payment: PersonalValue, his: set[Reference]) -> PersonalValue | None:
    """The payment without the ids in it that are his; None when none is."""
    held = of_text(payment.value)
    mine = [pair for pair in _PAIRS if _named(held, *pair) in his]
    if not mine:
        return None
    left = {key: value for key, value in held.items() if key not in {k for p in mine for k in p}}
    return payment._replace(value=as_text(left))


def _named(held: dict[str, Any], value: str, type_name: str) -> Reference | None:
    if not isinstance(held.get(value), str):
        return None
    reference = wire_reference(held[value], held.get(type_name))
    return as_external(reference) if reference.kind == "id" else reference


# --- where they stand ---------------------------------------------------------------------------


class Look(NamedTuple):
    """Where payments mentioned the customer when the log had come to `position`."""

    position: int
    his: set[Reference]
    places: list[PersonalValue]


def look(log: Log, customer_id: str) -> Look:
    """Look through the payments of everybody: it takes its time where there are many."""
    position, his = log.head().position, references(log.personal(customer_id))
    every = log.personal_holding("payment", "user_id") if his else []
    return Look(position, his, [*_mentioning(every, customer_id, his)])


def look_again(log: Log, customer_id: str, before: Look) -> list[PersonalValue]:
    """The mentions as they are now: those from before, and what has come in since."""
    since = log.read(before.position, FEW)
    his = references(log.personal(customer_id))
    moved = any(isinstance(one.event, _MOVES) for one in since)
    if len(since) == FEW or moved or his != before.his:
        return look(log, customer_id).places
    found = log.personal_below("payment", [*_where(before.places), *_arrived(since)])
    return [*_mentioning(found, customer_id, his)]


def _mentioning(
    values: Iterable[PersonalValue], customer_id: str, his: set[Reference]
) -> Iterator[PersonalValue]:
    for value in values:
        if value.customer_id != customer_id and without(value, his) is not None:
            yield value


def sale_of(payment: PersonalValue) -> str:
    """The stream of the sale that a payment beside the log came with."""
    return payment.reference.rsplit("#", 2)[0]


def _where(places: Iterable[PersonalValue]) -> Iterator[tuple[str, str]]:
    return ((one.customer_id, sale_of(one)) for one in places)


def _arrived(since: Iterable[Recorded]) -> Iterator[tuple[str, str]]:
    for one in since:
        if isinstance(one.event, _SALES):
            yield "", one.stream
            yield from ((p.customer_id, one.stream) for p in one.event.payments if p.customer_id)
