"""Levels that move with their customer: in each system the higher one, and all that counts."""

from collections.abc import Iterable
from datetime import datetime

from msgspec.structs import replace

from loyalty_ledger.domain.events.base import Event
from loyalty_ledger.domain.events.merging import (
    MovedEntry,
    MovedLevel,
    MovedPurchase,
    TiersMovedIn,
)
from loyalty_ledger.domain.events.settlement import (
    PostedAward,
    PurchaseCounted,
    PurchaseRecounted,
)
from loyalty_ledger.domain.levels import Held, Levels, rank_held, system_of
from loyalty_ledger.domain.lots import Programs
from loyalty_ledger.domain.tier import Tiers


def levels_of(tiers: Tiers) -> list[MovedLevel]:
    """Every level held, with the way to it."""
    return [
        MovedLevel(
            system=system,
            level=held.level,
            since=held.since,
            until=held.until,
            program_version=held.program_version,
            steps=list(tiers.ways.get(system, ())),
        )
        for system, held in tiers.levels.items()
    ]


def better(levels: Iterable[MovedLevel], there: Levels, programs: Programs) -> list[MovedLevel]:
    """Those above the level held there, or as high for longer; by the newest program with both."""
    return [one for one in levels if _beats(one, there.get(one.system), programs)]


def _beats(one: MovedLevel, held: Held | None, programs: Programs) -> bool:
    if held is None:
        return True
    for version in sorted(programs, reverse=True):
        system = system_of(programs[version], one.system, one.level)
        if system is not None and held.level in [level.id for level in system.levels]:
            mine = rank_held(system, {one.system: Held(one.level, one.since, one.until, version)})
            rank = rank_held(system, {one.system: held})
            return mine > rank or (mine == rank and one.since < held.since)
    return one.program_version > held.program_version


def purchases_of(customer_id: str, history: Iterable[Event]) -> list[MovedPurchase]:
    """The sales that count for the customer by these events of his, those that came to him too."""
    found: dict[tuple[datetime, str], list[int]] = {}

    def add(at: datetime, transaction: str, spend: int, total: int, times: int) -> None:
        sums = found.setdefault((at, transaction), [0, 0, 0])
        sums[:] = [sums[0] + spend, sums[1] + total, sums[2] + times]

    for one in history:
        match one:
            case PurchaseCounted() if one.customer_id == customer_id:
                add(one.counted_at, one.transaction, one.spend, one.total, one.times)
            case PurchaseRecounted() if one.customer_id == customer_id:
                spend, total = one.spend - one.was_spend, one.total - one.was_total
                add(one.counted_at, one.transaction, spend, total, one.times - one.was_times)
            case TiersMovedIn() if one.customer_id == customer_id:
                for x in one.purchases:
                    add(x.counted_at, x.transaction, x.spend, x.total, x.times)
            case _:
                pass
    return [
        MovedPurchase(counted_at=at, transaction=name, spend=spend, total=total, times=times)
        for (at, name), (spend, total, times) in found.items()
        if spend or total or times
    ]


def entries_of(tiers: Tiers, numbering: int) -> list[MovedEntry]:
    """What entering levels had given, by the new numbers of lots."""
    return [
        MovedEntry(
            key=key,
            awards=renumbered(one.awards, numbering),
            offers=dict(one.offers),
            counted=list(one.counted),
            counted_at=one.counted_at,
            codes=dict(one.codes),
        )
        for key, entry in tiers.entries.items()
        for one in entry.each
    ]


def renumbered(awards: Iterable[PostedAward], numbering: int) -> list[PostedAward]:
    """Awards, by the new numbers of their lots."""
    return [replace(award, lot=award.lot + numbering) for award in awards]
