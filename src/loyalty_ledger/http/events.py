"""What customers do besides buying, and using offers that no till prices."""

import hashlib
from typing import Any

from loyalty_ledger.client import shapes
from loyalty_ledger.customer_events import CustomerEvent, Happened
from loyalty_ledger.domain.api_key import Scope
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.http import reasons
from loyalty_ledger.http.connect import ConnectBody, OfUser, caller, definition_of
from loyalty_ledger.http.operation import Call, Operation
from loyalty_ledger.identity import Reference
from loyalty_ledger.offer_requests import USER_OFFER_ID, Basket, Bound, Lookup
from loyalty_ledger.sent import Text
from loyalty_ledger.wire import read_transaction


class Trigger(OfUser):
    """A customer event; `idempotency_id` makes a repeat known."""

    event_lookup: Text
    idempotency_id: Text | None = None
    include_progress: bool = False


class ManualRedeem(ConnectBody):
    """An offer that is fulfilled outside of the till, and the store where that is."""

    user_offer_id: Text
    store_id: Text
    reason: Text = "fulfilled"


def _trigger(call: Call) -> Happened:
    asked: Trigger = call.body
    at = call.moment.now
    event_id = asked.idempotency_id or f"{at.isoformat()}.{call.key.key_id}"
    event = CustomerEvent(Reference("id", "", asked.user_id), asked.event_lookup, event_id, at)
    return call.ledger.administration.happens(event)


def _as_triggered(happened: Happened) -> dict[str, Any]:
    event = happened.event
    return {
        "user_event": {
            "id": event.event_id,
            "time_of_occurrence": event.at,
            "retailer_id": happened.retailer_id,
            "event_lookup": event.event,
            "user_id": event.customer.value,
            "is_session_m": False,
        },
        "event_saved_successfully": True,
        "rules_processed_successfully": False,
        "outcomes": [],
    }


def _redeem(call: Call) -> Bound:
    asked: ManualRedeem = call.body
    held = call.ledger.states.get([f"offer/{asked.user_offer_id}"])
    definition = definition_of(held[f"offer/{asked.user_offer_id}"].definition, call)
    if definition is not None and definition.discount.kind != "manual":
        raise Rejected(
            Reason.OFFER_NOT_APPLICABLE,
            "this offer comes off a sale: redeem it at a till",
            {"kind": definition.discount.kind},
        )
    name = hashlib.sha256(asked.user_offer_id.encode()).hexdigest()[:20]
    now = call.moment.now.isoformat()
    sale = read_transaction({"transaction_id": f"manual-{name}", "open_time": now, "items": []})
    lookup = Lookup(USER_OFFER_ID, asked.user_offer_id)
    return call.ledger.offers.redeem(lookup, Basket(asked.store_id, sale), caller(call))


def _as_redeemed(bound: Bound) -> dict[str, Any]:
    return {"user_offer_id": bound.event.offer_id, "offer_id": bound.definition.id}


OPERATIONS = (
    Operation(
        name="trigger_user_event",
        family="connect",
        paths=(
            "/api/1.0/user_events/trigger_user_event",
            "/incentives/api/1.0/user_events/trigger_user_event",
        ),
        scope=Scope.MEMBER,
        summary="Tell that a customer did something; rules for it are worked out soon after.",
        asks=Trigger,
        tells=shapes.Triggered,
        act=_trigger,
        tell=_as_triggered,
        writes=True,
        refuses=(Reason.TIME_IN_FUTURE,),
    ),
    Operation(
        name="manual_redeem",
        family="connect",
        paths=(
            "/api/2.0/offers/redemption/manual_redeem",
            "/offers/api/2.0/offers/redemption/manual_redeem",
        ),
        scope=Scope.OPERATOR,
        summary="Use an offer that is fulfilled outside of the till.",
        asks=ManualRedeem,
        tells=shapes.UsedOffer,
        act=_redeem,
        tell=_as_redeemed,
        writes=True,
        refuses=reasons.BOUND,
    ),
)
