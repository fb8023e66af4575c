"""What a till asks: look up, lock, redeem, unlock, reinstate, send a sale."""

from typing import Annotated, Any

from pydantic import PlainValidator

from loyalty_ledger.client import shapes
from loyalty_ledger.discount_object import discount_object
from loyalty_ledger.domain.api_key import Scope
from loyalty_ledger.domain.events.offers import Actor
from loyalty_ledger.http import reasons
from loyalty_ledger.http.names import word
from loyalty_ledger.http.operation import Body, Call, Operation, PosBody
from loyalty_ledger.http.own_words import as_known
from loyalty_ledger.offer_requests import Basket, Bound
from loyalty_ledger.offer_requests import Lookup as OfferLookup
from loyalty_ledger.sent import Text
from loyalty_ledger.wire import WireTransaction, read_transaction

Sale = Annotated[
    WireTransaction, PlainValidator(read_transaction, json_schema_input_type=WireTransaction)
]


class BindPayload(Body):
    """An offer, by its id or a code, and the sale it is for."""

    offer_lookup_code: Text
    offer_lookup_type: Text
    transaction: Sale


class Bind(PosBody):
    """Lock or redeem an offer."""

    request_payload: BindPayload


class ReleasePayload(Body):
    """An offer, and who gives it back."""

    user_offer_id: Text
    employee_id: Text


class Release(PosBody):
    """Unlock or reinstate an offer."""

    request_payload: ReleasePayload


def _by(call: Call, employee_id: str | None) -> Actor:
    return Actor(client_id=call.body.client_id, employee_id=employee_id or "")


def _bind(call: Call, bind: Any) -> Bound:
    payload: BindPayload = call.body.request_payload
    kind = call.names.meant("offer_lookup_type", payload.offer_lookup_type)
    lookup = OfferLookup(kind, payload.offer_lookup_code)
    basket = Basket(call.body.store_id, as_known(payload.transaction, call.names))
    bound: Bound = bind(lookup, basket, _by(call, payload.transaction.pos_employee_id))
    return bound


def _release(call: Call, release: Any) -> None:
    payload: ReleasePayload = call.body.request_payload
    release(payload.user_offer_id, _by(call, payload.employee_id))


def _as_discount(bound: Bound) -> dict[str, Any]:
    told = discount_object(bound)
    return told | {
        "status": word("discount_status", told["status"]),
        "discount_source": word("discount_source", "ours"),
        "reference_id_type": word("reference_id_type", told["reference_id_type"]),
    }


def _path(verb: str) -> tuple[str, ...]:
    return (f"/api/2.0/{verb}",)


OPERATIONS = (
    Operation(
        name="lock",
        family="pos",
        paths=_path("lock"),
        scope=Scope.POS,
        summary="Bind an offer to a sale and price it; again for the same sale prices it anew.",
        asks=Bind,
        tells=shapes.Discount,
        act=lambda call: _bind(call, call.ledger.offers.lock),
        tell=_as_discount,
        writes=True,
        refuses=reasons.BOUND + reasons.BY_CODE,
    ),
    Operation(
        name="redeem",
        family="pos",
        paths=_path("redeem"),
        scope=Scope.POS,
        summary="Lock an offer and redeem it at once; it stays used until it is reinstated.",
        asks=Bind,
        tells=shapes.Discount,
        act=lambda call: _bind(call, call.ledger.offers.redeem),
        tell=_as_discount,
        writes=True,
        refuses=reasons.BOUND + reasons.BY_CODE,
    ),
    Operation(
        name="unlock",
        family="pos",
        paths=_path("unlock"),
        scope=Scope.POS,
        summary="Give a locked offer free.",
        asks=Release,
        tells=None,
        act=lambda call: _release(call, call.ledger.offers.unlock),
        writes=True,
        refuses=reasons.RELEASED,
    ),
    Operation(
        name="reinstate",
        family="pos",
        paths=_path("reinstate"),
        scope=Scope.POS,
        summary="Make a redeemed offer the customer's again, with its old end.",
        asks=Release,
        tells=None,
        act=lambda call: _release(call, call.ledger.offers.reinstate),
        writes=True,
        refuses=reasons.RELEASED,
    ),
)
