"""What inactivity takes is as if every sale had always been what it is now.

A customer buys, pays with points, spends elsewhere and brings back, all or a part, in any order. A
plain reference is told only what stands of it, each at its own time. Nobody owes what was lost: who
spent it before the sale came back had it.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from hypothesis import event, example, given
from hypothesis import strategies as st

from laws.reference_wallet import left_of_idle_points
from loyalty_ledger.domain.events.points import InactivityReviewed
from loyalty_ledger.domain.streams import wallet_of
from loyalty_ledger.domain.wallet import Spend, spend
from loyalty_projections import profile
from loyalty_projections.laws import first_offence
from loyalty_projections.projection import fold
from projections.story import Told
from return_examples import tendered
from specification import MONDAY_NOON, Shop, line, paid, program, rule

DAYS = 10
ACCOUNT = {
    "id": "points",
    "name": "Points",
    "default": True,
    "expiry": {"kind": "inactivity", "after": f"P{DAYS}D", "percent": 50},
}


class Buys(NamedTuple):
    """She buys for so many dollars, and pays with this share, in percent, of her points."""

    after: int
    dollars: int
    share: int


class Returns(NamedTuple):
    """One of her sales comes back; this share of it, in percent, stays."""

    after: int
    which: int
    keeps: int


class Spends(NamedTuple):
    """She spends this share, in percent, of her points."""

    after: int
    share: int


class Waits(NamedTuple):
    """The timekeeper runs."""

    after: int


Step = Buys | Returns | Spends | Waits
HOURS = st.sampled_from([24 * 6, 24 * 4, 24 * 8, 24 * 10, 24 * 11, 24 * 23, 1])
BUYS = st.builds(Buys, HOURS, st.integers(1, 200), st.sampled_from([0, 0, 40, 100]))
RETURNS = st.builds(Returns, HOURS, st.integers(0, 5), st.sampled_from([0, 0, 0, 30, 80]))
STEPS = st.one_of(
    BUYS,
    RETURNS,
    RETURNS,
    st.builds(Spends, HOURS, st.sampled_from([10, 50, 100])),
    st.builds(Waits, HOURS),
)


class Sale(NamedTuple):
    """A sale as it is now: what it came to, what of it is kept, and the points that paid."""

    when: datetime
    dollars: int
    kept: int
    points: int

    @property
    def stands(self) -> list[tuple[datetime, int]]:
        """The points that are spent for it, and those that it gives for what cash paid."""
        spent = self.points - self.points * (self.dollars - self.kept) // self.dollars
        earned = self.kept * (self.dollars - self.points) // self.dollars
        return [(self.when, -spent), (self.when, earned)]


class Life:
    """A ledger, and what stands of all that happened in it: sales, and what was spent elsewhere."""

    def __init__(self) -> None:
        source = {"id": "shop", "name": "Shop", "accounts": ["points"]}
        self.shop = Shop(program(point_accounts=[ACCOUNT], point_sources=[source], rules=[rule()]))
        self.now = MONDAY_NOON
        self.happened: list[Sale | tuple[datetime, int]] = []

    def goes_on(self, step: Step) -> None:
        """One more step."""
        self.now += timedelta(hours=step.after)
        held = max(0, self.shop.balance(self.now))
        sales = [n for n, one in enumerate(self.happened) if isinstance(one, Sale)]
        match step:
            case Buys():
                points = min(step.dollars, held * step.share // 100)
                self.happened.append(Sale(self.now, step.dollars, step.dollars, points))
                self._tells(len(self.happened) - 1)
            case Returns() if sales:
                number = sales[step.which % len(sales)]
                sale = self.happened[number]
                assert isinstance(sale, Sale)
                kept = min(sale.kept, sale.dollars * step.keeps // 100)
                self.happened[number] = sale._replace(kept=kept)
                self._tells(number)
            case Spends() if points := held * step.share // 100:
                self.happened.append((self.now, -points))
                self._spends(points)
            case Waits():
                self.shop.keeps_time(self.now)

    def _tells(self, number: int) -> None:
        """The sale is sent as it is now."""
        sale = self.happened[number]
        assert isinstance(sale, Sale)
        payments = [paid("ann", f"{sale.dollars - sale.points}.00")]
        payments += [tendered("ann", f"{sale.points}.00")] if sale.points else []
        lines = [line("x", f"{sale.kept}.00")] if sale.kept else []
        self.shop.sells(*lines, number=str(number), when=sale.when, at=self.now, payments=payments)

    def _spends(self, points: int) -> None:
        self.shop.keeps_time(self.now)
        command = Spend(
            customer_id="ann",
            account="points",
            points=points,
            at=self.now,
            reference="elsewhere",
            program=self.shop.programs[1],
            program_version=1,
        )
        stream = wallet_of("ann")
        self.shop.decides(
            lambda draft: draft.emit(stream, spend(command, draft.state(stream)), "ann")
        )

    @property
    def stands(self) -> list[tuple[datetime, int]]:
        """What stands, in the order in which it happened."""
        each = (x.stands if isinstance(x, Sale) else [x] for x in self.happened)
        return [one for found in each for one in found]

    def shown(self, moment: datetime) -> int:
        """What a profile shows."""
        programs = self.shop.programs
        rows = fold((profile.PROJECTION,), self.told)
        (account,) = profile.profile(rows, "ann", moment, programs[1], programs).accounts
        return account.available

    @property
    def told(self) -> list[Told]:
        """The events as they stand in the log."""
        return [Told(n, s, 1, e, e.at) for n, (s, e) in enumerate(self.shop.history, 1)]


@given(BUYS, BUYS, RETURNS, st.lists(STEPS, max_size=7))
@example(
    Buys(144, 1, 0),
    Buys(144, 3, 0),
    Returns(552, 1, 80),
    [Spends(144, 100), Returns(144, 1, 0), Returns(144, 0, 0)],
)
@example(
    Buys(144, 2, 0),
    Buys(144, 6, 0),
    Returns(144, 0, 80),
    [Spends(144, 50), Returns(144, 1, 30), Returns(144, 0, 0)],
)
def test_what_inactivity_takes_is_as_if_every_sale_had_always_been_what_it_is_now(
    first: Buys, then: Buys, comes_back: Returns, steps: list[Step]
) -> None:
    life = Life()
    for step in (first, then, comes_back, *steps):
        life.goes_on(step)
        for days in (0, 7, 15, 40):
            moment = life.now + timedelta(days=days)
            left, _ = left_of_idle_points(life.stands, moment, DAYS)
            assert life.shop.balance(moment) == life.shown(moment) == left
    assert first_offence(life.told) is None
    reviews = [e for _, e in life.shop.history if isinstance(e, InactivityReviewed)]
    event(f"lost {any(e.lost for e in reviews)}, given back {any(e.back for e in reviews)}")
