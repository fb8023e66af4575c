"""What an offer takes off a check: every kind of discount, and every refusal."""

from decimal import Decimal
from typing import Any

import pytest

from discount_examples import (
    BAGEL,
    BAKERY,
    BREAKFAST,
    CATALOG,
    COFFEE,
    ESPRESSO,
    FREE,
    FREE_MUFFIN,
    LATTE,
    MUFFIN,
    NOTHING_FITS,
    comes_off,
    coming_back,
    pieces,
    priced,
    refused,
    two_for,
)
from loyalty_ledger.domain.discounts import Check, check_total
from loyalty_ledger.domain.events.offers import LineDiscount, PricedDiscount
from loyalty_ledger.domain.events.sales import Line
from specification import line, off, program

# --- off the whole check ------------------------------------------------------------------------


def test_money_off_the_check_names_no_lines() -> None:
    found = priced({"kind": "amount_off_check", "amount": "5.00"}, BREAKFAST)
    assert found == PricedDiscount(amount=500, lines=[], stack_order=1)


def test_money_off_never_exceeds_the_check() -> None:
    assert priced({"kind": "amount_off_check", "amount": "5.00"}, [ESPRESSO]).amount == 300


def test_a_share_of_the_check_is_rounded_down_and_ends_at_its_maximum() -> None:
    lines = [line("mug", "9.99")]
    assert priced({"kind": "percent_off_check", "percent": "12.5"}, lines).amount == 124
    capped = {"kind": "percent_off_check", "percent": "12.5", "maximum": "1.00"}
    assert priced(capped, lines).amount == 100


def test_a_currency_without_cents_is_rounded_to_its_own_unit() -> None:
    half = {"kind": "percent_off_check", "percent": 50}
    assert priced(half, [line("mug", "0.05")], settings={"currency": "JPY"}).amount == 2


@pytest.mark.parametrize(
    "discount",
    [
        {"kind": "amount_off_check", "amount": "5.00"},
        {"kind": "percent_off_check", "percent": 10},
    ],
)
@pytest.mark.parametrize("lines", [[], [line("sample", "0.00")], [line("mug", "-5.00")]])
def test_nothing_comes_off_a_check_with_nothing_on_it(
    discount: dict[str, Any], lines: list[Line]
) -> None:
    refusal = refused(discount, lines)
    assert refusal.message == "there is nothing on the check"
    assert refusal.details == {"spend": 0}


def test_what_is_fulfilled_by_hand_takes_nothing_off_and_always_applies() -> None:
    assert priced({"kind": "manual"}, []) == PricedDiscount(amount=0)
    assert refused({"kind": "manual"}, [], minimum_spend="1.00")
    assert refused({"kind": "manual"}, [], stores={"exclude": ["s1"]})


# --- off single items ---------------------------------------------------------------------------


def test_money_off_an_item_goes_to_the_lowest_priced_that_qualifies() -> None:
    offer = {"kind": "amount_off_item", "items": COFFEE, "amount": "1.00"}
    assert comes_off(offer, BREAKFAST) == {"espresso": ("1", 100)}


def test_or_to_the_highest_priced_if_the_offer_says_so() -> None:
    offer = {"kind": "amount_off_item", "items": COFFEE, "amount": "1.00", "pick": "highest"}
    assert comes_off(offer, BREAKFAST) == {"latte": ("1", 100)}


def test_it_applies_to_as_many_goods_as_the_offer_allows() -> None:
    offer = {"kind": "amount_off_item", "amount": "1.00"}
    found = comes_off(offer, BREAKFAST, applications_per_check=3)
    assert found == {"bagel": ("1", 100), "espresso": ("1", 100), "muffin": ("1", 100)}


def test_each_piece_of_a_line_is_a_good_of_its_own() -> None:
    offer = {"kind": "amount_off_item", "amount": "1.00"}
    found = comes_off(offer, [pieces("latte", 5, "20.00")], applications_per_check=3)
    assert found == {"latte": ("3", 300)}


def test_no_item_becomes_cheaper_than_free() -> None:
    offer = {"kind": "amount_off_item", "items": BAKERY, "amount": "2.25"}
    found = comes_off(offer, BREAKFAST, applications_per_check=2)
    assert found == {"bagel": ("1", 200), "muffin": ("1", 225)}


def test_a_percentage_is_rounded_down_once_for_each_line() -> None:
    offer = {"kind": "percent_off_item", "percent": 30}
    three_for_ten = [pieces("bagel", 3, "10.00")]
    assert comes_off(offer, three_for_ten) == {"bagel": ("1", 100)}
    assert comes_off(offer | {"percent": 40}, three_for_ten) == {"bagel": ("1", 133)}


def test_of_goods_at_one_price_those_of_the_first_line_id_are_taken() -> None:
    lines = [line("mug", "5.00", line_id="b"), line("mug", "5.00", line_id="a")]
    for pick in ("lowest", "highest"):
        offer = {"kind": "amount_off_item", "amount": "1.00", "pick": pick}
        assert comes_off(offer, lines) == {"a": ("1", 100)}


def test_what_is_weighed_is_one_good_of_its_weight() -> None:
    offer = {"kind": "percent_off_item", "percent": 10}
    found = comes_off(offer, [pieces("beans", "0.375", "6.40")], applications_per_check=5)
    assert found == {"beans": ("0.375", 64)}


def test_a_line_without_quantity_is_a_good_if_it_costs_something() -> None:
    offer = {"kind": "percent_off_item", "percent": 10}
    assert comes_off(offer, [pieces("fuel", 0, "30.00")]) == {"fuel": ("0", 300)}


def test_a_trillion_goods_on_a_line_are_counted_not_walked() -> None:
    many = [pieces("muffin", 10**12, "10000000000.00"), pieces("bagel", 10**12, "20000000000.00")]
    found = comes_off(two_for("0.01"), many, applications_per_check=10**15)
    assert found == {
        "bagel": (str(10**12), 2 * 10**12 - 666_666_666_667),
        "muffin": (str(10**12), 10**12 - 333_333_333_333),
    }


def test_items_at_a_fixed_price_begin_with_the_dearest() -> None:
    offer = {"kind": "set_price", "items": COFFEE, "price": "2.00"}
    assert comes_off(offer, BREAKFAST) == {"latte": ("1", 300)}
    both = comes_off(offer, BREAKFAST, applications_per_check=2)
    assert both == {"espresso": ("1", 100), "latte": ("1", 300)}


def test_a_fixed_price_makes_nothing_dearer_and_names_only_what_it_makes_cheaper() -> None:
    offer = {"kind": "set_price", "items": COFFEE, "price": "4.00"}
    found = comes_off(offer, BREAKFAST, applications_per_check=2)
    assert found == {"latte": ("1", 100)}


def test_goods_that_cost_less_already_are_named_when_nothing_comes_off_at_all() -> None:
    offer = {"kind": "set_price", "items": COFFEE, "price": "6.00"}
    found = priced(offer, BREAKFAST)
    assert found.lines == [LineDiscount(line_id="latte", quantity=Decimal(1), amount=0)]


# --- buy some, get others -----------------------------------------------------------------------


def test_whoever_buys_a_coffee_gets_a_muffin_free() -> None:
    assert comes_off(FREE_MUFFIN, BREAKFAST) == {"muffin": ("1", 250)}


def test_of_goods_that_are_bought_and_got_alike_the_cheapest_is_free() -> None:
    offer = {"kind": "buy_x_get_y", "buy": {"items": COFFEE}, "get": {"items": COFFEE} | FREE}
    assert comes_off(offer, [LATTE, ESPRESSO]) == {"espresso": ("1", 300)}


def test_what_can_only_be_bought_is_used_for_buying_first() -> None:
    offer = {"kind": "buy_x_get_y", "buy": {"items": {}}, "get": {"items": BAKERY} | FREE}
    both = comes_off(offer, [ESPRESSO, LATTE, MUFFIN, BAGEL], applications_per_check=2)
    assert both == {"bagel": ("1", 200), "muffin": ("1", 250)}


def test_each_application_has_to_be_bought_in_full_and_the_last_may_get_less() -> None:
    offer = {"kind": "buy_x_get_y", "buy": {"quantity": 2}, "get": {"quantity": 2} | FREE}
    for bagels, free in ((3, 1), (4, 2), (5, 2), (6, 2), (7, 3), (8, 4)):
        lines = [pieces("bagel", bagels, f"{bagels}.00")]
        found = comes_off(offer, lines, applications_per_check=9)
        assert found == {"bagel": (str(free), free * 100)}


def test_it_applies_no_oftener_than_it_may() -> None:
    offer = {"kind": "buy_x_get_y", "buy": {}, "get": FREE}
    assert comes_off(offer, [pieces("bagel", 8, "16.00")]) == {"bagel": ("1", 200)}


@pytest.mark.parametrize(
    ("way", "amount"),
    [
        ({"percent_off": "33.3"}, 166),
        ({"amount_off": "1.50"}, 300),
        ({"amount_off": "9.00"}, 500),
        ({"set_price": "1.00"}, 300),
        ({"set_price": "2.75"}, 0),
    ],
)
def test_what_is_got_is_free_or_cheaper_or_at_a_price_of_its_own(
    way: dict[str, Any], amount: int
) -> None:
    get = {"items": {"skus": ["muffin"]}, "quantity": 2} | way
    offer = {"kind": "buy_x_get_y", "buy": {"items": COFFEE}, "get": get}
    assert comes_off(offer, [LATTE, pieces("muffin", 2, "5.00")]) == {"muffin": ("2", amount)}


# --- a selection --------------------------------------------------------------------------------


def test_a_selection_costs_its_price_and_each_line_bears_its_share() -> None:
    assert comes_off(two_for("3.50"), BREAKFAST) == {"bagel": ("1", 44), "muffin": ("1", 56)}


def test_a_selection_takes_the_dearest_goods_first() -> None:
    lines = [*BREAKFAST, line("bagel", "4.00", line_id="bagel deluxe")]
    found = comes_off(two_for("6.00"), lines)
    assert found == {"bagel deluxe": ("1", 31), "muffin": ("1", 19)}


def test_a_selection_dearer_than_its_goods_takes_nothing_off() -> None:
    assert comes_off(two_for("8.00"), BREAKFAST) == {"bagel": ("1", 0), "muffin": ("1", 0)}


def test_only_whole_selections_count_and_only_those_that_are_worth_it() -> None:
    bagels = [pieces("bagel", 5, "20.00")]
    assert comes_off(two_for("6.00"), bagels, applications_per_check=9) == {"bagel": ("4", 400)}
    dear_and_cheap = [pieces("bagel", 2, "8.00"), pieces("muffin", 2, "6.00")]
    found = comes_off(two_for("6.00"), dear_and_cheap, applications_per_check=9)
    assert found == {"bagel": ("2", 200)}


# --- goods that are missing ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "discount",
    [
        {"kind": "amount_off_item", "items": COFFEE, "amount": "1.00"},
        {"kind": "percent_off_item", "items": COFFEE, "percent": 10},
        {"kind": "set_price", "items": COFFEE, "price": "1.00"},
    ],
)
def test_an_offer_on_items_needs_one_of_them(discount: dict[str, Any]) -> None:
    refusal = refused(discount, NOTHING_FITS)
    assert refusal.message == "the check lacks 1 of category COFFEE (1 needed, 0 there)"
    wanted = {"of": COFFEE, "needed": 1, "found": 0, "missing": 1}
    assert refusal.details == {"missing": 1, "items": [wanted]}


def test_a_selection_says_how_many_are_missing() -> None:
    refusal = refused(two_for("3.00") | {"choose": 5}, BREAKFAST)
    assert refusal.message == "the check lacks 3 of category BAKERY (5 needed, 2 there)"
    assert refusal.details["missing"] == 3


def test_all_that_is_missing_is_said_at_once() -> None:
    refusal = refused(FREE_MUFFIN, NOTHING_FITS)
    assert refusal.message == (
        "the check lacks 1 of category COFFEE to buy (1 needed, 0 there)"
        " and 1 of sku muffin besides what is bought (1 needed, 0 there)"
    )
    assert refusal.details["missing"] == 2


def test_what_was_bought_is_not_got_as_well() -> None:
    offer = {"kind": "buy_x_get_y", "buy": {"items": COFFEE}, "get": {"items": COFFEE} | FREE}
    refusal = refused(offer, [LATTE])
    assert refusal.message == (
        "the check lacks 1 of category COFFEE besides what is bought (1 needed, 0 there)"
    )


def test_a_refusal_names_a_few_items_and_what_is_left_out() -> None:
    items = {"skus": list("abcdefg"), "exclude": {"brands": ["acme"]}}
    refusal = refused({"kind": "set_price", "items": items, "price": 1}, [LATTE])
    assert refusal.message == (
        "the check lacks 1 of sku a or sku b or sku c or sku d or sku e or 2 others,"
        " but not brand acme, (1 needed, 0 there)"
    )
    assert refusal.details["items"][0]["of"] == items
    anything = refused({"kind": "set_price", "price": 1}, [])
    assert anything.message == "the check lacks 1 of any item (1 needed, 0 there)"


def test_an_item_the_catalog_does_not_know_is_taken_where_no_category_is_asked() -> None:
    half = {"kind": "percent_off_item", "percent": 50}
    assert comes_off(half, NOTHING_FITS) == {"mug": ("1", 450)}


# --- what comes back ----------------------------------------------------------------------------


def test_goods_that_came_back_are_no_goods() -> None:
    lines = [LATTE, coming_back("latte", 1, "5.00"), MUFFIN]
    assert refused(FREE_MUFFIN, lines).details["missing"] == 1


def test_goods_that_came_back_in_part_leave_the_rest() -> None:
    lines = [pieces("latte", 3, "15.00"), coming_back("latte", 1, "5.00")]
    offer = {"kind": "percent_off_item", "percent": 10}
    found = comes_off(offer, lines, applications_per_check=9)
    assert found == {"latte": ("2", 100)}


def test_the_order_of_lines_does_not_decide_which_of_them_came_back() -> None:
    lines = [
        line("mug", "5.00", line_id="2"),
        line("mug", "7.00", line_id="1"),
        pieces("mug", -1, "-5.00", line_id="0"),
    ]
    offer = {"kind": "percent_off_item", "percent": 10}
    assert comes_off(offer, lines) == comes_off(offer, lines[::-1]) == {"2": ("1", 50)}


# --- where, and from how much -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stores", "applies"),
    [
        ({}, True),
        ({"include": ["s1", "s2"]}, True),
        ({"include": ["s2"]}, False),
        ({"exclude": ["s1"]}, False),
        ({"include": ["s1"], "exclude": ["s1"]}, False),
    ],
)
def test_an_offer_applies_only_in_its_stores(stores: dict[str, Any], applies: bool) -> None:
    if applies:
        assert priced(FREE_MUFFIN, BREAKFAST, stores=stores).amount == 250
    else:
        refusal = refused(FREE_MUFFIN, BREAKFAST, stores=stores)
        assert refusal.message == "the offer cannot be used in store s1"
        assert refusal.details == {"store_id": "s1"}


def test_exactly_the_minimum_spend_is_enough_and_a_cent_less_is_not() -> None:
    assert priced(FREE_MUFFIN, BREAKFAST, minimum_spend="12.50")
    refusal = refused(FREE_MUFFIN, BREAKFAST, minimum_spend="12.51")
    assert refusal.message == (
        "the check comes to 12.50 USD and the offer asks for 12.51: 0.01 missing"
    )
    assert refusal.details == {"minimum_spend": 1251, "spend": 1250, "missing": 1}


def test_earlier_discounts_do_not_lower_the_spend() -> None:
    assert priced(FREE_MUFFIN, BREAKFAST, off("9.00"), minimum_spend="12.50")


def test_what_came_back_does_not_count_as_spend() -> None:
    lines = [*BREAKFAST, coming_back("bagel", 1, "2.00")]
    assert refused(FREE_MUFFIN, lines, minimum_spend="12.50").details["missing"] == 200


def test_tax_counts_as_spend_where_tax_earns() -> None:
    check = Check("s1", [line("latte", "5.00", tax=40)], CATALOG)
    assert check_total(check, program()) == 460
    assert check_total(check, program(tax_in_earning=True)) == 500


def test_tax_is_discounted_with_the_rest() -> None:
    offer = {"kind": "amount_off_check", "amount": "5.00"}
    assert priced(offer, [line("latte", "5.00", tax=40)]).amount == 500


# --- other discounts on the check ---------------------------------------------------------------


def test_earlier_discounts_leave_less_to_take() -> None:
    half = {"kind": "percent_off_check", "percent": 50}
    assert priced(half, BREAKFAST, off("2.50"), stack_order=2).amount == 500


def test_later_discounts_leave_it_alone_and_those_of_its_own_order_came_first() -> None:
    half = {"kind": "percent_off_check", "percent": 50}
    assert priced(half, BREAKFAST, off("2.50", order=3), stack_order=2).amount == 625
    assert priced(half, BREAKFAST, off("2.50", order=2), stack_order=2).amount == 500


def test_it_takes_from_a_line_what_earlier_discounts_left_of_it() -> None:
    assert comes_off(FREE_MUFFIN, BREAKFAST, off("1.00", "muffin")) == {"muffin": ("1", 150)}


def test_an_offer_says_its_own_place_among_the_discounts() -> None:
    assert priced(FREE_MUFFIN, BREAKFAST, stack_order=7).stack_order == 7
