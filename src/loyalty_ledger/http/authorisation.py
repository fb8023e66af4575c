"""Who calls, and whether he may: keys over Basic or Bearer, within their scope, at their rate.

Keys are looked at anew every second, so that a revoked one is good no longer than that.
"""

import asyncio
import time
from base64 import b64decode
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple

from loyalty_ledger.domain.api_key import ApiKey, ApiKeys, Scope
from loyalty_ledger.http.key_uses import KeyUses
from loyalty_ledger.http.pool import Pool
from loyalty_ledger.http.refusals import Turned, denied, unauthorised
from loyalty_ledger.keys import digest_of

LOOK_EVERY_S = 1.0
LOOK_AGAIN_AFTER_S = 0.05
LONGEST_CREDENTIALS = 500


class Caller(NamedTuple):
    """The key that calls, and the digest of the secret it was opened with."""

    key: ApiKey
    digest: str


class Authorisation:
    """Recognises callers."""

    def __init__(self, pool: Pool, uses: KeyUses, clock: Callable[[], datetime]):
        self._pool = pool
        self._uses = uses
        self._clock = clock
        self._keys = ApiKeys()
        self._looked_at = float("-inf")
        self._look: asyncio.Task[None] | None = None
        self._rates: dict[str, _Bucket] = {}

    async def caller(self, headers: Mapping[str, str], scope: Scope) -> Caller:
        """The key that calls; Turned when nobody's, too narrow, or too often."""
        key_id, secret = _credentials(headers.get("authorization", ""))
        digest, asked_at = digest_of(secret), time.monotonic()
        await self._look_now_and_then()
        key = self._opened(key_id, digest)
        if key is None:  # it may have been made since
            await self._look_after(asked_at)
            key = self._opened(key_id, digest)
        if key is None:
            raise unauthorised("the key or its secret is not good, or no longer")
        if not Scope(key.scope).includes(scope):
            raise denied(f"this needs a key of scope {scope}; yours is of scope {key.scope}")
        self._take_turn(key)
        return Caller(key, digest)

    def let_in(self, key: ApiKey) -> None:
        """A request of this key has passed everything that could shut it out."""
        self._uses.used(key.key_id)

    def _opened(self, key_id: str, digest: str) -> ApiKey | None:
        """The key that this secret opens, by the keys that are known."""
        key = self._keys.by_id.get(key_id)
        return key if key is not None and key.opens(digest, self._clock()) else None

    async def _look_now_and_then(self) -> None:
        """The keys that are known are no older than that."""
        age = time.monotonic() - self._looked_at
        if age > LOOK_EVERY_S:
            await asyncio.shield(self._looking())
        elif age > LOOK_EVERY_S / 2:
            self._looking()  # so that hardly anybody has to wait for it

    async def _look_after(self, moment: float) -> None:
        """Look at what there is after this moment; who asks often with a wrong key has to wait."""
        while self._looked_at < moment:
            due = self._looked_at + LOOK_AGAIN_AFTER_S
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            await asyncio.shield(self._looking())

    def _looking(self) -> "asyncio.Task[None]":
        """A look at the keys; one at a time, whoever waits for it."""
        if self._look is None or self._look.done():
            self._look = asyncio.create_task(self._look_up())
        return self._look

    async def _look_up(self) -> None:
        began = time.monotonic()
        self._keys = await self._pool.run(lambda ledger: ledger.keys.all())
        self._looked_at = began

    def _take_turn(self, key: ApiKey) -> None:
        if not key.per_second:
            return
        bucket = self._rates.setdefault(key.key_id, _Bucket())
        wait_s = bucket.take(key.per_second)
        if wait_s:
            raise Turned(
                429,
                "too_many",
                f"this key may call {key.per_second} times a second",
                {"Retry-After": str(max(1, round(wait_s)))},
            )


class _Bucket:
    """Fills at so many a second, and holds what comes in one."""

    def __init__(self) -> None:
        self._spent = 0.0
        self._at = time.monotonic()

    def take(self, per_second: int) -> float:
        """Take one; how many seconds are missing to that, 0 when it was there."""
        now = time.monotonic()
        self._spent = max(0.0, self._spent - (now - self._at) * per_second)
        self._at = now
        if self._spent + 1 > per_second:
            return (self._spent + 1 - per_second) / per_second
        self._spent += 1
        return 0.0


def check_store(key: ApiKey, store_id: str | None) -> None:
    """Turned when the key is bound to another store than the request names."""
    if key.store_id and key.store_id != store_id:
        raise denied("this key is bound to a store, and the request does not name that store")


def _credentials(header: str) -> tuple[str, str]:
    """Key and secret: `Basic` of KEY:SECRET, or `Bearer KEY.SECRET`."""
    scheme, _, rest = header.partition(" ")
    if not header or len(header) > LONGEST_CREDENTIALS:
        raise unauthorised("a key is needed: Basic with KEY:SECRET, or Bearer KEY.SECRET")
    match scheme.lower():
        case "basic":
            try:
                text = b64decode(rest.strip(), validate=True).decode()
            except ValueError:
                raise unauthorised("Basic needs KEY:SECRET in base 64") from None
            key_id, _, secret = text.partition(":")
        case "bearer":
            key_id, _, secret = rest.strip().partition(".")
        case _:
            raise unauthorised("a key is given as Basic or Bearer")
    return key_id, secret
