"""Whatever the offer and the check, discounts keep these laws, and a plain reference agrees."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from laws import reference_discounts as reference
from laws.reference_basket import after_returns, nets
from loyalty_ledger.domain.discounts import Check, check_total, price
from loyalty_ledger.domain.events.offers import PricedDiscount
from loyalty_ledger.domain.events.sales import Discount, Line
from loyalty_ledger.domain.program.offers import Offer
from loyalty_ledger.domain.rules import Item
from loyalty_ledger.domain.values import Reason, Rejected
from specification import cents, program

CATALOG = {"a": Item(("DRINKS",)), "b": Item(("DRINKS", "COFFEE")), "c": Item(("BAKERY",))}
PROGRAMS = {taxed: program(tax_in_earning=taxed) for taxed in (False, True)}
UNTAXED = PROGRAMS[False]

ITEMS = st.sampled_from("abcd")
MONEY = st.integers(0, 900) | st.sampled_from([0, 1, 100, 300])
WHOLE = [Decimal(n) for n in range(5)]
QUANTITY = st.sampled_from([*WHOLE, Decimal("0.5"), Decimal("2.25")])


@st.composite
def baskets(draw: st.DrawFn, *, halves_come_back: bool = True) -> list[Line]:
    """Up to seven lines in any order: pieces and weights, often at one price, some coming back."""
    made = []
    for number in draw(st.permutations(range(draw(st.integers(0, 7))))):
        back = draw(st.sampled_from([1, 1, 1, 1, -1]))
        quantity = draw(QUANTITY if back > 0 or halves_come_back else st.sampled_from(WHOLE))
        made.append(
            Line(
                line_id=str(number),
                item_id=draw(ITEMS),
                subtotal=back * draw(MONEY | st.just(int(100 * quantity))),
                quantity=back * quantity,
            )
        )
    return [
        Line(line_id=x.line_id, item_id=x.item_id, subtotal=x.subtotal, quantity=x.quantity, tax=t)
        for x in made
        for t in [draw(st.integers(0, abs(x.subtotal) // 4)) * (1 if x.subtotal >= 0 else -1)]
    ]


EARLIER = st.lists(
    st.builds(
        Discount,
        amount=MONEY,
        stack_order=st.integers(0, 3),
        lines=st.lists(st.sampled_from("01234567"), max_size=3),
        quantities=st.lists(QUANTITY, max_size=3),
    ),
    max_size=3,
)
SELECTORS = st.sampled_from(
    [
        {},
        {"skus": ["a"]},
        {"skus": ["c", "d"]},
        {"categories": ["DRINKS"]},
        {"categories": ["DRINKS"], "exclude": {"categories": ["COFFEE"]}},
        {"exclude": {"skus": ["d"]}},
    ]
)
AMOUNTS = st.sampled_from(["0.01", "0.50", "1.00", "2.99", "7.00"])
PERCENTS = st.sampled_from(["0", "10", "12.5", "33.333333333", "99.9", "100"])
COUNTS = st.integers(1, 3)
WAYS = st.one_of(
    st.fixed_dictionaries({"percent_off": PERCENTS}),
    st.fixed_dictionaries({"amount_off": AMOUNTS}),
    st.fixed_dictionaries({"set_price": AMOUNTS}),
)
SIDES = st.fixed_dictionaries({"items": SELECTORS, "quantity": COUNTS})
PICKED: dict[str, st.SearchStrategy[Any]] = {
    "items": SELECTORS,
    "pick": st.sampled_from(["lowest", "highest"]),
}
CAPPED = {"maximum": AMOUNTS}


Keys = dict[str, st.SearchStrategy[Any]]


def of_kind(kind: str, keys: Keys, optional: Keys | None = None) -> st.SearchStrategy[Any]:
    told: Keys = {"kind": st.just(kind)}
    return st.fixed_dictionaries(told | keys, optional=optional or {})


DISCOUNTS = st.one_of(
    of_kind("amount_off_check", {"amount": AMOUNTS}),
    of_kind("percent_off_check", {"percent": PERCENTS}, CAPPED),
    of_kind("amount_off_item", {"amount": AMOUNTS, **PICKED}),
    of_kind("percent_off_item", {"percent": PERCENTS, **PICKED}),
    of_kind("buy_x_get_y", {"buy": SIDES, "get": st.builds(dict.__or__, SIDES, WAYS)}),
    of_kind("set_price", {"items": SELECTORS, "price": AMOUNTS}),
    of_kind("selection", {"items": SELECTORS, "choose": COUNTS, "price": AMOUNTS}),
    of_kind("manual", {}),
)
OFFERS = st.fixed_dictionaries(
    {
        "id": st.just("treat"),
        "title": st.just("A treat"),
        "discount": DISCOUNTS,
        "applications_per_check": st.integers(1, 6),
        "stack_order": st.integers(0, 3),
    },
    optional={"minimum_spend": st.sampled_from(["0.01", "3.00", "5.00"])},
)


def priced(
    offer: dict[str, Any], lines: Sequence[Line], discounts: Sequence[Discount]
) -> PricedDiscount | None:
    """What the offer takes off, or nothing when it does not apply."""
    try:
        check = Check("s1", lines, CATALOG, discounts)
        return price(Offer.model_validate(offer), check, UNTAXED)
    except Rejected as refusal:
        assert refusal.code is Reason.OFFER_NOT_APPLICABLE
        return None


def takes(selector: dict[str, Any], item_id: str) -> bool:
    """What the selectors above mean, by hand."""
    categories = {"a": ["DRINKS"], "b": ["DRINKS", "COFFEE"], "c": ["BAKERY"]}.get(item_id, [])

    def named(names: dict[str, Any]) -> bool:
        there = [*names.get("skus", []), *names.get("categories", [])]
        return any(name in there for name in [item_id, *categories])

    wanted = {key: names for key, names in selector.items() if key != "exclude"}
    return (not wanted or named(wanted)) and not named(selector.get("exclude", {}))


@given(OFFERS, baskets(), EARLIER)
def test_every_kind_takes_off_what_the_reference_does(
    offer: dict[str, Any], lines: list[Line], discounts: list[Discount]
) -> None:
    found = priced(offer, lines, discounts)

    counter = reference.Counter(lines, discounts, offer["stack_order"])
    in_order = sorted(lines, key=lambda line: line.line_id)
    enough = sum(nets(in_order, [], False)) >= cents(offer.get("minimum_spend", "0"))
    expected = reference.answer(offer, counter, takes, cents) if enough else None
    if expected is None:
        assert found is None
    else:
        assert found is not None
        assert found.amount == expected.amount
        off = {part.line_id: part.amount for part in found.lines if part.amount}
        assert off == {line_id: part for line_id, part in expected.lines.items() if part}


@given(OFFERS, baskets(), EARLIER)
def test_nothing_is_discounted_by_more_than_is_left_of_it(
    offer: dict[str, Any], lines: list[Line], discounts: list[Discount]
) -> None:
    found = priced(offer, lines, discounts)
    if found is None:
        return
    counter = reference.Counter(lines, discounts, offer["stack_order"])
    left = {line.line_id: money for line, money in zip(counter.lines, counter.left, strict=True)}
    bought = {line.line_id: line.quantity for line in lines}
    assert 0 <= found.amount <= sum(left.values())
    assert found.amount <= sum(counter.spare.values())
    for part in found.lines:
        assert 0 <= part.amount <= min(left[part.line_id], counter.spare[part.line_id])
        assert 0 <= part.quantity <= bought[part.line_id]


@given(OFFERS, baskets(), EARLIER)
def test_the_parts_of_a_discount_add_up_to_it_line_by_line(
    offer: dict[str, Any], lines: list[Line], discounts: list[Discount]
) -> None:
    found = priced(offer, lines, discounts)
    if found is None:
        return
    named = [part.line_id for part in found.lines]
    assert named == sorted(set(named))
    whole_check = offer["discount"]["kind"] in ("amount_off_check", "percent_off_check", "manual")
    assert (named == []) is whole_check
    assert whole_check or found.amount == sum(part.amount for part in found.lines)
    assert found.stack_order == offer["stack_order"]


@given(OFFERS, baskets(), EARLIER, st.randoms(use_true_random=False))
def test_the_order_of_lines_never_matters(
    offer: dict[str, Any], lines: list[Line], discounts: list[Discount], chance: Any
) -> None:
    shuffled = chance.sample(lines, len(lines))
    assert priced(offer, shuffled, discounts) == priced(offer, lines, discounts)
    for one in PROGRAMS.values():
        totals = {check_total(Check("s1", some, CATALOG), one) for some in (lines, shuffled)}
        assert len(totals) == 1


@given(
    OFFERS,
    baskets(halves_come_back=False),
    EARLIER,
    st.sampled_from(["00", "35", "8"]),
    ITEMS,
    st.integers(1, 900),
    QUANTITY,
)
def test_another_good_on_the_check_never_makes_an_offer_fail(
    offer: dict[str, Any],
    lines: list[Line],
    discounts: list[Discount],
    line_id: str,
    item_id: str,
    money: int,
    quantity: Decimal,
) -> None:
    """Halves do not come back here: half a piece returned makes a weight of three of them."""
    more = Line(line_id=line_id, item_id=item_id, subtotal=money, quantity=quantity)
    if priced(offer, lines, discounts) is not None:
        assert priced(offer, [*lines, more], discounts) is not None


@given(OFFERS, baskets(), EARLIER)
def test_discounts_taken_before_make_an_offer_fail_only_where_they_leave_nothing(
    offer: dict[str, Any], lines: list[Line], discounts: list[Discount]
) -> None:
    alone, after = priced(offer, lines, []), priced(offer, lines, discounts)
    counter = reference.Counter(lines, discounts, offer["stack_order"])
    if after is None and alone is not None:
        spare = counter.spare
        of_goods = [spare[piece.line_id] for piece in counter.pieces]
        assert not any(spare.values()) or not all(of_goods)
    else:
        assert (alone is None) is (after is None)


@given(baskets())
def test_a_check_comes_to_what_its_lines_do_before_discounts(lines: list[Line]) -> None:
    in_order = sorted(lines, key=lambda line: line.line_id)
    check = Check("s1", lines, CATALOG, [Discount(amount=100, stack_order=0)])
    assert check_total(check, PROGRAMS[True]) == sum(
        after_returns(in_order, [line.subtotal for line in in_order])
    )
    assert check_total(check, PROGRAMS[False]) == sum(nets(in_order, [], False))
