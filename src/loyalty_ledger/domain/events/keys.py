"""Facts about API keys. A secret is known by its digest alone."""

from datetime import datetime

from loyalty_ledger.domain.events.base import Event


class ApiKeyCreated(Event, frozen=True, kw_only=True):
    """A program may call the service under this key, within its scope.

    With a `store_id` only for that store; without `expires_at` for ever. `per_second` is how often
    it may call, 0 for as often as it likes; `by` is who made it. `signed`: its requests are signed.
    """

    key_id: str
    name: str
    scope: str
    digest: str
    store_id: str = ""
    expires_at: datetime | None = None
    per_second: int = 0
    signed: bool = False
    by: str = ""


class ApiKeyRotated(Event, frozen=True, kw_only=True):
    """The key has a new secret; the one before is good until `former_until`."""

    key_id: str
    digest: str
    former_until: datetime
    by: str = ""


class ApiKeyRevoked(Event, frozen=True, kw_only=True):
    """The key is good no more."""

    key_id: str
    by: str = ""
