"""Versions of a sale that carry offers, in any order: they end as if each had come in time."""

from collections.abc import Sequence
from itertools import permutations
from typing import Any

import pytest
from msgspec.structs import replace

from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.sales import Discount
from loyalty_ledger.domain.offer import OfferState
from loyalty_ledger.domain.offer_commands import Reinstate
from loyalty_ledger.domain.transaction import Sale
from offer_examples import buyer, club, taken, treat
from return_examples import SALE, later, sends
from specification import TILL, Shop, line

COFFEE, CAKE = line("coffee", "6.00"), line("cake", "4.00")
FREE, USED = OfferState.ISSUED, OfferState.REDEEMED


def dollar_off(offer_id: str, *lines: str) -> Discount:
    """An offer that took a dollar off these lines, or off the whole check."""
    return replace(taken(offer_id, 100), lines=list(lines))


def flags(shop: Shop) -> tuple[str, ...]:
    sale: Sale = Draft(shop.states).state(f"sale/s1/{SALE}")
    return sale.flags


@pytest.mark.parametrize("on_return", ["reinstate", "restore_points", "none"])
@pytest.mark.parametrize("order", [*permutations(range(4))])
def test_offers_come_back_in_whatever_order_the_versions_that_carry_them_arrive(
    order: Sequence[int], on_return: str
) -> None:
    shop = club(treat(on_return=on_return))
    one, other = (shop.gives("treat")[0].offer_id for _ in range(2))
    carried: list[Any] = [[taken(one), taken(other)], [], [taken(one)], []]
    for number in order:
        lines = [] if number else [COFFEE]
        sends(shop, *lines, hours=number, when=later(number), discounts=carried[number])
    ends = USED if on_return == "none" else FREE
    assert (shop.offer(one).state, shop.offer(other).state) == (ends, ends)
    assert flags(shop) == ()


@pytest.mark.parametrize("order", [*permutations(range(3))])
def test_the_points_for_an_offer_come_back_once_in_whatever_order_versions_arrive(
    order: Sequence[int],
) -> None:
    shop, offer_id = buyer()
    versions: list[Any] = [([COFFEE, CAKE], [taken(offer_id)]), ([COFFEE], [taken(offer_id)])]
    for number in order:
        lines, carried = [*versions, ([], [])][number]
        sends(shop, *lines, hours=number, when=later(number), discounts=carried)
    assert (shop.points(), shop.offer(offer_id).state) == (10, OfferState.REVOKED)
    assert flags(shop) == ()


def test_what_another_sale_uses_once_it_came_back_is_not_told_of_an_older_version() -> None:
    shop = club()
    (gift,) = shop.gives("treat")
    for number, lines in ((1, [COFFEE]), (2, [])):
        carried = [taken(gift.offer_id)] if lines else []
        sends(shop, *lines, hours=number, when=later(number), discounts=carried)
    sends(shop, CAKE, number="8", hours=3, when=later(3), discounts=[taken(gift.offer_id)])
    sends(shop, COFFEE, CAKE, hours=0, when=later(4), discounts=[taken(gift.offer_id)])
    assert shop.offer(gift.offer_id).transaction == "s1/8"
    assert flags(shop) == ()


@pytest.mark.parametrize("order", [*permutations(range(3))])
def test_the_version_that_closes_a_sale_says_for_which_lines_it_used_an_offer(
    order: Sequence[int],
) -> None:
    shop = club()
    (gift,) = shop.gives("treat")
    whole, for_cake = (dollar_off(gift.offer_id, *ids) for ids in ((), ("cake",)))
    versions: list[Any] = [([COFFEE, CAKE], [whole]), ([CAKE], [for_cake]), ([COFFEE], [])]
    for number in order:
        lines, carried = versions[number]
        sends(shop, *lines, hours=number, when=later(number), discounts=carried)
    assert shop.offer(gift.offer_id).state is USED


def test_an_older_version_does_not_use_again_what_a_till_reinstated() -> None:
    shop = club()
    (gift,) = shop.gives("treat")
    for number in (1, 0):
        carried = [taken(gift.offer_id)]
        sends(shop, COFFEE, hours=number, when=later(number), discounts=carried)
        if number:
            shop.asks(gift.offer_id, Reinstate(at=later(1.5), by=TILL))
    assert shop.offer(gift.offer_id).state is FREE
