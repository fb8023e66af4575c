"""What a basket comes to, in plain Python over lists: slow, and easy to check by reading."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import TypeVar

from loyalty_ledger.domain.events.sales import Discount, Line, Payment

Number = TypeVar("Number", int, Decimal)


def nets(lines: Sequence[Line], discounts: Sequence[Discount], tax_in_earning: bool) -> list[int]:
    """The net of every line in minor units."""
    everyone = range(len(lines))
    money = after_returns(lines, [line.subtotal for line in lines])
    tax = after_returns(lines, [line.tax for line in lines])
    for _, _, discount in sorted(
        (discount.stack_order, place, discount) for place, discount in enumerate(discounts)
    ):
        named = discount.lines or [line.line_id for line in lines]
        places = [place for place, line in enumerate(lines) if line.line_id in named]
        for place, part in shared(discount.amount, places, money, lines).items():
            money[place] -= part
    taxes = [0 if tax_in_earning else tax[place] for place in everyone]
    return [max(0, money[place] - taxes[place]) for place in everyone]


def after_returns(lines: Sequence[Line], values: list[Number]) -> list[Number]:
    """What is left of every positive line's value; nothing of a negative one."""
    for back in negative(lines):
        for line in kept_of_the_same_item(lines, back):
            move(values, back, line)
    nothing = type(values[0])(0) if values else 0
    return [nothing if i in negative(lines) else n for i, n in enumerate(values)]  # type: ignore[misc]


def quantities(lines: Sequence[Line]) -> list[Decimal]:
    """What is left of every line's quantity."""
    return after_returns(lines, [line.quantity for line in lines])


def negative(lines: Sequence[Line]) -> list[int]:
    """The places of lines that give something back."""
    return [i for i, line in enumerate(lines) if line.subtotal < 0 or line.quantity < 0]


def kept_of_the_same_item(lines: Sequence[Line], back: int) -> list[int]:
    """The places of lines that this negative line takes from."""
    item = lines[back].item_id
    return [i for i, x in enumerate(lines) if x.item_id == item and i not in negative(lines)]


def move(values: list[Number], back: int, line: int) -> None:
    """Net what is below zero at one place against what is above zero at the other."""
    part = max(min(values[line], -values[back]), type(values[line])(0))
    values[line] -= part
    values[back] += part


def shared(
    amount: int, places: list[int], money: list[int], lines: Sequence[Line]
) -> dict[int, int]:
    """The parts of a discount by place: in proportion, then by remainder, then by line id."""
    whole = sum(money[place] for place in places)
    amount = min(amount, whole)
    if amount <= 0:
        return {}
    exact = {place: Fraction(amount * money[place], whole) for place in places}
    parts = {place: int(due) for place, due in exact.items()}
    while sum(parts.values()) < amount:
        best = min(places, key=lambda i: (parts[i] - exact[i], lines[i].line_id))
        parts[best] += 1
    return parts


def shares(payments: Sequence[Payment]) -> list[tuple[str, Fraction, bool]]:
    """Customer, his share of the bill, and whether he is who paid most; in the order named."""
    named = [p.customer_id for p in payments if p.customer_id is not None]
    customers = list(dict.fromkeys(named))
    paid: dict[str | None, int] = dict.fromkeys(customers, 0)
    for payment in payments:
        owner = None if payment.type == "POINTS" else payment.customer_id
        paid[owner] = paid.get(owner, 0) + payment.amount
    paid = {owner: max(0, amount) for owner, amount in paid.items()}
    if not any(paid.values()):
        paid = dict.fromkeys(customers, 1)
    most = max((paid[one] for one in customers), default=0)
    first = next((one for one in customers if paid[one] == most), None)
    whole = sum(paid.values())
    return [(one, Fraction(paid[one], whole), one == first) for one in customers]
