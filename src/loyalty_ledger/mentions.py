"""Payments and discounts of others, or of nobody, that hold an identifier of a customer's."""

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
_FIELDS = ("payment", "sale")
"""What came with a payment, and with a sale and its discounts."""
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


def without(mention: PersonalValue, his: set[Reference]) -> PersonalValue | None:
    """The payment, or the discounts of the sale, without ids that are his; None when none is."""
    held = of_text(mention.value)
    if mention.field == "sale":
        discounts = held.get("discounts")
        parts = discounts if isinstance(discounts, dict) else {}
        left = held | {"discounts": {place: _left(one, his) for place, one in parts.items()}}
        same = left["discounts"] == parts
    else:
        left = _left(held, his)
        same = left == held
    return None if same else mention._replace(value=as_text(left))


def _left(held: dict[str, Any], his: set[Reference]) -> dict[str, Any]:
    mine = {name for pair in _PAIRS if _named(held, *pair) in his for name in pair}
    return {name: value for name, value in held.items() if name not in mine}


def _named(held: dict[str, Any], value: str, type_name: str) -> Reference | None:
    if not isinstance(held.get(value), str):
        return None
    reference = wire_reference(held[value], held.get(type_name))
    return as_external(reference) if reference.kind == "id" else reference


# --- where they stand ---------------------------------------------------------------------------


class Look(NamedTuple):
    """Where sales mentioned the customer when the log had come to `position`."""

    position: int
    his: set[Reference]
    places: list[PersonalValue]


def look(log: Log, customer_id: str) -> Look:
    """Look through the sales of everybody: it takes its time where there are many."""
    position, his = log.head().position, references(log.personal(customer_id))
    fields = _FIELDS if his else ()
    every = [value for field in fields for value in log.personal_holding(field, "user_id")]
    return Look(position, his, [*_mentioning(every, customer_id, his)])


def look_again(log: Log, customer_id: str, before: Look) -> list[PersonalValue]:
    """The mentions as they are now: those from before, and what has come in since."""
    since = log.read(before.position, FEW)
    his = references(log.personal(customer_id))
    moved = any(isinstance(one.event, _MOVES) for one in since)
    if len(since) == FEW or moved or his != before.his:
        return look(log, customer_id).places
    where = [*_where(before.places), *_arrived(since)]
    found = [value for field in _FIELDS for value in log.personal_below(field, where)]
    return [*_mentioning(found, customer_id, his)]


def _mentioning(
    values: Iterable[PersonalValue], customer_id: str, his: set[Reference]
) -> Iterator[PersonalValue]:
    for value in values:
        if value.customer_id != customer_id and without(value, his) is not None:
            yield value


def sale_of(value: PersonalValue) -> str:
    """The stream of the sale that a piece beside the log came with."""
    return value.reference.rsplit("#", 2 if value.field == "payment" else 1)[0]


def _where(places: Iterable[PersonalValue]) -> Iterator[tuple[str, str]]:
    return ((one.customer_id, sale_of(one)) for one in places)


def _arrived(since: Iterable[Recorded]) -> Iterator[tuple[str, str]]:
    for one in since:
        if isinstance(one.event, _SALES):
            yield "", one.stream
            yield from ((p.customer_id, one.stream) for p in one.event.payments if p.customer_id)
