"""The description of the service for people: a page that loads nothing from elsewhere."""

from collections.abc import Mapping
from html import escape
from typing import Any

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
