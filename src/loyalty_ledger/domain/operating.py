"""What operators do that no decision looks at: it is recorded for auditors. Facts in `events`."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from msgspec import Struct

from loyalty_ledger.domain.events.operating import OperatorActed


class By(NamedTuple):
    """Who did something: the key that called, and its request."""

    key_id: str
    request_id: str


class Acts(Struct, frozen=True):
    """What was done before: nothing is decided on it."""


def acted(act: str, subject: str, by: By, at: datetime) -> OperatorActed:
    """That this was done, to a projection or an export of that name."""
    return OperatorActed(
        at=at, act=act, subject=subject, key_id=by.key_id, request_id=by.request_id
    )


def edited(customer_id: str, fields: Iterable[str], by: By, at: datetime) -> OperatorActed:
    """That these fields about a customer were changed."""
    return OperatorActed(
        at=at,
        act="edit",
        customer_id=customer_id,
        fields=sorted(set(fields)),
        key_id=by.key_id,
        request_id=by.request_id,
    )


def evolve(acts: Acts, _event: OperatorActed) -> Acts:
    """The same, whatever was done."""
    return acts
