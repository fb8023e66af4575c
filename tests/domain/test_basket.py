"""What each line of a sale is worth, and who paid for it."""

from decimal import Decimal

from loyalty_ledger.domain.basket import net_lines, shares
from loyalty_ledger.domain.events.sales import Discount, Line, Payment
from specification import line, off, paid


def worth(lines: list[Line], *discounts: Discount, tax_in_earning: bool = False) -> list[int]:
    return [x.net for x in net_lines(lines, discounts, tax_in_earning=tax_in_earning)]


def split(*payments: Payment) -> list[tuple[str, int, int]]:
    return [(one.customer_id, one.paid, one.paid_in_all) for one in shares(payments)]


# --- returns within a sale ----------------------------------------------------------------------


def test_a_line_without_quantity_keeps_its_money() -> None:
    assert worth([line("fuel", "31.20", quantity=Decimal(0))]) == [3120]


def test_a_negative_line_is_netted_against_lines_of_the_same_item_in_their_order() -> None:
    lines = [
        line("mug", "5.00", line_id="1"),
        line("mug", "-7.00", line_id="2", quantity=Decimal(-2)),
        line("mug", "5.00", line_id="3"),
        line("tea", "9.00", line_id="4"),
    ]
    assert worth(lines) == [0, 0, 300, 900]


def test_returned_quantity_is_taken_off_what_was_bought() -> None:
    lines = [
        line("mug", "15.00", quantity=Decimal(3)),
        line("mug", "-5.00", line_id="back", quantity=Decimal(-1)),
    ]
    assert next(x.quantity for x in net_lines(lines, [], tax_in_earning=False)) == 2


def test_what_is_left_of_a_negative_line_earns_nothing_and_takes_from_no_other_item() -> None:
    assert worth([line("mug", "-5.00"), line("tea", "9.00")]) == [0, 900]


def test_the_tax_of_a_negative_line_makes_no_money_of_it() -> None:
    assert worth([line("mug", "-5.00", tax=-40)]) == [0]


def test_a_line_of_negative_quantity_earns_nothing_though_its_money_is_positive() -> None:
    assert worth([line("mug", "5.00", quantity=Decimal(-1))]) == [0]


def test_a_line_of_negative_quantity_takes_off_quantity_but_no_money_that_it_does_not_name() -> (
    None
):
    lines = [
        line("mug", "10.00", quantity=Decimal(2)),
        line("mug", "5.00", line_id="back", quantity=Decimal(-1)),
    ]
    netted = net_lines(lines, [], tax_in_earning=False)
    assert [(one.net, one.quantity) for one in netted] == [(1000, Decimal(1)), (0, Decimal(0))]


def test_returned_tax_is_no_longer_taken_off_what_was_kept() -> None:
    lines = [
        line("mug", "20.00", tax=400, quantity=Decimal(2)),
        line("mug", "-10.00", line_id="back", tax=-200, quantity=Decimal(-1)),
    ]
    assert worth(lines) == [800, 0]


def test_a_line_that_came_back_whole_is_gone_and_a_free_one_is_not() -> None:
    lines = [
        line("mug", "5.00"),
        line("mug", "-5.00", line_id="back", quantity=Decimal(-1)),
        line("sample", "0.00"),
    ]
    assert [x.gone for x in net_lines(lines, [], tax_in_earning=False)] == [True, True, False]


# --- discounts and tax --------------------------------------------------------------------------


def test_a_discount_names_its_lines_or_takes_all() -> None:
    lines = [line("a", "10.00"), line("b", "10.00")]
    assert worth(lines, off("4.00", "a")) == [600, 1000]
    assert worth(lines, off("4.00")) == [800, 800]


def test_cents_go_to_the_largest_remainder_and_ties_to_the_line_id() -> None:
    lines = [line("c", "1.00"), line("b", "1.00"), line("a", "1.00")]
    assert worth(lines, off("1.00")) == [67, 67, 66]
    assert worth([line("a", "2.00"), line("b", "1.00")], off("0.02")) == [199, 99]


def test_discounts_apply_by_stack_order_and_then_by_position() -> None:
    lines = [line("a", "10.00"), line("b", "10.00")]
    last = off("10.00", order=2)
    assert worth(lines, last, off("10.00", "a", order=1)) == [0, 0]
    assert worth(lines, off("5.00", "a"), off("5.00")) == [333, 667]
    assert worth(lines, off("5.00"), off("5.00", "a")) == [250, 750]


def test_the_excess_of_a_discount_is_dropped_and_so_are_lines_that_are_gone() -> None:
    lines = [line("a", "3.00"), line("b", "10.00")]
    assert worth(lines, off("5.00", "a")) == [0, 1000]
    assert worth(lines, off("3.00", "a"), off("2.00", "a", "nowhere")) == [0, 1000]


def test_tax_is_inside_what_a_discount_is_shared_over_and_comes_off_last() -> None:
    lines = [line("a", "12.00", tax=200), line("b", "6.00")]
    assert worth(lines, off("3.00")) == [800, 500]
    assert worth(lines, off("3.00"), tax_in_earning=True) == [1000, 500]


def test_the_net_is_never_negative() -> None:
    assert worth([line("a", "5.00", tax=400)], off("3.00")) == [0]


# --- who paid -----------------------------------------------------------------------------------


def test_payments_are_summed_per_customer() -> None:
    bill = [paid("ann", "5.00"), paid("ben", "3.00"), paid("ann", "2.00")]
    assert split(*bill) == [("ann", 700, 1000), ("ben", 300, 1000)]


def test_what_nobody_is_named_for_belongs_to_nobody() -> None:
    assert split(paid("ann", "4.00"), paid(None, "6.00")) == [("ann", 400, 1000)]
    assert split(paid(None, "6.00")) == []


def test_points_are_nobodys_tender_whoever_spends_them() -> None:
    bill = [paid("ann", "4.00"), paid("ann", "6.00", "POINTS")]
    assert split(*bill) == [("ann", 400, 1000)]
    assert split(paid("ann", "6.00", "POINTS")) == [("ann", 0, 600)]


def test_a_negative_sum_counts_as_nothing() -> None:
    assert split(paid("ann", "5.00"), paid("ben", "-2.00")) == [("ann", 500, 500), ("ben", 0, 500)]


def test_where_nobody_paid_anything_everybody_has_an_equal_share() -> None:
    assert split(paid("ann", "0.00"), paid("ben", "-1.00")) == [("ann", 1, 2), ("ben", 1, 2)]


def test_who_paid_most_comes_first_and_of_equals_who_was_named_first() -> None:
    def first(*payments: Payment) -> list[str]:
        return [one.customer_id for one in shares(payments) if one.first]

    assert first(paid("ann", "1.00"), paid("ben", "2.00")) == ["ben"]
    assert first(paid("ben", "2.00"), paid("ann", "2.00")) == ["ben"]
    assert first(paid("ben", "0.00"), paid("ann", "0.00")) == ["ben"]
    assert first(paid("ben", "9.00", "POINTS"), paid("ann", "0.00")) == ["ben"]
