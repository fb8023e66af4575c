"""What the service refuses by itself, before the ledger is asked."""

from collections.abc import Mapping
from typing import Any

from loyalty_ledger.domain.values import Reason, Rejected


class Turned(Exception):  # noqa: N818 - an answer, not an error
    """A request that is turned away: with an HTTP status, a name of the data file, a sentence."""

    def __init__(
        self, status: int, what: str, message: str, headers: Mapping[str, str] | None = None
    ):
        super().__init__(message)
        self.status = status
        self.what = what
        self.message = message
        self.headers = dict(headers or {})

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.status, self.what, self.message, self.headers)


def unauthorised(message: str) -> Turned:
    """401: nobody knows who is calling."""
    challenge = {"WWW-Authenticate": 'Basic realm="loyalty-ledger", charset="UTF-8"'}
    return Turned(401, "unauthorised", message, challenge)


def denied(message: str) -> Turned:
    """403: the caller is known, and may not do this."""
    return Turned(403, "denied", message)


def busy(message: str) -> Turned:
    """503: not now."""
    return Turned(503, "busy", message, {"Retry-After": "1"})


def pending(request_id: str) -> Rejected:
    """The refusal of a request that is being processed."""
    return Rejected(
        Reason.PENDING_PROCESSING,
        "this request is being processed: ask again in a moment",
        {"request_id": request_id},
    )
