"""Reading bodies: no more of them than is taken, no longer than is waited, and nothing packed."""

import asyncio
from collections.abc import Mapping
from typing import Any

from starlette.requests import ClientDisconnect, Request

from loyalty_ledger.domain.values import Rejected
from loyalty_ledger.http.refusals import Turned
from loyalty_ledger.json_body import decoded
from loyalty_ledger.sent import USUAL, Limits

WAIT_S = 10.0


async def read_body(request: Request, longest: int) -> bytes:
    """The bytes of the body; Turned when they are too many, too slow or packed."""
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Turned(415, "encoded", "bodies are taken as they are, not packed")
    length = request.headers.get("content-length")
    if length is not None and (not length.isdigit() or int(length) > longest):
        raise _too_large(longest)
    try:
        async with asyncio.timeout(WAIT_S):
            return await _collected(request, longest)
    except TimeoutError:
        raise Turned(408, "too_slow", f"the body took longer than {WAIT_S:.0f} s") from None
    except ClientDisconnect:
        raise Turned(400, "unreadable", "the body broke off") from None


async def _collected(request: Request, longest: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > longest:
            raise _too_large(longest)
        parts.append(part)
    return b"".join(parts)


def read_json(body: bytes, limits: Limits = USUAL) -> Mapping[str, Any]:
    """The JSON object in the body; Turned when there is none."""
    try:
        return decoded(body, limits)
    except Rejected as refusal:
        raise Turned(400, "unreadable", f"the body cannot be taken: {refusal.message}") from None


def _too_large(longest: int) -> Turned:
    return Turned(413, "too_large", f"a body is at most {longest:,} bytes")
