"""The description of the service for people: a page that loads nothing from elsewhere."""

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from loyalty_ledger.http.program_documents import NAME as PROGRAM
from loyalty_ledger.http.signed_headers import HEADERS as SIGNING

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
    known = document["components"]
    parts += _headers("headers of requests", known["parameters"].values())
    parts += _headers(
        "headers of answers", (one | {"name": name} for name, one in known["headers"].items())
    )
    parts += _parts(document)
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
    parts += _named_headers(one, document["components"]["parameters"])
    if "requestBody" not in one:
        return parts
    schema = one["requestBody"]["content"]["application/json"]["schema"]
    return [*parts, _table(document["components"]["schemas"][_name(schema)])]


def _named_headers(one: Mapping[str, Any], known: Mapping[str, Any]) -> list[str]:
    """Which headers it reads, but for those of every operation."""
    keys = [_name(x) for x in one["parameters"] if "$ref" in x]
    names = [known[x]["name"] for x in keys if x not in ("request-id", *SIGNING)]
    return [f"<p>Headers: <code>{' '.join(names)}</code></p>"] if names else []


def _headers(title: str, headers: Iterable[Mapping[str, Any]]) -> list[str]:
    """What these headers are."""
    rows = "".join(
        f"<tr><td><code>{escape(one['name'])}</code></td><td>{escape(one['description'])}"
        f"{_such_as(one)}</td></tr>"
        for one in headers
    )
    return [f"<h2>{title}</h2>", f"<table>{rows}</table>"]


def _such_as(one: Mapping[str, Any]) -> str:
    return f"<br>Such as <code>{escape(str(one['example']))}</code>" if "example" in one else ""


def _parts(document: Mapping[str, Any]) -> list[str]:
    """The parts of a program document, each to be opened."""
    found = ["<h2>parts of a program</h2>"]
    for name, one in document["components"]["schemas"].items():
        if name.startswith(f"{PROGRAM}."):
            text = escape(one.get("description", ""))
            found.append(
                f"<details id='{name}'><summary><code>{name}</code> {text}</summary>"
                f"{_table(one)}</details>"
            )
    return found


def _table(schema: Mapping[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(field)}</code></td><td>{escape(_kind(about))}</td>"
        f"<td>{escape(about.get('description', ''))}</td></tr>"
        for field, about in schema.get("properties", {}).items()
    )
    return f"<table>{rows}</table>"


def _name(reference: Mapping[str, Any]) -> str:
    return str(reference["$ref"]).rpartition("/")[2]


def _kind(about: Mapping[str, Any]) -> str:
    if "$ref" in about:
        return _name(about)
    for several in ("anyOf", "oneOf"):
        if several in about:
            return " or ".join(_kind(one) for one in about[several])
    if "items" in about:
        return f"list of {_kind(about['items'])}"
    return str(about.get("type", "anything"))
