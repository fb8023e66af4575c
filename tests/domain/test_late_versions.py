"""An older version of a sale that comes late: what later ones have from it, they have then."""

from typing import Any

import pytest

from loyalty_ledger.domain.events.sales import TransactionVersionIgnored
from loyalty_ledger.domain.events.settlement import TransactionSettled
from loyalty_ledger.domain.needs import with_former
from return_examples import CAKE, COFFEE, SALE, later, plain, sends, settled, standing
from specification import Shop, every, only, paid

NOBODY: list[Any] = []
ALL = [paid("ann", "10.00")]


def test_a_sale_that_told_no_payments_is_whose_an_older_version_says() -> None:
    shop = plain()
    assert settled(sends(shop, COFFEE, hours=2, payments=NOBODY)).customers == []
    told = settled(sends(shop, COFFEE, CAKE, hours=1, payments=ALL))
    assert (told.version, told.late, told.cause) == (1, 3, f"sale/s1/{SALE}@3")
    assert shop.points() == 6


def test_it_is_settled_for_it_once() -> None:
    shop = plain()
    sends(shop, COFFEE, hours=2, payments=NOBODY)
    late = shop.receives(COFFEE, CAKE, number=SALE, at=later(1), payments=ALL)
    assert every(TransactionSettled, shop.settles(late))
    assert shop.settles(late) == []


def test_one_that_changes_nothing_is_only_kept() -> None:
    shop = plain()
    sends(shop, COFFEE, hours=2)
    late = shop.receives(COFFEE, CAKE, number=SALE, at=later(1))
    only(TransactionVersionIgnored, shop.last)
    assert shop.settles(late) == []


def test_what_an_earlier_build_took_for_too_late_stays_without_effect() -> None:
    shop = plain()
    sends(shop, COFFEE, hours=2, payments=NOBODY)
    sends(shop, COFFEE, CAKE, hours=1, payments=ALL, program_version=0)
    sends(shop, COFFEE, hours=3, payments=NOBODY)
    assert shop.points() == 0


def test_of_two_older_versions_the_later_one_says_whose_it_is() -> None:
    shop = plain()
    sends(shop, COFFEE, hours=3, payments=NOBODY)
    sends(shop, COFFEE, hours=1, payments=[paid("ben", "6.00")])
    sends(shop, COFFEE, hours=2, payments=[paid("ann", "6.00")])
    assert (shop.points(), shop.points("ben")) == (6, 0)
    sends(shop, COFFEE, hours=1.5, payments=[paid("ben", "6.00")])
    assert (shop.points(), shop.points("ben")) == (6, 0)


def test_an_open_version_says_whose_a_sale_is_that_closes_without_payments() -> None:
    shop = plain()
    sends(shop, COFFEE, is_closed=False, payments=[paid("ann", "6.00")])
    sends(shop, COFFEE, hours=1, payments=NOBODY)
    assert shop.points() == 6


def tendered(shop: Shop, order: tuple[int, ...]) -> dict[str, Any]:
    """Nine points pay for a sale of which a part, and then the rest but a coffee, comes back."""
    sends(shop, COFFEE, CAKE, CAKE, hours=-5, number="before")
    lines = [[COFFEE, CAKE], [CAKE], [COFFEE]]
    for number in order:
        payments = [paid("ann", "9.00", "POINTS"), paid("ann", "1.00")] if number < 2 else NOBODY
        sends(shop, *lines[number], hours=number, payments=payments)
    return standing(shop)


@pytest.mark.parametrize("order", [(1, 0, 2), (2, 0, 1), (2, 1, 0), (0, 2, 1), (1, 2, 0)])
def test_points_pay_for_what_the_sale_was_at_first(order: tuple[int, ...]) -> None:
    assert tendered(plain(), order) == tendered(plain(), (0, 1, 2))


def test_what_was_closed_first_pays_though_an_open_version_came_before_it() -> None:
    shop = plain()
    sends(shop, COFFEE, CAKE, hours=-5, number="before")
    sends(shop, COFFEE, hours=1, is_closed=False, payments=NOBODY)
    assert shop.points() == 10
    sends(shop, COFFEE, payments=[paid("ann", "6.00", "POINTS")])
    assert shop.points() == 4


def test_a_version_in_the_window_counts_though_one_after_the_window_came_before_it() -> None:
    shop = plain()
    year = 366 * 24
    sends(shop, COFFEE, CAKE)
    assert settled(sends(shop, hours=year)).outside_return_window
    assert settled(sends(shop, CAKE, hours=5)).version == 5
    assert shop.points() == 4


def test_a_version_that_tells_no_payments_waits_with_whoever_the_sale_names() -> None:
    shop = plain()
    first = shop.receives(COFFEE, number=SALE)
    shop.fails(first)
    back = shop.receives(number=SALE, at=later(1), payments=[])
    (held,) = shop.settles(back)
    assert (held.customer_id, held.blocked_by) == ("ann", first.cause)
    shop.retries(first)
    assert shop.points() == 6
    shop.retries(with_former(back, shop.states))
    assert shop.points() == 0
