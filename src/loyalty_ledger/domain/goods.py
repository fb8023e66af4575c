"""The goods on a check: pieces and weights, what one costs, and which of them are chosen.

Goods of one line cost the same and stay together, so that a line of a million costs no more time.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from loyalty_ledger.domain.basket import NetLine
from loyalty_ledger.domain.program.selectors import ItemNames, ItemSelector
from loyalty_ledger.domain.values import Reason, Rejected


class Goods(NamedTuple):
    """Some goods of a line: `pieces` of the `on_line` that share the money `left` on them.

    A line that is not counted in whole pieces is a single good of its `weight`.
    """

    line_id: str
    item_id: str
    left: int
    on_line: int
    pieces: int
    weight: Decimal | None = None

    @property
    def price(self) -> Fraction | int:
        """What one of them costs, in minor units, exactly."""
        return self.left if self.on_line == 1 else Fraction(self.left, self.on_line)

    @property
    def worth(self) -> Fraction | int:
        """What they cost together, exactly."""
        return self.price * self.pieces

    @property
    def quantity(self) -> Decimal:
        """How many they are, or what the one weighs."""
        return Decimal(self.pieces) if self.weight is None else self.weight


def goods_on(
    lines: Sequence[NetLine], left: Sequence[int], used: Mapping[str, Decimal]
) -> list[Goods]:
    """The goods of all lines that cost something, at what earlier discounts have left of them.

    `used` says of how many goods of a line those discounts were: the others keep their price as far
    as there is money left, so that a second free muffin is another one.
    """
    return [
        some
        for line, money in zip(lines, left, strict=True)
        if line.net > 0 and not line.gone
        for some in _goods(line, money, used.get(line.line_id, _NONE))
    ]


_NONE = Decimal(0)


def _goods(line: NetLine, left: int, used: Decimal) -> list[Goods]:
    pieces = int(line.quantity)
    if pieces != line.quantity or pieces < 1:
        return [Goods(line.line_id, line.item_id, left, 1, 1, line.quantity)]
    if not used:
        return [Goods(line.line_id, line.item_id, left, pieces, pieces)]
    untouched = pieces - min(pieces, int(used))
    kept = min(left, line.net * untouched // pieces)
    parts = ((kept, untouched), (left - kept, pieces - untouched))
    return [Goods(line.line_id, line.item_id, money, n, n) for money, n in parts if n]


def number(goods: Sequence[Goods]) -> int:
    """How many goods there are."""
    return sum(some.pieces for some in goods)


def cheapest_first(goods: Sequence[Goods]) -> list[Goods]:
    """By the price of one; what costs the same goes by line. What is free already comes last."""
    return sorted(goods, key=lambda some: (not some.left, some.price, some.line_id))


def dearest_first(goods: Sequence[Goods]) -> list[Goods]:
    """By the price of one; what costs the same goes by line."""
    return sorted(goods, key=lambda some: (-some.price, some.line_id))


def split(goods: Sequence[Goods], count: int) -> tuple[list[Goods], list[Goods]]:
    """The first `count` of the goods, and the rest."""
    taken, rest = [], []
    for some in goods:
        here = min(count, some.pieces)
        count -= here
        if here:
            taken.append(some._replace(pieces=here))
        if here < some.pieces:
            rest.append(some._replace(pieces=some.pieces - here))
    return taken, rest


class Wanted(NamedTuple):
    """How many goods of a kind an offer needs, and how many there are. `purpose`: what for."""

    items: ItemSelector
    needed: int
    found: int
    purpose: str = ""

    @property
    def missing(self) -> int:
        """How many more it would take."""
        return max(0, self.needed - self.found)


def require(*wanted: Wanted) -> None:
    """Rejected as not applicable when goods are missing; it says which, and how many."""
    lacking = [one for one in wanted if one.missing]
    if not lacking:
        return
    raise Rejected(
        Reason.OFFER_NOT_APPLICABLE,
        "the check lacks " + " and ".join(_in_words(one) for one in lacking),
        {
            "missing": sum(one.missing for one in lacking),
            "items": [
                {
                    "of": one.items.model_dump(mode="json"),
                    "needed": one.needed,
                    "found": one.found,
                    "missing": one.missing,
                }
                for one in lacking
            ],
        },
    )


def _in_words(wanted: Wanted) -> str:
    counts = f"({wanted.needed} needed, {wanted.found} there)"
    return f"{wanted.missing} of {_named(wanted.items)}{wanted.purpose} {counts}"


def _named(selector: ItemSelector) -> str:
    said, refused = _either(selector) or "any item", _either(selector.exclude)
    return f"{said}, but not {refused}," if refused else said


def _either(names: ItemNames) -> str:
    parts = (("sku", names.skus), ("category", names.categories), ("brand", names.brands))
    every = [f"{kind} {name}" for kind, some in parts for name in some]
    shown = every[:_MOST_NAMED]
    if len(every) > len(shown):
        shown.append(f"{len(every) - len(shown)} others")
    return " or ".join(shown)


_MOST_NAMED = 5
