"""Awards, spends, claw-backs and debt."""

from datetime import datetime
from typing import Any

import pytest

from loyalty_ledger.domain.clawing import ClawBack
from loyalty_ledger.domain.events.points import LotPoints, PointsAwarded, PointsClawedBack
from loyalty_ledger.domain.lots import Lot
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.progress import Earned
from loyalty_ledger.domain.values import Reason
from loyalty_ledger.domain.wallet import WALLET, Award, Elapse, Spend
from specification import at, given, program

MARCH, APRIL, MAY = at("2026-03-01 12:00"), at("2026-04-01 12:00"), at("2026-05-01 12:00")


def club(**account: Any) -> Program:
    points = {"id": "points", "name": "P", "expiry": {"kind": "never"}, **account}
    source = {"id": "shop", "name": "Shop", "accounts": ["points"]}
    return program(point_accounts=[points], point_sources=[source])


FOREVER = club()
ROLLING = club(expiry={"kind": "rolling", "after": "P12M"})


def award(points: int, when: datetime = MARCH, under: Program = FOREVER) -> Award:
    return Award(
        customer_id="ann",
        account="points",
        source="shop",
        points=points,
        earned_at=when,
        rule="rule:base",
        program=under,
        program_version=1,
        cause="sale/s1/1@1",
    )


def spend(points: int, when: datetime = APRIL, under: Program = FOREVER) -> Spend:
    return Spend(
        customer_id="ann",
        account="points",
        points=points,
        at=when,
        reference="order-1",
        program=under,
        program_version=1,
    )


def claw_back(
    points: int, *own: int, when: datetime = MAY, under: Program = FOREVER, of: datetime = MARCH
) -> ClawBack:
    return ClawBack(
        customer_id="ann",
        account="points",
        points=points,
        at=when,
        own_lots=list(own),
        awarded_at=of,
        rule="rule:base",
        program=under,
        program_version=1,
        cause="sale/s1/1@2",
    )


def after(*commands: Any) -> given[Any, Any, Any]:
    """A wallet to which all this has happened."""
    events: list[Any] = []
    for command in commands:
        events += given(WALLET, *events).when(command)
    return given(WALLET, *events)


def lots(wallet: given[Any, Any, Any]) -> dict[int, int]:
    account = wallet.state.holdings.account("points")
    return {lot.lot: lot.remaining for lot in account.lots.rows(Lot)}


def debt(wallet: given[Any, Any, Any]) -> int:
    return int(wallet.state.holdings.account("points").debt)


# --- awards -------------------------------------------------------------------------------------


def test_an_award_is_a_lot_of_its_own() -> None:
    assert lots(after(award(10), award(5))) == {1: 10, 2: 5}


def test_an_award_of_nothing_is_nothing() -> None:
    assert after().when(award(0)) == []


def test_an_account_holds_no_more_than_its_maximum_and_the_event_says_what_was_cut() -> None:
    capped = club(maximum_balance=12)
    (event,) = after(award(10, under=capped)).when(award(5, under=capped))
    assert (event.points, event.cut) == (2, 3)
    assert after(award(12, under=capped)).when(award(5, under=capped)) == []


def test_a_debt_makes_no_room_under_a_maximum() -> None:
    capped = club(maximum_balance=12)
    in_debt = after(award(10, under=capped), spend(10, under=capped), claw_back(4, under=capped))
    (event,) = in_debt.when(award(50, MAY, under=capped))
    assert (event.points, event.repaid, event.cut) == (12, 4, 38)


# --- spends -------------------------------------------------------------------------------------


def test_a_spend_takes_what_expires_soonest_then_the_oldest_then_in_order_of_award() -> None:
    wallet = after(
        award(10, MAY, ROLLING),
        award(10, APRIL, ROLLING),
        award(10, MARCH),
        award(10, MARCH, ROLLING),
        award(10, MARCH, ROLLING),
    )
    (event,) = wallet.when(spend(45, MAY))
    assert [part.lot for part in event.lots] == [4, 5, 2, 1, 3]
    assert (event.lots[-1].lot, event.lots[-1].points) == (3, 5)


def test_a_spend_beyond_the_balance_is_refused_and_told_how_many_points_are_short() -> None:
    refusal = after(award(10)).refuses(spend(12), Reason.INSUFFICIENT_POINTS)
    assert refusal.details == {"account": "points", "available": 10, "short": 2}
    assert "2 points short" in refusal.message


def test_what_has_expired_cannot_be_spent() -> None:
    wallet = after(award(10, under=ROLLING), Elapse("ann", at("2027-03-01 12:00"), {1: ROLLING}))
    wallet.refuses(spend(1), Reason.INSUFFICIENT_POINTS)


def test_points_of_an_account_that_is_not_spendable_stay() -> None:
    kept = club(spendable=False)
    after(award(10, under=kept)).refuses(spend(1, under=kept), Reason.NOT_SPENDABLE)


@pytest.mark.parametrize("points", [-1, -1000])
def test_nobody_spends_less_than_nothing(points: int) -> None:
    after(award(10)).refuses(spend(points), Reason.INSUFFICIENT_POINTS)


def test_a_spend_dated_before_the_lots_it_takes_holds_from_their_time() -> None:
    (event,) = after(award(10, MAY)).when(spend(5, APRIL))
    assert (event.at, event.spent_at) == (MAY, APRIL)


# --- claw-backs and debt ------------------------------------------------------------------------


def test_a_claw_back_takes_the_awards_own_lots_first_and_then_in_spend_order() -> None:
    wallet = after(award(10, MARCH, ROLLING), award(10, MARCH), award(10, APRIL, ROLLING))
    (event,) = wallet.when(claw_back(25, 2))
    assert [(part.lot, part.points) for part in event.lots] == [(2, 10), (1, 10), (3, 5)]


def test_what_no_lot_holds_becomes_debt() -> None:
    wallet = after(award(10), spend(8))
    (event,) = wallet.when(claw_back(10, 1))
    assert (event.lots, event.debt, event.written_off) == ([LotPoints(lot=1, points=2)], 8, 0)


def test_where_debt_is_not_allowed_the_shortfall_is_written_off() -> None:
    strict = club(allow_negative=False)
    wallet = after(award(10, under=strict), spend(8, under=strict))
    (event,) = wallet.when(claw_back(10, 1, under=strict))
    assert (event.debt, event.written_off) == (0, 8)


def test_every_credit_repays_debt_before_it_makes_a_lot_and_says_so() -> None:
    wallet = after(award(10), spend(10), claw_back(10, 1))
    (event,) = wallet.when(award(4, MAY))
    assert (event.points, event.repaid) == (4, 4)
    wallet = after(award(10), spend(10), claw_back(10, 1), award(4, MAY), award(9, MAY))
    assert (lots(wallet), debt(wallet)) == ({3: 3}, 0)


def test_points_in_debt_cannot_be_spent() -> None:
    wallet = after(award(10), spend(10), claw_back(10, 1), award(4, MAY))
    refusal = wallet.refuses(spend(1), Reason.INSUFFICIENT_POINTS)
    assert refusal.details["short"] == 7


def test_a_late_award_that_repays_a_later_debt_holds_from_the_debts_time() -> None:
    wallet = after(award(10), spend(10), claw_back(10, 1, when=MAY))
    (event,) = wallet.when(award(4, APRIL))
    assert (event.at, event.earned_at) == (MAY, APRIL)


def test_a_claw_back_lowers_what_was_earned_at_the_awards_own_time() -> None:
    wallet = after(award(10, MARCH), award(20, APRIL), claw_back(4, 1, of=MARCH))
    earned = wallet.state.earned["points"]
    assert list(earned.rows(Earned)) == [Earned(MARCH, 6), Earned(APRIL, 20)]


def test_spending_and_expiry_do_not_lower_what_was_earned() -> None:
    wallet = after(
        award(10, under=ROLLING),
        spend(4, under=ROLLING),
        Elapse("ann", at("2028-01-01 00:00"), {1: ROLLING}),
    )
    assert wallet.state.earned["points"].total == 10


def test_an_award_counts_as_earned_at_its_sale_also_when_it_repays_a_later_debt() -> None:
    wallet = after(award(10), spend(10), claw_back(10, 1, when=MAY), award(4, APRIL))
    assert list(wallet.state.earned["points"].rows(Earned)) == [Earned(APRIL, 4)]


def test_asking_for_nothing_yields_nothing() -> None:
    assert after(award(10)).when(spend(0)) == []
    assert after(award(10)).when(claw_back(0)) == []


def test_the_events_carry_what_explains_them() -> None:
    (taken,) = after(award(10)).when(claw_back(3, 1))
    assert isinstance(taken, PointsClawedBack)
    assert (taken.awarded_at, taken.rule, taken.cause) == (MARCH, "rule:base", "sale/s1/1@2")
    (given_,) = after().when(award(10))
    assert isinstance(given_, PointsAwarded)
    assert (given_.lot, given_.earned_at, given_.expires_at) == (1, MARCH, None)
