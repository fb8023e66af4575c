"""The description of the service, made of the very tables that it answers by.

OpenAPI 3.1 at `/openapi.json`. Of answers it is exact: what is not described is not answered.
"""

from collections.abc import Iterable
from functools import cache
from importlib import resources
from importlib.metadata import version
from typing import Any

import msgspec
from pydantic import TypeAdapter

from loyalty_ledger.client import shapes
from loyalty_ledger.http import described_headers, program_documents, refusal_examples
from loyalty_ledger.http.names import Names
from loyalty_ledger.http.operation import Operation
from loyalty_ledger.http.program_documents import Document
from loyalty_ledger.http.responses import Schema, Shape, refusal, responses, shared
from loyalty_ledger.http.signed_headers import HEADERS, REFERRED, SCHEMES, SECURITY
from loyalty_ledger.sent import Text

_PREFIX = "#/components/schemas/"
_REFS = _PREFIX + "{model}"
GRANTED = "granted"
"""The example of an answer that is no refusal."""

FAMILIES = {
    "pos": "Point of sale: what a till asks while a customer waits, and the sales it sends.",
    "connect": "Offers, points and sales, as apps and middleware ask for them.",
    "core": "Customers, their timelines, campaigns and promo codes.",
    "admin": "What operators do. Refusals are problem documents.",
}


def describe(operations: Iterable[Operation], names: Names) -> dict[str, Any]:
    """The whole description."""
    operations = list(operations)
    asked, told, schemas = _schemas(operations)
    paths: dict[str, Any] = {}
    for operation in operations:
        for number, path in enumerate(names.named_paths(operation.paths)):
            described = _operation(operation, path, number, asked.get(operation.name))
            described["responses"] = responses(operation, told.get(operation.name), names)
            _show(described, operation)
            paths.setdefault(path, {})[operation.method.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "loyalty-ledger",
            "version": version("loyalty-ledger"),
            "description": "A loyalty ledger that a retailer runs himself.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "tags": [{"name": name, "description": text} for name, text in FAMILIES.items()],
        "security": SECURITY,
        "paths": paths | _plain_paths(told["readyz"].ref, names),
        "components": {
            "schemas": schemas,
            "responses": shared(paths),
            "examples": refusal_examples.every(names),
            "parameters": HEADERS | described_headers.ASKED,
            "headers": described_headers.TOLD,
            "securitySchemes": SCHEMES,
        },
    }


def _schemas(
    operations: list[Operation],
) -> tuple[dict[str, Schema], dict[str, Shape], dict[str, Schema]]:
    """What each operation asks and tells, and everything that these refer to, by name."""
    asked, bodies = _asked(operations)
    told, known = _told(operations)
    program = program_documents.schemas(_PREFIX)
    ref, whole = {"$ref": _PREFIX + program_documents.NAME}, program[program_documents.NAME]
    _with_nulls(whole)
    asked |= {x.name: ref for x in operations if x.asks is Document}
    told |= {x.name: Shape(ref, whole) for x in operations if x.tells is Document}
    return asked, told, bodies | known | program


def _asked(operations: list[Operation]) -> tuple[dict[str, Schema], dict[str, Schema]]:
    """What each operation asks, but for program documents, and what that refers to."""
    asked, sent = TypeAdapter.json_schemas(
        [
            (x.name, "validation", TypeAdapter(x.asks))
            for x in operations
            if x.asks and x.asks is not Document
        ],
        ref_template=_REFS,
    )
    bodies: dict[str, Schema] = sent.get("$defs", {})
    for operation in operations:
        if operation.takes_id and operation.asks is not None:
            ref = asked[operation.name, "validation"]["$ref"]
            _with_id(bodies[str(ref).removeprefix(_PREFIX)])
    for body in bodies.values():
        _with_nulls(body)
    return {name: one for (name, _), one in asked.items()}, bodies


def _told(operations: list[Operation]) -> tuple[dict[str, Shape], dict[str, Schema]]:
    """What each operation tells, but for program documents, and what that refers to."""
    shown, answered = TypeAdapter.json_schemas(
        [
            *(
                (x.name, "serialization", TypeAdapter(x.tells))
                for x in operations
                if x.tells and x.tells is not Document
            ),
            ("readyz", "serialization", TypeAdapter(shapes.Readiness)),
        ],
        ref_template=_REFS,
    )
    known: dict[str, Schema] = answered.get("$defs", {})
    for one in known.values():
        if "properties" in one:
            one["additionalProperties"] = False
    told = {
        name: Shape(one, known[str(one["$ref"]).removeprefix(_PREFIX)])
        for (name, _), one in shown.items()
    }
    return told, known


def _with_id(body: Schema) -> None:
    """What is answered once may say what it is known by, whatever else it says."""
    about = TypeAdapter(Text).json_schema() | {
        "description": "What the request is known by, of one's own making: asked again under it"
        " and with the same body, it is done once and answered as the first time. Goes before the"
        " header Message-ID."
    }
    body.setdefault("properties", {})["idempotency_id"] = about


def _with_nulls(body: Schema) -> None:
    """What may be left out of a body may be null, too: it is the same."""
    required, null = body.get("required", []), {"type": "null"}
    for name, one in body.get("properties", {}).items():
        if name not in required and null not in one.get("anyOf", []):
            about = {"description": one["description"]} if "description" in one else {}
            body["properties"][name] = {"anyOf": [one, null]} | about


@cache
def examples() -> dict[str, dict[str, Any]]:
    """What was asked and answered on a day in a shop, by the operation's name."""
    file = resources.files("loyalty_ledger.http") / "examples.json"
    known: dict[str, dict[str, Any]] = msgspec.json.decode(file.read_bytes())
    return known


def _show(described: dict[str, Any], operation: Operation) -> None:
    """Put the example of the operation into its description."""
    example = examples().get(operation.name, {})
    told = described["responses"]["200"]["content"][operation.media]
    if "tells" in example:
        told["examples"] = {GRANTED: {"value": example["tells"]}} | told["examples"]
    if "requestBody" in described and "asks" in example:
        described["requestBody"]["content"]["application/json"]["example"] = example["asks"]


def _operation(
    operation: Operation, path: str, number: int, asked: Schema | None
) -> dict[str, Any]:
    known: dict[str, Any] = {
        "operationId": operation.name if number == 0 else f"{operation.name}_{number + 1}",
        "tags": [operation.family],
        "summary": operation.summary,
        "description": _needs(operation),
        "x-scope": operation.scope.value,
        "parameters": [
            *_path_parameters(path),
            *_parameters(operation),
            *described_headers.asked(operation),
            *REFERRED,
        ],
    }
    if asked is not None:
        content = {"application/json": {"schema": asked}}
        known["requestBody"] = {"required": True, "content": content}
    return known


def _needs(operation: Operation) -> str:
    needs = f"Needs a key of scope `{operation.scope}`."
    if operation.asks is None:
        return needs
    longest, values, nested = operation.limits
    return (
        f"{needs} The body is at most {longest:,} bytes, and of {values:,} values,"
        f" {nested:,} of them lists and objects."
    )


def _path_parameters(path: str) -> list[dict[str, Any]]:
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    text = {"type": "string", "minLength": 1, "maxLength": 120}
    return [{"name": one, "in": "path", "required": True, "schema": text} for one in names]


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    found = [
        {"name": name, "in": "query", "required": False, "description": text, "schema": schema}
        for name, text, schema in operation.parameters
    ]
    if operation.as_of:
        moment = {"type": "string", "examples": ["2026-01-31", "2026-01-31T18:00:00Z"]}
        for name, text in (
            ("as_of", "What had happened by then; a date: its end. Also as header X-As-Of."),
            ("known_at", "What was recorded by then. Also as header X-Known-At."),
        ):
            found.append({"name": name, "in": "query", "description": text, "schema": moment})
    if operation.waits:
        found.append(
            {
                "name": "at_least",
                "in": "query",
                "description": "A position of the log that the answer must include; a write"
                " answers it as X-Log-Position. Also as header X-At-Least.",
                "schema": {"type": "integer", "minimum": 0, "maximum": 2**63 - 1},
            }
        )
    return found


def _plain_paths(ready: Schema, names: Names) -> dict[str, Any]:
    """What needs no key, and tells no customer's business."""
    down = {
        "type": "object",
        "properties": {"status": {"const": "unavailable"}, "message": {"type": "string"}},
        "required": ["status", "message"],
        "additionalProperties": False,
    }
    lives = {"type": "object", "properties": {"status": {"const": "ok"}}, "required": ["status"]}
    not_ready = {"status": "unavailable", "message": "NotStored"}
    plainly = {"403": _https_only(names)}
    return {
        "/healthz": _plain("Whether the service lives.", {"200": _content("It does.", lives)}),
        "/readyz": _plain(
            "Whether the service can answer, and what an operator should know.",
            {"200": _content("It can.", ready), "503": _content("It cannot.", down, not_ready)},
        ),
        "/openapi.json": _plain(
            "This description.", {"200": _content("OpenAPI 3.1.", {"type": "object"})} | plainly
        ),
        "/docs": _plain(
            "This description for people.",
            {"200": _content("A page.", {"type": "string"}, media="text/html")} | plainly,
        ),
    }


def _plain(summary: str, responses: Schema) -> dict[str, Any]:
    for status, one in responses.items():
        one["headers"] = described_headers.told(None, status)
    asked = described_headers.asked(None)
    one = {"summary": summary, "parameters": asked, "responses": responses}
    return {"get": one | {"security": [], "tags": []}}


def _https_only(names: Names) -> Schema:
    return _content(
        "It was called over HTTP, and serves HTTPS only.",
        refusal("core", ["https_only"], names),
        refusal_examples.refusal("https_only", "core", names),
    )


def _content(
    text: str, schema: Schema, example: Schema | None = None, media: str = "application/json"
) -> Schema:
    shown = {"schema": schema} | ({"example": example} if example else {})
    return {"description": text, "content": {media: shown}}
