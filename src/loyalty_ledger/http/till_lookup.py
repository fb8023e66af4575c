"""Looking a customer up at the till: who he is, what he has, and what would come off his sale."""

from typing import Any, NamedTuple

from loyalty_ledger.client import shapes
from loyalty_ledger.domain.api_key import Scope
from loyalty_ledger.domain.carried import OFFER_REFERENCE
from loyalty_ledger.domain.streams import split_sale_name
from loyalty_ledger.domain.values import Reason, major_units
from loyalty_ledger.http import reasons
from loyalty_ledger.http.connect import definition_of
from loyalty_ledger.http.names import word
from loyalty_ledger.http.operation import Body, Call, Operation
from loyalty_ledger.http.own_words import as_known
from loyalty_ledger.http.points import as_balances
from loyalty_ledger.http.pos import Sale
from loyalty_ledger.http.user_view import as_user
from loyalty_ledger.identity import Reference, normalised
from loyalty_ledger.lookups import Applicable
from loyalty_ledger.sent import Text, refused
from loyalty_projections.profile import OfferView


class LookupPayload(Body):
    """What the customer is known by, and the sale in the making, if there is one."""

    email: Text | None = None
    phone: Text | None = None
    user_id: Text | None = None
    external_customer_id: Text | None = None
    transaction: Sale | None = None


class Lookup(Body):
    """The envelope of a look-up; without a store no offer is kept back for its stores."""

    store_id: Text | None = None
    client_id: Text
    request_id: Text | None = None
    culture: Text | None = None
    request_payload: LookupPayload


def _references(payload: LookupPayload) -> list[Reference]:
    given = (
        ("email", payload.email),
        ("phone", payload.phone),
        ("id", payload.user_id),
        ("external", payload.external_customer_id),
    )
    found = [normalised(kind, "", value) for kind, value in given if value is not None]
    if not found or not all(one.value for one in found):
        named = "email, phone, user_id or external_customer_id"
        raise refused([("request_payload", f"must name the customer: {named}")])
    return found


def _lookup(call: Call) -> dict[str, Any]:
    payload: LookupPayload = call.body.request_payload
    customer_id = call.ledger.customers.find(_references(payload))
    profile = call.ledger.answers.profile(customer_id, call.moment)
    user = as_user(call, customer_id)
    user["point_account_balances"] = as_balances(profile.customer_id, profile.accounts, call)
    sale, store_id = payload.transaction, call.body.store_id
    if sale is None:
        free = [one for one in profile.offers if one.state == "ISSUED"]
        user["offers"] = [_as_held(one, call) for one in free]
    else:
        its_own = _SaleNamed(store_id, sale.transaction_id)
        usable = [one for one in profile.offers if one.state == "ISSUED" or its_own.holds(one)]
        held = {one.offer_id: one for one in usable}
        found = call.ledger.lookups.applicable(
            held, as_known(sale, call.names), store_id, call.moment.now
        )
        user["offers"] = [_as_held(held[one.offer_id], call) | _as_priced(one) for one in found]
    return {"user": user}


class _SaleNamed(NamedTuple):
    """The sale that is looked up for; without its store the one of that id, in whichever store."""

    store_id: str | None
    transaction_id: str

    def holds(self, offer: OfferView) -> bool:
        """Whether the offer is locked for it, which it may be again."""
        if offer.state != "LOCKED" or offer.locked_by is None:
            return False
        store_id, transaction_id = split_sale_name(offer.locked_by)
        return transaction_id == self.transaction_id and self.store_id in (None, store_id)


def _as_held(held: OfferView, call: Call) -> dict[str, Any]:
    known = definition_of(held.definition, call)
    return {
        "reference_id": held.offer_id,
        "reference_id_type": word("reference_id_type", OFFER_REFERENCE),
        "pos_discount_id": known and known.pos_discount_id,
        "display_name": known.title if known else held.definition,
        "description": known.title if known else held.definition,
        "image_url": None,
        "expiration_date": held.expires_at,
    }


def _as_priced(one: Applicable) -> dict[str, Any]:
    return {
        "amount": major_units(one.discount.amount, one.exponent),
        "discounted_line_ids": [line.line_id for line in one.discount.lines],
    }


LOOKUP = Operation(
    name="lookup",
    family="pos",
    paths=("/api/2.0/lookup",),
    scope=Scope.POS,
    summary="Who a customer is, what he has, and which of his offers would apply to a sale.",
    asks=Lookup,
    tells=shapes.Found,
    act=_lookup,
    as_of=True,
    refuses=(*reasons.NOBODY, Reason.UNKNOWN_STORE, Reason.TIME_IN_FUTURE),
)
