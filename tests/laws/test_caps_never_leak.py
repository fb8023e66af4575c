"""No cap is ever exceeded by what was granted and stands, and what comes back can be granted anew.

All the while every counter is what was granted and not taken back, for everybody and for each
customer (`told_twice`).
"""

from hypothesis import event, given

from laws.capped_shops import Capped, CappedShop, capped
from laws.told_twice import CUSTOMERS
from loyalty_ledger.domain.events.limits import issued
from loyalty_ledger.domain.streams import usage_of


@given(capped())
def test_no_cap_is_exceeded_and_what_is_returned_can_be_granted_anew(told: Capped) -> None:
    shop = CappedShop(told.document)
    for number, step in enumerate(told.steps):
        shop.happens(step, f"o{number}")
        assert shop.over() == []
    if shop.stands() != shop.stands_without_sales():
        event("sales counted for something")
    shop.returns_all()
    assert shop.over() == []
    assert shop.stands() == shop.stands_without_sales()
    _gives_all_there_is(shop)


def _gives_all_there_is(shop: CappedShop) -> None:
    """Of every offer as many can be given as its caps leave, to the last one."""
    program = shop.shop.programs[1]
    for definition in program.offers:
        caps, counted = definition.issuance, shop.stands()[issued(definition.id)]
        mine = shop.state(usage_of(CUSTOMERS[0])).of(issued(definition.id)).times
        told = ((caps.total, counted), (caps.per_customer, mine))
        left = [most - count for most, count in told if most is not None]
        if left and min(left) > 0 and program.includes(caps.starts, caps.ends, shop.now):
            event("offers were given to the last one")
            shop.shop.gives(definition.id, to=CUSTOMERS[0], when=shop.now, quantity=min(left))
            assert shop.over() == []
