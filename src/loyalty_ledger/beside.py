"""What stands beside the log about one customer, wherever it stands: to be shown, or deleted."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from loyalty_ledger.domain.events.sales import TransactionReceived, TransactionVersionIgnored
from loyalty_ledger.identity import KINDS, Reference, as_external, wire_reference
from loyalty_ledger.store.log import Forgotten, Log, PersonalValue, Recorded

_PAIRS = (("user_id", "user_id_type"), ("additional_user_id", "additional_user_id_type"))


class Beside(NamedTuple):
    """Personal data about one customer.

    `own` is kept under his id. `sales` is what came with sales that name him, kept under nobody's
    or under another payer's: such free text may be about any of them. `mentions` are payments of
    others or of nobody that hold an identifier of his.
    """

    own: list[PersonalValue]
    sales: list[PersonalValue]
    mentions: list[PersonalValue]

    @property
    def everything(self) -> list[PersonalValue]:
        """Each value once."""
        return sorted({*self.own, *self.sales, *self.mentions})


def sales_of(history: Sequence[Recorded]) -> list[str]:
    """The streams of the sales that the customer has to do with."""
    streams = (one.stream for one in history if one.stream.startswith("sale/"))
    return list(dict.fromkeys(streams))


def beside(log: Log, customer_id: str, history: Sequence[Recorded]) -> Beside:
    """All that stands beside the log about the customer with this history."""
    own, streams = log.personal(customer_id), sales_of(history)
    payers = {"", *_payers(history)} - {customer_id}
    sales = log.personal_below("sale", payers, streams)
    sales += log.personal_below("payment", [""], streams)
    return Beside(own, sales, list(_mentions(log, customer_id, _references(own))))


def _payers(history: Sequence[Recorded]) -> Iterator[str]:
    for one in history:
        if isinstance(one.event, TransactionReceived | TransactionVersionIgnored):
            yield from (p.customer_id for p in one.event.payments if p.customer_id is not None)


def identifier_of(value: PersonalValue) -> Reference | None:
    """The plain identifier that a piece of personal data is, if it is one."""
    kind, _, type_name = value.field.partition(":")
    if kind not in KINDS or not value.reference:
        return None
    return Reference(kind, type_name, value.value)


def _references(own: Sequence[PersonalValue]) -> set[Reference]:
    """How a payment may name him; an external id also without its type."""
    named = [one for value in own if (one := identifier_of(value)) is not None]
    return {*named, *(as_external(one) for one in named if one.kind == "external")}


def _mentions(log: Log, customer_id: str, his: set[Reference]) -> Iterator[PersonalValue]:
    for value in log.personal_holding("payment", "user_id") if his else ():
        if value.customer_id != customer_id and without(value, his) is not None:
            yield value
            if not value.customer_id:
                yield from _of_the_same_sale(log, value)


def _of_the_same_sale(log: Log, payment: PersonalValue) -> Iterator[PersonalValue]:
    stream = payment.reference.rsplit("#", 2)[0]
    for field in ("sale", "payment"):
        yield from log.personal_below(field, [""], [stream])


def without(payment: PersonalValue, his: set[Reference]) -> PersonalValue | None:
    """The payment without the ids in it that are his; None when none is."""
    held: dict[str, Any] = msgspec.json.decode(payment.value)
    mine = [pair for pair in _PAIRS if _named(held, *pair) in his]
    if not mine:
        return None
    left = {key: value for key, value in held.items() if key not in {k for p in mine for k in p}}
    return payment._replace(value=msgspec.json.encode(left, order="sorted").decode())


def _named(held: dict[str, Any], value: str, type_name: str) -> Reference | None:
    if not isinstance(held.get(value), str):
        return None
    reference = wire_reference(held[value], held.get(type_name))
    return as_external(reference) if reference.kind == "id" else reference


def forgetting(customer_id: str, found: Beside) -> tuple[list[Forgotten], list[PersonalValue]]:
    """What is deleted, and what others keep without his ids in it."""
    gone = [Forgotten(customer_id)]
    gone += [Forgotten(one.customer_id, one.field, one.reference) for one in found.sales]
    gone += [Forgotten("", v.field, v.reference) for v in found.mentions if not v.customer_id]
    his = _references(found.own)
    kept = (without(one, his) for one in found.mentions if one.customer_id)
    return gone, [one for one in kept if one is not None]
