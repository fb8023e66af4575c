"""The description of the service, made of the very tables that it answers by.

OpenAPI 3.1 at `/openapi.json`, and a page of it for people at `/docs` that loads nothing from
elsewhere.
"""

from collections.abc import Iterable, Mapping
from html import escape
from importlib.metadata import version
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from loyalty_ledger.domain.values import Reason
from loyalty_ledger.http.names import Names
from loyalty_ledger.http.operation import Operation

_REFS = "#/components/schemas/{model}"
TURNED = {
    "400": ("unreadable", "The body cannot be read."),
    "401": ("unauthorised", "No key, or none that is good."),
    "403": ("denied", "The key may not do this, or not for this store."),
    "408": ("too_slow", "The body took too long."),
    "413": ("too_large", "The body is too long."),
    "415": ("encoded", "The body is packed."),
    "429": ("too_many", "The key has called too often."),
    "503": ("busy", "Too much to do just now."),
}
FAMILIES = {
    "pos": "Point of sale: what a till asks while a customer waits, and the sales it sends.",
    "connect": "Offers, points and sales, as apps and middleware ask for them.",
    "core": "Customers, their timelines, campaigns and promo codes.",
    "admin": "What operators do. Refusals are problem documents.",
}


def describe(operations: Iterable[Operation], names: Names) -> dict[str, Any]:
    """The whole description."""
    operations = list(operations)
    asked: list[tuple[type[BaseModel], Any]] = [
        (one.asks, "validation") for one in operations if one.asks
    ]
    told: list[tuple[type[BaseModel], Any]] = [
        (one.tells, "serialization") for one in operations if one.tells
    ]
    _, definitions = models_json_schema(asked + told, ref_template=_REFS)
    schemas: dict[str, Any] = dict(definitions.get("$defs", {}))
    for family in FAMILIES:
        schemas[f"{family}_refusal"] = _refusal(family, names)
    paths: dict[str, Any] = {}
    for operation in operations:
        for number, path in enumerate(operation.paths):
            described = _operation(operation, path, number)
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
        "security": [{"basic": []}, {"bearer": []}],
        "paths": paths | _plain_paths(),
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "basic": {"type": "http", "scheme": "basic", "description": "KEY:SECRET"},
                "bearer": {"type": "http", "scheme": "bearer", "description": "KEY.SECRET"},
            },
        },
    }


def _operation(operation: Operation, path: str, number: int) -> dict[str, Any]:
    known: dict[str, Any] = {
        "operationId": operation.name if number == 0 else f"{operation.name}_{number + 1}",
        "tags": [operation.family],
        "summary": operation.summary,
        "description": f"Needs a key of scope `{operation.scope}`.",
        "x-scope": operation.scope.value,
        "parameters": [*_path_parameters(path), *_parameters(operation)],
        "responses": _responses(operation),
    }
    if operation.asks is not None:
        schema = {"$ref": _REFS.format(model=operation.asks.__name__)}
        content: dict[str, Any] = {"schema": schema}
        if operation.example is not None:
            content["example"] = operation.example
        known["requestBody"] = {"required": True, "content": {"application/json": content}}
    return known


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
    if not operation.writes:
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


def _responses(operation: Operation) -> dict[str, Any]:
    refusal = {"$ref": _REFS.format(model=f"{operation.family}_refusal")}
    granted: dict[str, Any] = {"type": "object", "required": ["status"]}
    if operation.tells is not None:
        payload = {"$ref": _REFS.format(model=operation.tells.__name__)}
        if operation.family == "core":
            granted = {"allOf": [granted, payload]}
        else:
            granted["properties"] = {"payload": payload}
    responses = {
        "200": {
            "description": "What was asked; or a refusal, which has another status and a code.",
            "content": {"application/json": {"schema": {"anyOf": [granted, refusal]}}},
        }
    }
    turned = {"application/json": {"schema": refusal}}
    for status, (_, text) in TURNED.items():
        responses[status] = {"description": text, "content": turned}
    if operation.family == "admin":
        return _plainly(responses, granted, refusal)
    if operation.family == "core":
        responses["404"] = {"description": "There is no such customer.", "content": turned}
    return responses


def _plainly(
    responses: dict[str, Any], granted: dict[str, Any], refusal: dict[str, Any]
) -> dict[str, Any]:
    """The responses of the administration: what was asked, or a problem with its own status."""
    del granted["required"]
    problem = {"application/problem+json": {"schema": refusal}}
    told = {status: one | {"content": problem} for status, one in responses.items()}
    for status, text in (("404", "There is no such."), ("409", "Not now."), ("422", "Not so.")):
        told[status] = {"description": text, "content": problem}
    return told | {"200": {"description": "What was asked."}}


def _refusal(family: str, names: Names) -> dict[str, Any]:
    service = {names.service_code(what) for what, _ in TURNED.values()}
    codes = sorted({names.code(reason) for reason in Reason} | service)
    if family == "admin":
        return {
            "type": "object",
            "required": ["type", "title", "detail", "code"],
            "properties": {"code": {"enum": codes}, "detail": {"type": "string"}},
        }
    return {
        "type": "object",
        "required": ["status", "errors"],
        "properties": {
            "status": {"const": names.status(family, ok=False)},  # type: ignore[arg-type]
            "errors": {
                "type": "object",
                "required": ["code", "message"],
                "properties": {
                    "code": {"enum": codes},
                    "message": {"type": "string"},
                    "details": {"type": "object"},
                },
            },
        },
    }


def _plain_paths() -> dict[str, Any]:
    """What needs no key, or tells no customer's business."""
    ok = {"200": {"description": "As it is."}}
    found: dict[str, Any] = {
        "/healthz": {"get": {"summary": "Whether the service lives.", "responses": ok}},
        "/readyz": {
            "get": {
                "summary": "Whether the service can answer, and what an operator should know.",
                "responses": ok | {"503": {"description": "It cannot."}},
            }
        },
    }
    for path in found.values():
        path["get"] |= {"security": [], "tags": []}
    return found


# --- for people ---------------------------------------------------------------------------------

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;"
    "color:#222;background:#fff}code,pre{font:14px/1.4 ui-monospace,monospace;background:#f3f3f3;"
    "padding:.1em .3em;border-radius:3px}pre{padding:.8em;overflow:auto}h3{margin-bottom:.2em}"
    "table{border-collapse:collapse}td,th{border-bottom:1px solid #ddd;padding:.2em .8em .2em 0;"
    "text-align:left;vertical-align:top}"
)


def page(document: Mapping[str, Any]) -> str:
    """The description as a page."""
    parts = [f"<h1>{escape(document['info']['title'])}</h1>"]
    parts.append("<p>The same for programs: <a href='openapi.json'>openapi.json</a></p>")
    for tag in document["tags"]:
        parts.append(f"<h2>{escape(tag['name'])}</h2><p>{escape(tag['description'])}</p>")
        for path, methods in document["paths"].items():
            for method, one in methods.items():
                if tag["name"] in one["tags"]:
                    parts += _section(path, method, one, document)
    body = "\n".join(parts)
    return (
        "<!doctype html><html lang='en'><meta charset='utf-8'><title>loyalty-ledger</title>"
        f"<style>{_STYLE}</style><body>{body}</body></html>"
    )


def _section(
    path: str, method: str, one: Mapping[str, Any], document: Mapping[str, Any]
) -> list[str]:
    parts = [f"<h3><code>{method.upper()} {escape(path)}</code></h3>"]
    parts.append(f"<p>{escape(one['summary'])} Scope: <code>{escape(one['x-scope'])}</code></p>")
    if "requestBody" not in one:
        return parts
    schema = one["requestBody"]["content"]["application/json"]["schema"]
    name = schema["$ref"].rpartition("/")[2]
    rows = "".join(
        f"<tr><td><code>{escape(field)}</code></td><td>{escape(_kind(about))}</td></tr>"
        for field, about in document["components"]["schemas"][name].get("properties", {}).items()
    )
    return [*parts, f"<table>{rows}</table>"]


def _kind(about: Mapping[str, Any]) -> str:
    if "$ref" in about:
        return str(about["$ref"]).rpartition("/")[2]
    if "anyOf" in about:
        return " or ".join(_kind(one) for one in about["anyOf"])
    return str(about.get("type", "anything"))
