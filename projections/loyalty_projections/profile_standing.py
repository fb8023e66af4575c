"""How a customer of a profile stands: his consent, tags and flags, and when he was changed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from loyalty_ledger.domain.events.base import Event
from loyalty_ledger.domain.events.customers import (
    CustomerChanged,
    CustomerEnrolled,
    CustomerErased,
    IdentifierLinked,
    IdentifierUnlinked,
)
from loyalty_ledger.domain.events.merging import CustomerAbsorbed
from loyalty_ledger.domain.events.operating import OperatorActed
from loyalty_projections.profile_tables import CUSTOMERS
from loyalty_projections.projection import Handler, Recorded
from loyalty_projections.rows import Reader, Rows


def _enrolled(rows: Rows, event: CustomerEnrolled, _recorded: Recorded) -> None:
    rows.merge(CUSTOMERS, (event.customer_id,), enrolled_at=event.at, **_standing(event))


def _changed(rows: Rows, event: CustomerChanged, _recorded: Recorded) -> None:
    rows.merge(CUSTOMERS, (event.customer_id,), **_standing(event))


def _touched(
    rows: Rows, event: IdentifierLinked | IdentifierUnlinked | CustomerAbsorbed, _: Recorded
) -> None:
    rows.merge(CUSTOMERS, (event.customer_id,), changed_at=event.at)


def _edited(rows: Rows, event: OperatorActed, _recorded: Recorded) -> None:
    if event.customer_id:
        rows.merge(CUSTOMERS, (event.customer_id,), changed_at=event.at)


def _standing(event: CustomerEnrolled | CustomerChanged) -> dict[str, Any]:
    return {
        "opted_in": int(event.opted_in),
        "tags": _json(event.tags),
        "tag_ends": _json(event.tag_ends),
        "suspended": int(event.suspended),
        "test": int(event.test),
        "changed_at": event.at,
    }


def _erased(rows: Rows, event: CustomerErased, _recorded: Recorded) -> None:
    rows.merge(CUSTOMERS, (event.customer_id,), opted_in=0, tags=_json([]), changed_at=event.at)


def _json(value: list[str] | dict[str, datetime]) -> str:
    return msgspec.json.encode(value, order="sorted").decode()


STANDING_HANDLERS: Mapping[type[Event], Handler] = {
    CustomerEnrolled: _enrolled,
    CustomerChanged: _changed,
    CustomerErased: _erased,
    CustomerAbsorbed: _touched,
    IdentifierLinked: _touched,
    IdentifierUnlinked: _touched,
    OperatorActed: _edited,
}


class Facts(NamedTuple):
    """How a customer stands, and when he joined; None for one not enrolled, without
    consent.

    `changed_at` is when that, what names him or what is kept of him was last other than before.
    `tags` says when each ends; None is never.
    """

    enrolled_at: datetime | None = None
    opted_in: bool = False
    tags: tuple[tuple[str, datetime | None], ...] = ()
    suspended: bool = False
    test: bool = False
    changed_at: datetime | None = None


def facts(reader: Reader, customer_id: str) -> Facts:
    """How the customer stands, and when he joined."""
    found = reader.select(CUSTOMERS, customer_id=customer_id)
    if not found:
        return Facts()
    row = found[0]
    ends = msgspec.json.decode(row.tag_ends, type=dict[str, datetime])
    tags = msgspec.json.decode(row.tags, type=tuple[str, ...])
    dated = tuple((tag, ends.get(tag)) for tag in tags)
    flags = bool(row.suspended), bool(row.test)
    return Facts(row.enrolled_at, bool(row.opted_in), dated, *flags, row.changed_at)
