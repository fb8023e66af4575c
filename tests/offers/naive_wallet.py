"""A wallet worked out from the raw movements and the calendar alone, for the sample."""

from datetime import datetime, timedelta
from typing import Any

from loyalty_ledger.domain.events.points import (
    InactivityReviewed,
    PointsAwarded,
    PointsClawedBack,
    PointsExpired,
    PointsRestored,
    PointsRolledOver,
    PointsSpent,
)
from loyalty_ledger.domain.values import from_wall, to_wall

LIVES = {1: 2, 2: 2, 3: 3}
"""The months that points live, by program version."""


class Naive:
    """Lots as (account, points left, end, program), debts, and since when an account lies idle."""

    def __init__(self) -> None:
        self.lots: dict[int, list[Any]] = {}
        self.lifetime: dict[str, int] = {}
        self.idle: dict[str, datetime] = {}
        self.debts: dict[str, int] = {}

    def take(self, event: object) -> None:
        match event:
            case PointsAwarded():
                version = event.program_version
                kept = event.points - event.made_up - self._repaid(event.account, event.repaid)
                self.lots[event.lot] = [event.account, kept, event.expires_at, version]
                self.lifetime[event.account] = self.lifetime.get(event.account, 0) + event.points
                self.idle[event.account] = max(event.at, self.idle.get(event.account, event.at))
            case PointsExpired():
                self._expired(event)
            case PointsRolledOver():
                self._rolled_over(event)
            case PointsClawedBack() | PointsRestored():
                self._went_back(event)
            case PointsSpent():
                for part in event.lots:
                    self.lots[part.lot][1] -= part.points
            case InactivityReviewed():
                self._reviewed(event)

    def _expired(self, event: PointsExpired) -> None:
        for part in event.lots:
            self.lots[part.lot][1] -= part.points
        if event.kind == "inactivity":
            self.idle[event.account] = event.at

    def _rolled_over(self, event: PointsRolledOver) -> None:
        for rolled in event.lots:
            self.lots[rolled.lot][1] -= rolled.points
            ends, version = rolled.expires_at, event.program_version
            kept = rolled.points - self._repaid(event.into, rolled.repaid)
            self.lots[rolled.new_lot] = [event.into, kept, ends, version]

    def _reviewed(self, event: InactivityReviewed) -> None:
        for part in event.lost:
            self.lots[part.lot][1] -= part.points
        self._came_back(event)
        self.idle.pop(event.account, None)
        if event.idle_from is not None:
            self.idle[event.account] = event.idle_from

    def _went_back(self, event: PointsClawedBack | PointsRestored) -> None:
        if isinstance(event, PointsClawedBack):
            for part in event.lots:
                self.lots[part.lot][1] -= part.points
            self._repaid(event.account, -event.debt)
            self.lifetime[event.awarded_in or event.account] -= event.points
            return
        self._came_back(event)

    def _came_back(self, event: PointsRestored | InactivityReviewed) -> None:
        for lot in event.back if isinstance(event, InactivityReviewed) else event.lots:
            kept = lot.points - self._repaid(event.account, lot.repaid)
            new = [event.account, 0, lot.expires_at, lot.program_version]
            self.lots.setdefault(lot.into, new)[1] += kept

    def _repaid(self, account: str, points: int) -> int:
        self.debts[account] = self.debts.get(account, 0) - points
        return points

    def available(self, account: str) -> int:
        return sum(self.left(account)) - self.debts.get(account, 0)

    def left(self, account: str) -> list[int]:
        return [lot[1] for lot in self.lots.values() if lot[0] == account]

    def elapse(self, now: datetime) -> None:
        """What is due and not recorded: pending points roll over and live some months more."""
        for lot in list(self.lots.values()):
            if lot[0] == "pending" and lot[2] <= now and lot[1]:
                ends = later(lot[2], months=LIVES[lot[3]])
                repaid = self._repaid("points", min(lot[1], self.debts.get("points", 0)))
                self.lots[len(self.lots) + 10_000] = ["points", lot[1] - repaid, ends, lot[3]]
        for lot in self.lots.values():
            if lot[2] is not None and lot[2] <= now:
                lot[1] = 0
        stars = sum(self.left("stars"))
        while stars * 40 // 100 and later(self.idle["stars"], days=6) <= now:
            self.idle["stars"] = later(self.idle["stars"], days=6)
            stars -= stars * 40 // 100
        for lot in self.lots.values():
            if lot[0] == "stars":
                lot[1], stars = stars, 0


def later(moment: object, *, months: int = 0, days: int = 0) -> datetime:
    assert isinstance(moment, datetime)
    wall = to_wall(moment, "America/New_York") + timedelta(days=days)
    month = wall.month - 1 + months
    year = wall.year + month // 12
    for day in range(wall.day, 27, -1):
        try:
            wall = wall.replace(year=year, month=month % 12 + 1, day=day)
            break
        except ValueError:
            continue
    else:
        wall = wall.replace(year=year, month=month % 12 + 1)
    return from_wall(wall, "America/New_York")
