"""A wallet in plain Python: one list of lots an account, and time that passes moment by moment."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("America/New_York")
LIVES = {"points": 30, "escrow": 10, "chain": 5}  # days
INTO = {"escrow": "points", "chain": "escrow"}
CAP = {"capped": 100}
WRITES_OFF = {"strict"}
NEVER = datetime.max.replace(tzinfo=UTC)
ACCOUNTS = ("points", "escrow", "chain", "yearly", "sleepy", "capped", "strict")


def days_after(moment: datetime, days: int) -> datetime:
    """The same time of day, that many days later, in New York."""
    wall = moment.astimezone(ZONE).replace(tzinfo=None) + timedelta(days=days)
    return wall.replace(tzinfo=ZONE).astimezone(UTC)


def ends(account: str, moment: datetime) -> datetime:
    """When points that came into the account then fall due."""
    if account == "yearly":
        year = moment.astimezone(ZONE).year
        first = (date(y, 3, 1) for y in (year, year + 1))
        begins = (datetime(d.year, d.month, d.day, tzinfo=ZONE).astimezone(UTC) for d in first)
        return next(begin for begin in begins if begin > moment)
    return days_after(moment, LIVES[account]) if account in LIVES else NEVER


@dataclass
class Lot:
    """What is left of an award."""

    number: int
    left: int
    earned: datetime
    due: datetime


@dataclass
class Purse:
    """An account of the wallet."""

    lots: list[Lot] = field(default_factory=list)
    debt: int = 0
    debt_since: datetime | None = None
    idle_since: datetime | None = None

    def take(self, points: int, first: set[int]) -> int:
        """Take points, from these lots first; how many no lot held."""
        self.lots.sort(key=lambda x: (x.number not in first, x.due, x.earned, x.number))
        for lot in self.lots:
            part = min(lot.left, points)
            lot.left -= part
            points -= part
        self.lots = [lot for lot in self.lots if lot.left]
        return points

    @property
    def balance(self) -> int:
        """What there is."""
        return sum(lot.left for lot in self.lots) - self.debt


class NaiveWallet:
    """All accounts of a customer."""

    def __init__(self) -> None:
        self.purses = {name: Purse() for name in ACCOUNTS}
        self._numbers = count(1)

    def award(self, account: str, points: int, when: datetime) -> int:
        """Points come in; how many the account could hold."""
        purse = self.purses[account]
        points = min(points, max(0, CAP.get(account, 10**9) - purse.balance))
        if points:
            self._credit(account, points, when, when)
        return points

    def _credit(self, account: str, points: int, when: datetime, earned: datetime) -> None:
        purse, number = self.purses[account], next(self._numbers)
        repaid = min(purse.debt, points)
        holds = max(when, purse.debt_since) if repaid and purse.debt_since else when
        purse.debt -= repaid
        if points > repaid:
            due = max(ends(account, when), holds)
            purse.lots.append(Lot(number, points - repaid, earned, due))
        purse.idle_since = max(purse.idle_since or holds, holds)

    def spend(self, account: str, points: int, when: datetime) -> None:
        """Points go out."""
        purse = self.purses[account]
        assert purse.take(points, set()) == 0
        purse.idle_since = max(purse.idle_since or when, when)

    def claw_back(self, account: str, points: int, own: set[int], when: datetime) -> None:
        """Points are taken back, as debt if there are none left."""
        purse = self.purses[account]
        missing = purse.take(points, own)
        if missing and account not in WRITES_OFF:
            purse.debt += missing
            purse.debt_since = max(purse.debt_since or when, when)

    def pass_time(self, until: datetime) -> None:
        """Everything that falls due, in its order."""
        while (due := min(self._due())) <= (until, "~"):
            moment, account = due
            purse = self.purses[account]
            gone = [lot for lot in purse.lots if lot.due == moment]
            purse.lots = [lot for lot in purse.lots if lot.due != moment]
            if not gone:
                purse.take(purse.balance // 2, set())
                purse.idle_since = moment
            for lot in gone:
                if account in INTO:
                    self._credit(INTO[account], lot.left, moment, lot.earned)

    def _due(self) -> list[tuple[datetime, str]]:
        moments = [(lot.due, name) for name, purse in self.purses.items() for lot in purse.lots]
        sleepy = self.purses["sleepy"]
        if sleepy.idle_since and sleepy.balance > 1:
            moments.append((days_after(sleepy.idle_since, 20), "sleepy"))
        return [*moments, (NEVER, "")]
