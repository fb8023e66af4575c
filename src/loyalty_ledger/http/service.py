"""Answering a request: who calls, what is asked, was it asked before, decide, tell."""

import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.utils import format_datetime
from functools import partial
from typing import Any, NamedTuple

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from loyalty_ledger.domain.api_key import ApiKey
from loyalty_ledger.domain.operating import By
from loyalty_ledger.domain.streams import CATALOG, PROGRAM, STORES
from loyalty_ledger.domain.values import Rejected
from loyalty_ledger.http import envelopes
from loyalty_ledger.http.asking import fingerprint, moment_of, request_key, wait_for_views
from loyalty_ledger.http.authorisation import Authorisation, check_store
from loyalty_ledger.http.bodies import read_body, read_json
from loyalty_ledger.http.connect import ConnectBody, check_retailer
from loyalty_ledger.http.jobs import Jobs
from loyalty_ledger.http.metrics import Metrics
from loyalty_ledger.http.names import Names
from loyalty_ledger.http.operation import Call, Operation
from loyalty_ledger.http.pool import Pool
from loyalty_ledger.http.refusals import Turned, busy, pending
from loyalty_ledger.http.signatures import Signatures
from loyalty_ledger.http.taking_in import LOST
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.once import Answered, Once
from loyalty_ledger.sent import named_text, problems_of, refused

CONFIGURED = (PROGRAM, STORES, CATALOG)
REPLAYED_FOR = timedelta(minutes=30)
"""So long a repeated answer says that it is one."""


class Told(NamedTuple):
    """An answer: its HTTP status, its bytes, its headers."""

    status: int
    body: bytes
    headers: dict[str, str] = {}


class Asked(NamedTuple):
    """An operation that somebody asks for, as it came."""

    operation: Operation
    key: ApiKey
    request: Request
    body: bytes
    at: datetime


class Service:
    """Answers requests about one ledger."""

    def __init__(
        self,
        pool: Pool,
        authorisation: Authorisation,
        signatures: Signatures,
        names: Names,
        jobs: Jobs,
        clock: Callable[[], datetime],
        metrics: Metrics,
    ):
        self._metrics = metrics
        self._pool = pool
        self._authorisation = authorisation
        self._signatures = signatures
        self.names = names
        self._jobs = jobs
        self._clock = clock
        self._under_way: set[tuple[str, str, str]] = set()
        self._lock = threading.Lock()

    async def guarded(
        self,
        operation: Operation,
        request: Request,
        answered: Callable[[Asked], Awaitable[Told | Response]],
    ) -> Response:
        """Let in whoever may, read the body, and tell what `answered` makes of it."""
        told: Told | Response
        request.state.operation = operation.name
        try:
            key, digest = await self._authorisation.caller(request.headers, operation.scope)
            request.state.key_id = key.key_id
            if request.path_params.get("api_key", key.key_id) != key.key_id:
                raise Turned(401, "wrong_path_key", "the path names another key than calls")
            for name, value in request.path_params.items():
                named_text(name, value)
            if operation.asks is None:
                check_store(key, None)
            taken = operation.asks or key.signed
            body = await read_body(request, operation.limits.longest) if taken else b""
            request.state.read = True
            await self._signatures.check(key, digest, request, body)
            self._authorisation.let_in(key)
            told = await answered(Asked(operation, key, request, body, self._clock()))
            if isinstance(told, Response):
                return told
        except Turned as turned:
            told = self._turned_away(operation, turned)
        except Rejected as refusal:
            told = self.refused_now(operation, refusal)
        except LOST as error:
            told = self._turned_away(operation, busy(f"not now: {error}"))
        told = told._replace(headers=_message(operation, request, self._clock()) | told.headers)
        if not getattr(request.state, "read", operation.asks is None):
            # What is still to come of the body is not waited for.
            told = told._replace(headers=told.headers | {"Connection": "close"})
        media = envelopes.media_of(operation.family, told.status)
        return Response(told.body, told.status, told.headers, media)

    def refused_now(self, operation: Operation, refusal: Rejected) -> Told:
        """The same, counted: it is being answered, for the first time."""
        self._metrics.refused(refusal.code)
        return self.refused(operation, refusal)

    def refused(self, operation: Operation, refusal: Rejected) -> Told:
        """A refusal by the ledger, with the status that its family gives it."""
        body = envelopes.refused(self.names, operation.family, refusal)
        return Told(envelopes.status_of(operation.family, refusal.code), body)

    def _turned_away(self, operation: Operation, turned: Turned) -> Told:
        body = envelopes.turned_away(self.names, operation.family, turned)
        return Told(turned.status, body, turned.headers)

    async def answered(self, asked: Asked) -> Told:
        """The answer of a thread, once the views are as far as the request wants them."""
        if not asked.operation.writes:
            await wait_for_views(asked.request, self._pool)
        return await self._pool.run(partial(self._decided, asked))

    # --- in a thread ----------------------------------------------------------------------------

    def _decided(self, asked: Asked, ledger: Ledger) -> Told:
        operation = asked.operation
        ledger.states.look_again(CONFIGURED)
        given = read_json(asked.body, operation.limits) if operation.asks else {}
        if operation.asks is not None:
            check_store(asked.key, store_named(operation, given))
        body = read_model(operation, given)
        once = self._once(asked, given, body)
        call = self.call(asked, ledger, body)
        ledger.states.meta = meta_of(asked)
        try:
            with self._alone(once), ledger.states.answering(once):
                if isinstance(body, ConnectBody):
                    check_retailer(body.retailer_id, ledger)
                result = operation.act(call)
        except Answered as answered:
            return self._again(asked, answered)
        except Rejected as refusal:
            self._metrics.refused(refusal.code)
            told = self._refusal(operation, body, refusal)
        else:
            told = Told(200, self._said(asked, result))
        return told._replace(headers=_headers(asked, ledger.states.position, asked.at))

    def call(self, asked: Asked, ledger: Ledger, body: Any) -> Call:
        """The operation under way. Rejected when it cannot be asked as of a moment."""
        request = asked.request
        moment = moment_of(asked.operation, request, ledger, asked.at)
        return Call(
            ledger=ledger,
            key=asked.key,
            body=body,
            path=request.path_params,
            query=request.query_params,
            moment=moment,
            names=self.names,
            jobs=self._jobs,
            by=By(asked.key.key_id, request.state.request_id),
        )

    def _said(self, asked: Asked, result: Any) -> bytes:
        operation = asked.operation
        return envelopes.granted(self.names, operation.family, operation.tell(result))

    def _refusal(self, operation: Operation, body: Any, refusal: Rejected) -> Told:
        """The same of a body that was read: it may be a part that failed, and no refusal."""
        failed = operation.failed(body, refusal)
        if failed is None:
            return self.refused(operation, refusal)
        return Told(200, envelopes.granted(self.names, operation.family, failed))

    def _once(self, asked: Asked, given: Mapping[str, Any], body: Any) -> Once | None:
        """The request as one that is answered once; its answer is kept with moment and status."""
        operation = asked.operation
        key = request_key(operation, asked.request, given, body)
        if key is None:
            return None
        return Once(
            *key,
            fingerprint(operation, asked.request, given),
            lambda result: _kept(asked, Told(200, self._said(asked, result))),
            lambda refusal: _kept(asked, self._refusal(operation, body, refusal)),
            meta_of(asked),
            operation.takes_id,
        )

    def _again(self, asked: Asked, answered: Answered) -> Told:
        stamp, _, body = answered.body.partition(b"\n")
        at, _, status = stamp.decode().partition(" ")
        first = datetime.fromisoformat(at)
        headers = _headers(asked, answered.position, first)
        if "Message-Id" in headers and asked.at < first + REPLAYED_FOR:
            headers["Cached-Message"] = "true"
        return Told(int(status or "200"), body, headers)

    @contextmanager
    def _alone(self, once: Once | None) -> Iterator[None]:
        """The same request is not processed twice at a time."""
        if once is None:
            yield
            return
        with self._lock:
            if once.key in self._under_way:
                raise pending(once.request_id)
            self._under_way.add(once.key)
        try:
            yield
        finally:
            with self._lock:
                self._under_way.discard(once.key)


def _kept(asked: Asked, told: Told) -> bytes:
    """An answer as it is kept. Of those kept without a status, it was 200."""
    return f"{asked.at.isoformat()} {told.status}\n".encode() + told.body


def meta_of(asked: Asked) -> dict[str, str]:
    """What is told with the events of a request: the key that called, and the request's id."""
    return {"actor": asked.key.key_id, "request": asked.request.state.request_id}


def store_named(operation: Operation, given: Mapping[str, Any]) -> str | None:
    """The store that a body is about; None where the operation is about no single one."""
    of_a_store = operation.asks is not None and "store_id" in operation.asks.model_fields
    store_id = given.get("store_id") if of_a_store else None
    return store_id if isinstance(store_id, str) else None


def read_model(operation: Operation, given: Mapping[str, Any]) -> Any:
    """The body as the operation asks for it; Rejected names every problem."""
    if operation.asks is None:
        return None
    try:
        return operation.asks.model_validate(given)
    except ValidationError as error:
        raise refused(problems_of(error)) from None


def _headers(asked: Asked, position: int, first: datetime) -> dict[str, str]:
    headers = {"X-Log-Position": str(position)} if asked.operation.writes else {}
    return headers | _message(asked.operation, asked.request, first)


def _message(operation: Operation, request: Request, first: datetime) -> dict[str, str]:
    """A call of Core is told by which id it is known, and when it was answered first."""
    message_id = request.headers.get("message-id") if operation.family == "core" else None
    if message_id is None:
        return {}
    return {"Message-Id": message_id, "Message-Date": format_datetime(first, usegmt=True)}
