"""What an offer takes off a sale, or why it takes nothing.

The order of lines never matters. Money is in minor units; every share is exact until it is rounded
down, once for each line. Whether an offer applies is judged on the goods alone, so that discounts
taken before it lower what it takes, but never make it fail.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from loyalty_ledger.domain.basket import NetLine, net_lines, take_off
from loyalty_ledger.domain.events.offers import LineDiscount, PricedDiscount
from loyalty_ledger.domain.events.sales import Discount, Line
from loyalty_ledger.domain.goods import goods_on
from loyalty_ledger.domain.item_discounts import Till, off_items
from loyalty_ledger.domain.program.discounts import AmountOffCheck, Manual, PercentOffCheck
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.program.offers import Offer
from loyalty_ledger.domain.rules import Item
from loyalty_ledger.domain.values import Reason, Rejected, major_units


class Check(NamedTuple):
    """A sale as an offer is priced on it.

    `lines` are as received; an item that `items` does not hold is unknown to the catalog.
    `discounts` are those on the check already, without the offer's own; `later` are others that
    come after it whatever their stacking order.
    """

    store_id: str
    lines: Sequence[Line]
    items: Mapping[str, Item]
    discounts: Sequence[Discount] = ()
    later: Sequence[Discount] = ()


def price(definition: Offer, check: Check, program: Program) -> PricedDiscount:
    """What the offer takes off the check.

    Discounts of the same or a lower stacking order have been taken before it; all together never
    take more than there is. Raises Rejected, with what would have to differ, when the offer does
    not apply, or nothing is left for it.
    """
    _check_store(definition, check)
    _check_spend(definition, check_total(check, program), program)
    till = _priced(check, definition, program)
    amount, parts = 0, list[LineDiscount]()
    match definition.discount:
        case Manual():
            pass
        case AmountOffCheck() | PercentOffCheck() as kind:
            amount = min(_off_check(kind, till), sum(till.spare.values()))
            _check_left(till)
        case kind:
            parts = off_items(kind, till)
            amount = sum(part.amount for part in parts)
            _check_left(till)
    return PricedDiscount(amount=amount, lines=parts, stack_order=definition.stack_order)


def _check_left(till: Till) -> None:
    """Rejected when the other discounts on the check leave nothing of it."""
    if not any(till.spare.values()):
        raise Rejected(
            Reason.OFFER_NOT_APPLICABLE,
            "the other discounts leave nothing of the check",
            {"left": 0},
        )


def check_total(check: Check, program: Program) -> int:
    """What the check comes to, returns netted: before discounts, and with tax where tax earns."""
    lines = net_lines(_in_order(check.lines), (), tax_in_earning=program.tax_in_earning)
    return sum(line.net for line in lines)


def _in_order(lines: Sequence[Line]) -> list[Line]:
    return sorted(lines, key=lambda line: line.line_id)


def _check_store(definition: Offer, check: Check) -> None:
    stores, here = definition.stores, check.store_id
    if here in stores.exclude or (stores.include and here not in stores.include):
        raise Rejected(
            Reason.OFFER_NOT_APPLICABLE,
            f"the offer cannot be used in store {here}",
            {"store_id": here},
        )


def _check_spend(definition: Offer, spend: int, program: Program) -> None:
    minimum = program.minor(definition.minimum_spend)
    if spend < minimum:
        needed, there, short = (
            f"{major_units(units, program.exponent):f}"
            for units in (minimum, spend, minimum - spend)
        )
        raise Rejected(
            Reason.OFFER_NOT_APPLICABLE,
            f"the check comes to {there} {program.currency} and the offer asks for {needed}:"
            f" {short} missing",
            {"minimum_spend": minimum, "spend": spend, "missing": minimum - spend},
        )


def _priced(check: Check, definition: Offer, program: Program) -> Till:
    lines = net_lines(_in_order(check.lines), (), tax_in_earning=True)
    earlier = [one for one in check.discounts if one.stack_order <= definition.stack_order]
    every = [*check.discounts, *check.later]
    left = _left(lines, earlier)
    return Till(
        total=sum(line.net for line in lines),
        left=sum(left),
        goods=goods_on(lines, left, _used(earlier)),
        spare=_by_line(lines, _left(lines, every)),
        free=_by_line(lines, _left(lines, [one for one in every if one.lines])),
        items=check.items,
        applications=definition.applications_per_check,
        program=program,
    )


def _left(lines: Sequence[NetLine], discounts: Sequence[Discount]) -> list[int]:
    """What these discounts leave of each line."""
    left = [line.net for line in lines]
    take_off(lines, left, discounts)
    return left


def _by_line(lines: Sequence[NetLine], money: Sequence[int]) -> dict[str, int]:
    return {line.line_id: amount for line, amount in zip(lines, money, strict=True)}


def _used(discounts: Sequence[Discount]) -> dict[str, Decimal]:
    """Of how many goods of each line the discounts were, as far as they say."""
    used: dict[str, Decimal] = {}
    for discount in discounts:
        for line_id, quantity in zip(discount.lines, discount.quantities, strict=False):
            used[line_id] = used.get(line_id, Decimal(0)) + max(Decimal(0), quantity)
    return used


def _off_check(kind: AmountOffCheck | PercentOffCheck, till: Till) -> int:
    if not till.total:
        raise Rejected(
            Reason.OFFER_NOT_APPLICABLE, "there is nothing on the check", {"spend": till.total}
        )
    if isinstance(kind, AmountOffCheck):
        return min(till.program.minor(kind.amount), till.left)
    off = int(till.left * Fraction(kind.percent) / 100)
    return off if kind.maximum is None else min(off, till.program.minor(kind.maximum))
