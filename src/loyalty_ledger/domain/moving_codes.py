"""Promo codes that were drawn for a customer, as they move with him."""

from collections.abc import Iterable, Iterator
from typing import Any

from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.base import Event
from loyalty_ledger.domain.events.merging import PromoCodeMoved
from loyalty_ledger.domain.events.promotions import PromoCodeDrawn
from loyalty_ledger.domain.mergeable import Merge
from loyalty_ledger.domain.promo_code import PromoCode
from loyalty_ledger.domain.streams import promo_code_of

Came = PromoCodeDrawn | PromoCodeMoved


def codes_of(customer_id: str, history: Iterable[Event]) -> list[Came]:
    """How each of the customer's codes came to him, by these events of his."""
    return [one for one in history if isinstance(one, Came) and one.customer_id == customer_id]


def move_codes(merge: Merge, draft: Draft) -> None:
    """Each code is the other's, as it stands: who knows it claims it as before."""
    for came in codes_of(merge.customer_id, merge.history):
        stream = promo_code_of(came.digest)
        code: PromoCode = draft.state(stream)
        moved = PromoCodeMoved(
            at=max(merge.at, came.at),
            customer_id=merge.into,
            moved_from=merge.customer_id,
            state=code.state,
            **dict(_same(came)),
        )
        draft.emit(stream, moved, merge.customer_id, merge.into)


def _same(came: Came) -> Iterator[tuple[str, Any]]:
    """What it takes to know the code again stays what it was when the code was drawn."""
    first = came.first_drawn_for if isinstance(came, PromoCodeMoved) else came.customer_id
    yield "first_drawn_for", first
    for name in ("promotion", "digest", "rule", "number", "drawn_at", "cause"):
        yield name, getattr(came, name)
