"""Points that were spent and come back."""

from datetime import timedelta

from specification import MONDAY_NOON, Shop, line, paid, program, rule

HOUR = timedelta(hours=1)
BIKE = line("bike", "40.00")


def test_a_lot_that_paid_twice_for_a_sale_gets_back_what_it_paid_both_times() -> None:
    shop = Shop(program(rules=[rule()]))
    shop.sells(line("x", "30.00"))
    for points in (10, 15):
        payments = [paid("ann", f"{points}.00", "POINTS"), paid(None, f"{40 - points}.00")]
        shop.sells(BIKE, number="b", payments=payments, at=MONDAY_NOON + points * HOUR)
    assert shop.points() == 15

    shop.sells(number="b", payments=[], at=MONDAY_NOON + 20 * HOUR, is_voided=True)

    assert shop.points() == 30
