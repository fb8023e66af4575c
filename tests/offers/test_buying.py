"""Buying in a reward store: points spent and offer issued in one commit, or neither."""

from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest

from loyalty_ledger.domain.events.limits import GrantCounted
from loyalty_ledger.domain.events.offers import Actor
from loyalty_ledger.domain.events.points import PointsSpent
from loyalty_ledger.domain.values import Rejected
from loyalty_ledger.store.log import Appended, Commit
from offers.till import Shop, document, item
from sample_ledger import ledger_on

APRIL = datetime.fromisoformat("2026-04-01T00:00:00+02:00")
MAY = datetime.fromisoformat("2026-05-01T00:00:00+02:00")


def test_points_are_spent_limits_counted_and_the_offer_issued_in_one_commit(shop: Shop) -> None:
    append, seen = shop.ledger.log.append, list[Commit]()

    def spy(commit: Commit) -> Appended:
        seen.append(commit)
        return append(commit)

    with patch.object(shop.ledger.log, "append", spy):
        (issued,) = shop.buy("muffin-150")
    (commit,) = seen
    events = [one.event for one in commit.events]
    (spent,) = (one for one in events if isinstance(one, PointsSpent))
    assert (spent.account, spent.points) == ("points", 150)
    assert spent.reference == f"offer:{issued.offer_id}"
    assert spent.cause == issued.cause
    assert [(one.account, one.points, one.lots) for one in issued.paid] == [
        ("points", 150, spent.lots)
    ]
    counted = [one.subject for one in events if isinstance(one, GrantCounted)]
    assert sorted(counted) == ["offer:muffin"] * 2 + ["store-offer:muffin-150"] * 2
    assert issued in events


def test_a_purchase_that_could_not_be_stored_has_cost_nothing(shop: Shop) -> None:
    failure = OSError("the disk is full")
    with patch.object(shop.ledger.log, "append", side_effect=failure), pytest.raises(OSError):
        shop.buy("muffin-150")
    other = shop.another()
    assert (other.points(), other.offers()) == (1_000, {})
    shop.buy("muffin-150")
    assert (other.points(), len(other.offers())) == (850, 1)


def test_too_few_points_buy_nothing_and_the_refusal_says_how_many_are_missing(shop: Shop) -> None:
    shop.close("T1", customer="BOB", items=[item("BREAD", "13.80")])
    shop.work()
    with shop.refused("insufficient_points") as refusal:
        shop.buy("muffin-150", by="BOB")
    assert refusal.value.message == "12 points short"
    assert refusal.value.details == {"price": 150, "available": 138, "short": 12}
    shop.close("T2", customer="BOB", items=[item("BREAD", "1.20")])
    shop.work()
    shop.buy("muffin-150", by="BOB")
    assert shop.points("BOB") == 0


def test_points_that_have_expired_buy_nothing_recorded_or_not(shop: Shop) -> None:
    whole = document()
    rewards, *others = whole["reward_stores"]
    shop.publish(whole | {"reward_stores": [rewards | {"offers": [SOLD]}, *others]})
    end = datetime.fromisoformat("2027-03-05T12:00:00+01:00")
    shop.move_to(end - timedelta(minutes=1))
    shop.buy("euro-10")
    shop.move_to(end + timedelta(minutes=1))
    with shop.refused("insufficient_points"):
        shop.buy("euro-10")
    shop.work()
    with shop.refused("insufficient_points"):
        shop.buy("euro-10")


SOLD: dict[str, Any] = {"id": "euro-10", "offer": "euro", "price": 10}


def test_a_free_offer_costs_nothing_and_is_limited_all_the_same(shop: Shop) -> None:
    (issued,) = shop.buy("thanks-0", by="BOB")
    assert (issued.price, issued.paid) == (0, [])
    assert shop.events("PointsSpent") == []
    with shop.refused("limit_reached") as refusal:
        shop.buy("thanks-0", by="BOB")
    assert refusal.value.details == {"limit": "per_customer", "left": 0}


def test_each_customer_buys_up_to_his_limit_and_all_up_to_the_inventory(shop: Shop) -> None:
    earn(shop, "BOB", "VIC")
    shop.buy("muffin-150", quantity=2)
    with shop.refused("limit_reached"):
        shop.buy("muffin-150")
    shop.buy("muffin-150", by="BOB")
    with shop.refused("limit_reached") as refusal:
        shop.buy("mugs-400", by="BOB", quantity=3)
    assert refusal.value.details == {"limit": "inventory", "left": 2}
    shop.another().buy("mugs-400", by="BOB")
    shop.buy("mugs-400")
    with shop.refused("limit_reached") as refusal:
        shop.buy("mugs-400", by="VIC")
    assert refusal.value.details == {"limit": "inventory", "left": 0}


def earn(shop: Shop, *names: str) -> None:
    """A thousand points for each."""
    for name in names:
        shop.close(f"earn-{name}", customer=name, items=[item("BREAD", "100.00")])
    shop.work()


def test_several_at_once_are_bought_together_or_not_at_all(shop: Shop) -> None:
    with shop.refused("limit_reached"):
        shop.buy("muffin-150", quantity=3)
    bought = shop.buy("muffin-150", quantity=2)
    assert len({one.offer_id for one in bought}) == 2
    assert shop.points() == 700


def test_two_purchases_beyond_the_balance_decided_on_the_same_state_are_one(shop: Shop) -> None:
    """The second till has read what it decides on before the first one spent."""
    whole = document()
    rewards, *others = whole["reward_stores"]
    dear = SOLD | {"price": 600}
    shop.publish(whole | {"reward_stores": [rewards | {"offers": [dear]}, *others]})
    other = shop.another()
    append, once = shop.ledger.log.append, [True]

    def late(commit: Commit) -> Appended:
        if once:
            once.clear()
            other.buy("euro-10")
        return append(commit)

    with (
        patch.object(shop.ledger.log, "append", late),
        pytest.raises(Exception, match="200 points short"),
    ):
        shop.buy("euro-10")
    assert (shop.points(), len(shop.offers())) == (400, 1)


def test_what_no_store_sells_cannot_be_bought(shop: Shop) -> None:
    with shop.refused("offer_not_found") as refusal:
        shop.buy("muffin")
    assert "muffin-150" in refusal.value.details["sold"]


def test_a_store_for_a_level_sells_to_that_level_alone(shop: Shop) -> None:
    with shop.refused("not_eligible") as refusal:
        shop.buy("silver-10")
    assert refusal.value.details == {"levels": {"club": ["silver"]}, "held": {"club": "bronze"}}
    shop.close("T1", items=[item("BREAD", "60.00")])
    shop.work()
    shop.buy("silver-10")


def test_a_store_by_invitation_sells_to_the_invited(shop: Shop) -> None:
    with shop.refused("not_eligible") as refusal:
        shop.buy("vip-0")
    assert refusal.value.details == {"invitation": True}
    shop.buy("vip-0", by="VIC")


@pytest.mark.parametrize("sold", ["april-10", "spring-10"], ids=["the offer", "the store"])
def test_periods_begin_at_their_start_and_are_over_at_their_end(shop: Shop, sold: str) -> None:
    with shop.refused("not_available") as refusal:
        shop.buy(sold)
    assert refusal.value.details == {"starts": "2026-03-31T22:00:00+00:00"}
    shop.move_to(APRIL - timedelta(milliseconds=20))
    with shop.refused("not_available"):
        shop.buy(sold)
    shop.move_to(APRIL)
    shop.buy(sold)
    shop.move_to(MAY)
    with shop.refused("not_available") as refusal:
        shop.buy(sold)
    assert refusal.value.details == {"ends": "2026-04-30T22:00:00+00:00"}


def test_an_offer_whose_issuance_is_over_cannot_be_bought_and_the_refusal_says_since_when(
    shop: Shop,
) -> None:
    shop.move_to(MAY)
    with shop.refused("not_available") as refusal:
        shop.buy("mugs-400")
    assert refusal.value.message == "mug-set is issued until 2026-04-30T22:00:00+00:00"
    assert refusal.value.details == {
        "period": "issuance_period",
        "ends": "2026-04-30T22:00:00+00:00",
    }


def test_a_purchase_of_one_that_takes_the_soonest_points_first_says_from_which_lots(
    shop: Shop,
) -> None:
    shop.close("T1", items=[item("BREAD", "50.00")])
    shop.work()
    (issued,) = shop.buy("muffin-150")
    (paid,) = issued.paid
    assert [(one.lot, one.points) for one in paid.lots] == [(1, 150)]


def test_nobody_can_buy_before_there_is_a_program(database_url: str) -> None:
    with ledger_on(database_url) as ledger, pytest.raises(Rejected) as refusal:
        ledger.offers.buy("nobody", "muffin-150", Actor())
    assert refusal.value.code.value == "no_program"
