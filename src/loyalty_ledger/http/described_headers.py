"""The headers beside those of signatures: which are read of a request, and which are told."""

from typing import Any

from loyalty_ledger.http.operation import Operation
from loyalty_ledger.sent import LONGEST_TEXT

Described = dict[str, Any]
_REQUEST_ID = "Of this request alone: the log of the service and the log of events have it."
_MOMENT = {"type": "string", "examples": ["2026-01-31", "2026-01-31T18:00:00Z"]}
_POSITION = {"type": "integer", "minimum": 0, "maximum": 2**63 - 1}
_ID = {"type": "string", "pattern": f"^[!-~]([ -~]{{0,{LONGEST_TEXT - 2}}}[!-~])?$"}
_BESIDE = (
    " Where both are there they have to say the same. Of a key that signs it is refused, since it"
    " is not signed: the parameter is."
)


def _header(name: str, text: str, schema: Described, example: object) -> Described:
    return {
        "name": name,
        "in": "header",
        "required": False,
        "description": text,
        "schema": schema,
        "example": example,
    }


ASKED = {
    "request-id": _header(
        "X-Request-Id",
        _REQUEST_ID + " A UUID, 16 or 32 hexadecimal digits, a W3C `traceparent` or a ULID, with"
        " a letter in it: without one, or with anything else, the service makes one.",
        {"type": "string"},
        "4f1c2a7be09d3356",
    ),
    "message-id": _header(
        "Message-ID",
        "What the request is known by, of one's own making: asked again under it, and with the"
        " same body, it is done once and answered as the first time. Not needed; `idempotency_id`"
        " in the body goes before it.",
        _ID,
        "0b5c6a1e-4c3f-4a57-9d0a-2f2f1d6c9b11",
    ),
    "told-back": _header(
        "Message-ID", "Told back. A read is answered anew every time.", _ID, "read-1"
    ),
    "as-of": _header(
        "X-As-Of", "As the parameter `as_of`." + _BESIDE, _MOMENT, "2026-01-31T18:00:00Z"
    ),
    "known-at": _header(
        "X-Known-At", "As the parameter `known_at`." + _BESIDE, _MOMENT, "2026-01-31T18:00:00Z"
    ),
    "at-least": _header("X-At-Least", "As the parameter `at_least`." + _BESIDE, _POSITION, 1),
}
"""Of a request, by their names among the components of the description."""

TOLD: dict[str, Described] = {
    "X-Request-Id": {
        "description": _REQUEST_ID + " It is the caller's own, if he gave one that is taken.",
        "schema": {"type": "string"},
    },
    "X-Log-Position": {
        "description": "The log's position behind what was written: a read with `at_least`"
        " includes it.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "Message-Id": {
        "description": "The Message-ID of the request, if it had one.",
        "schema": {"type": "string"},
    },
    "Message-Date": {
        "description": "When a request with a Message-ID was answered first.",
        "schema": {"type": "string"},
    },
    "Cached-Message": {
        "description": "Of a request with a Message-ID that was answered before, for half an hour.",
        "schema": {"const": "true"},
    },
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}},
    "WWW-Authenticate": {"description": "How to tell who calls.", "schema": {"type": "string"}},
    "Strict-Transport-Security": {
        "description": "Over HTTPS, of a service that serves HTTPS only.",
        "schema": {"type": "string"},
    },
}
"""Of an answer, by name."""

_ANY = ("X-Request-Id", "Strict-Transport-Security")
_BY_STATUS = {
    "401": ("WWW-Authenticate",),
    "429": ("Retry-After",),
    "503": ("Retry-After",),
}
_WRITTEN = ("200", "404", "409", "422")
"""The statuses with which the ledger itself answers."""


def asked(operation: Operation | None) -> list[Described]:
    """What the operation reads of the headers of a request; of none, what all requests may have."""
    names = ["request-id"]
    if operation is None:
        pass
    elif operation.takes_id:
        names.append("message-id")
    elif operation.family == "core":
        names.append("told-back")
    if operation and operation.as_of:
        names += ["as-of", "known-at"]
    if operation and operation.waits:
        names.append("at-least")
    return [{"$ref": f"#/components/parameters/{name}"} for name in names]


def told(operation: Operation | None, status: str) -> Described:
    """What an answer with that status may have among its headers; of no operation, the least."""
    names = [*_ANY]
    if operation is not None:
        names += _BY_STATUS.get(status, ())
        if operation.writes and status in _WRITTEN:
            names.append("X-Log-Position")
        if operation.family == "core":
            names += ["Message-Id", "Message-Date"]
            names += ["Cached-Message"] if operation.writes and status in _WRITTEN else []
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
