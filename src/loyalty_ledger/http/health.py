"""Whether the service is alive and ready, and what it can be asked."""

from collections.abc import Iterable
from typing import Any

import msgspec
from fastapi import FastAPI, Request, Response

from loyalty_ledger.domain.streams import PROGRAM
from loyalty_ledger.http import envelopes, openapi, page
from loyalty_ledger.http.names import Names
from loyalty_ledger.http.operation import Operation
from loyalty_ledger.http.pool import Pool
from loyalty_ledger.http.refusals import Turned
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.status import warnings_of

PAGE_HEADERS = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}


def add_description(app: FastAPI, operations: Iterable[Operation], names: Names) -> None:
    """Add the description of the service, for programs and for people."""
    document = openapi.describe(operations, names)
    described, shown = msgspec.json.encode(document), page.page(document)

    async def description() -> Response:
        return Response(described, media_type="application/json")

    async def docs() -> Response:
        return Response(shown, headers=PAGE_HEADERS, media_type="text/html; charset=utf-8")

    app.add_api_route("/openapi.json", description, include_in_schema=False)
    app.add_api_route("/docs", docs, include_in_schema=False)


def add_to(app: FastAPI, pool: Pool, names: Names) -> None:
    """Add these routes."""

    async def healthz() -> Response:
        return _json(200, {"status": "ok"})

    async def readyz() -> Response:
        try:
            return _json(200, await pool.run(_readiness))
        except Exception as error:  # whatever it is: nobody should be sent here
            return _json(503, {"status": "unavailable", "message": type(error).__name__})

    async def nothing_here(request: Request, _error: Any) -> Response:
        return _turned(request, Turned(404, "no_route", "there is nothing at this path"), names)

    async def wrong_method(request: Request, _error: Any) -> Response:
        return _turned(
            request, Turned(405, "wrong_method", "this path is not asked that way"), names
        )

    app.add_api_route("/healthz", healthz, include_in_schema=False)
    app.add_api_route("/readyz", readyz, include_in_schema=False)
    app.add_exception_handler(404, nothing_here)
    app.add_exception_handler(405, wrong_method)


def _readiness(ledger: Ledger) -> dict[str, Any]:
    ledger.states.look_again([PROGRAM])
    position = ledger.log.head().position
    program = ledger.settlement.rulebook()
    return {
        "status": "ready",
        "position": position,
        "program_version": program.version if program else 0,
        "warnings": warnings_of(ledger),
    }


def _turned(request: Request, turned: Turned, names: Names) -> Response:
    family = envelopes.family_of(request.url.path)
    body = envelopes.turned_away(names, family, turned)
    return Response(body, turned.status, {}, envelopes.media_of(family))


def _json(status: int, value: Any) -> Response:
    return Response(msgspec.json.encode(value), status, {}, "application/json")
