"""Whatever happens to a wallet, its books balance, and a plain reference agrees with it."""

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from msgspec.structs import replace

from laws.reference_wallet import ACCOUNTS, NaiveWallet
from loyalty_ledger.domain import clawing, wallet
from loyalty_ledger.domain.events.points import (
    LotPoints,
    PointsAwarded,
    PointsClawedBack,
    PointsExpired,
    PointsRestored,
    PointsRolledOver,
    PointsSpent,
)
from loyalty_ledger.domain.expiry import elapse
from loyalty_ledger.domain.lots import Lot
from loyalty_ledger.domain.restoring import Restore, latest_first
from loyalty_ledger.domain.wallet import WALLET, Wallet
from specification import at, program


def _into(account: str, days: int) -> dict[str, Any]:
    return {"kind": "rolling", "after": f"P{days}D", "into": account}


PROGRAM = program(
    point_accounts=[
        {"id": "points", "name": "P", "expiry": {"kind": "rolling", "after": "P30D"}},
        {"id": "escrow", "name": "E", "expiry": _into("points", 10)},
        {"id": "chain", "name": "C", "expiry": _into("escrow", 5)},
        {"id": "yearly", "name": "Y", "expiry": {"kind": "fixed_date", "month": 3, "day": 1}},
        {
            "id": "sleepy",
            "name": "S",
            "expiry": {"kind": "inactivity", "after": "P20D", "percent": 50},
        },
        {"id": "capped", "name": "M", "maximum_balance": 100, "expiry": {"kind": "never"}},
        {"id": "strict", "name": "T", "allow_negative": False, "expiry": {"kind": "never"}},
    ],
    point_sources=[{"id": "shop", "name": "Shop", "accounts": list(ACCOUNTS)}],
)

PROGRAMS = {1: PROGRAM}
START = at("2026-02-01 12:00")
NAMES = st.sampled_from(ACCOUNTS)
POINTS = st.integers(1, 120)
HOURS = st.integers(0, 24 * 12)


class WalletMachine(RuleBasedStateMachine):
    """The wallet and the reference, side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.wallet = Wallet()
        self.naive = NaiveWallet()
        self.events: list[Any] = []
        self.lost: dict[int, list[PointsClawedBack]] = defaultdict(list)
        self.spent: list[tuple[str, list[LotPoints]]] = []

    def _ask(self, command: Any) -> list[Any]:
        events = wallet.decide(command, self.wallet)
        for event in events:
            self.events.append(event)
            self.wallet = wallet.evolve(self.wallet, event)
        return [*events]

    def _pass_time(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        self._ask(wallet.Elapse("ann", self.now, PROGRAMS))
        self.naive.pass_time(self.now)

    @rule(hours=HOURS)
    def time_passes(self, hours: int) -> None:
        self._pass_time(hours)

    @rule(account=NAMES, points=POINTS, hours=HOURS, late=st.sampled_from([0, 0, 0, 30, 400]))
    def points_are_awarded(self, account: str, points: int, hours: int, late: int) -> None:
        self._pass_time(hours)
        earned = self.now - timedelta(hours=late)
        self._ask(_award(account, points, earned))
        self.naive.award(account, points, earned)

    @rule(account=NAMES, points=POINTS, hours=HOURS)
    def points_are_spent(self, account: str, points: int, hours: int) -> None:
        self._pass_time(hours)
        points = min(points, self.wallet.holdings.account(account).available)
        if points > 0:
            (spent,) = self._ask(_spend(account, points, self.now))
            self.spent.append((account, list(spent.lots)))
            self.naive.spend(account, points, self.now)

    @rule(chance=st.randoms(use_true_random=False), points=POINTS, hours=HOURS)
    def an_award_is_clawed_back(self, chance: Any, points: int, hours: int) -> None:
        self._pass_time(hours)
        awarded = [event for event in self.events if isinstance(event, PointsAwarded)]
        if awarded:
            award = chance.choice(awarded)
            lost = self.lost[award.lot]
            points = min(points, award.points - sum(event.points for event in lost))
            lost += self._ask(_claw_back(award, points, self.now, lost))
            self.naive.claw_back(award.account, points, award.lot, self.now)

    @rule(chance=st.randoms(use_true_random=False), points=POINTS, hours=HOURS)
    def spent_points_are_given_back(self, chance: Any, points: int, hours: int) -> None:
        self._pass_time(hours)
        if not self.spent:
            return
        which = chance.randrange(len(self.spent))
        account, lots = self.spent[which]
        back = latest_first(lots, points)
        points = sum(part.points for part in back)
        self._ask(_give_back(account, back, self.now))
        self.naive.give_back(which, points, self.now)
        self.spent[which] = account, _without_last(lots, points)

    @invariant()
    def the_reference_agrees(self) -> None:
        for name in ACCOUNTS:
            account, purse = self.wallet.holdings.account(name), self.naive.purses[name]
            found = sorted((lot.remaining, lot.earned_at) for lot in account.lots.rows(Lot))
            assert found == sorted((lot.left, lot.earned) for lot in purse.lots), name
            assert (account.debt, account.available) == (purse.debt, purse.balance), name

    @invariant()
    def every_lot_is_issued_less_what_left_it_and_did_not_come_back(self) -> None:
        issued, gone = _issued(self.events), _gone(self.events)
        remaining = {
            lot.lot: lot.remaining
            for account in self.wallet.holdings.accounts.values()
            for lot in account.lots.rows(Lot)
        }
        gone.subtract(_restored(self.events))
        gone.update(remaining)
        assert issued == +gone
        assert min(gone.values(), default=0) >= 0

    @invariant()
    def a_balance_read_before_an_expiry_is_recorded_is_the_one_read_after(self) -> None:
        later = self.now + timedelta(days=33)
        read = elapse("ann", self.wallet.holdings, later, PROGRAMS)[1]
        halfway = elapse("ann", self.wallet.holdings, self.now + timedelta(days=9), PROGRAMS)[1]
        assert elapse("ann", halfway, later, PROGRAMS)[1] == read
        assert elapse("ann", read, later, PROGRAMS) == ([], read)

    @invariant()
    def the_events_alone_make_the_same_wallet(self) -> None:
        assert WALLET.fold(self.events) == self.wallet


def _award(account: str, points: int, earned: datetime) -> wallet.Award:
    return wallet.Award(
        customer_id="ann",
        account=account,
        source="shop",
        points=points,
        earned_at=earned,
        rule="rule:base",
        program=PROGRAM,
        program_version=1,
        cause="sale/s1/1@1",
    )


def _spend(account: str, points: int, when: datetime) -> wallet.Spend:
    return wallet.Spend(
        customer_id="ann",
        account=account,
        points=points,
        at=when,
        reference="r1",
        program=PROGRAM,
        program_version=1,
    )


def _claw_back(
    award: PointsAwarded, points: int, when: datetime, before: list[PointsClawedBack]
) -> clawing.ClawBack:
    taken: Counter[str] = Counter()
    for event in before:
        taken[event.account] += event.points - event.already_gone
    return clawing.ClawBack(
        customer_id="ann",
        account=award.account,
        points=points,
        at=when,
        own_lots=[award.lot],
        gone_before=sum(event.already_gone for event in before),
        taken_before=taken,
        awarded_at=award.earned_at,
        rule=award.rule,
        program=PROGRAM,
        program_version=1,
        cause="sale/s1/1@2",
    )


def _give_back(account: str, lots: list[LotPoints], when: datetime) -> Restore:
    return Restore(
        customer_id="ann",
        account=account,
        lots=lots,
        at=when,
        reference="r1",
        program=PROGRAM,
        program_version=1,
        cause="sale/s1/1@2",
    )


def _without_last(lots: list[LotPoints], points: int) -> list[LotPoints]:
    """What is still spent of these lots, the last points having come back."""
    left = []
    for lot in lots[::-1]:
        part = min(points, lot.points)
        points -= part
        left.append(replace(lot, points=lot.points - part))
    return [lot for lot in left[::-1] if lot.points]


def _issued(events: list[Any]) -> Counter[int]:
    """Points by the lot they were put into; what repaid a debt made no lot."""
    issued: Counter[int] = Counter()
    for event in events:
        match event:
            case PointsAwarded():
                issued[event.lot] += event.points - event.repaid
            case PointsRolledOver():
                for rolled in event.lots:
                    issued[rolled.new_lot] += rolled.points - rolled.repaid
            case PointsRestored():
                for back in event.lots:
                    issued[back.into] += (back.points - back.repaid) * (back.into != back.lot)
    return +issued


def _gone(events: list[Any]) -> Counter[int]:
    """Points by the lot they were spent, expired, clawed back or rolled over from."""
    gone: Counter[int] = Counter()
    for event in events:
        if isinstance(event, PointsSpent | PointsExpired | PointsClawedBack | PointsRolledOver):
            for part in event.lots:
                gone[part.lot] += part.points
            assert sum(part.points for part in event.lots) <= event.points
    return gone


def _restored(events: list[Any]) -> Counter[int]:
    """Points by the lot they went back to."""
    back: Counter[int] = Counter()
    for event in events:
        if isinstance(event, PointsRestored):
            for lot in event.lots:
                back[lot.lot] += (lot.points - lot.repaid) * (lot.into == lot.lot)
    return back


TestWallet = WalletMachine.TestCase
TestWallet.settings = settings(stateful_step_count=20)
