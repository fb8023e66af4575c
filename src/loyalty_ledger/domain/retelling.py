"""The history of a wallet, told again without what was taken back since.

What inactivity takes depends on when else the customer was active, and on all that he had then. So
after a return it is not worked out on what is left, but on what happened: every award and spend by
what stands of it now, every expiry when it would have been due. The same arithmetic moves the lots.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import reduce
from typing import Any

from msgspec.structs import replace

from loyalty_ledger.domain import wallet
from loyalty_ledger.domain.events.merging import PointsMovedIn, PointsMovedOut
from loyalty_ledger.domain.events.points import (
    PointsAwarded,
    PointsClawedBack,
    PointsExpired,
    PointsRestored,
    PointsRolledOver,
    PointsSpent,
    RestoredLot,
)
from loyalty_ledger.domain.expiry import elapse
from loyalty_ledger.domain.lots import (
    Holdings,
    Lot,
    PointsEvent,
    Programs,
    moved,
    spend_order,
    take,
)

WalletEvent = PointsEvent | PointsMovedIn | PointsMovedOut


class Retelling:
    """A wallet as it would be: its `holdings`, and when inactivity would have taken points.

    A spend that would have found less takes from what inactivity took before it: an expiry leaves
    no debt, nor does one that is made up for.
    """

    def __init__(self, customer_id: str, holdings: Holdings, programs: Programs):
        self.holdings = holdings
        self.due: dict[str, list[datetime]] = {}
        self._customer_id = customer_id
        self._programs = programs
        self._lost: Counter[str] = Counter()

    def until(self, moment: datetime) -> None:
        """Time passes."""
        events, self.holdings = elapse(self._customer_id, self.holdings, moment, self._programs)
        for event in events:
            if isinstance(event, PointsExpired) and event.kind == "inactivity":
                self.due.setdefault(event.account, []).append(event.at)
                self._lost[event.account] += event.points

    def awarded(self, event: PointsAwarded, stands: int) -> None:
        """An award of which so much stands; it repays what would be owed."""
        self.until(event.earned_at if event.repaid else event.at)
        made_up = min(event.made_up, stands)
        repaid = min(stands - made_up, self.holdings.account(event.account).debt)
        at = event.earned_at if event.repaid and not repaid else event.at
        self._move(replace(event, at=at, points=stands, made_up=made_up, repaid=repaid))

    def spent(self, event: PointsSpent, stands: int) -> None:
        """A spend of which so much stands."""
        self.until(event.spent_at)
        self._take(event, stands)

    def clawed_back(self, event: PointsClawedBack, loose: int) -> None:
        """What of it reduces no award that is told, is taken; what the house bore is not owed."""
        self._owe(event, -min(event.written_off, self.holdings.account(event.account).debt))
        self._take(event, max(0, loose - event.already_gone - event.written_off))

    def restored(self, event: PointsRestored, given: Collection[RestoredLot]) -> None:
        """These lots were given back."""
        self.until(event.restored_at)
        debt, lots = self.holdings.account(event.account).debt, []
        for lot in given:
            repaid = min(debt, lot.points)
            debt -= repaid
            lots.append(replace(lot, repaid=repaid))
        self._move(replace(event, lots=lots))

    def _take(self, event: PointsSpent | PointsClawedBack, points: int) -> None:
        if not points:
            return
        account = self.holdings.account(event.account)
        lots = take(spend_order(account.lots.rows(Lot)), points)
        debt = 0 if isinstance(event, PointsSpent) else event.debt
        self._move(replace(event, points=points, lots=lots))
        short = points - sum(part.points for part in lots)
        forgiven = min(short, self._lost[event.account])
        self._lost[event.account] -= forgiven
        self._owe(event, short - forgiven - debt)

    def _owe(self, event: PointsSpent | PointsClawedBack, points: int) -> None:
        account = self.holdings.account(event.account)
        debt_at = max(account.debt_at or event.at, event.at)
        account = replace(account, debt=max(0, account.debt + points), debt_at=debt_at)
        accounts = {**self.holdings.accounts, event.account: account}
        self.holdings = Holdings(accounts, self.holdings.next_lot)

    def _move(self, event: PointsEvent) -> None:
        self.holdings = moved(self.holdings, event)


def retold(
    customer_id: str, history: Sequence[WalletEvent], until: datetime, programs: Programs
) -> Retelling:
    """The wallet as it would be at that moment.

    What is told begins anew when another customer's points came: they are taken as they were then.
    """
    now = _after(history)
    begin = max((n for n, x in enumerate(history, 1) if isinstance(x, PointsMovedIn)), default=0)
    before = _after(history[:begin]).holdings
    # What rolls over makes other lots than it did: their numbers are none that were given.
    telling = Retelling(customer_id, replace(before, next_lot=now.holdings.next_lot), programs)
    told = history[begin:]
    stands, loose = _standing(told)
    for place, event in enumerate(told):
        _tell(telling, event, stands.get(place, 0), loose.get(place, 0))
    telling.until(until)
    return telling


def _after(history: Sequence[WalletEvent]) -> wallet.Wallet:
    return reduce(wallet.evolve, history, wallet.Wallet())


def _tell(telling: Retelling, event: WalletEvent, stands: int, loose: int) -> None:
    match event:
        case PointsAwarded() if stands:
            telling.awarded(event, stands)
        case PointsSpent() if stands:
            telling.spent(event, stands)
        case PointsClawedBack():
            telling.clawed_back(event, loose)
        case PointsRestored():
            # Of a spend that is told as never made, only what has lived on comes back.
            given = [lot for lot in event.lots if loose or lot.into != lot.lot]
            if given:
                telling.restored(event, given)
        case PointsExpired() | PointsRolledOver():
            telling.until(event.at)
        case PointsMovedOut():
            telling.holdings = Holdings({}, telling.holdings.next_lot)
        case _:
            pass


def _standing(history: Sequence[WalletEvent]) -> tuple[dict[int, int], dict[int, int]]:
    """What stands of awards and spends, by their place; what of later events is of none of them."""
    stands: dict[int, int] = {}
    loose: dict[int, int] = {}
    places: dict[tuple[Any, ...], list[int]] = {}
    sale: dict[int, str] = {}
    for place, event in enumerate(history):
        match event:
            case PointsAwarded():
                stands[place], sale[place] = event.points, event.transaction
                places.setdefault((event.account, event.rule, event.earned_at), []).append(place)
            case PointsSpent():
                stands[place] = event.points
                places.setdefault((event.account, event.transaction), []).append(place)
            case PointsClawedBack():
                key = (event.awarded_in or event.account, event.rule, event.awarded_at)
                mine = event.transaction
                found = sorted(places.get(key, ()), key=lambda one: sale[one] == mine)
                loose[place] = _less(stands, reversed(found), event.points)
            case PointsRestored():
                found = places.get((event.account, event.transaction), [])
                loose[place] = _less(stands, reversed(found), event.points)
            case _:
                pass
    return stands, loose


def _less(stands: dict[int, int], places: Iterable[int], points: int) -> int:
    """Take points from what stands there, the latest first; what is left of them."""
    for place in places:
        part = min(points, stands[place])
        stands[place] -= part
        points -= part
    return points
