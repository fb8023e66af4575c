"""API keys: who may call the service, for what, and until when. Facts in `events.keys`."""

import hmac
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from msgspec import Struct
from msgspec.structs import replace

from loyalty_ledger.domain.events.keys import ApiKeyCreated, ApiKeyRevoked, ApiKeyRotated
from loyalty_ledger.domain.values import Reason, Rejected


class Scope(StrEnum):
    """What a key is for; a wider scope includes the narrower ones."""

    POS = "pos"
    MEMBER = "member"
    OPERATOR = "operator"
    ADMIN = "admin"

    def includes(self, other: "Scope") -> bool:
        """Whether a key of this scope may do what the other one is for."""
        return other in _WITHIN[self]


_WITHIN = {
    Scope.POS: {Scope.POS},
    Scope.MEMBER: {Scope.MEMBER},
    Scope.OPERATOR: {Scope.OPERATOR, Scope.POS, Scope.MEMBER},
    Scope.ADMIN: {Scope.ADMIN, Scope.OPERATOR, Scope.POS, Scope.MEMBER},
}


class ApiKey(Struct, frozen=True, kw_only=True):
    """A key, by the digests of its secret and of the one before."""

    key_id: str
    name: str
    scope: str
    digest: str
    store_id: str = ""
    created_at: datetime
    expires_at: datetime | None = None
    per_second: int = 0
    signed: bool = False
    former: str = ""
    former_until: datetime | None = None
    revoked_at: datetime | None = None

    def state(self, at: datetime) -> str:
        """`good`, `expired` or `revoked` at this moment."""
        if self.revoked_at is not None and self.revoked_at <= at:
            return "revoked"
        return "expired" if self.expires_at is not None and self.expires_at <= at else "good"

    def opens(self, digest: str, at: datetime) -> bool:
        """Whether a secret of this digest is the key's at this moment; the one before may be."""
        if self.state(at) != "good":
            return False
        if hmac.compare_digest(self.digest, digest):
            return True
        until = self.former_until
        return until is not None and at < until and hmac.compare_digest(self.former, digest)


class ApiKeys(Struct, frozen=True):
    """Every key there was, by id."""

    by_id: dict[str, ApiKey] = {}

    def known(self, key_id: str) -> ApiKey:
        """The key; Rejected when there is none of this id."""
        key = self.by_id.get(key_id)
        if key is None:
            raise Rejected(
                Reason.UNKNOWN_KEY,
                f"no key has the id {key_id!r}: `loyalty keys list` shows them all",
                {"key_id": key_id},
            )
        return key


def rotate(
    keys: ApiKeys, key_id: str, digest: str, former_until: datetime, at: datetime, by: str
) -> ApiKeyRotated:
    """A new secret; Rejected for a key that is good no more."""
    if (state := keys.known(key_id).state(at)) != "good":
        raise Rejected(
            Reason.UNKNOWN_KEY,
            f"key {key_id} is {state}: create a new one instead",
            {"key_id": key_id, "state": state},
        )
    return ApiKeyRotated(at=at, key_id=key_id, digest=digest, former_until=former_until, by=by)


def revoke(keys: ApiKeys, key_id: str, at: datetime, by: str) -> list[ApiKeyRevoked]:
    """The end of a key; nothing when it was revoked before."""
    if keys.known(key_id).revoked_at is not None:
        return []
    return [ApiKeyRevoked(at=at, key_id=key_id, by=by)]


ApiKeyEvent = ApiKeyCreated | ApiKeyRotated | ApiKeyRevoked


def evolve(keys: ApiKeys, event: ApiKeyEvent) -> ApiKeys:
    """The keys after the event."""
    return ApiKeys(keys.by_id | {event.key_id: _changed(keys, event)})


def _changed(keys: ApiKeys, event: ApiKeyEvent) -> ApiKey:
    match event:
        case ApiKeyCreated():
            return ApiKey(
                key_id=event.key_id,
                name=event.name,
                scope=event.scope,
                digest=event.digest,
                store_id=event.store_id,
                created_at=event.at,
                expires_at=event.expires_at,
                per_second=event.per_second,
                signed=event.signed,
            )
        case ApiKeyRotated():
            before = keys.by_id[event.key_id]
            return replace(
                before,
                digest=event.digest,
                former=before.digest,
                former_until=event.former_until,
            )
        case ApiKeyRevoked():
            return replace(keys.by_id[event.key_id], revoked_at=event.at)
        case _:
            assert_never(event)
