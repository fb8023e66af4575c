"""A shopper's afternoon: the five journeys as a middleware calls them, over HTTP, step by step."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from http_service.middleware import accounts
from http_service.serving import Served, served
from journeys.middleware import Middleware, granted
from loyalty_ledger.client.refusals import Refused
from offers.till import BREAKFAST, item, promoting, shop_on

NO_OFFER, LOCKED, AT_ONCE = [0, 1], [0, 2, 4, 5], [0, 3, 4, 5]
REDEEMED_BEFORE = [0, 5]
BY_RULES, BY_CAMPAIGNS = [6, 7, 8, 9, 10, 11], [6, 7, 8, 9, 10, 11, 12]
MUGS = item("MUG-SET", "20.00")


@pytest.fixture(params=["sqlite", "postgresql"])
def service(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Served]:
    with shop_on(request.param, tmp_path) as shop, served(shop) as made:
        yield made


@pytest.fixture
def ann(service: Served) -> Iterator[Middleware]:
    with service.client() as app:
        yield Middleware(service, app)


@pytest.fixture
def bob(service: Served) -> Iterator[Middleware]:
    with service.client() as app:
        yield Middleware(service, app, "BOB")


def from_step(k: int, *parts: list[int]) -> list[int]:
    """The numbers of finishing a sale, counted from k."""
    return [k + number for part in parts for number in part]


def test_1_a_campaign_is_completed_and_gives_an_offer(ann: Middleware) -> None:
    ann.step(1)  # she says who she is at the till
    ann.step(2)
    user = ann.begin()
    ann.step(3, 4)  # profile and wallet come back and are shown
    assert (user["external_id"], user["available_points"], user["offers"]) == ("ANN", 1000, [])
    ann.step(5)  # they are hers
    sold = ann.finish(6, ann.sale("T1", [item("CAKE", "5.00")]))
    assert [row["deserved"] for row in granted(sold, "rule:")] == [50]
    ((offers),) = [row["offers"] for row in granted(sold, "campaign:")]
    assert len(offers) == 1
    assert list(ann.offers.values()) == ["muffin"]
    assert ann.points == 1050
    assert ann.steps == [1, 2, 3, 4, 5, *from_step(6, NO_OFFER, BY_CAMPAIGNS)]


def test_2_points_buy_an_offer_that_is_used(ann: Middleware) -> None:
    ann.step(1, 2)  # she logs in, and her profile is asked for
    user = ann.app.read_user(ann.customer, expand_incentives=True)
    ann.user_id = user["id"]
    ann.step(3, 4)
    assert (user["available_points"], user["tier"]) == (1000, "bronze")
    buy_in_the_reward_store(ann, 5)
    (offer,) = ann.offers
    ann.finish(15, ann.sale("T1", BREAKFAST), offer)
    assert ann.offers == {}
    assert ann.points == 1000 - 150 + 40
    assert ann.steps == [*range(1, 15), *from_step(15, LOCKED, BY_RULES)]


def buy_in_the_reward_store(shopper: Middleware, k: int) -> None:
    """From opening the reward store at step k to the offer in the wallet."""
    shopper.step(k, k + 1)  # opens the reward store; the stores that are his are asked for
    (store,) = shopper.app.get_user_reward_stores(shopper.user_id)["reward_stores"]
    shopper.step(k + 2, k + 3)
    shelf = shopper.app.get_reward_store_offers([store["id"]], shopper.user_id)
    shopper.step(k + 4, k + 5)  # what it sells comes back and is shown
    (muffin,) = [one for one in shelf["reward_store_offers"] if one["id"] == "muffin-150"]
    assert (muffin["price"], muffin["can_purchase"]) == (150, True)
    shopper.step(k + 6, k + 7)  # decides, and buys
    bought = shopper.app.purchase_offer(shopper.user_id, muffin["id"], reward_store_id=store["id"])
    shopper.step(k + 8)
    assert bought["summary"]["amount_spent"] == 150
    shopper.service.shop.ledger.projector.catch_up()
    shopper.step(k + 9)  # the offer is shown
    assert "muffin" in shopper.offers.values()


def test_3_a_promo_code_gives_an_offer_that_is_used(ann: Middleware) -> None:
    ann.service.shop.publish(promoting({"issue": "mug-set"}))
    ann.begin()
    ann.step(1, 2)  # she enters the code
    claim = ann.app.claim_promotion(ann.customer, "MUGLOVE")
    ann.step(3)
    assert [one["offer_id"] for one in claim["offers"]] == ["mug-set"]
    ann.step(4)  # her offers are asked for
    ann.service.shop.ledger.projector.catch_up()
    wallet = ann.app.get_user_offers(ann.user_id)
    ann.step(5, 6)
    assert [one["name"] for one in wallet["user_offers"]] == ["Mugs at 15 percent off"]
    (offer,) = ann.offers
    ann.step(7)  # she chooses one
    sale = ann.sale("T1", [MUGS])
    discount = ann.app.redeem(offer, sale)
    ann.step(8)  # and it is redeemed
    assert (discount["status"], str(discount["amount"])) == ("REDEEMED", "3.00")
    ann.step(9)  # the discount comes back
    ann.finish_with(10, sale, discount)
    assert (ann.points, ann.offers) == (1000 + 170, {})
    assert ann.steps == [*range(1, 10), *from_step(10, REDEEMED_BEFORE, BY_RULES)]


def test_3_a_promo_code_gives_points_that_buy_an_offer(bob: Middleware) -> None:
    points = {"award": {"account": "points", "source": "purchases", "points": 200}}
    bob.service.shop.publish(promoting(points))
    bob.begin()
    bob.step(1, 2)  # he enters the code
    claim = bob.app.claim_promotion(bob.customer, "MUGLOVE")
    bob.step(3)
    assert [one["amount"] for one in claim["points"]] == [200]
    bob.service.shop.ledger.projector.catch_up()
    buy_in_the_reward_store(bob, 5)
    (offer,) = bob.offers
    bob.finish(15, bob.sale("T1", BREAKFAST), offer)
    assert bob.points == 200 - 150 + 40
    assert bob.steps == [1, 2, 3, *range(5, 15), *from_step(15, LOCKED, BY_RULES)]


def test_4_the_next_level_is_reached(bob: Middleware) -> None:
    bob.begin()
    missing = []
    for number in range(3):
        bob.step(1, 2)  # how far is the next level?
        (club,) = bob.app.user_progress(bob.user_id)["tier_levels"]
        bob.step(3, 4)
        ((rule,),) = (tree["rules"] for tree in club["tier_progress"])
        assert rule["rule"] is not None and rule["query_result"] is not None
        missing.append(int(rule["rule"]["target_balance"] - rule["query_result"]))
        buy_bread(bob, f"T{number}")
        assert bob.points == 500 * (number + 1)
    user = bob.app.read_user(bob.customer)
    assert (user["tier"], missing) == ("silver", [150, 100, 50])
    bob.step(12)  # moved to the next level
    assert user["tier_entered_at"]
    assert list(bob.offers.values()) == ["welcome"]
    assert bob.steps == [*range(1, 12)] * 3 + [12]


def buy_bread(shopper: Middleware, name: str) -> None:
    """Steps 5 to 11 of journey 4: a purchase that counts for the next level."""
    shopper.step(5, 6)  # he buys, and it is sent
    receipt = shopper.app.send_transaction(shopper.sale(name, [item("BREAD", "50.00")]))
    shopper.service.shop.ledger.projector.catch_up()
    assert shopper.app.get_transaction(name, "main")["state"] == "received"
    shopper.step(7)  # it waits for its rules
    assert (receipt["status"], receipt["transaction_id"]) == ("OK", name)
    shopper.step(8, 9)
    sale, rules, _ = shopper.judged(name)
    if rules:
        shopper.step(10)  # checked against the rules
    (awarded,) = granted(sale, "rule:")
    assert (awarded["rule"], awarded["deserved"]) == ("rule:base", 500)
    shopper.step(11)


@pytest.mark.parametrize("option", ["no offer", "locked", "at once"])
def test_5_a_purchase_is_finished_with_each_option(ann: Middleware, option: str) -> None:
    ann.begin()
    offer = None if option == "no offer" else ann.service.shop.give("euro")
    cake = ann.sale("T1", [item("CAKE", "5.00")])
    sold = ann.finish(1, cake, offer, at_once=option == "at once")
    with_offer = {"no offer": NO_OFFER, "locked": LOCKED, "at once": AT_ONCE}[option]
    assert ann.steps == from_step(1, with_offer, BY_CAMPAIGNS)
    assert ann.points == 1000 + (50 if offer is None else 40)
    assert len(sold["discounts"]) == (offer is not None)


def test_5_an_offer_is_given_back_before_and_after_the_sale(ann: Middleware) -> None:
    ann.begin()
    offer = ann.service.shop.give("euro")
    ann.app.lock(offer, ann.sale("T1", BREAKFAST))
    ann.app.unlock(offer, "emma")
    ann.finish(1, ann.sale("T2", BREAKFAST), offer)
    with pytest.raises(Refused, match="offer_already_redeemed"):
        ann.app.lock(offer, ann.sale("T3", BREAKFAST))
    ann.app.reinstate(offer, "emma")
    ann.service.shop.ledger.projector.catch_up()
    assert list(ann.offers) == [offer]
    ann.finish(1, ann.sale("T3", BREAKFAST), offer, at_once=True)
    assert ann.steps == from_step(1, LOCKED, BY_RULES, AT_ONCE, BY_RULES)


def test_5_a_sale_changes_is_voided_and_comes_back_within_the_year_and_beyond(
    bob: Middleware,
) -> None:
    bob.service.shop.publish(accounts())
    bob.begin()

    def again(name: str, items: list[Any], **more: Any) -> int:
        bob.send(1, bob.sale(name, items, **opened[name], **more))
        return bob.points

    opened: dict[str, dict[str, Any]] = {}
    for name in ("changed", "voided", "within", "beyond"):
        sale = bob.sale(name, BREAKFAST)
        opened[name] = {"open_time": sale["open_time"]}
        bob.finish(1, sale)
    assert bob.points == 4 * 70
    assert again("changed", BREAKFAST[:1]) == 4 * 70 - 30
    assert again("voided", BREAKFAST, is_voided=True) == 3 * 70 - 30
    bob.service.later(days=364)
    assert again("within", []) == 2 * 70 - 30
    bob.service.later(days=366)
    assert again("beyond", []) == 2 * 70 - 30
    assert bob.app.get_transaction("beyond", "main")["items"] == []
    this_year = bob.app.fetch_point_audit_logs(bob.user_id, modification_types=["return"])
    assert [row["modification"] for row in this_year["results"]] == [-70]
    beyond = [6, 7, 8, 9, 11]  # no rule gives or takes anything
    assert bob.steps == [
        *from_step(1, NO_OFFER, BY_RULES) * 4,
        *from_step(1, BY_RULES) * 3,
        *from_step(1, beyond),
    ]


def missing_for_the_next_level(shopper: Middleware) -> int | None:
    """How much of the only condition is missing; None in the highest level."""
    (club,) = shopper.app.user_progress(shopper.user_id)["tier_levels"]
    rules = [rule for tree in club["tier_progress"] for rule in tree["rules"]]
    if not rules:
        return None
    (rule,) = rules
    assert rule["rule"] is not None and rule["query_result"] is not None
    return int(rule["rule"]["target_balance"] - rule["query_result"])


def test_one_afternoon_from_her_profile_to_what_she_brings_back(ann: Middleware) -> None:
    ann.service.shop.publish(promoting({"issue": "mug-set"}))
    ann.begin()
    user = ann.app.read_user(ann.customer, expand_incentives=True)  # her profile
    assert (user["available_points"], user["tier"], ann.offers) == (1000, "bronze", {})
    buy_in_the_reward_store(ann, 5)  # the stores that are hers, and a purchase in one
    (muffin,) = ann.offers
    assert (ann.points, missing_for_the_next_level(ann)) == (850, 50)

    basket = [*BREAKFAST, item("CAKE", "5.00"), item("BREAD", "50.00")]
    sold = ann.finish(15, ann.sale("T1", basket), muffin)  # locked, sent, judged
    (by_rules,) = granted(sold, "rule:")
    (by_campaigns,) = granted(sold, "campaign:")
    assert (by_rules["deserved"], by_campaigns["rule"]) == (590, "campaign:cake-month")
    assert ann.points == 850 + 590
    user = ann.app.read_user(ann.customer)
    assert (user["tier"], missing_for_the_next_level(ann)) == ("silver", None)
    assert sorted(ann.offers.values()) == ["muffin", "welcome"]

    claim = ann.app.claim_promotion(ann.customer, "MUGLOVE")
    assert [one["offer_id"] for one in claim["offers"]] == ["mug-set"]
    ann.service.shop.ledger.projector.catch_up()
    assert sorted(ann.offers.values()) == ["muffin", "mug-set", "welcome"]

    ann.send(15, ann.sale("T1", [], open_time=sold["open_time"]))  # all of it comes back
    assert (ann.points, ann.app.read_user(ann.customer)["tier"]) == (850, "bronze")
    # What the sale gave is gone; the muffin she bought is hers again, and the code's gift stays.
    assert sorted(ann.offers.values()) == ["muffin", "mug-set"]
    assert ann.offers[muffin] == "muffin"
    assert ann.steps == [
        *range(5, 15),
        *from_step(15, LOCKED, BY_CAMPAIGNS),
        *from_step(15, BY_RULES),
    ]
