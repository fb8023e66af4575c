"""Keys of programs that call the service: made, listed, rotated, revoked, and recognised.

A secret is 32 random bytes, shown once and kept as a digest: nobody can guess 32 random bytes, so
that a plain digest of them says nothing.
"""

import hashlib
import secrets
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, NamedTuple

from loyalty_ledger.deciding import Reading, decide
from loyalty_ledger.domain import api_key
from loyalty_ledger.domain.api_key import ApiKey, ApiKeys, Scope
from loyalty_ledger.domain.configuration import Stores
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.keys import ApiKeyCreated
from loyalty_ledger.domain.streams import KEYS, STORES
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.identity import Keyring
from loyalty_ledger.states import States
from loyalty_ledger.store.log import Log


class NewKey(NamedTuple):
    """A key and its secret, which nobody can show again; and what it signs with, if it has to."""

    key: ApiKey
    secret: str
    signing_secret: str | None = None


class Terms(NamedTuple):
    """What a key is made for. `per_second` 0 is without a limit; `signed`: it has to sign."""

    name: str
    scope: Scope
    store_id: str = ""
    expires_at: datetime | None = None
    per_second: int = 0
    signed: bool = False


class Keys:
    """The keys of a ledger's service."""

    def __init__(self, log: Log, states: States, keyring: Keyring, clock: Callable[[], datetime]):
        self._log = log
        self._states = states
        self._keyring = keyring
        self._clock = clock

    def create(self, terms: Terms, by: str = "") -> NewKey:
        """A new key; Rejected for a store that is not known or an end that has passed."""
        at = self._clock()
        key_id, secret = f"key_{secrets.token_hex(8)}", secrets.token_urlsafe(32)
        if terms.expires_at is not None and terms.expires_at <= at:
            raise Rejected(Reason.VALIDATION, "expires has passed: name a time to come")

        def decision(reading: Reading) -> tuple[Draft, None]:
            reading.get([KEYS, STORES])
            if terms.store_id:
                stores: Stores = reading.state(STORES)
                stores.store(terms.store_id)
            draft = reading.draft()
            created = ApiKeyCreated(
                at=at,
                key_id=key_id,
                name=terms.name,
                scope=terms.scope.value,
                digest=digest_of(secret),
                store_id=terms.store_id,
                expires_at=terms.expires_at,
                per_second=terms.per_second,
                signed=terms.signed,
                by=by,
            )
            draft.emit(KEYS, created)
            return draft, None

        decide(self._states, decision)
        return self._new(key_id, secret)

    def rotate(self, key_id: str, former_until: datetime | None = None, by: str = "") -> NewKey:
        """A new secret; the one before stays good until the moment named, by default not at all."""
        at, secret = self._clock(), secrets.token_urlsafe(32)

        def decision(reading: Reading) -> tuple[Draft, None]:
            keys: ApiKeys = reading.state(KEYS)
            draft = reading.draft()
            rotated = api_key.rotate(keys, key_id, digest_of(secret), former_until or at, at, by)
            draft.emit(KEYS, rotated)
            return draft, None

        decide(self._states, decision)
        return self._new(key_id, secret)

    def revoke(self, key_id: str, by: str = "") -> ApiKey:
        """The end of a key; twice changes nothing."""
        at = self._clock()

        def decision(reading: Reading) -> tuple[Draft, None]:
            keys: ApiKeys = reading.state(KEYS)
            draft = reading.draft()
            for event in api_key.revoke(keys, key_id, at, by):
                draft.emit(KEYS, event)
            return draft, None

        decide(self._states, decision)
        return self._key(key_id)

    def all(self) -> ApiKeys:
        """Every key, as the log has it now."""
        if not self._states.fresh():
            self._states.drop([KEYS])
        keys: ApiKeys = self._states.get([KEYS])[KEYS]
        return keys

    def told(self, keys: Iterable[ApiKey]) -> list[dict[str, Any]]:
        """These for programs, without their secrets; the last use is exact to a minute or so."""
        uses, now = self._log.key_uses(), self._clock()
        return [_told(key, now, uses.get(key.key_id)) for key in keys]

    def _new(self, key_id: str, secret: str) -> NewKey:
        key = self._key(key_id)
        signing = self._keyring.signing_secret(key_id, digest_of(secret)) if key.signed else None
        return NewKey(key, secret, signing)

    def _key(self, key_id: str) -> ApiKey:
        return self.all().known(key_id)


def digest_of(secret: str) -> str:
    """What a secret is known by."""
    return hashlib.sha256(secret.encode()).hexdigest()


def as_new(made: NewKey) -> dict[str, str]:
    """A new key for programs, with all that is not shown again."""
    told = {"key": made.key.key_id, "secret": made.secret}
    return told | ({"signing_secret": made.signing_secret} if made.signing_secret else {})


def _told(key: ApiKey, at: datetime, used_at: datetime | None) -> dict[str, Any]:
    return {
        "key": key.key_id,
        "name": key.name,
        "scope": key.scope,
        "store_id": key.store_id or None,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "per_second": key.per_second or None,
        "signed": key.signed,
        "state": key.state(at),
        "last_used_at": used_at,
    }
