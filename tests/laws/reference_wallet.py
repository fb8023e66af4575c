"""A wallet in plain Python: one list of lots an account, and time that passes moment by moment."""

from collections import defaultdict
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
    """What is left of an award, in the lot it made or one that came of that."""

    number: int
    left: int
    earned: datetime
    due: datetime
    award: int


@dataclass
class Fate:
    """What became of an award: expired, expired and taken back so, and where it rolled to."""

    expired: int = 0
    gone: int = 0
    ended_in: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ACCOUNTS, 0))


def in_spend_order(lot: Lot) -> tuple[datetime, datetime, int]:
    """What ends soonest, then the oldest, then what came first."""
    return lot.due, lot.earned, lot.number


@dataclass
class Purse:
    """An account of the wallet."""

    lots: list[Lot] = field(default_factory=list)
    debt: int = 0
    debt_since: datetime | None = None
    idle_since: datetime | None = None

    def take(self, points: int) -> list[tuple[Lot, int]]:
        """Take points, or as many as there are: what came out of which lot."""
        self.lots.sort(key=in_spend_order)
        taken = []
        for lot in self.lots:
            if part := min(lot.left, points):
                lot.left -= part
                points -= part
                taken.append((lot, part))
        self.lots = [lot for lot in self.lots if lot.left]
        return taken

    @property
    def balance(self) -> int:
        """What there is."""
        return sum(lot.left for lot in self.lots) - self.debt


class NaiveWallet:
    """All accounts of a customer."""

    def __init__(self) -> None:
        self.purses = {name: Purse() for name in ACCOUNTS}
        self.fates: dict[int, Fate] = defaultdict(Fate)
        self.spends: list[tuple[str, list[tuple[Lot, int]]]] = []
        self._numbers = count(1)

    def award(self, account: str, points: int, when: datetime) -> int:
        """Points come in; how many the account could hold."""
        purse = self.purses[account]
        held = sum(lot.left for lot in purse.lots)
        points = min(points, max(0, CAP.get(account, 10**9) - held))
        if points:
            self._credit(account, points, when, when)
        return points

    def _credit(
        self, account: str, points: int, when: datetime, earned: datetime, award: int = 0
    ) -> None:
        """A lot of its own, or one that another rolled into; debt comes first."""
        purse, number = self.purses[account], next(self._numbers)
        repaid, holds = self._repay(purse, points, when)
        if points > repaid:
            due = max(ends(account, when), holds)
            purse.lots.append(Lot(number, points - repaid, earned, due, award or number))
        purse.idle_since = max(purse.idle_since or holds, holds)

    def _repay(self, purse: Purse, points: int, when: datetime) -> tuple[int, datetime]:
        repaid = min(purse.debt, points)
        purse.debt -= repaid
        late = purse.debt_since if repaid else None
        return repaid, max(when, late or when)

    def spend(self, account: str, points: int, when: datetime) -> None:
        """Points go out."""
        purse = self.purses[account]
        taken = purse.take(points)
        assert sum(part for _, part in taken) == points
        self.spends.append((account, taken))
        purse.idle_since = max(purse.idle_since or when, when)

    def give_back(self, which: int, points: int, when: datetime) -> None:
        """Points of a spend come back to where they were, or live on for thirty days."""
        account, taken = self.spends[which]
        purse = self.purses[account]
        while points:
            lot, part = taken.pop()
            back = min(part, points)
            points -= back
            if part > back:
                taken.append((lot, part - back))
            kept = back - self._repay(purse, back, when)[0]
            open_lots = [one for one in purse.lots if one.number == lot.number]
            if lot.due <= when:
                number, due = next(self._numbers), days_after(when, 30)
                open_lots, lot = [], Lot(number, 0, lot.earned, due, lot.award)
            if kept and not open_lots:
                lot.left = 0
                purse.lots.append(lot)
            for one in open_lots or [lot]:
                one.left += kept

    def claw_back(self, account: str, points: int, award: int, when: datetime) -> None:
        """An award is taken back: what is left of it, then as expired, then from where it went."""
        fate = self.fates[award]
        places = [*dict.fromkeys((account, INTO.get(account, account), "points"))]
        own = [(lot, at) for at in places for lot in self.purses[at].lots if lot.award == award]
        for lot, at in sorted(own, key=lambda one: in_spend_order(one[0])):
            part = min(lot.left, points)
            lot.left -= part
            points -= part
            fate.ended_in[at] -= part
        for purse in self.purses.values():
            purse.lots = [lot for lot in purse.lots if lot.left]
        gone = min(points, fate.expired - fate.gone)
        fate.gone += gone
        points -= gone
        for at in places[1:]:
            part = min(points, max(0, fate.ended_in[at]))
            fate.ended_in[at] -= part
            self._owe(at, part, when)
            points -= part
        self._owe(account, points, when)

    def _owe(self, account: str, points: int, when: datetime) -> None:
        purse = self.purses[account]
        missing = points - sum(part for _, part in purse.take(points))
        if missing and account not in WRITES_OFF:
            purse.debt += missing
            purse.debt_since = max(purse.debt_since or when, when)

    def pass_time(self, until: datetime) -> None:
        """Everything that falls due, in its order."""
        while (due := min(self._due())) <= (until, "~"):
            moment, account = due
            purse = self.purses[account]
            gone = [(lot, lot.left) for lot in purse.lots if lot.due == moment]
            purse.lots = [lot for lot in purse.lots if lot.due != moment]
            if not gone:
                gone = purse.take(purse.balance // 2)
                purse.idle_since = moment
            for lot, points in sorted(gone, key=lambda one: in_spend_order(one[0])):
                fate = self.fates[lot.award]
                fate.ended_in[account] -= points
                if account in INTO:
                    fate.ended_in[INTO[account]] += points
                    self._credit(INTO[account], points, moment, lot.earned, lot.award)
                else:
                    fate.expired += points

    def _due(self) -> list[tuple[datetime, str]]:
        moments = [(lot.due, name) for name, purse in self.purses.items() for lot in purse.lots]
        sleepy = self.purses["sleepy"]
        if sleepy.idle_since and sleepy.balance > 1:
            moments.append((days_after(sleepy.idle_since, 20), "sleepy"))
        return [*moments, (NEVER, "")]


def left_of_idle_points(
    happened: list[tuple[datetime, int]], until: datetime, days: int
) -> tuple[int, datetime | None]:
    """What an account holds of which half goes after each so many days without anything.

    `happened` are points that came and went, in the order of time. Who spent more than he would
    have had is not asked for what would have gone before. With it, since when nothing happened.
    """
    balance, gone = 0, 0
    since: datetime | None = None
    for moment, points in [*happened, (until, 0)]:
        while since and balance > 1 and (due := days_after(since, days)) <= moment:
            gone, balance, since = gone + balance // 2, balance - balance // 2, due
        if points:
            forgiven = min(gone, max(0, -points - max(0, balance)))
            gone, balance, since = gone - forgiven, balance + forgiven + points, moment
    return balance, since
