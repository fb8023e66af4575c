"""The service put together: one application over one ledger."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from fastapi import FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy import Engine

from loyalty_ledger.http import (
    admin,
    core,
    events,
    health,
    legacy,
    points,
    pos,
    promos,
    setup,
    shops,
    till_lookup,
    timelines,
    transactions,
    user_offers,
)
from loyalty_ledger.http.arriving import Arriving
from loyalty_ledger.http.authorisation import Authorisation
from loyalty_ledger.http.door import Door
from loyalty_ledger.http.exports import Exports
from loyalty_ledger.http.guard import Guard
from loyalty_ledger.http.jobs import Jobs
from loyalty_ledger.http.key_uses import KeyUses
from loyalty_ledger.http.loop_watch import LoopWatch
from loyalty_ledger.http.metrics import Metrics
from loyalty_ledger.http.names import Names
from loyalty_ledger.http.operation import Operation
from loyalty_ledger.http.pool import Pool
from loyalty_ledger.http.promotion_setup import EDIT_PROMOTION
from loyalty_ledger.http.sending import SEND, Sending
from loyalty_ledger.http.service import Asked, Service, Told
from loyalty_ledger.http.signatures import Signatures
from loyalty_ledger.http.taking_in import Take, TakingIn
from loyalty_ledger.identity import Keyring
from loyalty_ledger.ledger import Ledger

OPERATIONS: tuple[Operation, ...] = (
    *pos.OPERATIONS,
    till_lookup.LOOKUP,
    *user_offers.OPERATIONS,
    *shops.OPERATIONS,
    *points.OPERATIONS,
    *transactions.OPERATIONS,
    *core.OPERATIONS,
    *legacy.OPERATIONS,
    *timelines.OPERATIONS,
    *promos.OPERATIONS,
    *events.OPERATIONS,
    *setup.OPERATIONS,
    EDIT_PROMOTION,
    *admin.OPERATIONS,
)
BY_THEMSELVES = (SEND, admin.EXPORT, admin.METRICS)
PATHS = tuple(path for one in (*BY_THEMSELVES, *OPERATIONS) for path in one.paths)


@dataclass(frozen=True, slots=True)
class Settings:
    """How the service runs."""

    names: Names
    https_only: bool = False


def make_app(
    engine: Engine,
    secret: bytes,
    clock: Callable[[], datetime],
    settings: Settings,
    take: Take | None = None,
) -> FastAPI:
    """The application over the ledger of this database. `take` takes sales in, if not it itself."""
    names = settings.names

    def make() -> Ledger:
        ledger = Ledger(engine, secret, clock)
        ledger.log.committed = metrics.committed
        return ledger

    pool, jobs, arriving = Pool(make), Jobs(make), Arriving(take or TakingIn(make, names))
    metrics = Metrics(pool, arriving)
    arriving.committed = metrics.committed
    signatures = Signatures(pool, Keyring(secret), clock)
    # However many wait to be answered: whether a key is still good is looked up beside them.
    looking = Pool(make, threads=1)
    uses = KeyUses(engine, clock)
    authorisation = Authorisation(looking, uses, clock)
    service = Service(pool, authorisation, signatures, names, jobs, clock, metrics)

    async def figures(_asked: Asked) -> Response:
        return Response(await pool.run(metrics.text), media_type=CONTENT_TYPE_LATEST)

    life = _life(metrics.loop, arriving, pool, looking, jobs, uses)
    app = FastAPI(lifespan=life, openapi_url=None, redirect_slashes=False)
    _route(app, service, SEND, Sending(service, arriving, names).answered)
    _route(app, service, admin.EXPORT, Exports(service, pool, make).answered)
    _route(app, service, admin.METRICS, figures)
    for operation in OPERATIONS:
        _route(app, service, operation, service.answered)
    health.add_to(app, pool, names)
    health.add_description(app, (*BY_THEMSELVES, *OPERATIONS), names)
    app.add_middleware(Door, arriving=arriving, operation=SEND, names=names)
    app.add_middleware(Guard, metrics=metrics, names=names, https_only=settings.https_only)
    return app


def _life(loop: LoopWatch, *parts: Arriving | Pool | Jobs | KeyUses) -> Callable[[FastAPI], Any]:
    """While the service lives its loop is watched; then each part ends what it has begun."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        watching = asyncio.create_task(loop.run())
        yield
        watching.cancel()
        for one in parts:
            one.close()

    return lifespan


def _route(
    app: FastAPI,
    service: Service,
    operation: Operation,
    answered: Callable[[Asked], Awaitable[Told | Response]],
) -> None:
    async def ask(request: Request) -> Response:
        parts = request.path_params.items()
        request.scope["path_params"] = {name: unquote(part) for name, part in parts}
        return await service.guarded(operation, request, answered)

    for path in operation.paths:
        app.add_route(path, ask, [operation.method], operation.name, include_in_schema=False)
