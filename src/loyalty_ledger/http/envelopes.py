"""The envelopes of the three families of calls, and of the administration, which has none.

POS and Connect carry what they answer as `payload`; Core carries it beside its status. A refusal
has a code that programs switch on, a sentence for people, and what would have to be different; the
administration tells it as a problem document (RFC 9457).
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from loyalty_ledger.domain.values import Rejected
from loyalty_ledger.http.names import Family, Names
from loyalty_ledger.http.refusals import Turned

PROBLEM = "application/problem+json"
_encode = msgspec.json.Encoder(decimal_format="number").encode


def granted(names: Names, family: Family, payload: Any) -> bytes:
    """The answer of a call that was granted."""
    if family == "admin":
        return _encode(payload)
    status = {"status": names.status(family, ok=True)}
    if family == "core":
        return _encode(status | (payload or {}))
    if family == "pos" and payload is None:
        return _encode(status)
    return _encode(status | {"payload": payload})


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
