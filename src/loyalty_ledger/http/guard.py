"""What holds for every request: an id, safe headers, a line in the log, and no error unanswered.

Nothing of a body, of a query or of a path's parts is logged: they may name people.
"""

import re
import secrets
import time
from urllib.parse import quote, unquote

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from loyalty_ledger.http import envelopes
from loyalty_ledger.http.faults import fault
from loyalty_ledger.http.metrics import Metrics
from loyalty_ledger.http.names import Names
from loyalty_ledger.http.refusals import Turned

log = structlog.get_logger("loyalty_ledger.http")
SAFE_HEADERS = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
)
STAY_WITH_HTTPS = (b"strict-transport-security", b"max-age=31536000")
PROBED = ("/healthz", "/readyz")
"""What is asked from within, where nothing makes HTTPS of it; it tells nobody's business."""
NAMES_NOBODY = re.compile(
    r"(?=.*[a-z])(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|[0-9a-f]{16}|[0-9a-f]{32}|[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}"
    r"|0[0-9a-hjkmnp-tv-z]{25})",
    re.IGNORECASE | re.ASCII,
)
"""Ids that programs draw: a UUID, a trace id, a W3C traceparent, a ULID. A number may be a phone's.

They are logged, and stand in events for ever: what people are called must not get there.
"""
_PLAIN = re.compile(rb"[A-Za-z0-9_./-]*")


class Guard:
    """Stands before the application."""

    def __init__(self, app: ASGIApp, metrics: Metrics, names: Names, https_only: bool):
        self._app = app
        self._metrics = metrics
        self._names = names
        self._https_only = https_only

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["path"] = self._names.own_path(_in_parts(scope))
        request_id = _id_of(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        began = time.perf_counter()
        status = 500
        plainly = self._https_only and scope["scheme"] != "https"
        secured = [STAY_WITH_HTTPS] if self._https_only and not plainly else []

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                own = {name for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *((name, value) for name, value in SAFE_HEADERS if name not in own),
                    (b"x-request-id", request_id.encode()),
                    *secured,
                ]
            await send(message)

        try:
            if plainly and scope["path"] not in PROBED:
                turned = Turned(403, "https_only", "this service is called over HTTPS only")
                await self._turn_away(scope, turned, sending)
            else:
                await self._app(scope, receive, sending)
        except Exception as error:
            await self._turn_away(scope, fault(request_id, error), sending)
        finally:
            self._note(scope, request_id, status, time.perf_counter() - began)

    async def _turn_away(self, scope: Scope, turned: Turned, send: Send) -> None:
        family = envelopes.family_of(scope["path"])
        body = envelopes.turned_away(self._names, family, turned)
        headers = [(b"content-type", envelopes.media_of(family).encode())]
        await send({"type": "http.response.start", "status": turned.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _note(self, scope: Scope, request_id: str, status: int, took_s: float) -> None:
        operation = scope["state"].get("operation", "unknown")
        self._metrics.answered(operation, status, took_s)
        log.info(
            "answered",
            request_id=request_id,
            operation=operation,
            status=status,
            ms=round(took_s * 1000, 1),
            key=scope["state"].get("key_id"),
        )


def _in_parts(scope: Scope) -> str:
    """The path as it was sent, spelled in one way: an id may hold a slash, which parts no path."""
    sent = scope.get("raw_path") or quote(scope["path"]).encode()
    if _PLAIN.fullmatch(sent):
        return str(sent.decode())
    return "/".join(quote(unquote(part), safe="") for part in sent.decode("latin-1").split("/"))


def _id_of(scope: Scope) -> str:
    """The caller's own id of the request where it can name nobody, else a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            text: str = value.decode("latin-1")
            if NAMES_NOBODY.fullmatch(text):
                return text
    return secrets.token_hex(8)
