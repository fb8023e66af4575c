"""Every route of the service, as its own description tells: a new one is covered by itself."""

from typing import Any, NamedTuple

from loyalty_ledger.domain.api_key import Scope
from loyalty_ledger.http.app import BY_THEMSELVES, OPERATIONS
from loyalty_ledger.http.names import read_names
from loyalty_ledger.http.openapi import describe

OPEN = {"/healthz", "/readyz", "/openapi.json", "/docs"}


class Route(NamedTuple):
    path: str
    method: str
    scope: Scope


def routes() -> list[Route]:
    """Every route of the description that needs a key."""
    document = describe((*BY_THEMSELVES, *OPERATIONS), read_names())
    return [
        Route(path, method.upper(), Scope(one["x-scope"]))
        for path, methods in document["paths"].items()
        for method, one in methods.items()
        if path not in OPEN
    ]


def as_asked(route: Route, key_id: str) -> dict[str, Any]:
    """A request for it, as httpx takes one, that names a store wherever it has a body."""
    path = route.path.replace("{api_key}", key_id).replace("{", "").replace("}", "")
    content = b'{"store_id": "main"}' if route.method in ("POST", "PUT") else None
    return {"method": route.method, "url": path, "content": content}
