"""Points that were spent and come back."""

from datetime import timedelta
from typing import Any

import pytest

from loyalty_ledger.domain import spending
from offer_examples import club, taken, treat
from return_examples import accounts, later, plain, sends, settled, voids
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


# --- whoever paid, time comes first -------------------------------------------------------------

DAYS = 24
ENDS: dict[str, Any] = {"kind": "rolling", "after": "P1M"}
IDLES: dict[str, Any] = {"kind": "inactivity", "after": "P20D", "percent": 50}


def ben_pays_for_anns(**expiry: Any) -> Shop:
    """Ben spends 40 of his 100 points for a sale that names Ann alone."""
    shop = plain(**accounts(expiry=expiry))
    shop.sells(line("x", "100.00"), number="saved", to="ben")
    ask = spending.Spend("ben", 40, later(1), sale=("s1", "7"))
    shop.decides(lambda draft: spending.spend(ask, shop.newest, shop.programs, draft))
    sends(shop, BIKE)
    return shop


@pytest.mark.parametrize(("expiry", "left"), [(ENDS, 0), (IDLES, 25)])  # 100, 50, 25
@pytest.mark.parametrize("recorded", [True, False])
def test_who_paid_for_anothers_sale_pays_again_with_what_time_has_left_him(
    expiry: dict[str, Any], left: int, recorded: bool
) -> None:
    shop = ben_pays_for_anns(**expiry)
    voids(shop, hours=DAYS * 5)
    if recorded:
        shop.keeps_time(later(DAYS * 40), "ben")
    sends(shop, BIKE, hours=DAYS * 40)
    assert settled(shop.last).flags == [f"tender_short:40:{left}:ben"]
    assert shop.points("ben") == 0


@pytest.mark.parametrize("recorded", [True, False])
def test_what_an_offer_was_bought_for_comes_back_after_the_rest_has_idled(recorded: bool) -> None:
    sold = {"id": "treat-40", "offer": "treat", "price": 40}
    store = {"id": "store", "name": "S", "point_accounts": ["points"], "offers": [sold]}
    offer = treat(on_return="restore_points", redemption={})
    shop = club(offer, reward_stores=[store], rules=[rule()], **accounts(expiry=IDLES))
    shop.sells(line("x", "100.00"), number="saved", to="ben")
    (bought,) = shop.buys("treat-40", by="ben", when=later(1))
    shop.locks(bought.offer_id, BIKE, sale="7", when=later(1))
    sends(shop, BIKE, hours=1, discounts=[taken(bought.offer_id)])
    if recorded:
        shop.keeps_time(later(DAYS * 30), "ben")
    voids(shop, hours=DAYS * 30)
    shop.keeps_time(later(DAYS * 30), "ben")
    assert shop.points("ben") == 60 // 2 + 40
