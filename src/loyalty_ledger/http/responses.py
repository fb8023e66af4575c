"""How answers are described: what an operation tells, and every code it is refused with."""

from typing import Any, NamedTuple

from loyalty_ledger.http import envelopes
from loyalty_ledger.http.names import Family, Names
from loyalty_ledger.http.operation import Operation

Schema = dict[str, Any]
RETRY = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
POSITION = {
    "X-Log-Position": {
        "description": "The log's position behind what was written: a read with `at_least`"
        " includes it.",
        "schema": {"type": "integer", "minimum": 0},
    }
}


class Shape(NamedTuple):
    """The shape of a payload: how it is referred to, and what it is."""

    ref: Schema
    definition: Schema


class Turning(NamedTuple):
    """A status that the service answers by itself: why, as the data file names it."""

    text: str
    why: tuple[str, ...]
    headers: Schema = {}


ANYWHERE = {
    "401": Turning("No key, or none that is good.", ("unauthorised",)),
    "403": Turning("The key may not do this, or not for this store.", ("denied", "https_only")),
    "404": Turning("There is nothing there.", ("no_route",)),
    "405": Turning("This path is not asked that way.", ("wrong_method",)),
    "429": Turning("The key has called too often.", ("too_many",), RETRY),
    "500": Turning("A fault of the service; it is logged.", ("internal",)),
    "503": Turning("Too much to do just now.", ("busy",), RETRY),
}
WITH_BODY = {
    "400": Turning("The body cannot be read.", ("unreadable",)),
    "408": Turning("The body took too long.", ("too_slow",)),
    "413": Turning("The body is too long.", ("too_large",)),
    "415": Turning("The body is packed.", ("encoded",)),
}
REFUSED = {
    "200": "What was asked; or a refusal, which has another status and a code.",
    "409": "Not now.",
    "422": "Not so.",
}


def responses(operation: Operation, payload: Shape | None, names: Names) -> Schema:
    """What the operation can be answered, by HTTP status."""
    turned = ANYWHERE | (WITH_BODY if operation.asks else {})
    codes: dict[str, set[str]] = {
        status: {names.service_code(why) for why in one.why} for status, one in turned.items()
    }
    if "{api_key}" in operation.paths[0]:
        codes["401"].add(names.service_code("wrong_path_key"))
    for reason in operation.reasons:
        status = str(envelopes.status_of(operation.family, reason))
        codes.setdefault(status, set()).add(names.code(reason))
    known = {status: _refused(status, operation.family, codes[status], names) for status in codes}
    for status, one in turned.items():
        known[status]["description"] = one.text
        if one.headers:
            known[status]["headers"] = one.headers
    known["200"] = _granted(operation, payload, codes.get("200", set()), names)
    return dict(sorted(known.items()))


def _refused(status: str, family: Family, codes: set[str], names: Names) -> Schema:
    media = envelopes.PROBLEM if family == "admin" else "application/json"
    content = {media: {"schema": refusal(family, codes, names)}}
    return {"description": REFUSED.get(status, ""), "content": content}


def _granted(operation: Operation, payload: Shape | None, codes: set[str], names: Names) -> Schema:
    if operation.media != "application/json":
        schema: Schema = {"type": "string"}
    else:
        schema = envelope(operation.family, payload, names)
        if codes:
            schema = {"anyOf": [schema, refusal(operation.family, codes, names)]}
    told: Schema = {
        "description": REFUSED["200"] if codes else "What was asked.",
        "content": {operation.media: {"schema": schema}},
    }
    if operation.writes:
        told["headers"] = POSITION
    return told


def envelope(family: Family, payload: Shape | None, names: Names) -> Schema:
    """A grant: the payload in the family's envelope. A shape with a payload is all of it."""
    if family == "admin":
        return payload.ref if payload else {}
    status = {"status": {"const": names.status(family, ok=True)}}
    whole: Schema = payload.definition if payload else {}
    beside: Schema = whole.get("properties", {})
    if family == "core" or "payload" in beside:
        required = [name for name in whole.get("required", []) if name != "status"]
        return _object(beside | status, ["status", *required])
    if payload is None and family == "pos":
        return _object(status, ["status"])
    told = {"type": "null"} if payload is None else payload.ref
    return _object(status | {"payload": told}, ["status", "payload"])


def refusal(family: Family, codes: set[str], names: Names) -> Schema:
    """A refusal with one of these codes."""
    code = {"enum": sorted(codes)}
    text, more = {"type": "string"}, {"type": "object"}
    if family == "admin":
        about = {"const": "about:blank"}
        problem = {"type": about, "title": code, "detail": text, "code": code, "details": more}
        return _object(problem, ["type", "title", "detail", "code"])
    errors = _object({"code": code, "message": text, "details": more}, ["code", "message"])
    status = {"const": names.status(family, ok=False)}
    if family == "core":
        return _object({"status": status, "errors": errors}, ["status", "errors"])
    told = {"status": status, "payload": {"type": "null"}, "errors": errors}
    return _object(told, ["status", "payload", "errors"])


def _object(properties: Schema, required: list[str]) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }
