"""What a basket is worth, against a reference in plain Python."""

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from laws import reference_basket as reference
from loyalty_ledger.domain.basket import net_lines, share_out, shares
from loyalty_ledger.domain.events.sales import Discount, Line, Payment

ITEMS = st.sampled_from("abc")
MONEY = st.integers(0, 2000) | st.sampled_from([0, 1, 999, 1000])
QUANTITY = st.sampled_from([Decimal(n) for n in ("0", "0.5", "1", "2", "2.25")])


@st.composite
def baskets(draw: st.DrawFn) -> list[Line]:
    made = []
    for number in draw(st.permutations(range(draw(st.integers(0, 6))))):
        back = draw(st.sampled_from([1, 1, 1, -1]))
        money, quantity = draw(MONEY), draw(QUANTITY)
        made.append(
            Line(
                line_id=str(number),
                item_id=draw(ITEMS),
                subtotal=back * money,
                quantity=back * quantity,
                tax=back * draw(st.integers(0, money // 4)),
            )
        )
    return made


DISCOUNTS = st.lists(
    st.builds(
        Discount,
        amount=MONEY,
        stack_order=st.integers(0, 2),
        lines=st.lists(st.sampled_from("0123456"), max_size=3),
    ),
    max_size=3,
)
PAYMENTS = st.lists(
    st.builds(
        Payment,
        amount=st.integers(-500, 1500) | st.just(0),
        type=st.sampled_from([None, "CASH", "POINTS"]),
        customer_id=st.sampled_from([None, "ann", "ben", "cy"]),
    ),
    max_size=6,
)


@given(baskets(), DISCOUNTS, st.booleans())
def test_a_basket_nets_discounts_and_taxes_as_the_reference_does(
    lines: list[Line], discounts: list[Discount], tax_in_earning: bool
) -> None:
    found = net_lines(lines, discounts, tax_in_earning=tax_in_earning)

    assert [line.net for line in found] == reference.nets(lines, discounts, tax_in_earning)
    kept = [line for line in found if int(line.line_id) not in _returns(lines)]
    expected = dict(zip((x.line_id for x in lines), reference.quantities(lines), strict=True))
    assert {line.line_id: line.quantity for line in kept} == {
        line.line_id: expected[line.line_id] for line in kept
    }


def _returns(lines: list[Line]) -> list[int]:
    return [int(lines[place].line_id) for place in reference.negative(lines)]


@given(baskets(), DISCOUNTS, st.booleans())
def test_no_line_is_ever_worth_less_than_nothing_or_more_than_it_cost(
    lines: list[Line], discounts: list[Discount], tax_in_earning: bool
) -> None:
    for line, net in zip(
        lines, net_lines(lines, discounts, tax_in_earning=tax_in_earning), strict=True
    ):
        assert 0 <= net.net <= max(0, line.subtotal)


@given(baskets(), DISCOUNTS)
def test_every_cent_of_a_discount_comes_off_or_is_dropped_as_excess(
    lines: list[Line], discounts: list[Discount]
) -> None:
    def total(some: list[Discount]) -> int:
        return sum(line.net for line in net_lines(lines, some, tax_in_earning=True))

    over_the_check = [Discount(amount=d.amount, stack_order=d.stack_order) for d in discounts]
    whole = sum(discount.amount for discount in discounts)

    assert total(over_the_check) == max(0, total([]) - whole)
    assert total([]) - whole <= total(discounts) <= total([])


@given(baskets().filter(lambda lines: not reference.negative(lines)), DISCOUNTS, st.randoms())
def test_the_order_of_lines_is_irrelevant_where_nothing_is_given_back(
    lines: list[Line], discounts: list[Discount], chance: object
) -> None:
    mixed = list(lines)
    chance.shuffle(mixed)  # type: ignore[attr-defined]

    def nets(some: list[Line]) -> dict[str, int]:
        return {x.line_id: x.net for x in net_lines(some, discounts, tax_in_earning=False)}

    assert nets(mixed) == nets(lines)


@given(PAYMENTS)
def test_a_bill_is_shared_as_the_reference_does(payments: list[Payment]) -> None:
    found = [
        (share.customer_id, Fraction(share.paid, share.paid_in_all), share.first)
        for share in shares(payments)
    ]

    assert found == reference.shares(payments)


@given(PAYMENTS)
def test_shares_never_exceed_the_bill_and_exactly_one_customer_comes_first(
    payments: list[Payment],
) -> None:
    found = shares(payments)

    assert sum(Fraction(share.paid, share.paid_in_all) for share in found) <= 1
    assert [share.first for share in found].count(True) == (1 if found else 0)


@given(
    st.integers(-5, 5000),
    st.lists(st.tuples(st.integers(1, 900), st.uuids().map(str)), min_size=1, max_size=8),
)
def test_what_is_shared_out_adds_up_and_nobody_is_a_cent_from_his_due(
    amount: int, parts: list[tuple[int, str]]
) -> None:
    whole = sum(size for size, _ in parts)

    shared = share_out(amount, parts)

    assert sum(shared) == min(max(0, amount), whole)
    for (size, _), part in zip(parts, shared, strict=True):
        assert abs(part - Fraction(sum(shared) * size, whole)) < 1
