"""What time takes: four kinds of expiry, roll-over, and reading before it was recorded."""

from datetime import datetime
from typing import Any

import pytest

from loyalty_ledger.domain.clawing import ClawBack
from loyalty_ledger.domain.events.points import PointsExpired, PointsRolledOver
from loyalty_ledger.domain.events.settlement import PurchaseCounted
from loyalty_ledger.domain.expiry import elapse
from loyalty_ledger.domain.lots import Lot, moved
from loyalty_ledger.domain.wallet import WALLET, Award, Spend, Wallet
from specification import Shop, at, awards, every, line, only, program

NEVER = {"kind": "never"}


def rolling(after: str, into: str | None = None) -> dict[str, Any]:
    return {"kind": "rolling", "after": after} | ({"into": into} if into else {})


def shop(*rules: dict[str, Any], **expiries: dict[str, Any]) -> Shop:
    """A shop with these accounts, that gives a point for every dollar into the first."""
    accounts = [{"id": name, "name": name, "expiry": kind} for name, kind in expiries.items()]
    source = [{"id": "shop", "name": "Shop", "accounts": list(expiries)}]
    earning = {"id": "base", "award": awards(1, next(iter(expiries)), per_amount="1.00")}
    return Shop(program(point_accounts=accounts, point_sources=source, rules=[earning, *rules]))


def sells(where: Shop, dollars: str, day: str) -> None:
    where.sells(line("x", dollars), when=at(f"{day} 12:00"))


# --- rolling ------------------------------------------------------------------------------------


def test_a_lot_ends_at_the_very_instant_and_not_before() -> None:
    club = shop(points=rolling("P12M"))
    sells(club, "10.00", "2026-03-02")
    last = at("2027-03-02 11:59:59")

    assert club.balance(last) == 10
    assert club.balance(at("2027-03-02 12:00")) == 0
    assert club.keeps_time(last) == []
    expired = only(PointsExpired, club.keeps_time(at("2027-06-01 00:00")))
    assert (expired.at, expired.points) == (at("2027-03-02 12:00"), 10)


def test_a_lot_of_leap_day_ends_on_the_28th() -> None:
    club = shop(points=rolling("P12M"))
    sells(club, "10.00", "2028-02-29")
    club.keeps_time(at("2029-03-01 00:00"))
    assert only(PointsExpired, club.last).at == at("2029-02-28 12:00")


def test_expiry_is_recorded_once() -> None:
    club = shop(points=rolling("P1M"))
    sells(club, "10.00", "2026-03-02")
    assert len(club.keeps_time(at("2026-05-01 00:00"))) == 1
    assert club.keeps_time(at("2026-05-01 00:00")) == []
    assert club.keeps_time(at("2027-05-01 00:00")) == []


def test_what_is_due_at_the_time_of_a_sale_is_recorded_before_it() -> None:
    club = shop(points=rolling("P1D"))
    sells(club, "10.00", "2026-03-02")
    sells(club, "3.00", "2026-03-03")
    kinds = [type(one) for one in club.last]
    assert kinds.index(PointsExpired) < kinds.index(PurchaseCounted)
    assert club.points() == 3


def test_a_sale_that_arrives_when_its_points_are_long_due_earns_them_and_loses_them() -> None:
    club = shop(points=rolling("P1M"))
    sells(club, "10.00", "2026-06-01")
    sells(club, "4.00", "2026-03-01")
    assert club.balance(at("2026-06-01 12:00")) == 10
    club.keeps_time(at("2026-06-01 12:00"))
    assert only(PointsExpired, club.last).at == at("2026-04-01 12:00")
    assert club.lifetime() == 14


# --- fixed date ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("month", "day", "earned", "ends"),
    [
        (1, 1, "2026-12-31 23:59:59", "2027-01-01 00:00"),
        (1, 1, "2026-01-01 00:00", "2027-01-01 00:00"),
        (7, 1, "2026-06-30 12:00", "2026-07-01 00:00"),
        (7, 1, "2026-07-01 00:00:01", "2027-07-01 00:00"),
        (2, 29, "2026-03-01 12:00", "2028-02-29 00:00"),
        (2, 29, "2096-02-29 00:00", "2104-02-29 00:00"),
    ],
)
def test_points_end_at_the_next_such_midnight(month: int, day: int, earned: str, ends: str) -> None:
    club = shop(points={"kind": "fixed_date", "month": month, "day": day})
    club.sells(line("x", "5.00"), when=at(earned))
    club.keeps_time(at("2110-01-01 00:00"))
    expired = only(PointsExpired, club.last)
    assert (expired.at, expired.kind) == (at(ends), "fixed_date")


# --- inactivity ---------------------------------------------------------------------------------

IDLE = {"kind": "inactivity", "after": "P1M", "percent": "25"}


def test_idle_points_shrink_by_a_floored_percentage_again_and_again() -> None:
    club = shop(points=IDLE)
    sells(club, "10.00", "2026-03-02")
    club.keeps_time(at("2026-06-02 12:00"))
    assert [(one.at, one.points) for one in every(PointsExpired, club.last)] == [
        (at("2026-04-02 12:00"), 2),
        (at("2026-05-02 12:00"), 2),
        (at("2026-06-02 12:00"), 1),
    ]
    assert club.points() == 5


def test_points_too_few_to_shrink_stay() -> None:
    club = shop(points=IDLE)
    sells(club, "3.00", "2026-03-02")
    assert club.keeps_time(at("2036-03-02 12:00")) == []


def test_earning_starts_the_time_anew() -> None:
    club = shop(points=IDLE)
    sells(club, "10.00", "2026-03-02")
    sells(club, "10.00", "2026-03-30")
    club.keeps_time(at("2026-04-30 12:00"))
    assert only(PointsExpired, club.last).points == 5
    assert only(PointsExpired, club.last).at == at("2026-04-30 12:00")


def test_inactivity_takes_the_oldest_points_first() -> None:
    club = shop(points=IDLE | {"percent": "75"})
    sells(club, "10.00", "2026-03-02")
    sells(club, "10.00", "2026-03-03")
    club.keeps_time(at("2026-04-03 12:00"))
    taken = only(PointsExpired, club.last).lots
    assert [(part.lot, part.points) for part in taken] == [(1, 10), (2, 5)]


# --- roll-over ----------------------------------------------------------------------------------


def test_a_lot_rolls_over_keeps_when_it_was_earned_and_begins_the_new_accounts_time() -> None:
    club = shop(escrow=rolling("P14D", "points"), points=rolling("P12M"))
    sells(club, "10.00", "2026-03-02")
    club.keeps_time(at("2026-03-20 00:00"))

    rolled = only(PointsRolledOver, club.last)
    due = at("2026-03-16 12:00")
    assert (rolled.at, rolled.points, rolled.into) == (due, 10, "points")
    assert rolled.lots[0].earned_at == at("2026-03-02 12:00")
    assert rolled.lots[0].expires_at == at("2027-03-16 12:00")
    assert (club.points(account="escrow"), club.points()) == (0, 10)


def test_rolled_points_were_earned_once_and_not_in_the_account_they_rolled_into() -> None:
    club = shop(escrow=rolling("P14D", "points"), points=rolling("P12M"))
    sells(club, "10.00", "2026-03-02")
    club.keeps_time(at("2026-03-20 00:00"))
    assert (club.lifetime(account="escrow"), club.lifetime()) == (10, 0)


def test_a_chain_of_accounts_is_followed_to_its_end_also_when_read_late() -> None:
    club = shop(
        first=rolling("P1D", "second"), second=rolling("P1D", "third"), third=rolling("P1D")
    )
    sells(club, "10.00", "2026-03-02")
    assert [
        [club.balance(at(f"2026-03-0{day} 12:00"), account=name) for day in (2, 3, 4, 5)]
        for name in ("first", "second", "third")
    ] == [[10, 0, 0, 0], [0, 10, 0, 0], [0, 0, 10, 0]]
    kinds = [type(one).__name__ for one in club.keeps_time(at("2026-04-01 00:00"))]
    assert kinds == ["PointsRolledOver", "PointsRolledOver", "PointsExpired"]


def test_a_roll_over_into_a_debt_repays_it_first() -> None:
    both = program(
        point_accounts=[
            {"id": "escrow", "name": "E", "expiry": rolling("P14D", "points")},
            {"id": "points", "name": "P", "expiry": NEVER},
        ],
        point_sources=[{"id": "shop", "name": "S", "accounts": ["escrow", "points"]}],
    )
    basics: dict[str, Any] = {"customer_id": "ann", "program": both, "program_version": 1}
    wallet = _after(
        Award(
            **basics, account="points", source="shop", points=8, earned_at=DAY, rule="r", cause="c"
        ),
        Spend(**basics, account="points", points=8, at=DAY, reference="r"),
        ClawBack(
            **basics,
            account="points",
            points=8,
            at=DAY,
            own_lots=[1],
            awarded_at=DAY,
            rule="r",
            cause="c",
        ),
        Award(
            **basics, account="escrow", source="shop", points=10, earned_at=DAY, rule="r", cause="c"
        ),
    )

    (rolled,), holdings = elapse("ann", wallet.holdings, at("2026-04-01 00:00"), {1: both})

    assert isinstance(rolled, PointsRolledOver)
    assert (rolled.points, rolled.lots[0].repaid) == (10, 8)
    points = holdings.account("points")
    assert (points.debt, [lot.remaining for lot in points.lots.rows(Lot)]) == (0, [2])


DAY = at("2026-03-02 12:00")


def _after(*commands: Any) -> Wallet:
    wallet = Wallet()
    for command in commands:
        for event in WALLET.decide(command, wallet):
            wallet = WALLET.evolve(wallet, event)
    return wallet


# --- reading before recording -------------------------------------------------------------------

MIXED = {
    "points": rolling("P3M"),
    "escrow": rolling("P5D", "points"),
    "idle": IDLE,
    "yearly": {"kind": "fixed_date", "month": 4, "day": 1},
}


def mixed() -> Shop:
    club = shop(
        *({"id": name, "award": awards(7, name)} for name in ("escrow", "idle", "yearly")), **MIXED
    )
    for day in ("2026-01-31", "2026-02-27", "2026-03-07", "2026-03-08"):
        sells(club, "20.00", day)
    return club


MOMENTS = [
    at(f"2026-{month:02}-{day:02} 12:00")
    for month in range(3, 10)
    for day in (8, 15, 31)
    if (month, day) not in ((4, 31), (6, 31), (9, 31))
]


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: f"{moment:%m-%d}")
def test_a_balance_is_the_same_before_and_after_its_expiry_was_recorded(moment: datetime) -> None:
    unrecorded, recorded = mixed(), mixed()
    recorded.keeps_time(moment)
    for account in MIXED:
        assert unrecorded.balance(moment, account=account) == recorded.points(account=account)


def test_time_kept_in_many_steps_or_in_one_records_the_same() -> None:
    in_steps, in_one = mixed(), mixed()
    found: list[Any] = []
    for moment in MOMENTS:
        found += in_steps.keeps_time(moment)
    assert found == in_one.keeps_time(MOMENTS[-1])
    assert len(found) > 8


def test_what_fell_due_is_recorded_in_the_order_of_time() -> None:
    moments = [one.at for one in mixed().keeps_time(MOMENTS[-1])]
    assert moments == sorted(moments)


def test_what_elapse_foretells_is_what_its_events_do() -> None:
    club = mixed()
    holdings = club.states["wallet/ann"].holdings
    events, foretold = elapse("ann", holdings, MOMENTS[-1], club.programs)
    for event in events:
        holdings = moved(holdings, event)
    assert holdings == foretold


def test_a_lot_goes_by_the_program_version_it_was_earned_under() -> None:
    accounts = [{"id": "points", "name": "P", "expiry": rolling("P1M")}]
    longer = [{"id": "points", "name": "P", "expiry": rolling("P6M")}]
    source = [{"id": "shop", "name": "Shop", "accounts": ["points"]}]
    rules = [{"id": "base", "award": awards(1, per_amount="1.00")}]
    club = Shop(
        program(point_accounts=accounts, point_sources=source, rules=rules),
        program(point_accounts=longer, point_sources=source, rules=rules),
    )
    club.sells(line("x", "5.00"), program_version=1, when=DAY)
    club.sells(line("x", "8.00"), program_version=2, when=DAY)
    assert club.balance(at("2026-04-02 12:00")) == 8
    assert club.balance(at("2026-09-02 12:00")) == 0
