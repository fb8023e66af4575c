"""What a return gives back of counters, limits and budgets, and what stays refused."""

from typing import Any

import pytest
from msgspec.structs import replace

from loyalty_ledger.domain.events.limits import GrantCounted, GrantUncounted
from loyalty_ledger.domain.events.points import PointsAwarded
from loyalty_ledger.domain.transaction import SALE
from return_examples import (
    accounts,
    counted,
    differences,
    later,
    plain,
    sends,
    settled,
    tendered,
    voids,
)
from specification import Shop, awards, every, line, only, paid, rule

TEN = line("ten", "10.00")
DAYS = 24
C = "campaign:c"


NOTHING_ELSE = rule(id="none", when={"items": {"skus": ["none"]}})


def limited(gives: int = 5, per: str | None = None, **limits: Any) -> Shop:
    """A campaign with these limits, and nothing else."""
    award = awards(gives, **({"per_amount": per} if per else {}))
    campaign = {"id": "c", "outcomes": [{"award": award}], "limits": limits}
    return plain(NOTHING_ELSE, campaigns=[campaign])


def told_less(shop: Shop) -> None:
    """The sale as it is known where an earlier build settled it: grants by account and lot only."""
    sale = next(name for name, event in shop.history if event is shop.settlement)
    told: list[Any] = [event for name, event in shop.history if name == sale]
    grants = [
        replace(one, granted={}, awards=[], held={}, counted=[]) for one in shop.settlement.grants
    ]
    told[-1] = replace(told[-1], grants=grants)
    shop.states[sale] = SALE.fold(told)


# --- given back ---------------------------------------------------------------------------------


def test_a_return_gives_back_the_count_and_the_budget_it_had_used() -> None:
    shop = limited(total=1, points=5)
    sends(shop, TEN)
    assert counted(shop, C) == (1, 5)
    voids(shop)
    assert counted(shop, C) == (0, 0)
    shop.sells(TEN, to="ben")
    assert (shop.points("ben"), counted(shop, C)) == (5, (1, 5))


def test_a_grant_that_an_earlier_build_settled_gives_back_all_it_can_count_for() -> None:
    shop = limited(total=1, points=5)
    sends(shop, TEN)
    told_less(shop)
    sends(shop, TEN, line("more", "1.00"), hours=1)
    assert not every(GrantCounted, shop.last)
    voids(shop, hours=2)
    assert (shop.points(), counted(shop, C)) == (0, (0, 0))


def test_a_grant_of_an_earlier_build_that_is_voided_at_once_is_uncounted_once() -> None:
    shop = limited(total=1, points=5)
    sends(shop, TEN)
    told_less(shop)
    voids(shop)
    assert {one.times for one in every(GrantUncounted, shop.last)} == {1}
    assert (shop.points(), counted(shop, C)) == (0, (0, 0))


def test_a_part_of_a_grant_gives_back_points_and_no_count() -> None:
    shop = limited(1, "1.00", total=9, points=100)
    sends(shop, TEN)
    sends(shop, line("ten", "4.00"), hours=1)
    uncounted = every(GrantUncounted, shop.last)
    assert {(one.times, one.points) for one in uncounted} == {(0, 6)}
    assert counted(shop, C) == (1, 4)


def test_a_customers_own_limit_is_free_again_at_the_time_of_the_sale() -> None:
    shop = limited(per_customer={"times": 1, "period": "P1D"})
    sends(shop, TEN)
    shop.sells(TEN, number="8", when=later(2))
    assert shop.points() == 5
    voids(shop, hours=3)
    shop.sells(TEN, number="9", when=later(4))
    assert shop.points() == 5


def test_a_split_bill_is_one_grant_until_the_last_payer_has_it_all_back() -> None:
    shop = limited(1, "1.00", total=1)
    sends(shop, TEN, payments=[paid("ann", "5.00"), paid("ben", "5.00")])
    assert counted(shop, C) == (1, 10)
    sends(shop, line("ten", "5.00"), hours=1, payments=[paid("ann", "5.00"), paid("ben", "0.00")])
    assert counted(shop, C) == (1, 5)
    assert (shop.points("ann"), shop.points("ben")) == (5, 0)
    voids(shop, hours=2)
    assert counted(shop, C) == (0, 0)
    sends(shop, TEN, number="again", hours=3)
    assert counted(shop, C) == (1, 10)


def test_of_a_split_bill_that_changes_hands_the_grant_is_counted_once() -> None:
    shop = limited(1, "1.00", total=1)
    sends(shop, TEN, payments=[paid("ann", "5.00"), paid("ben", "5.00")])
    sends(shop, TEN, hours=1, payments=[paid("ben", "10.00")])
    assert (counted(shop, C), shop.points("ann"), shop.points("ben")) == ((1, 10), 0, 10)
    sends(shop, TEN, hours=2, payments=[paid("ann", "10.00")])
    assert counted(shop, C)[0] == 1
    voids(shop, hours=3)
    assert counted(shop, C) == (0, 0)


def test_the_limits_of_a_source_are_given_back_as_well() -> None:
    sections = accounts()
    sections["point_sources"][0]["limits"] = {"points": 10}
    shop = plain(**sections)
    sends(shop, TEN)
    assert counted(shop, "source:shop") == (1, 10)
    sends(shop, line("ten", "4.00"), hours=1)
    assert counted(shop, "source:shop") == (1, 4)
    shop.sells(line("x", "6.00"), to="ben")
    assert shop.points("ben") == 6
    voids(shop, hours=2)
    assert counted(shop, "source:shop") == (1, 6)


def test_bought_and_returned_over_and_over_uses_the_limit_once() -> None:
    shop = limited(total=2, points=10)
    for hours in range(0, 10, 2):
        sends(shop, TEN, hours=hours)
        assert (counted(shop, C), shop.points()) == ((1, 5), 5)
        voids(shop, hours=hours + 1)
        assert (counted(shop, C), shop.points()) == ((0, 0), 0)


# --- refused stays refused ----------------------------------------------------------------------


def refused() -> Shop:
    """Ben has used the campaign up when Ann comes."""
    shop = limited(total=1)
    sends(shop, TEN, number="bens", to="ben")
    sends(shop, TEN, hours=1)
    assert shop.points() == 0
    return shop


def test_what_a_limit_refused_stays_refused_when_another_return_frees_it() -> None:
    shop = refused()
    voids(shop, number="bens", hours=2)
    sends(shop, TEN, line("x", "1.00"), hours=3)
    assert (shop.points(), shop.limits_hit) == (0, ["total"])
    shop.sells(TEN)
    assert shop.points() == 5


def test_what_was_refused_is_not_even_granted_after_a_void_and_a_new_close() -> None:
    shop = refused()
    voids(shop, number="bens", hours=2)
    voids(shop, hours=3)
    sends(shop, TEN, hours=4)
    assert (shop.points(), counted(shop, C)) == (0, (0, 0))


def test_what_was_granted_is_refused_when_somebody_else_has_used_the_limit_meanwhile() -> None:
    shop = limited(total=1)
    sends(shop, TEN)
    voids(shop)
    shop.sells(TEN, to="ben")
    sends(shop, TEN, hours=3)
    assert (shop.points(), shop.points("ben"), counted(shop, C)) == (0, 5, (1, 5))
    assert shop.limits_hit == ["total"]


def test_a_rule_first_deserved_by_a_later_version_goes_by_the_limits_as_they_are_then() -> None:
    bonus = {
        "id": "c",
        "when": {"minimum_spend": "10.00"},
        "outcomes": [{"award": awards(5)}],
        "limits": {"total": 1},
    }
    shop = plain(NOTHING_ELSE, campaigns=[bonus])
    sends(shop, line("ten", "9.00"))
    sends(shop, TEN, hours=1)
    assert shop.points() == 5
    sends(shop, line("ten", "9.00"), number="8", hours=1)
    sends(shop, TEN, number="8", hours=2)
    assert shop.limits_hit == ["total"]


# --- growing ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("budget", "points"), [(10, 4), (11, 11), (30, 11)])
def test_a_grant_grows_as_far_as_the_budget_allows_whole_or_not_at_all(
    budget: int, points: int
) -> None:
    shop = limited(1, "1.00", points=budget)
    sends(shop, line("ten", "4.00"))
    told = settled(sends(shop, line("ten", "11.00"), hours=1))
    assert shop.points() == points
    assert differences(told) == {C: {"points": points - 4}}
    assert [cut.points for cut in told.cuts] == ([7] if points == 4 else [])


def test_a_grant_that_may_not_grow_still_shrinks() -> None:
    shop = limited(1, "1.00", points=5)
    sends(shop, line("ten", "4.00"))
    sends(shop, line("ten", "11.00"), hours=1)
    sends(shop, line("ten", "3.00"), hours=2)
    assert (shop.points(), counted(shop, C)) == (3, (1, 3))


def test_a_grant_that_shrank_grows_again_within_what_others_have_left() -> None:
    shop = limited(1, "1.00", points=10)
    sends(shop, TEN)
    sends(shop, line("ten", "4.00"), hours=1)
    shop.sells(line("x", "3.00"), to="ben")
    sends(shop, TEN, hours=2)
    assert (shop.points(), shop.limits_hit) == (4, ["points"])


def test_a_new_count_is_not_needed_to_grow() -> None:
    shop = limited(1, "1.00", total=1, per_customer={"times": 1})
    sends(shop, line("ten", "4.00"))
    sends(shop, TEN, hours=1)
    assert (shop.points(), counted(shop, C)) == (10, (1, 10))


# --- a maximum balance --------------------------------------------------------------------------


def full(maximum: int = 12) -> Shop:
    """Ann has ten points of twelve, and buys for ten more."""
    shop = plain(**accounts(maximum_balance=maximum))
    shop.sells(TEN, number="first")
    sends(shop, TEN)
    assert shop.points() == maximum
    return shop


def test_a_balance_found_full_stays_the_ceiling_though_there_is_room_since() -> None:
    shop = full()
    shop.sells(line("z", "9.00"), number="z", payments=[tendered("ann", "9.00")])
    sends(shop, TEN, line("x", "1.00"), hours=1)
    assert (shop.points(), every(PointsAwarded, shop.last)) == (3, [])


def test_below_the_ceiling_nothing_is_taken_back_until_less_is_deserved_than_was_given() -> None:
    shop = full()
    sends(shop, line("ten", "2.00"), hours=1)
    assert shop.points() == 12
    sends(shop, line("ten", "1.00"), hours=2)
    assert shop.points() == 11
    voids(shop, hours=3)
    assert shop.points() == 10


def test_the_ceiling_stays_when_the_sale_is_voided_and_closed_again() -> None:
    shop = full()
    shop.sells(line("z", "9.00"), number="z", payments=[tendered("ann", "9.00")])
    voids(shop, hours=1)
    assert shop.points() == 1
    sends(shop, TEN, hours=2)
    assert shop.points() == 3


def test_a_later_version_that_deserves_more_is_cut_by_the_balance_as_it_is_then() -> None:
    shop = plain(**accounts(maximum_balance=12))
    sends(shop, line("ten", "4.00"))
    shop.sells(line("x", "6.00"))
    sends(shop, TEN, hours=1)
    assert only(PointsAwarded, shop.last).cut == 4
    assert (shop.points(), shop.limits_hit) == (12, ["maximum_balance:points"])


def test_points_taken_back_from_a_full_balance_make_room_for_other_sales() -> None:
    shop = full()
    voids(shop, number="first", hours=1)
    assert shop.points() == 2
    shop.sells(line("x", "30.00"))
    assert shop.points() == 12


def test_a_grant_of_which_a_full_balance_left_nothing_counts_for_nothing_later() -> None:
    sections = accounts(maximum_balance=10)
    bonus = {"id": "c", "outcomes": [{"award": awards(5)}], "limits": {"total": 9}}
    shop = plain(**sections, campaigns=[bonus])
    shop.sells(TEN, number="first")
    sends(shop, TEN)
    used = counted(shop, C)
    sends(shop, TEN, line("x", "1.00"), hours=1)
    voids(shop, hours=2)
    assert counted(shop, C) == used
    assert shop.points() == 10


def test_a_grant_that_goes_makes_room_for_one_that_comes_with_the_same_version() -> None:
    """A campaign of one grant goes from the payer who paid most to the one who does now."""
    shop = limited(10, total=1)
    sends(shop, TEN, payments=[paid("ann", "6.00"), paid("bob", "4.00")])
    assert (shop.points("ann"), shop.points("bob")) == (10, 0)
    sends(shop, TEN, hours=1, payments=[paid("ann", "3.00"), paid("bob", "7.00")])
    assert (shop.points("ann"), shop.points("bob")) == (0, 10)
    assert counted(shop, C) == (1, 10)


def test_an_exchange_within_a_sale_finds_the_room_of_what_it_takes_back() -> None:
    on_a = rule(id="a", when={"items": {"skus": ["a"]}})
    on_b = rule(id="b", when={"items": {"skus": ["b"]}})
    shop = plain(on_b, on_a, **accounts(maximum_balance=100))
    sends(shop, line("a", "100.00"))
    sends(shop, line("b", "60.00"), hours=1)
    assert shop.points() == 60


def test_a_version_that_fits_into_what_was_left_then_is_granted() -> None:
    shop = limited(1, "1.00", points=50)
    sends(shop, line("a", "40.00"), line("b", "20.00"))
    assert (shop.points(), shop.limits_hit) == (0, ["points"])
    sends(shop, line("a", "40.00"), hours=1)
    assert (shop.points(), counted(shop, C)) == (40, (1, 40))


def test_a_grant_that_was_kept_from_growing_does_not_grow_when_room_is_made() -> None:
    shop = limited(1, "1.00", points=100)
    sends(shop, line("x", "90.00"), number="8", to="ben")
    sends(shop, line("a", "5.00"))
    sends(shop, line("a", "20.00"), hours=1)
    assert (shop.points(), shop.limits_hit) == (5, ["points"])
    voids(shop, number="8", hours=2)
    sends(shop, line("a", "20.00"), hours=3, is_closed=True, discounts=[])
    assert (shop.points(), shop.limits_hit) == (5, ["points"])
