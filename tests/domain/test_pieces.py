"""A sale that comes back in pieces, and where its points are found."""

from datetime import timedelta
from typing import Any

from loyalty_ledger.domain.events.points import PointsClawedBack
from specification import MONDAY_NOON, Shop, every, line, paid, program, rule

DAY = timedelta(days=1)
FRUIT = {"items": {"skus": ["apple", "pear"]}}
ACCOUNTS = [{"id": "points", "name": "Points", "default": True}]
PAID_IN_POINTS = program(
    point_accounts=ACCOUNTS,
    point_sources=[{"id": "shop", "name": "Shop", "accounts": ["points"]}],
    rules=[rule(10)],
)
SHOP = program(rules=[rule(id="base"), rule(id="fruit", when=FRUIT)])
APPLE, PEAR, SOAP = line("apple", "5.00"), line("pear", "5.00"), line("soap", "10.00")


def test_pieces_are_found_in_the_lots_of_their_own_sale_whichever_rule_made_them() -> None:
    shop = Shop(SHOP)
    shop.sells(line("bread", "7.00"), when=MONDAY_NOON - DAY)
    awarded = shop.sells(APPLE, PEAR, SOAP, number="1")
    own = {event.lot for event in awarded if hasattr(event, "lot")}

    clawed: list[Any] = []
    for days, left in enumerate([[SOAP], [line("soap", "0.00", quantity=0)]], 1):
        events = shop.sells(*left, number="1", when=MONDAY_NOON, at=MONDAY_NOON + days * DAY)
        clawed += every(PointsClawedBack, events)

    assert len(clawed) == 3
    assert {part.lot for event in clawed for part in event.lots} == own
    assert shop.points() == 7


def test_points_that_were_spent_from_one_lot_in_two_steps_all_come_back() -> None:
    shop = Shop(PAID_IN_POINTS)
    shop.sells(line("bread", "10.00"), when=MONDAY_NOON - DAY)
    for days, dollars in enumerate(["5.00", "8.00"]):
        payments = [paid("ann", dollars, "POINTS")]
        shop.sells(SOAP, number="1", at=MONDAY_NOON + days * DAY, payments=payments)
    assert shop.points() == 92

    shop.sells(SOAP, number="1", at=MONDAY_NOON + 2 * DAY, is_voided=True)

    assert shop.points() == 100
