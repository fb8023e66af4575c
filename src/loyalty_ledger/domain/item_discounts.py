"""What an offer takes off goods: which of them, and how much."""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate
from typing import NamedTuple

from msgspec.structs import replace

from loyalty_ledger.domain.basket import share_out
from loyalty_ledger.domain.events.offers import LineDiscount
from loyalty_ledger.domain.goods import (
    Goods,
    Wanted,
    cheapest_first,
    dearest_first,
    number,
    require,
    split,
)
from loyalty_ledger.domain.program.discounts import (
    AmountOffItem,
    BuyXGetY,
    Get,
    PercentOffItem,
    Selection,
    SetPrice,
)
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.program.selectors import ItemSelector
from loyalty_ledger.domain.rules import UNKNOWN_ITEM, Item, Matcher
from loyalty_ledger.domain.values import Reason, Rejected


class Till(NamedTuple):
    """A check ready to be discounted: `total` before any discount, and what is `left` of it.

    `spare` is what all other discounts leave of each line, `free` what those leave that name lines:
    ours takes no more than the first, and nothing from goods of which the second is 0.
    """

    total: int
    left: int
    goods: list[Goods]
    spare: Mapping[str, int]
    free: Mapping[str, int]
    items: Mapping[str, Item]
    applications: int
    program: Program

    def takes(self, selector: ItemSelector) -> Callable[[Goods], bool]:
        """Tells the goods that the selector takes."""
        matcher, items = Matcher(selector), self.items
        return lambda some: matcher.takes(some.item_id, items.get(some.item_id, UNKNOWN_ITEM))

    def matching(self, selector: ItemSelector) -> list[Goods]:
        """The goods that the selector takes."""
        return list(filter(self.takes(selector), self.goods))


ItemKind = AmountOffItem | PercentOffItem | BuyXGetY | SetPrice | Selection
_Reduction = Callable[[Goods], Fraction | int]
"""What comes off goods, exactly."""


def off_items(kind: ItemKind, till: Till) -> list[LineDiscount]:
    """What is taken off each line; Rejected when goods are missing, or all are free already."""
    capped = [
        replace(part, amount=min(part.amount, till.spare[part.line_id]))
        for part in _off_items(kind, till)
    ]
    _check_not_free(kind, till)
    return _listed(capped)


def _check_not_free(kind: ItemKind, till: Till) -> None:
    wanted = kind.get.items if isinstance(kind, BuyXGetY) else kind.items
    if not any(till.free[some.line_id] for some in filter(till.takes(wanted), till.goods)):
        raise Rejected(
            Reason.OFFER_NOT_APPLICABLE,
            "what the offer is about is free already",
            {"left": 0},
        )


def _off_items(kind: ItemKind, till: Till) -> list[LineDiscount]:
    """What is taken off each of the goods chosen."""
    match kind:
        case AmountOffItem():
            return _each(_picked(kind, till), _amount_off(till.program.minor(kind.amount)))
        case PercentOffItem():
            return _each(_picked(kind, till), _percent_off(Fraction(kind.percent)))
        case SetPrice():
            goods = dearest_first(_at_least(1, kind.items, till))
            taken, _ = split(goods, till.applications)
            return _each(taken, _down_to(till.program.minor(kind.price)))
        case BuyXGetY():
            return _each(_got(kind, till), _reduction(kind.get, till.program))
        case Selection():
            return _selected(kind, till)


def _at_least(needed: int, items: ItemSelector, till: Till) -> list[Goods]:
    """The goods that match; Rejected when they are too few."""
    goods = till.matching(items)
    require(Wanted(items, needed, number(goods)))
    return goods


def _picked(kind: AmountOffItem | PercentOffItem, till: Till) -> list[Goods]:
    goods = _at_least(1, kind.items, till)
    in_order = cheapest_first(goods) if kind.pick == "lowest" else dearest_first(goods)
    taken, _ = split(in_order, till.applications)
    return taken


_BUY, _GET, _BOTH = (True, False), (False, True), (True, True)


def _got(kind: BuyXGetY, till: Till) -> list[Goods]:
    """The goods that get cheaper: the cheapest, once the dearest have been kept for buying."""
    buys, gets = till.takes(kind.buy.items), till.takes(kind.get.items)
    told: dict[tuple[bool, bool], list[Goods]] = {}
    for some in till.goods:
        told.setdefault((buys(some), gets(some)), []).append(some)
    to_buy, to_get, either = told.get(_BUY, []), told.get(_GET, []), told.get(_BOTH, [])
    bought, got, both = number(to_buy), number(to_get), number(either)
    x, y = kind.buy.quantity, kind.get.quantity
    for_first = got + both - min(both, max(0, x - bought))
    require(
        Wanted(kind.buy.items, x, bought + both, " to buy"),
        Wanted(kind.get.items, 1, for_first, " besides what is bought"),
    )
    # Each application takes all of its x, and the last may do with one good to get.
    applications = min(
        till.applications,
        (bought + both) // x,
        (got + both - 1) // y + 1,
        (bought + got + both - 1 + y) // (x + y),
    )
    _, free = split(dearest_first(either), max(0, applications * x - bought))
    taken, _ = split(cheapest_first([*to_get, *free]), applications * y)
    return taken


def _reduction(get: Get, program: Program) -> _Reduction:
    if get.percent_off is not None:
        return _percent_off(Fraction(get.percent_off))
    if get.amount_off is not None:
        return _amount_off(program.minor(get.amount_off))
    if get.set_price is not None:
        return _down_to(program.minor(get.set_price))
    raise ValueError("what is got has no reduction")


def _amount_off(amount: int) -> _Reduction:
    return lambda some: min(some.pieces * amount, some.worth)


def _percent_off(percent: Fraction) -> _Reduction:
    return lambda some: some.worth * percent / 100


def _down_to(price_of_one: int) -> _Reduction:
    return lambda some: max(0, some.worth - some.pieces * price_of_one)


def _each(goods: Sequence[Goods], reduction: _Reduction) -> list[LineDiscount]:
    """What comes off each line, rounded down once for the line."""
    off: dict[str, Fraction | int] = {}
    for some in goods:
        off[some.line_id] = off.get(some.line_id, 0) + reduction(some)
    quantities = _by_line(goods)
    return [_part(line_id, quantities, int(amount)) for line_id, amount in off.items()]


def _by_line(goods: Sequence[Goods]) -> dict[str, Decimal]:
    """How many goods of each line these are."""
    quantities: dict[str, Decimal] = {}
    for some in goods:
        quantities[some.line_id] = quantities.get(some.line_id, Decimal(0)) + some.quantity
    return quantities


def _part(line_id: str, quantities: Mapping[str, Decimal], amount: int) -> LineDiscount:
    return LineDiscount(line_id=line_id, quantity=quantities[line_id], amount=amount)


def _selected(kind: Selection, till: Till) -> list[LineDiscount]:
    goods = dearest_first(_at_least(kind.choose, kind.items, till))
    price_of_all = till.program.minor(kind.price)
    most = min(till.applications, number(goods) // kind.choose)
    applications = max(1, _worthwhile(goods, kind.choose, price_of_all, most))
    taken, _ = split(goods, applications * kind.choose)
    quantities = _by_line(taken)
    worths = _each(taken, lambda some: some.worth)
    sizes = [(line.amount, line.line_id) for line in worths]
    off = max(0, sum(size for size, _ in sizes) - applications * price_of_all)
    return [
        _part(line_id, quantities, part)
        for (_, line_id), part in zip(sizes, share_out(off, sizes), strict=True)
    ]


def _worthwhile(goods: Sequence[Goods], choose: int, price_of_all: int, most: int) -> int:
    """How many of at most `most` applications cost more than their price; the first cost most."""
    counts = list(accumulate((some.pieces for some in goods), initial=0))
    worths = list(accumulate((some.left for some in goods), initial=0))

    def worth(first: int) -> Fraction | int:
        """What the first so many goods cost."""
        line = bisect_left(counts, first)
        if counts[line] == first:
            return worths[line]
        return worths[line - 1] + goods[line - 1].price * (first - counts[line - 1])

    def too_cheap(before: int) -> bool:
        """Whether the application that comes after so many costs no more than its price."""
        return worth((before + 1) * choose) - worth(before * choose) <= price_of_all

    return bisect_left(range(most), True, key=too_cheap)


def _listed(parts: Sequence[LineDiscount]) -> list[LineDiscount]:
    """In order of line. Lines with nothing off stay only where nothing is taken off at all.

    A till shares a discount over all lines it names: one that is not reduced would take part.
    """
    reduced = [part for part in parts if part.amount]
    return sorted(reduced or parts, key=lambda part: part.line_id)
