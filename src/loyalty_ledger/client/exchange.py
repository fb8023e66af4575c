"""Asking and being answered, without a connection: both clients do the same.

A request that got no answer is sent again as it was, under the same id: the service does it once.
"""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import uuid4

import httpx
import msgspec

from loyalty_ledger.client.call import Call
from loyalty_ledger.client.refusals import Refused, Unanswered

T = TypeVar("T")
FULFILLED = {"OK", "ok"}
PENDING = "pending_processing"
LATER = (429, 503)


def _as_text(value: object) -> str:
    if isinstance(value, str):  # a class of its own, such as an id of the retailer's
        return str(value)
    raise TypeError(f"{value!r} cannot be sent: give text, numbers, moments, lists and objects")


_encode = msgspec.json.Encoder(decimal_format="number", enc_hook=_as_text).encode


class Caller(NamedTuple):
    """Who calls: a key, and for tills the store and the till."""

    key: str
    secret: str
    store_id: str
    client_id: str


class Patience(NamedTuple):
    """How often a call is made until it is answered, and the longest wait between, in seconds."""

    attempts: int = 6
    first_wait_s: float = 0.1
    longest_wait_s: float = 10.0


class Exchange(Generic[T]):
    """One call on its way: its request, and what becomes of it."""

    def __init__(self, call: Call[T], caller: Caller, patience: Patience):
        self._call = call
        self._patience = patience
        self._made = 0
        self.request_id = call.request_id or (str(uuid4()) if call.writes else None)
        self.request = _request(call, caller, self.request_id)
        self.wait_s = 0.0

    def lost(self, error: httpx.TransportError) -> None:
        """No answer came; raises Unanswered when it is not to be asked again."""
        if not self._may_ask_again(None):
            raise Unanswered(self.request_id, f"{type(error).__name__}: {error}") from error

    def is_answer(self, response: httpx.Response) -> bool:
        """Whether that is the answer; if not, ask again after `wait_s`."""
        is_later = response.status_code in LATER or _code(response) == PENDING
        return not (is_later and self._may_ask_again(response.headers.get("retry-after")))

    def result(self, response: httpx.Response) -> T:
        """What was answered; raises Refused."""
        if response.status_code == 200 and self._call.form != "json":
            plain: T = _plain(response, self._call.form)
            return plain
        told = _told(response)
        if response.status_code != 200 or (
            self._call.family != "admin" and told.get("status") not in FULFILLED
        ):
            raise _refusal(told, response.status_code)
        answer: Any = told if self._call.part is None else told.get(self._call.part)
        result: T = answer
        return result

    def _may_ask_again(self, after: str | None) -> bool:
        patience = self._patience
        self._made += 1
        wait_s = patience.first_wait_s * 2 ** (self._made - 1)
        if after is not None and after.isdecimal():
            wait_s = max(wait_s, float(after))
        self.wait_s = min(wait_s, patience.longest_wait_s)
        return self._call.again and self._made < patience.attempts


def _request(call: Call[Any], caller: Caller, request_id: str | None) -> dict[str, Any]:
    """The request as httpx takes it."""
    made: dict[str, Any] = {"method": call.method, "params": dict(call.query), "headers": {}}
    made["url"] = call.path.replace("{api_key}", caller.key)
    body = call.body
    if call.family == "pos":
        body = {"client_id": caller.client_id, "store_id": caller.store_id} | {
            "request_id": request_id or str(uuid4()),
            "request_payload": body,
        }
    elif call.family == "connect" and request_id is not None:
        body = {**(body or {}), "idempotency_id": request_id}
    elif request_id is not None:
        made["headers"]["Message-ID"] = request_id
    if body is not None:
        made["content"] = _encode(body)
        made["headers"]["Content-Type"] = "application/json"
    return made


def _told(response: httpx.Response) -> Mapping[str, Any]:
    """The answer as JSON, its numbers exactly; nothing when it is none."""
    try:
        told = json.loads(response.content, parse_float=Decimal)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _plain(response: httpx.Response, form: str) -> Any:
    if form == "text":
        return response.text
    return [json.loads(line, parse_float=Decimal) for line in response.text.splitlines()]


def _code(response: httpx.Response) -> str | None:
    errors = _told(response).get("errors")
    return errors.get("code") if isinstance(errors, dict) else None


def _refusal(told: Mapping[str, Any], status: int) -> Refused:
    errors = told.get("errors", told)  # a problem document has no `errors`
    return Refused(
        str(errors.get("code", f"http_{status}")),
        str(errors.get("message", errors.get("detail", ""))),
        errors.get("details", {}),
        status,
    )
