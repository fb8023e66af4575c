"""Signed requests: nobody who overheard one can change it, or send it again.

What is signed is the method, the path with its query, the moment, a nonce and the digest of the
body, a line each, and the Message-ID where there is one, with HMAC-SHA256 under the key's signing
secret. Other headers that change an answer are not taken: what they say goes into the query.
"""

import hashlib
import hmac
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from starlette.requests import Request

from loyalty_ledger.domain.api_key import ApiKey
from loyalty_ledger.http.pool import Pool
from loyalty_ledger.http.refusals import Turned, unauthorised
from loyalty_ledger.http.signed_headers import NONCE, SIGNATURE, TIMESTAMP
from loyalty_ledger.identity import Keyring

WINDOW = timedelta(minutes=5)


class _Said(NamedTuple):
    at: datetime
    nonce: str
    signature: str


class Signatures:
    """Checks the signatures of keys that have to sign."""

    def __init__(self, pool: Pool, keyring: Keyring, clock: Callable[[], datetime]):
        self._pool = pool
        self._keyring = keyring
        self._clock = clock

    async def check(self, key: ApiKey, secret_digest: str, request: Request, body: bytes) -> None:
        """Turned unless the key need not sign, or has signed this, just now, for the first time."""
        if not key.signed:
            return
        _refuse_unsigned(request)
        said, now = _said(request), self._clock()
        if abs(said.at - now) > WINDOW:
            raise _bad("X-Timestamp is more than five minutes from our clock: sign it anew")
        signing = self._keyring.signing_secret(key.key_id, secret_digest)
        expected = hmac.new(signing.encode(), _signed(request, body), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected.encode(), said.signature.encode()):
            raise _bad("X-Signature is not that of this request")
        until = said.at + WINDOW
        new = await self._pool.run(
            lambda ledger: ledger.log.use_nonce(key.key_id, said.nonce, until, now)
        )
        if not new:
            raise _bad("X-Nonce was used before: every request needs a new one")


def _refuse_unsigned(request: Request) -> None:
    """Turned when a header asks what anybody on the way could have asked instead."""
    for name in ("as_of", "known_at", "at_least"):
        header = "X-" + name.replace("_", "-").title()
        if header in request.headers:
            raise _bad(f"{header} is not signed: give the parameter {name} in its place")


def _said(request: Request) -> _Said:
    named = ("x-timestamp", "x-nonce", "x-signature")
    at, nonce, signature = (request.headers.get(name, "") for name in named)
    if not (at and nonce and signature):
        raise _bad("this key signs its requests: X-Timestamp, X-Nonce and X-Signature are needed")
    for name, pattern, said, right in (
        ("X-Timestamp", TIMESTAMP, at, "whole seconds since 1970"),
        ("X-Nonce", NONCE, nonce, "16 to 100 printable characters"),
        ("X-Signature", SIGNATURE, signature, "64 hexadecimal digits in lower case"),
    ):
        if not re.fullmatch(pattern, said):
            raise _bad(f"{name} must be {right}")
    return _Said(datetime.fromtimestamp(int(at), UTC), nonce, signature)


def _signed(request: Request, body: bytes) -> bytes:
    """The lines that are signed. The path is taken as it was sent, with its escapes."""
    path, query = request.scope["raw_path"], request.scope["query_string"]
    message_id = request.headers.get("message-id")
    lines = [
        request.method.encode(),
        path + (b"?" + query if query else b""),
        request.headers["x-timestamp"].encode(),
        request.headers["x-nonce"].encode(),
        hashlib.sha256(body).hexdigest().encode(),
    ]
    if message_id is not None:
        lines.append(message_id.encode("latin-1"))
    return b"\n".join(lines)


def _bad(message: str) -> Turned:
    return unauthorised(message)
