"""Tiers: a customer's levels. Facts in `events.tiers`, upkeep in `levels`, decisions here."""

from collections.abc import Mapping
from datetime import datetime
from typing import assert_never

from msgspec import Struct
from msgspec.structs import replace

from loyalty_ledger.domain.decider import Decider
from loyalty_ledger.domain.events.merging import MovedLevel, TiersMovedIn, TiersMovedOut
from loyalty_ledger.domain.events.settlement import (
    EntryCount,
    PostedAward,
    PurchaseCounted,
    PurchaseRecounted,
)
from loyalty_ledger.domain.events.tiers import (
    RETURNED,
    TierEntered,
    TierEntryRewarded,
    TierEntryUndone,
    TierKept,
    TierLeft,
    TierSinceMoved,
    TierStep,
)
from loyalty_ledger.domain.levels import (
    Held,
    TierEvent,
    after,
    maintain,
    next_evaluation,
    rank_held,
)
from loyalty_ledger.domain.pages import Pages
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.program.tiers import TierSystem
from loyalty_ledger.domain.progress import Measures, Purchase, holds, leaves
from loyalty_ledger.domain.reviewing import step_of
from loyalty_ledger.domain.values import END_OF_TIME


class Entry(Struct, frozen=True, array_like=True, gc=False):
    """What entering a level gave: awards, offers by definition, and what counts for limits when.

    `codes` are drawn promo codes by promotion. `more` is what it had given customers who were
    merged into this one.
    """

    counted_at: datetime
    awards: tuple[PostedAward, ...] = ()
    offers: dict[str, str] = {}
    counted: tuple[EntryCount, ...] = ()
    codes: dict[str, str] = {}
    more: "tuple[Entry, ...]" = ()

    @property
    def each(self) -> "tuple[Entry, ...]":
        """What it gave, time by time."""
        return (self, *self.more)


class Tiers(Struct, frozen=True, array_like=True, gc=False):
    """Levels held, levels whose entry outcomes were given, and the purchases that count.

    `ways` has each step through a tier system, `entries` what entering a level gave.
    """

    levels: dict[str, Held] = {}
    rewarded: tuple[str, ...] = ()
    purchases: Pages[Purchase] = Pages()
    latest: datetime | None = None
    ways: dict[str, tuple[TierStep, ...]] = {}
    entries: dict[str, Entry] = {}

    def gifts(self, system: str) -> dict[str, tuple[PostedAward, ...]]:
        """What entering levels of the system gave in points, by level."""
        entered = {step.level for step in self.ways.get(system, ())}
        return {
            level: tuple(award for one in entry.each for award in one.awards)
            for level in sorted(entered)
            if (entry := self.entries.get(reward_key(system, level))) is not None
        }


class Maintain(Struct, frozen=True):
    """Evaluate every maintenance that falls due up to and at `until`, each by its own program."""

    customer_id: str
    until: datetime
    measures: Measures
    programs: Mapping[int, Program]


class Advance(Struct, frozen=True):
    """Move up by one level of the system if its entrance holds.

    `at` is the business time; `measured_at` the latest moment that counts for the customer.
    """

    customer_id: str
    system: TierSystem
    at: datetime
    measured_at: datetime
    measures: Measures
    program_version: int
    cause: str


Command = Maintain | Advance
TiersEvent = (
    TierEvent
    | PurchaseCounted
    | PurchaseRecounted
    | TierEntryRewarded
    | TierEntryUndone
    | TiersMovedOut
    | TiersMovedIn
)


def decide(command: Command, tiers: Tiers) -> list[TiersEvent]:
    """What the command comes to."""
    match command:
        case Maintain():
            return [
                *maintain(
                    command.customer_id,
                    tiers.levels,
                    command.until,
                    command.measures,
                    command.programs,
                )
            ]
        case Advance():
            event = advance(command, tiers)
            return [event] if event else []
        case _:
            assert_never(command)


def advance(command: Advance, tiers: Tiers) -> TierEntered | None:
    """The entry into the next level, if there is one and its entrance holds."""
    system, measures = command.system, command.measures
    rank = rank_held(system, tiers.levels)
    if rank + 1 >= len(system.levels):
        return None
    level = system.levels[rank + 1]
    held = tiers.levels.get(system.id)
    at = max(command.measured_at, held.since) if held else command.measured_at
    if level.entrance is None or not holds(level.entrance, measures, at):
        return None
    return TierEntered(
        at=at,
        customer_id=command.customer_id,
        system=system.id,
        level=level.id,
        left=system.levels[rank].id,
        entered_at=command.at,
        until=next_evaluation(level, at, measures.program.time_zone),
        first_time=reward_key(system.id, level.id) not in tiers.rewarded,
        measured=[leaf.as_fact() for leaf in leaves(level.entrance, measures, at)],
        program_version=command.program_version,
        cause=command.cause,
    )


def reward_key(system: str, level: str) -> str:
    """How a level is named where its entry outcomes are remembered."""
    return f"{system}/{level}"


def evolve(tiers: Tiers, event: TiersEvent) -> Tiers:
    """The tiers after the event."""
    match event:
        case PurchaseCounted():
            row = Purchase(event.counted_at, event.spend, event.total, event.times)
            latest = event.at if tiers.latest is None else max(tiers.latest, event.at)
            return replace(tiers, purchases=tiers.purchases.add(row), latest=latest)
        case PurchaseRecounted():
            purchases = _recounted(tiers.purchases, event)
            last = purchases.high if purchases.low < END_OF_TIME else None
            return replace(tiers, purchases=purchases, latest=last)
        case TierEntered() | TierKept() | TierLeft() | TierSinceMoved():
            return _moved(tiers, event)
        case TierEntryRewarded():
            entry = Entry(
                event.counted_at,
                tuple(event.awards),
                event.offers,
                tuple(event.counted),
                event.codes,
            )
            key = reward_key(event.system, event.level)
            return replace(tiers, entries={**tiers.entries, key: entry})
        case TierEntryUndone():
            key = reward_key(event.system, event.level)
            rewarded = tuple(name for name in tiers.rewarded if name != key)
            entries = {name: entry for name, entry in tiers.entries.items() if name != key}
            return replace(tiers, rewarded=rewarded, entries=entries)
        case TiersMovedOut():
            return Tiers()
        case TiersMovedIn():
            return _joined(tiers, event)
        case _:
            assert_never(event)


def _joined(tiers: Tiers, event: TiersMovedIn) -> Tiers:
    """The tiers with those of another customer."""
    purchases, entries = tiers.purchases, dict(tiers.entries)
    for bought in event.purchases:
        row = Purchase(bought.counted_at, bought.spend, bought.total, bought.times)
        purchases = purchases.add(row)
    for moved in event.entries:
        told = moved.counted_at, tuple(moved.awards), moved.offers, tuple(moved.counted)
        there = entries.get(moved.key)
        entry = Entry(*told, moved.codes)
        entries[moved.key] = replace(there, more=(*there.more, entry)) if there else entry
    taken = {one.system: one for one in event.levels}
    return Tiers(
        {**tiers.levels, **{name: _held(one) for name, one in taken.items()}},
        tuple(dict.fromkeys((*tiers.rewarded, *event.rewarded))),
        purchases,
        max((one for one in (tiers.latest, event.latest) if one is not None), default=None),
        {**tiers.ways, **{name: tuple(one.steps) for name, one in taken.items()}},
        entries,
    )


def _held(moved: MovedLevel) -> Held:
    return Held(moved.level, moved.since, moved.until, moved.program_version)


def _moved(tiers: Tiers, event: TierEvent) -> Tiers:
    system = event.system
    levels = {**tiers.levels, system: after(tiers.levels.get(system), event)}
    rewarded, way = tiers.rewarded, tiers.ways.get(system, ())
    if isinstance(event, TierEntered) and event.first_time:
        rewarded = (*rewarded, reward_key(system, event.level))
    if isinstance(event, TierSinceMoved) or (isinstance(event, TierLeft) and event.why == RETURNED):
        way = tuple(event.steps)
        if event.since is None:
            del levels[system]  # as everybody begins
    else:
        way = (*way, step_of(event))
    return replace(tiers, levels=levels, rewarded=rewarded, ways={**tiers.ways, system: way})


def _recounted(purchases: Pages[Purchase], event: PurchaseRecounted) -> Pages[Purchase]:
    """The series with the purchase counted otherwise; one that does not count at all is gone."""
    was = Purchase(event.counted_at, event.was_spend, event.was_total, event.was_times)
    now = Purchase(event.counted_at, event.spend, event.total, event.times)
    pending = [now] if event.times or event.spend else []
    found = False

    def change(row: Purchase) -> Purchase | None:
        nonlocal found
        if found or row != was:
            return row
        found = True
        return pending.pop() if pending else None

    changed = purchases.changed(Purchase, event.counted_at, change)
    return changed.add(pending[0]) if pending else changed


TIERS: Decider[Command, Tiers, TiersEvent] = Decider(Tiers(), decide, evolve)
