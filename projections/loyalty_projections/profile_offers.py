"""The offers of a customer's profile: their rows, and what happens to them."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from loyalty_ledger.domain.events.base import Event
from loyalty_ledger.domain.events.merging import OfferMoved
from loyalty_ledger.domain.events.offers import (
    OfferEvent,
    OfferExpired,
    OfferExtended,
    OfferIssued,
    OfferLocked,
    OfferLockLapsed,
    OfferRecalled,
    OfferRecallWithdrawn,
    OfferRedeemed,
    OfferReinstated,
    OfferRevoked,
    OfferUnlocked,
)
from loyalty_projections.projection import Handler, Recorded
from loyalty_projections.rows import Rows
from loyalty_projections.tables import Table


class OfferRow(NamedTuple):
    """An offer in the customer's hands; `transaction` is the sale that holds or has used it.

    `recalled` is 1 when it is revoked once it is free.
    """

    customer_id: str
    offer_id: str
    definition: str
    state: str
    issued_at: datetime
    redeemable_from: datetime | None
    expires_at: datetime | None
    program_version: int
    locked_until: datetime | None
    transaction: str
    recalled: int


OFFERS = Table("profile_offer", OfferRow, keys=2)


def _issued(rows: Rows, event: OfferIssued, _recorded: Recorded) -> None:
    rows.merge(
        OFFERS,
        (event.customer_id, event.offer_id),
        definition=event.definition,
        state="ISSUED",
        issued_at=event.issued_at,
        redeemable_from=event.redeemable_from,
        expires_at=event.expires_at,
        program_version=event.program_version,
        locked_until=None,
        transaction="",
        recalled=0,
    )


def _recalled(rows: Rows, event: OfferRecalled | OfferRecallWithdrawn, _recorded: Recorded) -> None:
    key = (event.customer_id, event.offer_id)
    rows.merge(OFFERS, key, recalled=int(isinstance(event, OfferRecalled)))


def _bound(
    state: str, until: Callable[[Any], datetime | None] = lambda _event: None
) -> Callable[[Rows, Any, Recorded], None]:
    """The offer moves to that state; a sale holds or has used it."""

    def handle(rows: Rows, event: OfferLocked | OfferRedeemed, _recorded: Recorded) -> None:
        key = (event.customer_id, event.offer_id)
        rows.merge(
            OFFERS, key, state=state, locked_until=until(event), transaction=event.transaction
        )

    return handle


def _free(state: str) -> Callable[[Rows, Any, Recorded], None]:
    """The offer moves to that state; no sale holds it."""

    def handle(rows: Rows, event: OfferEvent, _recorded: Recorded) -> None:
        key = (event.customer_id, event.offer_id)
        rows.merge(OFFERS, key, state=state, locked_until=None, transaction="")

    return handle


def _moved(rows: Rows, event: OfferMoved, _recorded: Recorded) -> None:
    held = event.state in ("LOCKED", "REDEEMED")
    rows.delete(OFFERS, (event.moved_from, event.offer_id))
    rows.merge(
        OFFERS,
        (event.customer_id, event.offer_id),
        definition=event.definition,
        state=event.state,
        issued_at=event.issued_at,
        redeemable_from=event.redeemable_from,
        expires_at=event.expires_at,
        program_version=event.program_version,
        locked_until=event.locked_until,
        transaction=event.transaction if held else "",
        recalled=int(event.recalled),
    )


def _extended(rows: Rows, event: OfferExtended, _recorded: Recorded) -> None:
    times = {"redeemable_from": event.redeemable_from, "expires_at": event.expires_at}
    rows.merge(OFFERS, (event.customer_id, event.offer_id), **times)


OFFER_HANDLERS: Mapping[type[Event], Handler] = {
    OfferIssued: _issued,
    OfferLocked: _bound("LOCKED", lambda event: event.locked_until),
    OfferRedeemed: _bound("REDEEMED"),
    OfferUnlocked: _free("ISSUED"),
    OfferLockLapsed: _free("ISSUED"),
    OfferReinstated: _free("ISSUED"),
    OfferExpired: _free("EXPIRED"),
    OfferRevoked: _free("REVOKED"),
    OfferExtended: _extended,
    OfferRecalled: _recalled,
    OfferRecallWithdrawn: _recalled,
    OfferMoved: _moved,
}
