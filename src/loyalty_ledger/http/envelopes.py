"""The envelopes of the three families of calls, and of the administration, which has none.

POS and Connect carry what they answer as `payload`; Core carries it beside its status. A refusal
has a code that programs switch on, a sentence for people, and what would have to be different; the
administration tells it as a problem document (RFC 9457).
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec

from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.http.names import Family, Named, Names
from loyalty_ledger.http.refusals import Turned

PROBLEM = "application/problem+json"
NOT_THERE = (
    Reason.UNKNOWN_CUSTOMER,
    Reason.UNKNOWN_TRANSACTION,
    Reason.UNKNOWN_KEY,
    Reason.UNKNOWN_JOB,
)
HELD = (Reason.NOT_AVAILABLE, Reason.REQUEST_CONFLICT, Reason.PENDING_PROCESSING)
_encode = msgspec.json.Encoder(decimal_format="number").encode


@cache
def _encoder(names: Names) -> msgspec.json.Encoder:
    def said(one: object) -> Any:
        assert isinstance(one, Named)  # noqa: S101 - answers hold nothing else of our own
        return one.said_by(names)

    return msgspec.json.Encoder(decimal_format="number", enc_hook=said)


def family_of(path: str) -> Family:
    """The family that is asked at a path, also where nothing is."""
    parts = path.split("/")
    match parts[1:]:
        case ["admin" | "metrics", *_]:
            return "admin"
        case ["api", "2.0", _verb]:
            return "pos"
        case ["api" | "offers" | "incentives" | "transactions", *_]:
            return "connect"
        case _:
            return "core"


def media_of(family: Family, status: int = 0) -> str:
    """The media type of a refusal, or of an answer with this status."""
    return PROBLEM if family == "admin" and status != 200 else "application/json"


def status_of(family: Family, reason: Reason) -> int:
    """The HTTP status of a refusal: POS and Connect answer with 200; the others say more."""
    match family:
        case "core":
            return 404 if reason in NOT_THERE else 200
        case "admin":
            return 404 if reason in NOT_THERE else 409 if reason in HELD else 422
        case _:
            return 200


def granted(names: Names, family: Family, payload: Any) -> bytes:
    """The answer of a call that was granted."""
    encode = _encoder(names).encode
    if family == "admin":
        return encode(payload)
    status = {"status": names.status(family, ok=True)}
    if family == "core":
        return encode(status | (payload or {}))
    if family == "pos" and payload is None:
        return encode(status)
    return encode(status | {"payload": payload})


def refused(names: Names, family: Family, refusal: Rejected) -> bytes:
    """The answer of a call that the ledger refused."""
    return _error(names, family, names.code(refusal.code), refusal.message, refusal.details)


def turned_away(names: Names, family: Family, turned: Turned) -> bytes:
    """The answer of a call that the service turned away."""
    return _error(names, family, names.service_code(turned.what), turned.message, {})


def _error(
    names: Names, family: Family, code: str, message: str, details: Mapping[str, Any]
) -> bytes:
    if family == "admin":
        problem = {"type": "about:blank", "title": code, "detail": message, "code": code}
        return _encode(problem | ({"details": details} if details else {}))
    errors: dict[str, Any] = {"code": code, "message": message}
    if details:
        errors["details"] = details
    told: dict[str, Any] = {"status": names.status(family, ok=False)}
    if family != "core":
        told["payload"] = None
    return _encode(told | {"errors": errors})
