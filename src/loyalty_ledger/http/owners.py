"""Whose the discounts of sales are: the customers they belong to, by their internal ids."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from loyalty_ledger.directory import Directory
from loyalty_ledger.domain.carried import names_offer
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.sales import Discount
from loyalty_ledger.domain.issuing import is_offer_id
from loyalty_ledger.domain.streams import PROGRAM, offer
from loyalty_ledger.domain.values import Rejected
from loyalty_ledger.identity import Reference
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.sales import KnownSale
from loyalty_ledger.sent import is_printable

Told = Mapping[str, Any]


class Owners:
    """Looked up for all the sales at once: whose offers they used, and whom their texts name."""

    def __init__(self, ledger: Ledger, sales: Sequence[KnownSale], came: Mapping[str, Told]):
        discounts = (one for known in sales for one in known.received.discounts)
        offers = {name: offer(name) for one in discounts if (name := _offer(one)) is not None}
        asked = {text: _either(text) for text in _texts(came.values()) if is_printable(text)}
        directory = ledger.directory
        to_find = (one for pair in asked.values() for one in pair)
        streams = {*offers.values(), *_each(map(directory.streams_to_find, to_find))}
        # What is looked at here is looked at seldom: it is read anew, and not kept.
        ledger.states.drop(streams - {PROGRAM})
        draft = Draft(ledger.states.get(streams) if streams else {})
        ledger.states.drop(offers.values())
        self._offers = {name: draft.state(stream).customer_id for name, stream in offers.items()}
        self._named = {text: _found(pair, directory, draft) for text, pair in asked.items()}

    def of(self, discount: Discount, said: object) -> str | None:
        """Who owns its offer; else whom the text names that came with it as his id, if anybody."""
        owner = self._offers.get(_offer(discount) or "")
        return owner or (self._named.get(said) if isinstance(said, str) else None)


def _offer(discount: Discount) -> str | None:
    """The offer of the ledger that the discount is for, if it is for one."""
    name = discount.reference_id
    ours = names_offer(discount.reference_id_type) and name is not None and is_offer_id(name)
    return name if ours else None


def _texts(came: Iterable[Told]) -> set[str]:
    found = (
        discount.get("user_id") for one in came for discount in one.get("discounts", {}).values()
    )
    return {one for one in found if isinstance(one, str)}


def _each(many: Iterable[Iterable[str]]) -> Iterator[str]:
    return (one for some in many for one in some)


def _either(text: str) -> tuple[Reference, Reference]:
    """An id that does not say whether it is an internal or an external one."""
    return Reference("id", "", text), Reference("external", "", text)


def _found(pair: tuple[Reference, Reference], directory: Directory, draft: Draft) -> str | None:
    """Whom they name now; by his internal id an erased customer, too, and nobody of several."""
    try:
        found = directory.found(pair, draft)
    except Rejected:
        return None
    return found or next(iter(directory.erased(pair[0], draft)), None)
