"""Whether the service is alive and ready, and its figures."""

from typing import Any

import msgspec
from fastapi import FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy.exc import DBAPIError

from loyalty_ledger.http import envelopes
from loyalty_ledger.http.metrics import Metrics
from loyalty_ledger.http.names import Names
from loyalty_ledger.http.pool import Pool
from loyalty_ledger.http.refusals import Turned
from loyalty_ledger.ledger import Ledger


def add_to(app: FastAPI, pool: Pool, metrics: Metrics, names: Names) -> None:
    """Add these routes."""

    async def healthz() -> Response:
        return _json(200, {"status": "ok"})

    async def readyz() -> Response:
        try:
            return _json(200, await pool.run(_readiness))
        except (DBAPIError, Turned) as error:
            return _json(503, {"status": "unavailable", "message": type(error).__name__})

    async def figures() -> Response:
        return Response(await pool.run(metrics.text), media_type=CONTENT_TYPE_LATEST)

    async def nothing_here(_request: Request, _error: Any) -> Response:
        turned = Turned(404, "no_route", "there is nothing at this path")
        return Response(envelopes.turned_away(names, "core", turned), 404, {}, "application/json")

    async def wrong_method(_request: Request, _error: Any) -> Response:
        turned = Turned(405, "wrong_method", "this path is not asked that way")
        return Response(envelopes.turned_away(names, "core", turned), 405, {}, "application/json")

    app.add_api_route("/healthz", healthz, include_in_schema=False)
    app.add_api_route("/readyz", readyz, include_in_schema=False)
    app.add_api_route("/metrics", figures, include_in_schema=False)
    app.add_exception_handler(404, nothing_here)
    app.add_exception_handler(405, wrong_method)


def _readiness(ledger: Ledger) -> dict[str, Any]:
    position = ledger.log.head().position
    program = ledger.settlement.rulebook()
    return {
        "status": "ready",
        "position": position,
        "program_version": program.version if program else 0,
        "warnings": [],
    }


def _json(status: int, value: Any) -> Response:
    return Response(msgspec.json.encode(value), status, {}, "application/json")
