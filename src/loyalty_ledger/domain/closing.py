"""Closing a sale: the offers it carries are redeemed in the commit that receives it.

A sale is never refused for its offers. What cannot be honoured is recorded beside it, with the
reason, and the offer stays as it is.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from loyalty_ledger.domain.carried import carried
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.offers import (
    Actor,
    DiscountChanged,
    DiscountNotHonoured,
    PricedDiscount,
)
from loyalty_ledger.domain.events.sales import TransactionReceived
from loyalty_ledger.domain.issuing import is_offer_id
from loyalty_ledger.domain.offer import Offer, OfferState
from loyalty_ledger.domain.offer_commands import Carry, Reinstate, Unlock
from loyalty_ledger.domain.offer_decisions import decide
from loyalty_ledger.domain.on_check import OnCheck
from loyalty_ledger.domain.streams import offer as offer_stream
from loyalty_ledger.domain.streams import sale_name
from loyalty_ledger.domain.till import reinstate, release
from loyalty_ledger.domain.transaction import Sale
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.domain.versions import first_closed, order


class Closing(NamedTuple):
    """A version of a sale that was just received, how outcomes name it, and when it was read."""

    version: TransactionReceived
    stream: str
    cause: str
    read_at: datetime
    customers: tuple[str, ...]
    by: Actor = Actor()

    @property
    def transaction(self) -> str:
        """STORE/ID."""
        return sale_name(self.version.store_id, self.version.transaction_id)


def close(closing: Closing, before: Sale, draft: Draft) -> None:
    """Redeem what the first closed version carries, and give free what it does not.

    `before` is the sale before the version. A void of a sale that never closed gives all free. One
    that was made before the first closed one, and came after it, is what closed the sale: it uses
    what it carries, and what only the other carried is free again.
    """
    version, first = closing.version, first_closed(before.known)
    late = before.modified_time is not None and order(version) < before.order
    closes = version.is_closed and not version.is_voided
    if (first is not None and order(first.body) <= order(version)) or (not closes and late):
        return
    if not closes and not version.is_voided:
        return
    named = carried(version.discounts) if closes else {}
    on_check = {held.offer_id: held for held in before.offers}
    used = before.redeemed.keys() & named.keys() if late else ()
    rightly = {name for name in used if _was_used(name, before, closing, draft)}
    if late:
        _give_free(before.carried.keys() - rightly, closing, draft)
    for reference, discount in named.items():
        if reference not in rightly:
            _redeem(reference, discount, on_check.get(reference), closing, draft)
    why = "not_carried" if closes else "sale_voided"
    for held in before.offers:
        if held.offer_id not in named and (held.until is not None):
            free = Unlock(at=closing.read_at, by=closing.by, why=why, cause=closing.cause)
            release(held, closing.stream, free, draft)


def _was_used(offer_id: str, before: Sale, closing: Closing, draft: Draft) -> bool:
    """Whether the sale has used it for good; what only came back since, and is free, it has not."""
    state: Offer = draft.state(offer_stream(offer_id))
    if closing.customers and state.customer_id not in closing.customers:
        return False
    return offer_id not in before.record.given_back or state.state is not OfferState.ISSUED


def _give_free(offers: Iterable[str], closing: Closing, draft: Draft) -> None:
    """Only the version that closes a sale uses offers; another had, which came first."""
    for offer_id in sorted(offers):
        state: Offer = draft.state(offer_stream(offer_id))
        if state.state is OfferState.REDEEMED and state.transaction == closing.transaction:
            at = max(closing.read_at, state.at)
            free = Reinstate(at=at, by=closing.by, why="not_carried", cause=closing.cause)
            reinstate(offer_id, free, draft)


def _redeem(
    reference: str,
    discount: PricedDiscount,
    held: OnCheck | None,
    closing: Closing,
    draft: Draft,
) -> None:
    """`held` is how the sale had put the offer on its check, even if that lock has lapsed."""
    stream = offer_stream(reference)
    try:
        if not is_offer_id(reference):
            raise Rejected(Reason.OFFER_NOT_FOUND, "no offer has this id")
        events = decide(_carry(discount, held, closing, draft), draft.state(stream))
    except Rejected as refusal:
        _flag(reference, discount, refusal, closing, draft)
        return
    for event in events:
        draft.emit(stream, event, event.customer_id)
    if held is not None and held.discount.amount != discount.amount:
        _tell_changed(reference, discount, held, closing, draft)


def _tell_changed(
    offer_id: str, discount: PricedDiscount, held: OnCheck, closing: Closing, draft: Draft
) -> None:
    changed = DiscountChanged(
        at=closing.version.at,
        customers=list(closing.customers),
        offer_id=offer_id,
        locked=held.discount.amount,
        taken=discount.amount,
        by=closing.by,
        cause=closing.cause,
    )
    draft.emit(closing.stream, changed, *closing.customers)


def _carry(discount: PricedDiscount, held: OnCheck | None, closing: Closing, draft: Draft) -> Carry:
    return Carry(
        transaction=closing.transaction,
        discount=discount,
        at=closing.version.at,
        read_at=closing.read_at,
        sale_time=draft.state(closing.stream).sale_time(closing.version),
        customers=closing.customers,
        locked_before=held is not None,
        alive=held is not None and held.until is not None and held.until > closing.read_at,
        by=closing.by,
        cause=closing.cause,
    )


def _flag(
    reference: str, discount: PricedDiscount, refusal: Rejected, closing: Closing, draft: Draft
) -> None:
    flagged = DiscountNotHonoured(
        at=closing.version.at,
        customers=list(closing.customers),
        reference_id=reference,
        amount=discount.amount,
        reason=refusal.code.value,
        by=closing.by,
        cause=closing.cause,
    )
    draft.emit(closing.stream, flagged, *closing.customers)
