"""How answers are described: what an operation tells, and every code it is refused with."""

from typing import Any, NamedTuple

from loyalty_ledger.http import described_headers, envelopes, refusal_examples
from loyalty_ledger.http.names import Family, Names
from loyalty_ledger.http.operation import Operation
from loyalty_ledger.http.refusal_examples import Why

Schema = dict[str, Any]


class Shape(NamedTuple):
    """The shape of a payload: how it is referred to, and what it is."""

    ref: Schema
    definition: Schema


class Turning(NamedTuple):
    """A status that the service answers by itself: why, as the data file names it."""

    text: str
    why: tuple[str, ...]


ANYWHERE = {
    "401": Turning("No key, or none that is good.", ("unauthorised",)),
    "403": Turning("The key may not do this, or not for this store.", ("denied", "https_only")),
    "404": Turning("There is nothing there.", ("no_route",)),
    "405": Turning("This path is not asked that way.", ("wrong_method",)),
    "429": Turning("The key has called too often.", ("too_many",)),
    "500": Turning("A fault of the service; it is logged.", ("internal",)),
    "503": Turning("Too much to do just now.", ("busy",)),
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
    whys: dict[str, list[Why]] = {status: list(one.why) for status, one in turned.items()}
    if "{api_key}" in operation.paths[0]:
        whys["401"].append("wrong_path_key")
    for reason in sorted(operation.reasons):
        status = str(envelopes.status_of(operation.family, reason))
        whys.setdefault(status, []).append(reason)
    known = {status: _refused(status, operation.family, whys[status], names) for status in whys}
    for status, one in turned.items():
        known[status]["description"] = one.text
    known["200"] = _granted(operation, payload, whys.get("200", []), names)
    for status, told in known.items():
        told["headers"] = described_headers.told(operation, status)
    return dict(sorted(known.items()))


def shared(paths: Schema) -> Schema:
    """Refusals that several operations answer alike, by name; in their places they are named."""
    known: Schema = {}
    for one in (one for methods in paths.values() for one in methods.values()):
        for status, told in one["responses"].items():
            if status != "200":
                name = _kept(known, f"{one['tags'][0]}.{status}", told)
                one["responses"][status] = {"$ref": f"#/components/responses/{name}"}
    return known


def _kept(known: Schema, name: str, told: Schema) -> str:
    """What it is called among those that are known, from now on at the latest."""
    number = 1
    while known.setdefault(numbered := f"{name}.{number}", told) != told:
        number += 1
    return numbered


def _refused(status: str, family: Family, whys: list[Why], names: Names) -> Schema:
    shown = {
        "schema": refusal(family, whys, names),
        "examples": refusal_examples.referred(whys, family),
    }
    content = {envelopes.media_of(family): shown}
    return {"description": REFUSED.get(status, ""), "content": content}


def _granted(operation: Operation, payload: Shape | None, whys: list[Why], names: Names) -> Schema:
    if operation.media != "application/json":
        schema: Schema = {"type": "string"}
    else:
        schema = envelope(operation.family, payload, names)
        if whys:
            schema = {"anyOf": [schema, refusal(operation.family, whys, names)]}
    shown = {"schema": schema, "examples": refusal_examples.referred(whys, operation.family)}
    return {
        "description": REFUSED["200"] if whys else "What was asked.",
        "content": {operation.media: shown},
    }


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


def refusal(family: Family, whys: list[Why], names: Names) -> Schema:
    """A refusal for one of these reasons."""
    code = {"enum": sorted({refusal_examples.code(why, names) for why in whys})}
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
