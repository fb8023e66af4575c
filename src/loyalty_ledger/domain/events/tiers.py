"""Levels reached, kept and left."""

from datetime import datetime
from typing import Any

from loyalty_ledger.domain.events.base import Event, Fact
from loyalty_ledger.domain.events.settlement import EntryCount, PostedAward


class TierEntered(Event, frozen=True, kw_only=True):
    """The customer moved up to `level`; `first_time` when its entry outcomes are due.

    `until` is the next evaluation of its maintenance; `measured` what its entrance was judged by.
    `by_hand` when somebody put him there, whatever its entrance asks for.
    """

    customer_id: str
    system: str
    level: str
    left: str
    entered_at: datetime
    until: datetime | None = None
    first_time: bool = True
    measured: list[dict[str, Any]] = []
    by_hand: bool = False
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


RETURNED, BY_HAND = "returned", "by hand"


class TierStep(Fact, frozen=True, kw_only=True):
    """A step of a customer's way through a tier system: `kind` is entered, assigned, kept or left.

    `level` is the one held from then on.
    """

    kind: str
    level: str
    at: datetime
    program_version: int


class TierLeft(Event, frozen=True, kw_only=True):
    """The customer moved down from `level` to `entered`: maintenance failed, a return or somebody
    did it.

    After a return `since` is when `entered` counts from, None for what everybody begins in, and
    `steps` the way that is left.
    """

    customer_id: str
    system: str
    level: str
    entered: str
    until: datetime | None = None
    why: str
    measured: list[dict[str, Any]] = []
    since: datetime | None = None
    steps: list[TierStep] = []
    program_version: int
    cause: str = ""


class TierSinceMoved(Event, frozen=True, kw_only=True):
    """After a return the level still holds, on what was earned later: from `since` on.

    Without `since` it is the first one, as everybody begins.
    """

    customer_id: str
    system: str
    level: str
    since: datetime | None = None
    until: datetime | None = None
    steps: list[TierStep]
    program_version: int
    cause: str


class TierEntryRewarded(Event, frozen=True, kw_only=True):
    """What entering a level gave, and the point sources that it counts for, at `counted_at`.

    `codes` are those drawn by it: digest -> promotion.
    """

    customer_id: str
    system: str
    level: str
    awards: list[PostedAward] = []
    offers: dict[str, str] = {}
    counted: list[EntryCount] = []
    counted_at: datetime
    codes: dict[str, str] = {}
    program_version: int
    cause: str


class TierEntryUndone(Event, frozen=True, kw_only=True):
    """After a return the level counts as never entered, and what its entry gave is taken back."""

    customer_id: str
    system: str
    level: str
    cause: str
