"""Tiers: a customer's levels. Facts in `events.tiers`, upkeep in `levels`, decisions here."""

from collections.abc import Mapping
from datetime import datetime
from typing import assert_never

from msgspec import Struct

from loyalty_ledger.domain.decider import Decider
from loyalty_ledger.domain.events.settlement import PurchaseCounted
from loyalty_ledger.domain.events.tiers import TierEntered, TierKept, TierLeft
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


class Tiers(Struct, frozen=True, array_like=True, gc=False):
    """Levels held, levels whose entry outcomes were given, and the purchases that count."""

    levels: dict[str, Held] = {}
    rewarded: tuple[str, ...] = ()
    purchases: Pages[Purchase] = Pages()
    latest: datetime | None = None


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
TiersEvent = TierEvent | PurchaseCounted


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
            return Tiers(tiers.levels, tiers.rewarded, tiers.purchases.add(row), latest)
        case TierEntered() | TierKept() | TierLeft():
            held = after(tiers.levels.get(event.system), event)
            rewarded = tiers.rewarded
            if isinstance(event, TierEntered) and event.first_time:
                rewarded = (*rewarded, reward_key(event.system, event.level))
            return Tiers(
                {**tiers.levels, event.system: held}, rewarded, tiers.purchases, tiers.latest
            )
        case _:
            assert_never(event)


TIERS: Decider[Command, Tiers, TiersEvent] = Decider(Tiers(), decide, evolve)
