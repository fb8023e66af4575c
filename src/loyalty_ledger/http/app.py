"""The service put together: one application over one ledger."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from fastapi import FastAPI, Request, Response
from sqlalchemy import Engine

from loyalty_ledger.http import health, points, pos, shops, transactions, user_offers
from loyalty_ledger.http.arriving import Arriving
from loyalty_ledger.http.authorisation import Authorisation
from loyalty_ledger.http.guard import Guard
from loyalty_ledger.http.metrics import Metrics
from loyalty_ledger.http.names import Names
from loyalty_ledger.http.operation import Operation
from loyalty_ledger.http.pool import Pool
from loyalty_ledger.http.sending import SEND, Sending
from loyalty_ledger.http.service import Service
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.wire import Request as Sale

OPERATIONS: tuple[Operation, ...] = (
    *pos.OPERATIONS,
    *user_offers.OPERATIONS,
    *shops.OPERATIONS,
    *points.OPERATIONS,
    *transactions.OPERATIONS,
)


@dataclass(frozen=True, slots=True)
class Settings:
    """How the service runs."""

    names: Names
    https_only: bool = False


def make_app(
    engine: Engine, secret: bytes, clock: Callable[[], datetime], settings: Settings
) -> FastAPI:
    """The application over the ledger of this database."""
    names = settings.names

    def make() -> Ledger:
        ledger = Ledger(engine, secret, clock)
        ledger.intake.answer_to = lambda request: _received(names, request)
        return ledger

    pool = Pool(make)
    arriving = Arriving(make)
    service = Service(pool, Authorisation(pool, clock), names, clock)
    metrics = Metrics(pool, arriving)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        arriving.close()
        pool.close()

    app = FastAPI(lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None)
    sending = Sending(service, arriving, names)

    async def send(request: Request) -> Response:
        return await service.guarded(SEND, request, sending.answered)

    _route(app, SEND, send)
    for operation in OPERATIONS:
        _route(app, operation, _asking(service, operation))
    health.add_to(app, pool, metrics, names)
    app.add_middleware(Guard, metrics=metrics, names=names, https_only=settings.https_only)
    return app


def _asking(service: Service, operation: Operation) -> Callable[[Request], Any]:
    async def ask(request: Request) -> Response:
        return await service.answer(operation, request)

    return ask


def _route(app: FastAPI, operation: Operation, ask: Callable[[Request], Any]) -> None:
    for path in operation.paths:
        app.add_api_route(
            path, ask, methods=[operation.method], name=operation.name, include_in_schema=False
        )


def _received(names: Names, request: Sale) -> bytes:
    """The answer of a sale that was taken in."""
    return msgspec.json.encode(
        {
            "status": names.status("pos", ok=True),
            "payload": None,
            "transaction_id": request.transaction.transaction_id,
        }
    )
