"""What each line of a sale is worth: netting, discounts, tax; and who paid which share.

Money is in minor units throughout, and every rounding is exact and stated.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from loyalty_ledger.domain.events.sales import Discount, Line, Payment

POINTS_TENDER = "POINTS"
_NONE = Decimal(0)


class NetLine(NamedTuple):
    """A line after netting, discounts and tax. `gone`: nothing of it was kept by the buyer."""

    line_id: str
    item_id: str
    net: int
    quantity: Decimal
    gone: bool


class Share(NamedTuple):
    """What a customer paid of all that was paid; `first` marks the one who paid most."""

    customer_id: str
    paid: int
    paid_in_all: int
    first: bool


def net_lines(
    lines: Sequence[Line], discounts: Sequence[Discount], *, tax_in_earning: bool
) -> list[NetLine]:
    """The lines of a basket with their net money, never negative."""
    returned = [line.subtotal < 0 or line.quantity < 0 for line in lines]
    gone = [line.subtotal == 0 == line.quantity for line in lines]
    if any(returned):
        money, quantity, tax = _netted(lines, returned)
        gone = [
            gone[i]
            or back
            or (money[i] == 0 and line.subtotal > 0)
            or (quantity[i] == 0 < line.quantity)
            for i, (line, back) in enumerate(zip(lines, returned, strict=True))
        ]
    else:
        money, quantity, tax = _as_sent(lines)
    left = [0 if back else amount for amount, back in zip(money, returned, strict=True)]
    if discounts:
        take_off(lines, left, discounts)
    if not tax_in_earning and any(tax):
        left = [
            amount if part <= 0 else max(0, amount - part)
            for amount, part in zip(left, tax, strict=True)
        ]
    return [
        NetLine(line.line_id, line.item_id, net, number, lost)
        for line, net, number, lost in zip(lines, left, quantity, gone, strict=True)
    ]


def _as_sent(lines: Sequence[Line]) -> tuple[list[int], list[Decimal], list[int]]:
    return (
        [line.subtotal for line in lines],
        [line.quantity for line in lines],
        [line.tax for line in lines],
    )


def _netted(
    lines: Sequence[Line], returned: Sequence[bool]
) -> tuple[list[int], list[Decimal], list[int]]:
    """Money, quantity and tax of each line once the negative ones are netted, in line order."""
    money, quantity, tax = _as_sent(lines)
    for i, line in enumerate(lines):
        if returned[i]:
            same = (j for j, other in enumerate(lines) if other.item_id == line.item_id)
            others = [j for j in same if not returned[j]]
            _net_into(money, i, others, 0)
            _net_into(quantity, i, others, _NONE)
            _net_into(tax, i, others, 0)
    return money, quantity, tax


def _net_into(values: list, i: int, others: list[int], zero: int | Decimal) -> None:  # type: ignore[type-arg]
    """Net the negative value at `i` against the positive ones of the same item."""
    for j in others:
        if values[i] >= zero:
            return
        if values[j] > zero:
            part = min(values[j], -values[i])
            values[j] -= part
            values[i] += part


def take_off(
    lines: Sequence[Line | NetLine], left: list[int], discounts: Sequence[Discount]
) -> None:
    """Take every discount off what its lines have `left`, in their stacking order."""
    if not discounts:
        return
    index = {line.line_id: i for i, line in enumerate(lines)}
    for discount in sorted(discounts, key=lambda discount: discount.stack_order):
        named = discount.lines or index
        there = [index[name] for name in dict.fromkeys(named) if name in index]
        open_lines = [i for i in there if left[i] > 0]
        parts = [(left[i], lines[i].line_id) for i in open_lines]
        for i, share in zip(open_lines, share_out(discount.amount, parts), strict=True):
            left[i] -= share


def share_out(amount: int, parts: Sequence[tuple[int, str]]) -> list[int]:
    """`amount` shared over the parts in proportion to their size, by largest remainder.

    Ties go by the part's name. What exceeds the parts is dropped, so no part is taken below zero.
    """
    total = sum(size for size, _ in parts)
    if amount >= total:
        return [size for size, _ in parts]
    shares = [max(0, amount) * size // total for size, _ in parts]
    missing = max(0, amount) - sum(shares)
    if missing:
        by_remainder = sorted(
            range(len(parts)), key=lambda i: (-(amount * parts[i][0] % total), parts[i][1])
        )
        for i in by_remainder[:missing]:
            shares[i] += 1
    return shares


def shares(payments: Sequence[Payment]) -> list[Share]:
    """Who paid how much of the sale, in the order first named.

    Sums below zero count as nothing; when nobody paid anything the named share equally; tender of
    points, and what was paid without a name, belongs to nobody.
    """
    paid: dict[str | None, int] = {}
    for payment in payments:
        tender = (payment.type or "").upper() == POINTS_TENDER
        owner = None if tender else payment.customer_id
        paid[owner] = paid.get(owner, 0) + payment.amount
        if tender and payment.customer_id is not None:
            paid.setdefault(payment.customer_id, 0)
    sums = {owner: max(0, amount) for owner, amount in paid.items()}
    in_all = sum(sums.values())
    named = [owner for owner in sums if owner is not None]
    if not named:
        return []
    if in_all == 0:
        return [Share(owner, 1, len(named), owner == named[0]) for owner in named]
    most = max(named, key=lambda owner: sums[owner])
    return [Share(owner, sums[owner], in_all, owner == most) for owner in named]
