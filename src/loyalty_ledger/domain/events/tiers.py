"""Levels reached, kept and left."""

from datetime import datetime
from typing import Any

from loyalty_ledger.domain.events.base import Event


class TierEntered(Event, frozen=True, kw_only=True):
    """The customer moved up to `level`; `first_time` when its entry outcomes are due.

    `until` is the next evaluation of its maintenance; `measured` what its entrance was judged by.
    """

    customer_id: str
    system: str
    level: str
    left: str
    entered_at: datetime
    until: datetime | None = None
    first_time: bool = True
    measured: list[dict[str, Any]] = []
    program_version: int
    cause: str


class TierKept(Event, frozen=True, kw_only=True):
    """Maintenance was evaluated and held; the next evaluation is at `until`."""

    customer_id: str
    system: str
    level: str
    until: datetime | None = None
    measured: list[dict[str, Any]] = []
    program_version: int


class TierLeft(Event, frozen=True, kw_only=True):
    """The customer moved down from `level` to `entered`, since maintenance failed."""

    customer_id: str
    system: str
    level: str
    entered: str
    until: datetime | None = None
    why: str
    measured: list[dict[str, Any]] = []
    program_version: int
    cause: str = ""
