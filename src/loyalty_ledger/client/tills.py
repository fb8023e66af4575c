"""What tills ask. `sale` is a transaction by the names of the wire, amounts Decimals or text."""

from collections.abc import Mapping
from typing import Any, Unpack

from loyalty_ledger.client import shapes
from loyalty_ledger.client.call import Call, When, given, moment

SaleSent = Mapping[str, Any]


def _pos(verb: str, payload: Mapping[str, Any], request_id: str | None, **more: Any) -> Call[Any]:
    known: dict[str, Any] = {"part": "payload", "writes": True} | more
    return Call(family="pos", path=f"/api/2.0/{verb}", body=payload, request_id=request_id, **known)


def lookup(
    *,
    external_customer_id: str | None = None,
    email: str | None = None,
    phone: str | None = None,
    user_id: str | None = None,
    sale: SaleSent | None = None,
    **when: Unpack[When],
) -> Call[shapes.Found]:
    """Who a customer is and what he has; with a sale, what of it would apply and for how much."""
    who = given(external_customer_id=external_customer_id, email=email, phone=phone)
    payload = who | given(user_id=user_id, transaction=sale)
    return _pos("lookup", payload, None, writes=False, query=moment(when))


def lock(
    offer: str, sale: SaleSent, *, by_code: bool = False, request_id: str | None = None
) -> Call[shapes.Discount]:
    """Bind an offer, by its id or a code, to a sale and price it; again prices it anew."""
    return _pos("lock", _bound(offer, sale, by_code), request_id)


def redeem(
    offer: str, sale: SaleSent, *, by_code: bool = False, request_id: str | None = None
) -> Call[shapes.Discount]:
    """Lock an offer and redeem it at once; it stays used until it is reinstated."""
    return _pos("redeem", _bound(offer, sale, by_code), request_id)


def unlock(offer_id: str, employee_id: str, *, request_id: str | None = None) -> Call[None]:
    """Give a locked offer free."""
    payload = {"user_offer_id": offer_id, "employee_id": employee_id}
    return _pos("unlock", payload, request_id)


def reinstate(offer_id: str, employee_id: str, *, request_id: str | None = None) -> Call[None]:
    """Make a redeemed offer the customer's again, with its old end."""
    payload = {"user_offer_id": offer_id, "employee_id": employee_id}
    return _pos("reinstate", payload, request_id)


def send_transaction(sale: SaleSent, *, request_id: str | None = None) -> Call[shapes.Receipt]:
    """Send a sale, or send it again when it changes, is voided or comes back."""
    return _pos("send_transaction", sale, request_id, part=None)


def _bound(offer: str, sale: SaleSent, by_code: bool) -> dict[str, Any]:
    kind = "TTLCode" if by_code else "UserOfferId"
    return {"offer_lookup_code": offer, "offer_lookup_type": kind, "transaction": sale}
