"""What a refusal looks like: one for every reason of the ledger and of the service."""

from typing import Any

import msgspec

from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.http import envelopes
from loyalty_ledger.http.names import Family, Names
from loyalty_ledger.http.refusals import Turned
from loyalty_ledger.sent import refused

Why = Reason | str
"""A reason of the ledger, or one of the service, as the data file names it."""

_BY_LEDGER = {
    Reason.NO_PROGRAM: "no program was published: run `loyalty program publish` first",
    Reason.WRONG_KEY: "the secret key is not the one that the ledger was opened under",
    Reason.NOT_INITIALISED: "there is no ledger there: run `loyalty init` first",
    Reason.PROGRAM_MISMATCH: "the program in force is called coffee: a version keeps the name",
    Reason.UNKNOWN_STORE: "there is no store downtown",
    Reason.UNKNOWN_TRANSACTION: "there is no sale main/T1",
    Reason.UNKNOWN_CUSTOMER: "nobody is known as card:4711",
    Reason.AMBIGUOUS_CUSTOMER: "several customers are known as card:4711",
    Reason.CUSTOMER_SUSPENDED: "the customer is suspended",
    Reason.IDENTIFIER_TAKEN: "card:4711 belongs to another customer",
    Reason.UNKNOWN_KEY: "there is no key key_0000000000000000",
    Reason.UNKNOWN_JOB: "there is no job job_0000000000000000",
    Reason.REQUEST_CONFLICT: "this request id was used before with another body",
    Reason.PENDING_PROCESSING: "this request is being processed: ask again in a moment",
    Reason.TIME_IN_FUTURE: "its time, 2026-03-12 12:00:00 UTC, is more than 24 hours ahead",
    Reason.INSUFFICIENT_POINTS: "50 points are missing",
    Reason.NOT_SPENDABLE: "points of this account cannot be spent",
    Reason.OFFER_NOT_FOUND: "there is no offer euro-1",
    Reason.OFFER_NOT_STARTED: "the offer can be used from 2026-04-01 on",
    Reason.OFFER_EXPIRED: "the offer could be used until 2026-02-28",
    Reason.OFFER_REVOKED: "the offer was revoked",
    Reason.OFFER_LOCKED: "another sale holds the offer until 2026-03-10 12:30:00 UTC",
    Reason.OFFER_NOT_LOCKED: "the offer is not locked",
    Reason.OFFER_ALREADY_REDEEMED: "the offer is used already",
    Reason.OFFER_NOT_REDEEMED: "the offer was not redeemed",
    Reason.OFFER_NOT_APPLICABLE: "the total is below the 10.00 that the offer asks for",
    Reason.OFFER_NOT_STACKABLE: "the offer goes with no other, and the check has one",
    Reason.OFFER_NOT_YOURS: "the sale does not name the owner of the offer",
    Reason.OFFER_IN_STORE: "the offer is sold in a reward store: take it out there first",
    Reason.OFFER_CODE_EXPIRED: "the code was good for 10 minutes",
    Reason.OFFER_CODE_USED: "the code was used for another sale",
    Reason.TRANSACTION_CLOSED: "the sale is closed",
    Reason.INVALID_OFFER_LOOKUP_TYPE: "offers are named by UserOfferId or TTLCode",
    Reason.NOT_AVAILABLE: "this is not to be had now",
    Reason.NOT_ELIGIBLE: "the reward store is for customers of the level gold",
    Reason.LIMIT_REACHED: "at most 1 for each customer",
    Reason.RETIRES_MOST: "3 of 4 would be retired: send `confirmed` if that is meant",
    Reason.PROMOTION_NOT_AVAILABLE: "nothing can be claimed with this code now",
    Reason.RECEIPT_NOT_FOUND: "no receipt bears this code",
    Reason.RECEIPT_AMBIGUOUS: "several sales bear this code",
    Reason.RECEIPT_CLAIMED: "the sale is somebody's already",
    Reason.RECEIPT_EXPIRED: "the sale could be claimed until 2026-02-28",
    Reason.PROMO_LOCKED_OUT: "too many wrong codes were entered: wait until 13:00:00 UTC",
}
_BY_SERVICE = {
    "unreadable": (400, "the body cannot be taken: not readable as JSON"),
    "unauthorised": (401, "name a key and its secret"),
    "wrong_path_key": (401, "the path names another key than calls"),
    "denied": (403, "this needs a key of scope admin"),
    "https_only": (403, "this service is called over HTTPS only"),
    "no_route": (404, "there is nothing at this path"),
    "wrong_method": (405, "this path is not asked that way"),
    "too_slow": (408, "the body took longer than 10 s"),
    "too_large": (413, "a body is at most 1,048,576 bytes"),
    "encoded": (415, "bodies are taken as they are, not packed"),
    "too_many": (429, "this key may call 5 times a second"),
    "internal": (500, "a fault of the service; it is logged as request 4f1c2a7be09d3356"),
    "busy": (503, "too much to do just now: ask again in a moment"),
}


def code(why: Why, names: Names) -> str:
    """The error code under the names in force."""
    return names.code(why) if isinstance(why, Reason) else names.service_code(why)


def refusal(why: Why, family: Family, names: Names) -> dict[str, Any]:
    """A whole answer, made as the service makes it."""
    if isinstance(why, Reason):
        body = envelopes.refused(names, family, _by_ledger(why))
    else:
        status, message = _BY_SERVICE[why]
        body = envelopes.turned_away(names, family, Turned(status, why, message))
    told: dict[str, Any] = msgspec.json.decode(body)
    return told


def _by_ledger(why: Reason) -> Rejected:
    if why is Reason.VALIDATION:
        return refused([("user_id", "is missing")])
    return Rejected(why, _BY_LEDGER[why])


def every_why() -> tuple[Why, ...]:
    """All that may be refused for."""
    return (Reason.VALIDATION, *_BY_LEDGER, *_BY_SERVICE)


def every(names: Names) -> dict[str, dict[str, Any]]:
    """All of them, by their names among the components of the description."""
    families: tuple[Family, ...] = ("pos", "connect", "core", "admin")
    return {
        f"{family}.{why}": {"value": refusal(why, family, names)}
        for family in families
        for why in every_why()
    }


def referred(whys: list[Why], family: Family) -> dict[str, dict[str, str]]:
    """The examples of these refusals, as an answer's description refers to them."""
    return {str(why): {"$ref": f"#/components/examples/{family}.{why}"} for why in whys}
