"""Several offers on one check: each takes goods that no other has made free."""

from decimal import Decimal

from discount_examples import (
    COFFEE,
    FREE_MUFFIN,
    LATTE,
    comes_off,
    pieces,
    priced,
    refused,
)
from loyalty_ledger.domain.events.sales import Discount
from specification import line, off

TWO_COFFEES = pieces("latte", 2, "10.00")
FIRST_IS_FREE = Discount(
    amount=250, stack_order=1, lines=["muffin"], quantities=[Decimal(1)], reference_id="first"
)


def test_a_second_free_muffin_is_the_other_one_on_the_line() -> None:
    muffins = pieces("muffin", 2, "5.00")
    found = comes_off(FREE_MUFFIN, [TWO_COFFEES, muffins], FIRST_IS_FREE)
    assert found == {"muffin": ("1", 250)}


def test_a_second_free_muffin_is_the_one_on_the_other_line() -> None:
    other = line("muffin", "2.50", line_id="second")
    found = comes_off(FREE_MUFFIN, [TWO_COFFEES, line("muffin", "2.50"), other], FIRST_IS_FREE)
    assert found == {"second": ("1", 250)}


def test_when_every_muffin_is_free_already_a_second_offer_is_not_used_up_for_nothing() -> None:
    refusal = refused(FREE_MUFFIN, [LATTE, line("muffin", "2.50")], FIRST_IS_FREE)
    assert (refusal.message, refusal.details) == (
        "what the offer is about is free already",
        {"left": 0},
    )


def test_discounts_that_come_later_leave_their_part_to_be_shared() -> None:
    later = off("60.00", order=2)
    money = {"kind": "amount_off_check", "amount": "60.00"}
    assert priced(money, [line("mug", "100.00")], later).amount == 4000
    assert priced(money, [line("mug", "120.00")], later).amount == 6000


def test_nothing_left_of_the_check_is_nothing_to_discount() -> None:
    money = {"kind": "amount_off_check", "amount": "1.00"}
    assert refused(money, [LATTE], off("5.00")).details == {"left": 0}


def test_a_discount_that_does_not_say_of_how_many_is_spread_over_the_line() -> None:
    muffins = pieces("muffin", 2, "5.00")
    found = comes_off(FREE_MUFFIN, [TWO_COFFEES, muffins], off("2.50", "muffin"))
    assert found == {"muffin": ("1", 125)}


def test_what_is_left_after_money_off_the_whole_check_bounds_the_others() -> None:
    everything = {"kind": "percent_off_item", "items": COFFEE, "percent": "100"}
    found = comes_off(everything, [TWO_COFFEES], off("9.00"), applications_per_check=2)
    assert found == {"latte": ("2", 100)}
