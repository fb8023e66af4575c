"""What a till does with offers: lock and redeem on a check, unlock, reinstate.

A lock is two facts in one commit: the offer is bound to the sale, and the sale holds the offer.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from loyalty_ledger.domain import discounts
from loyalty_ledger.domain.carried import OFFER_REFERENCE, is_for
from loyalty_ledger.domain.counting import uncount_taken_back
from loyalty_ledger.domain.discounts import Check
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.offers import (
    Actor,
    OfferLocked,
    OfferPutOnCheck,
    OfferRedeemed,
    OfferTakenOffCheck,
    PricedDiscount,
)
from loyalty_ledger.domain.events.sales import Discount
from loyalty_ledger.domain.offer import Offer, OfferFact, OfferState
from loyalty_ledger.domain.offer_commands import (
    Command,
    Elapse,
    Lock,
    Redeem,
    Reinstate,
    Terms,
    Unlock,
)
from loyalty_ledger.domain.offer_decisions import decide
from loyalty_ledger.domain.on_check import OnCheck
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.program.offers import Offer as Definition
from loyalty_ledger.domain.streams import offer as offer_stream
from loyalty_ledger.domain.streams import sale as sale_stream
from loyalty_ledger.domain.streams import sale_name
from loyalty_ledger.domain.transaction import Sale
from loyalty_ledger.domain.values import Reason, Rejected


class Ask(NamedTuple):
    """What a till asks of an offer for a check. `at` is when the ledger read it."""

    offer_id: str
    transaction_id: str
    check: Check
    at: datetime
    by: Actor
    catalog_version: int = 0

    @property
    def sale(self) -> str:
        """The stream of the sale."""
        return sale_stream(self.check.store_id, self.transaction_id)

    @property
    def transaction(self) -> str:
        """STORE/ID."""
        return sale_name(self.check.store_id, self.transaction_id)


def lock(ask: Ask, programs: Mapping[int, Program], draft: Draft) -> OfferLocked:
    """Bind the offer to the sale, or price it anew there; Rejected when it cannot be used."""
    definition, terms = _terms(ask, programs, draft)
    command = Lock(transaction=ask.transaction, at=ask.at, terms=terms, by=ask.by)
    locked = _act(ask.offer_id, command, draft)[-1]
    assert isinstance(locked, OfferLocked)  # noqa: S101 - that is what a lock yields
    _put_on_check(ask, definition, locked.discount, locked.locked_until, draft)
    return locked


def redeem(ask: Ask, programs: Mapping[int, Program], draft: Draft) -> OfferRedeemed:
    """Lock and redeem at once; Rejected when it cannot be used."""
    definition, terms = _terms(ask, programs, draft)
    command = Redeem(transaction=ask.transaction, at=ask.at, terms=terms, by=ask.by)
    redeemed = _act(ask.offer_id, command, draft)[-1]
    assert isinstance(redeemed, OfferRedeemed)  # noqa: S101 - that is what a redemption yields
    _put_on_check(ask, definition, redeemed.discount, None, draft)
    return redeemed


def unlock(offer_id: str, command: Unlock, draft: Draft) -> None:
    """Give the offer free, and take it off the check that held it."""
    _release(offer_id, command, draft)


def reinstate(offer_id: str, command: Reinstate, draft: Draft) -> None:
    """Make a redeemed offer the customer's again."""
    _release(offer_id, command, draft)


def release(held: OnCheck, sale: str, free: Unlock, draft: Draft) -> None:
    """Give free what a sale held and did not use; a lock that had lapsed is recorded as lapsed."""
    state: Offer = draft.state(offer_stream(held.offer_id))
    if state.state is OfferState.LOCKED and sale_of(state) == sale:
        lapsed = state.lock_lapses(free.at)
        _act(held.offer_id, Elapse(until=free.at) if lapsed else free, draft)
    _take_off_check(held.offer_id, sale, free, draft)


def sale_of(offer: Offer) -> str:
    """The stream of the sale that holds or has used the offer."""
    return f"sale/{offer.transaction}"


def _terms(ask: Ask, programs: Mapping[int, Program], draft: Draft) -> tuple[Definition, Terms]:
    """By the version the offer was issued under; priced only once its state allows it."""
    state: Offer = draft.state(offer_stream(ask.offer_id))
    if state.state is OfferState.UNKNOWN:
        raise Rejected(Reason.OFFER_NOT_FOUND, f"no offer has the id {ask.offer_id!r}")
    program = programs[state.program_version]
    definition = program.offer(state.definition)
    sale: Sale = draft.state(ask.sale)
    if sale.first_closed or sale.is_voided:
        over = "voided" if sale.is_voided else "closed"
        raise Rejected(Reason.TRANSACTION_CLOSED, f"sale {ask.transaction} is {over}")
    held = [one for one in sale.holding(ask.at) if one.offer_id != ask.offer_id]
    check = _with_held(ask, held, sale)

    def price() -> PricedDiscount:
        _check_stackable(definition, held)
        return discounts.price(definition, check, program)

    return definition, Terms(
        timeout=definition.lock_timeout,
        time_zone=program.time_zone,
        price=price,
        total=discounts.check_total(check, program),
        catalog_version=ask.catalog_version,
    )


def _check_stackable(definition: Definition, held: list[OnCheck]) -> None:
    """Rejected when this offer, or one on the check, goes with no other."""
    others = [one.offer_id for one in held if not (one.stackable and definition.stackable)]
    if not others:
        return
    which = "an offer on the check" if definition.stackable else "this offer"
    raise Rejected(
        Reason.OFFER_NOT_STACKABLE,
        f"{which} goes with no other: unlock {', '.join(others)} first",
        {"offers": others},
    )


def _with_held(ask: Ask, held: list[OnCheck], sale: Sale) -> Check:
    """The check with every other discount on it: those sent, and those the ledger holds for it.

    An offer that is locked again keeps its place: what was put on the check after it comes later.
    """
    sent = [one for one in ask.check.discounts if not is_for(one, ask.offer_id)]
    named = {one.reference_id for one in sent}
    known = [
        Discount(
            amount=one.discount.amount,
            stack_order=one.discount.stack_order,
            reference_id=one.offer_id,
            reference_id_type=OFFER_REFERENCE,
            lines=[line.line_id for line in one.discount.lines],
            quantities=[line.quantity for line in one.discount.lines],
        )
        for one in held
        if one.offer_id not in named
    ]
    places = {one.offer_id: place for place, one in enumerate(sale.offers)}
    ours = places.get(ask.offer_id, len(places))
    every = [*sent, *known]
    later = [one for one in every if places.get(one.reference_id or "", -1) > ours]
    return ask.check._replace(discounts=[one for one in every if one not in later], later=later)


def _act(offer_id: str, command: Command, draft: Draft) -> list[OfferFact]:
    stream = offer_stream(offer_id)
    state: Offer = draft.state(stream)
    events = decide(command, state)
    for event in events:
        draft.emit(stream, event, event.customer_id)
    uncount_taken_back(events, state, draft)
    return events


def _release(offer_id: str, command: Unlock | Reinstate, draft: Draft) -> None:
    before: Offer = draft.state(offer_stream(offer_id))
    _act(offer_id, command, draft)
    _take_off_check(offer_id, sale_of(before), command, draft)


def _put_on_check(
    ask: Ask,
    definition: Definition,
    discount: PricedDiscount,
    until: datetime | None,
    draft: Draft,
) -> None:
    state: Offer = draft.state(offer_stream(ask.offer_id))
    put = OfferPutOnCheck(
        at=state.at,
        customer_id=state.customer_id,
        offer_id=ask.offer_id,
        stackable=definition.stackable,
        until=until,
        discount=discount,
        by=ask.by,
        why="requested",
        program_version=state.program_version,
    )
    draft.emit(ask.sale, put, state.customer_id)


def _take_off_check(offer_id: str, sale: str, command: Unlock | Reinstate, draft: Draft) -> None:
    state: Sale = draft.state(sale)
    if all(one.offer_id != offer_id for one in state.offers):
        return
    offer: Offer = draft.state(offer_stream(offer_id))
    taken = OfferTakenOffCheck(
        at=max(command.at, offer.at),
        customer_id=offer.customer_id,
        offer_id=offer_id,
        by=command.by,
        why=command.why,
        cause=command.cause,
        program_version=offer.program_version,
    )
    draft.emit(sale, taken, offer.customer_id)
