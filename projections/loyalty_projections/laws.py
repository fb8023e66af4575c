"""The laws of the books, checked event by event along the log.

For every lot, what was taken never exceeds what was issued. For every account of a customer, the
balance that the movements make equals the sum of its lots less its debt. At every position the
trial balance is zero, its customers' side being the sum over all customers.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from loyalty_ledger.domain.events.base import Event
from loyalty_ledger.domain.events.merging import PointsMovedIn, PointsMovedOut
from loyalty_ledger.domain.events.points import (
    InactivityReviewed,
    PointsAwarded,
    PointsClawedBack,
    PointsExpired,
    PointsRestored,
    PointsRolledOver,
    PointsSpent,
    RestoredLot,
)
from loyalty_projections import books
from loyalty_projections.projection import Recorded
from loyalty_projections.tables import Key, Table

EVENTS = frozenset(event.__name__ for event in books.PROJECTION.handlers)
"""The names of the events that move points: the others need not be read."""


class Offence(NamedTuple):
    """The first event that breaks a law."""

    position: int
    stream: str
    version: int
    law: str
    detail: str


class _Broken(Exception):  # noqa: N818 - carries an offence
    def __init__(self, law: str, detail: str):
        super().__init__(law, detail)
        self.law, self.detail = law, detail


class Laws:
    """Takes events in log order and remembers only what is still open."""

    def __init__(self) -> None:
        self._sides = _Sides()
        self._purses: dict[tuple[str, str], _Purse] = {}
        self._last_lot: dict[str, int] = {}
        self._totals: dict[str, int] = {}
        self._check: dict[type[Event], Callable[[Any], Iterable[str]]] = {
            PointsAwarded: self._awarded,
            PointsSpent: self._spent,
            PointsExpired: self._spent,
            PointsClawedBack: self._clawed_back,
            PointsRolledOver: self._rolled_over,
            PointsRestored: self._restored,
            InactivityReviewed: self._reviewed,
            PointsMovedOut: self._moved_out,
            PointsMovedIn: self._moved_in,
        }

    def take(self, recorded: Recorded) -> Offence | None:
        """One more event; the offence if it breaks a law."""
        check = self._check.get(type(recorded.event))
        if check is None:
            return None
        try:
            accounts = check(recorded.event)
            books.PROJECTION.apply(self._sides, recorded)
            for account in accounts:
                self._check_account(recorded.event, account)
        except _Broken as broken:
            return Offence(
                recorded.position, recorded.stream, recorded.version, broken.law, broken.detail
            )
        return None

    def _check_account(self, event: Any, account: str) -> None:
        purse = self._purse(event.customer_id, account)
        if purse.balance != purse.in_lots - purse.debt:
            raise _Broken(
                "balance = lots - debt",
                f"{event.customer_id} in {account}: {purse.balance} is not "
                f"{purse.in_lots} - {purse.debt}",
            )
        sides = self._sides.points[account]
        if sum(sides.values()):
            raise _Broken("trial balance is zero", f"{account}: {sides}")
        if sides["balance"] != self._totals[account]:
            raise _Broken(
                "the customers' side is the sum over customers",
                f"{account}: {sides['balance']} is not {self._totals[account]}",
            )

    def _awarded(self, event: PointsAwarded) -> tuple[str, ...]:
        purse = self._purse(event.customer_id, event.account)
        self._repay(purse, event, event.repaid)
        made = event.points - event.made_up
        self._put(purse, event, event.lot, made - event.repaid)
        self._move(purse, event.account, made)
        return (event.account,)

    def _spent(self, event: PointsSpent | PointsExpired) -> tuple[str, ...]:
        purse = self._purse(event.customer_id, event.account)
        for part in event.lots:
            self._take(purse, event, part.lot, part.points)
            gone = purse.spent if isinstance(event, PointsSpent) else purse.expired
            gone[part.lot] = gone.get(part.lot, 0) + part.points
        self._move(purse, event.account, -event.points)
        return (event.account,)

    def _clawed_back(self, event: PointsClawedBack) -> tuple[str, ...]:
        purse = self._purse(event.customer_id, event.account)
        for part in event.lots:
            self._take(purse, event, part.lot, part.points)
        if event.debt < 0 or event.written_off < 0:
            raise _Broken("debt only grows by a claw-back", f"{event.debt}, {event.written_off}")
        purse.debt += event.debt
        from_nowhere = event.written_off + event.already_gone
        self._move(purse, event.account, from_nowhere - event.points)
        return (event.account,)

    def _restored(self, event: PointsRestored) -> tuple[str, ...]:
        """Points go back to the lot they came from, never more of them than were spent."""
        purse = self._purse(event.customer_id, event.account)
        for lot in event.lots:
            self._give_back(purse, event, lot, purse.spent, "spent")
        self._move(purse, event.account, event.points)
        return (event.account,)

    def _reviewed(self, event: InactivityReviewed) -> tuple[str, ...]:
        """Points that inactivity had not taken are taken, or those it had go back to their lots."""
        purse = self._purse(event.customer_id, event.account)
        for part in event.lost:
            self._take(purse, event, part.lot, part.points)
            purse.expired[part.lot] = purse.expired.get(part.lot, 0) + part.points
        for lot in event.back:
            self._give_back(purse, event, lot, purse.expired, "lost")
        self._move(purse, event.account, -event.points)
        return (event.account,)

    def _give_back(
        self, purse: "_Purse", event: Any, lot: RestoredLot, gone: dict[int, int], how: str
    ) -> None:
        self._repay(purse, event, lot.repaid)
        kept = lot.points - lot.repaid
        left = gone.get(lot.lot, 0) - lot.points
        if left < 0:
            raise _Broken(
                f"no more is given back than was {how}",
                f"{event.customer_id}, lot {lot.lot}: {lot.points}",
            )
        gone[lot.lot] = left
        if lot.into != lot.lot:
            self._put(purse, event, lot.into, kept)
        elif kept:
            purse.lots[lot.lot] = purse.lots.get(lot.lot, 0) + kept
            purse.in_lots += kept

    def _rolled_over(self, event: PointsRolledOver) -> tuple[str, ...]:
        source = self._purse(event.customer_id, event.account)
        target = self._purse(event.customer_id, event.into)
        for rolled in event.lots:
            self._take(source, event, rolled.lot, rolled.points)
            self._repay(target, event, rolled.repaid)
            self._put(target, event, rolled.new_lot, rolled.points - rolled.repaid)
        self._move(source, event.account, -event.points)
        self._move(target, event.into, event.points)
        return event.account, event.into

    def _moved_out(self, event: PointsMovedOut) -> tuple[str, ...]:
        """Nothing stays behind: all lots go, and all debt."""
        for moved in event.accounts:
            purse = self._purse(event.customer_id, moved.account)
            for lot in moved.lots:
                self._take(purse, event, lot.lot, lot.points)
            if purse.lots or purse.debt != moved.debt:
                left = f"{purse.in_lots} in lots, {purse.debt} of debt"
                raise _Broken("a merge leaves nothing behind", f"{event.customer_id}: {left}")
            purse.debt = 0
            self._move(purse, moved.account, -moved.points)
        return tuple(moved.account for moved in event.accounts)

    def _moved_in(self, event: PointsMovedIn) -> tuple[str, ...]:
        """What was spent of a lot may be given back to it under its new number."""
        numbered = sorted(
            ((lot.new_lot, lot, moved.account) for moved in event.accounts for lot in moved.lots),
            key=lambda one: one[0],
        )
        for moved in event.accounts:
            purse = self._purse(event.customer_id, moved.account)
            for part in moved.lots_taken:
                self._take(purse, event, part.lot, part.points)
            purse.debt += moved.debt
            self._repay(purse, event, moved.repaid)
            self._move(purse, moved.account, moved.points)
            gone = self._purse(event.moved_from, moved.account)
            for here, there in ((purse.spent, gone.spent), (purse.expired, gone.expired)):
                here |= {lot + event.numbering: points for lot, points in there.items()}
        for number, lot, account in numbered:
            self._put(
                self._purse(event.customer_id, account), event, number, lot.points - lot.repaid
            )
        return tuple(moved.account for moved in event.accounts)

    def _purse(self, customer_id: str, account: str) -> "_Purse":
        return self._purses.setdefault((customer_id, account), _Purse())

    def _move(self, purse: "_Purse", account: str, points: int) -> None:
        purse.balance += points
        self._totals[account] = self._totals.get(account, 0) + points

    def _repay(self, purse: "_Purse", event: Any, points: int) -> None:
        if not 0 <= points <= purse.debt:
            raise _Broken(
                "debt is repaid only as far as there is one",
                f"{event.customer_id}: {points} of {purse.debt}",
            )
        purse.debt -= points

    def _put(self, purse: "_Purse", event: Any, lot: int, points: int) -> None:
        last = self._last_lot.get(event.customer_id, 0)
        if lot <= last or points < 0:
            raise _Broken("a lot is issued once", f"{event.customer_id}: lot {lot} after {last}")
        self._last_lot[event.customer_id] = lot
        if points:
            purse.lots[lot] = points
            purse.in_lots += points

    def _take(self, purse: "_Purse", event: Any, lot: int, points: int) -> None:
        left = purse.lots.get(lot, 0) - points
        if points < 0 or left < 0:
            raise _Broken(
                "no more is taken from a lot than is in it",
                f"{event.customer_id}, lot {lot}: {points} of {purse.lots.get(lot, 0)}",
            )
        purse.in_lots -= points
        if left:
            purse.lots[lot] = left
        else:
            purse.lots.pop(lot, None)


def first_offence(events: Iterable[Recorded]) -> Offence | None:
    """The first event, in log order, that breaks a law of the books; None when none does."""
    laws = Laws()
    return next((offence for one in events if (offence := laws.take(one))), None)


class _Purse:
    """An account of a customer: its balance by movements, and its open lots and debt."""

    __slots__ = ("balance", "debt", "expired", "in_lots", "lots", "spent")

    def __init__(self) -> None:
        self.balance = self.debt = self.in_lots = 0
        self.lots: dict[int, int] = {}
        self.spent: dict[int, int] = {}
        self.expired: dict[int, int] = {}


class _Sides:
    """The sides of the books, as `books` posts them."""

    def __init__(self) -> None:
        self.points: dict[str, dict[str, int]] = {}

    def merge(self, table: Table[Any], key: Key, **values: Any) -> None:
        account, side = key
        sides = self.points.setdefault(account, {})
        sides[side] = sides.get(side, 0) + values["points"]

    def insert(self, table: Table[Any], row: Any) -> None:
        raise NotImplementedError

    def change(self, table: Table[Any], key: Key, **sums: int) -> None:
        raise NotImplementedError

    def forget(self, table: Table[Any], key: Key, latest: str) -> None:
        raise NotImplementedError

    def delete(self, table: Table[Any], key: Key) -> None:
        raise NotImplementedError
