"""Every shape in which tills say that something came back."""

from typing import Any

import pytest

from loyalty_ledger.domain.events.sales import Line
from loyalty_ledger.domain.events.settlement import PurchaseCounted, PurchaseRecounted
from return_examples import (
    CAKE,
    COFFEE,
    CREDITS,
    level,
    plain,
    sends,
    settled,
    spent,
    standing,
    system,
    tendered,
)
from specification import Shop, awards, line, only, paid, rule

TWO_TEAS = line("tea", "5.00", quantity=2)
ONE_TEA = line("tea", "2.50")
BOUGHT = [COFFEE, TWO_TEAS]
PAID = paid("ann", "11.00")
NOTHING = {"points": {}, "lifetime": {}, "level": "base"}


def back(item: str, dollars: str, quantity: int = -1, name: str = "") -> Line:
    """A negative line."""
    return line(item, dollars, quantity=quantity, line_id=name or f"{item}-back")


def everything() -> Shop:
    """A shop in which a sale sets off all there is."""
    campaign: dict[str, Any] = {
        "id": "bonus",
        "when": {"minimum_spend": "11.00"},
        "outcomes": [{"award": awards(50)}],
        "limits": {"total": 1},
    }
    each = rule(id="each", award=awards(3, per_quantity="1"))
    gold = level("gold", {"transactions": {"count": 1}}, {"award": awards(7)})
    silver = level("silver", spent("2.00"), {"award": awards(1, "credits")})
    return plain(rule(), CREDITS, each, campaigns=[campaign], **system(silver, gold))


# --- all of it ----------------------------------------------------------------------------------

WHOLE: dict[str, dict[str, Any]] = {
    "no lines, and the payments left as they were": {"lines": [], "payments": [PAID]},
    "no lines and no payments": {"lines": [], "payments": []},
    "no lines, and a payment of nothing": {"lines": [], "payments": [paid("ann", "0.00")]},
    "no lines, and a negative payment": {"lines": [], "payments": [PAID, paid("ann", "-11.00")]},
    "no lines, and a refund to nobody": {"lines": [], "payments": [PAID, paid(None, "-11.00")]},
    "lines of quantity 0": {
        "lines": [line("coffee", "0.00", quantity=0), line("tea", "0.00", quantity=0)],
        "payments": [paid("ann", "0.00")],
    },
    "lines of no money": {
        "lines": [line("coffee", "0.00", quantity=0), line("tea", "0.00", quantity=0)],
        "payments": [PAID],
    },
    "negative lines": {
        "lines": [*BOUGHT, back("coffee", "-6.00"), back("tea", "-5.00", -2)],
        "payments": [PAID, paid("ann", "-11.00")],
    },
    "negative lines, one for each piece": {
        "lines": [*BOUGHT, back("coffee", "-6.00")]
        + [back("tea", "-2.50", name=f"back-{number}") for number in range(2)],
        "payments": [paid("ann", "0.00")],
    },
    "negative money with a positive quantity": {
        "lines": [*BOUGHT, back("coffee", "-6.00", 1), back("tea", "-5.00", 2)],
        "payments": [PAID],
    },
    "only negative lines": {
        "lines": [back("coffee", "-6.00"), back("tea", "-5.00", -2)],
        "payments": [paid("ann", "-11.00")],
    },
    "a void of the whole": {"lines": BOUGHT, "payments": [PAID], "is_voided": True},
    "a void of nothing": {"lines": [], "payments": [], "is_voided": True},
    "a void that is open": {
        "lines": BOUGHT,
        "payments": [PAID],
        "is_voided": True,
        "is_closed": False,
    },
    "a void that names somebody else": {
        "lines": BOUGHT,
        "payments": [paid("ben", "11.00")],
        "is_voided": True,
    },
}


def version(shop: Shop, shape: dict[str, Any], hours: float = 1) -> list[Any]:
    more = dict(shape)
    return sends(shop, *more.pop("lines"), hours=hours, **more)


@pytest.mark.parametrize("shape", WHOLE.values(), ids=WHOLE)
def test_a_sale_that_comes_back_whole_leaves_nothing(shape: dict[str, Any]) -> None:
    shop = everything()
    sends(shop, *BOUGHT)
    assert standing(shop)["level"] == "gold"
    version(shop, shape)
    assert standing(shop) == NOTHING
    shop.sells(*BOUGHT, to="ben")
    assert standing(shop, "ben")["points"]["points"] == 11 + 9 + 50 + 7


@pytest.mark.parametrize("shape", WHOLE.values(), ids=WHOLE)
def test_what_came_back_whole_can_be_sold_after_all(shape: dict[str, Any]) -> None:
    shop = everything()
    sends(shop, *BOUGHT)
    before = standing(shop)
    version(shop, shape)
    sends(shop, *BOUGHT, hours=2)
    # A counter of "as often as" was given back and is taken again.
    assert standing(shop) == before


@pytest.mark.parametrize("shape", WHOLE.values(), ids=WHOLE)
def test_a_sale_that_arrives_returned_gives_nothing_and_counts_for_nothing(
    shape: dict[str, Any],
) -> None:
    shop = everything()
    version(shop, shape)
    assert standing(shop) == NOTHING


@pytest.mark.parametrize("shape", WHOLE.values(), ids=WHOLE)
def test_points_that_paid_come_back_whole_in_every_shape(shape: dict[str, Any]) -> None:
    shop = plain(rule())
    shop.sells(line("x", "20.00"))
    sends(shop, *BOUGHT, payments=[paid("ann", "6.00"), tendered("ann", "5.00")])
    assert shop.points() == 20 - 5 + 6
    version(shop, shape)
    assert shop.points() == 20


# --- a part of it -------------------------------------------------------------------------------

PART: dict[str, dict[str, Any]] = {
    "lines left out": {"lines": [COFFEE, ONE_TEA], "payments": [paid("ann", "8.50")]},
    "a negative line": {"lines": [*BOUGHT, back("tea", "-2.50")], "payments": [PAID]},
    "a negative line before what it takes": {
        "lines": [back("tea", "-2.50"), *BOUGHT],
        "payments": [PAID],
    },
    "a negative payment": {
        "lines": [*BOUGHT, back("tea", "-2.50")],
        "payments": [PAID, paid("ann", "-2.50")],
    },
    "a refund in cash": {
        "lines": [COFFEE, ONE_TEA],
        "payments": [PAID, paid(None, "-2.50", "CASH")],
    },
    "no payments told": {"lines": [COFFEE, ONE_TEA], "payments": []},
    "payments left as they were": {"lines": [COFFEE, ONE_TEA], "payments": [PAID]},
}


@pytest.mark.parametrize("shape", PART.values(), ids=PART)
def test_a_part_that_comes_back_leaves_what_the_rest_deserves(shape: dict[str, Any]) -> None:
    shop, rest = everything(), everything()
    sends(shop, *BOUGHT)
    version(shop, shape)
    rest.sells(COFFEE, ONE_TEA)
    assert standing(shop) == standing(rest)
    assert settled(shop.last).total == 850


@pytest.mark.parametrize("first", PART.values(), ids=PART)
@pytest.mark.parametrize("then", WHOLE.values(), ids=WHOLE)
def test_in_two_parts_or_at_once_comes_to_the_same(
    first: dict[str, Any], then: dict[str, Any]
) -> None:
    shop = everything()
    sends(shop, *BOUGHT)
    version(shop, first)
    version(shop, then, 2)
    assert standing(shop) == NOTHING


# --- odd ones -----------------------------------------------------------------------------------


def test_more_brought_back_than_was_bought_takes_no_more_than_was_given() -> None:
    shop = plain(rule())
    shop.sells(CAKE)
    sends(shop, COFFEE)
    sends(shop, COFFEE, back("coffee", "-60.00", -10), hours=1)
    assert (shop.points(), shop.lifetime()) == (4, 4)


def test_what_was_never_on_the_sale_cannot_be_brought_back_to_it() -> None:
    shop = plain(rule())
    sends(shop, COFFEE)
    sends(shop, COFFEE, back("cake", "-4.00"), hours=1)
    assert shop.points() == 6


def test_a_line_of_quantity_0_with_money_on_it_was_not_returned() -> None:
    shop = plain(rule())
    sends(shop, COFFEE)
    sends(shop, line("coffee", "6.00", quantity=0), hours=1)
    assert shop.points() == 6


def test_what_the_shop_keeps_of_the_price_still_counts() -> None:
    """Taken back for less than it was sold: what is left of the money is what was paid."""
    shop = plain(rule())
    shop.sells(line("x", "20.00"))
    sends(shop, line("coffee", "10.00"), payments=[tendered("ann", "10.00")])
    assert shop.points() == 10
    sends(
        shop,
        line("coffee", "10.00"),
        back("coffee", "-6.00"),
        hours=1,
        payments=[tendered("ann", "10.00")],
    )
    assert shop.points() == 16


def test_a_payment_can_be_corrected_without_a_line_coming_back() -> None:
    shop = plain(rule())
    sends(shop, COFFEE, payments=[paid("ann", "3.00"), paid("ben", "3.00")])
    sends(shop, COFFEE, hours=1, payments=[paid("ann", "6.00")])
    assert (shop.points("ann"), shop.points("ben")) == (6, 0)


@pytest.mark.parametrize(
    ("shape", "times"),
    [
        ({"lines": [line("gift", "0.00")]}, 1),
        ({"lines": [line("gift", "0.00", quantity=0)]}, 0),
        ({"lines": []}, 0),
    ],
)
def test_a_sale_of_free_goods_counts_as_long_as_they_are_kept(
    shape: dict[str, Any], times: int
) -> None:
    shop = plain(rule())
    counted = only(PurchaseCounted, sends(shop, line("gift", "0.00")))
    assert (counted.times, counted.total) == (1, 0)
    recounted = [one for one in version(shop, shape) if isinstance(one, PurchaseRecounted)]
    assert [one.times for one in recounted] == ([times] if times != 1 else [])


def test_a_version_that_tells_no_payments_keeps_how_it_was_paid() -> None:
    in_cash = rule(id="cash", when={"payment_types": ["CASH"]})
    shop = plain(in_cash)
    sends(shop, COFFEE, CAKE, payments=[paid("ann", "10.00", "CASH")])
    sends(shop, COFFEE, hours=1, payments=[])
    assert shop.points() == 6


def test_who_paid_is_remembered_across_a_full_return() -> None:
    shop = plain()
    bill = [paid("ann", "8.00"), paid("bob", "2.00")]
    sends(shop, COFFEE, CAKE, payments=bill)
    sends(shop, hours=1, payments=[*bill, paid("ann", "-8.00"), paid("bob", "-2.00")])
    assert (shop.points("ann"), shop.points("bob")) == (0, 0)
    sends(shop, COFFEE, CAKE, hours=2, payments=[])
    assert (shop.points("ann"), shop.points("bob")) == (8, 2)
