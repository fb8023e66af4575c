"""The description of the service for people: a page that loads nothing from elsewhere."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Any, NamedTuple

from loyalty_ledger.http.program_documents import NAME as PROGRAM
from loyalty_ledger.http.signed_headers import HEADERS as SIGNING

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;"
    "color:#222;background:#fff}code,pre{font:14px/1.4 ui-monospace,monospace;background:#f3f3f3;"
    "padding:.1em .3em;border-radius:3px}pre{padding:.8em;overflow:auto}h3{margin:2em 0 .2em}"
    "table{border-collapse:collapse}td,th{border-bottom:1px solid #ddd;padding:.2em .8em .2em 0;"
    "text-align:left;vertical-align:top}nav a{margin-right:.8em}p{margin:.3em 0}"
)
_NUMBER = re.compile(r"_\d+$")
Described = Mapping[str, Any]


class _Call(NamedTuple):
    """A call, at all its paths."""

    method: str
    paths: list[str]
    about: Described


def page(document: Described) -> str:
    """The description as a page."""
    calls = _calls(document)
    parts = [f"<h1>{escape(document['info']['title'])}</h1>"]
    parts.append("<p>The same for programs: <a href='openapi.json'>openapi.json</a></p>")
    for tag in document["tags"]:
        own = {name: one for name, one in calls.items() if tag["name"] in one.about["tags"]}
        links = "".join(f"<a href='#{name}'>{name}</a> " for name in own)
        parts.append(f"<h2>{escape(tag['name'])}</h2><p>{escape(tag['description'])}</p>")
        parts.append(f"<nav>{links}</nav>")
        for name, one in own.items():
            parts += _section(name, one, document)
    known = document["components"]
    parts += _headers("headers of requests", known["parameters"].values())
    parts += _headers(
        "headers of answers", (one | {"name": name} for name, one in known["headers"].items())
    )
    parts += [*_shapes(document), *_parts(document)]
    body = "\n".join(parts)
    return (
        "<!doctype html><html lang='en'><meta charset='utf-8'><title>loyalty-ledger</title>"
        f"<style>{_STYLE}</style><body>{body}</body></html>"
    )


def _calls(document: Described) -> dict[str, _Call]:
    """Every call by its name; one that answers at several paths is described once."""
    found: dict[str, _Call] = {}
    for path, methods in document["paths"].items():
        for method, about in methods.items():
            if "x-scope" in about:
                name = _NUMBER.sub("", about["operationId"])
                found.setdefault(name, _Call(method.upper(), [], about)).paths.append(path)
    return found


def _section(name: str, call: _Call, document: Described) -> Iterator[str]:
    first, *others = call.paths
    yield f"<h3 id='{name}'><code>{call.method} {escape(first)}</code></h3>"
    if others:
        yield "<p>Also " + ", ".join(f"<code>{escape(one)}</code>" for one in others) + "</p>"
    about = call.about
    yield f"<p>{escape(about['summary'])} Scope: <code>{escape(about['x-scope'])}</code></p>"
    yield from _named_headers(about, document["components"]["parameters"])
    asked = [one for one in about.get("parameters", ()) if one.get("in") == "query"]
    if asked:
        rows = "".join(_row(one["name"], one["schema"] | one) for one in asked)
        yield f"<table>{rows}</table>"
    if "requestBody" in about:
        content = about["requestBody"]["content"]["application/json"]
        yield f"<p>Asks {_kind(content['schema'])}</p>"
        yield _example(content)
    shared = document["components"]["responses"]
    yield from _answers(
        {
            status: shared[_name(one)] if "$ref" in one else one
            for status, one in about["responses"].items()
        }
    )


def _answers(responses: Described) -> Iterator[str]:
    """What is granted, and the codes of what is not, by status."""
    for content in responses["200"].get("content", {}).values():
        kinds = ", ".join(_told(content.get("schema", {})))
        yield f"<p>Answers {kinds or 'text'}</p>"
        yield _example(content)
    codes = {
        status: sorted({code for one in answer.get("content", {}).values() for code in _codes(one)})
        for status, answer in responses.items()
    }
    rows = "".join(
        f"<tr><td>{status}</td><td>{' '.join(f'<code>{escape(one)}</code>' for one in refusals)}"
        "</td></tr>"
        for status, refusals in codes.items()
        if refusals
    )
    yield f"<details><summary>Refusals</summary><table>{rows}</table></details>"


def _told(schema: Described) -> Iterator[str]:
    """The shapes that a granted answer holds."""
    if "$ref" in schema:
        yield _kind(schema)
    for one in schema.get("anyOf", ()):
        yield from _told(one)
    for name, one in schema.get("properties", {}).items():
        if name != "errors" and ("$ref" in one or "items" in one):
            yield f"<code>{escape(name)}</code>: {_kind(one)}"


def _codes(value: object) -> Iterator[str]:
    """Every code that a described answer may bear."""
    if isinstance(value, Mapping):
        code = value.get("code")
        if isinstance(code, Mapping):
            yield from code.get("enum", ())
        for one in value.values():
            yield from _codes(one)
    elif isinstance(value, list):
        for one in value:
            yield from _codes(one)


def _example(content: Described) -> str:
    if "example" not in content:
        return ""
    example = content["example"]
    text = example if isinstance(example, str) else json.dumps(example, indent=2)
    return f"<details><summary>For example</summary><pre>{escape(text)}</pre></details>"


def _named_headers(one: Described, known: Described) -> list[str]:
    """Which headers it reads, but for those of every operation."""
    keys = [_name(x) for x in one["parameters"] if "$ref" in x]
    names = [known[x]["name"] for x in keys if x not in ("request-id", *SIGNING)]
    return [f"<p>Headers: <code>{' '.join(names)}</code></p>"] if names else []


def _headers(title: str, headers: Iterable[Described]) -> list[str]:
    """What these headers are."""
    rows = "".join(
        f"<tr><td><code>{escape(one['name'])}</code></td><td>{escape(one['description'])}"
        f"{_such_as(one)}</td></tr>"
        for one in headers
    )
    return [f"<h2>{title}</h2>", f"<table>{rows}</table>"]


def _such_as(one: Mapping[str, Any]) -> str:
    return f"<br>Such as <code>{escape(str(one['example']))}</code>" if "example" in one else ""


def _shapes(document: Described) -> Iterator[str]:
    """What is asked and answered, each to be opened."""
    yield "<h2>what is asked and answered</h2>"
    for name, one in sorted(document["components"]["schemas"].items()):
        if not name.startswith(f"{PROGRAM}."):
            yield _details(name, one)


def _parts(document: Described) -> Iterator[str]:
    """The parts of a program document, each to be opened."""
    yield "<h2>parts of a program</h2>"
    for name, one in document["components"]["schemas"].items():
        if name.startswith(f"{PROGRAM}."):
            yield _details(name, one)


def _details(name: str, schema: Described) -> str:
    text = escape(schema.get("description", ""))
    rows = "".join(_row(field, about) for field, about in schema.get("properties", {}).items())
    inside = f"<table>{rows}</table>" if rows else f"<p>{_kind(schema)}</p>"
    return f"<details id='{name}'><summary><code>{name}</code> {text}</summary>{inside}</details>"


def _row(field: str, about: Described) -> str:
    return (
        f"<tr><td><code>{escape(field)}</code></td><td>{_kind(about)}</td>"
        f"<td>{escape(about.get('description', ''))}</td></tr>"
    )


def _name(reference: Described) -> str:
    return str(reference["$ref"]).rpartition("/")[2]


def _kind(about: Described) -> str:
    if "$ref" in about:
        name = _name(about)
        return f"<a href='#{name}'>{name}</a>"
    for several in ("anyOf", "oneOf"):
        if several in about:
            return " or ".join(_kind(one) for one in about[several])
    if "items" in about:
        return f"list of {_kind(about['items'])}"
    if "enum" in about:
        return "one of " + ", ".join(f"<code>{escape(str(one))}</code>" for one in about["enum"])
    if "const" in about:
        return f"<code>{escape(json.dumps(about['const']))}</code>"
    return escape(str(about.get("type", "anything")))
