"""Limits: who gets no more, of what, and how the settlement says so."""

from typing import Any

import pytest

from loyalty_ledger.domain.events.limits import GrantCounted
from loyalty_ledger.domain.events.offers import OfferIssued
from loyalty_ledger.domain.events.points import PointsAwarded
from specification import Shop, at, awards, every, line, only, paid, program, rule

ONE = line("x", "1.00")
MUFFIN = {"id": "muffin", "title": "Muffin", "discount": {"kind": "manual"}}


def campaign(*outcomes: Any, **more: Any) -> dict[str, Any]:
    return {"id": "c", "outcomes": list(outcomes) or [{"award": awards(50)}], **more}


def limited(**limits: Any) -> Shop:
    return Shop(program(campaigns=[campaign(limits=limits)]))


# --- per customer -------------------------------------------------------------------------------


def test_a_customer_gets_no_more_than_his_number_of_grants() -> None:
    shop = limited(per_customer={"times": 2})
    for _ in range(3):
        shop.sells(ONE)
    assert (shop.points(), shop.limits_hit) == (100, ["per_customer"])
    shop.sells(ONE, to="ben")
    assert shop.points("ben") == 50


@pytest.mark.parametrize(
    ("second", "points"),
    [("2026-03-08 12:00", 50), ("2026-03-09 11:59", 50), ("2026-03-09 12:00", 100)],
)
def test_a_trailing_window_is_free_again_exactly_when_it_is_over(second: str, points: int) -> None:
    shop = limited(per_customer={"times": 1, "period": "P7D"})
    shop.sells(ONE, when=at("2026-03-02 12:00"))
    shop.sells(ONE, when=at(second))
    assert shop.points() == points


def test_a_sale_that_arrives_late_is_refused_for_the_window_of_a_later_one() -> None:
    shop = limited(per_customer={"times": 1, "period": "P7D"})
    shop.sells(ONE, when=at("2026-03-10 12:00"))
    shop.sells(ONE, when=at("2026-03-04 12:00"))
    assert (shop.points(), shop.limits_hit) == (50, ["per_customer"])
    shop.sells(ONE, when=at("2026-03-03 12:00"))
    assert shop.points() == 100


def test_a_late_sale_in_the_middle_fits_only_if_no_window_around_it_is_full() -> None:
    shop = limited(per_customer={"times": 2, "period": "P7D"})
    for day in ("01", "06", "11"):
        shop.sells(ONE, when=at(f"2026-04-{day} 12:00"))
    assert shop.points() == 150
    shop.sells(ONE, when=at("2026-04-05 12:00"))
    assert (shop.points(), shop.limits_hit) == (150, ["per_customer"])


# --- over everybody -----------------------------------------------------------------------------


def test_the_total_counts_grants_over_all_customers() -> None:
    shop = limited(total=2)
    for customer in ("ann", "ben", "cy"):
        shop.sells(ONE, to=customer)
    assert [shop.points(one) for one in ("ann", "ben", "cy")] == [50, 50, 0]
    assert shop.limits_hit == ["total"]


def test_a_points_budget_is_never_exceeded_and_never_paid_in_part() -> None:
    shop = limited(points=120)
    for _ in range(3):
        shop.sells(ONE)
    assert (shop.points(), shop.limits_hit) == (100, ["points"])


def test_exactly_the_budget_may_be_given() -> None:
    shop = limited(points=100)
    shop.sells(ONE)
    shop.sells(ONE)
    assert shop.points() == 100


def test_a_split_sale_is_one_grant_however_many_customers_it_gives_points() -> None:
    by_money = campaign({"award": awards(1, per_amount="1.00")}, limits={"total": 1})
    shop = Shop(program(campaigns=[by_money]))
    shop.sells(line("x", "10.00"), payments=[paid("ben", "6.00"), paid("ann", "4.00")])
    assert (shop.points("ben"), shop.points("ann")) == (6, 4)
    shop.sells(line("x", "10.00"), payments=[paid("ben", "6.00"), paid("ann", "4.00")])
    assert (shop.points("ben"), shop.points("ann")) == (6, 4)
    assert shop.limits_hit == ["total", "total"]


def test_a_rule_may_be_limited_like_a_campaign() -> None:
    shop = Shop(program(rules=[rule(limits={"per_customer": {"times": 1}})]))
    shop.sells(line("x", "3.00"))
    shop.sells(line("x", "3.00"))
    assert shop.points() == 3


def test_what_gives_nothing_uses_no_limit() -> None:
    tiny = campaign({"award": awards(1, per_amount="5.00")}, limits={"total": 1})
    shop = Shop(program(campaigns=[tiny]))
    shop.sells(line("x", "4.99"))
    shop.sells(line("x", "5.00"))
    assert shop.points() == 1


# --- whole or nothing ---------------------------------------------------------------------------


def test_a_grant_is_whole_or_nothing_when_one_of_its_offers_is_used_up() -> None:
    scarce = MUFFIN | {"issuance": {"total": 1}}
    both = campaign({"award": awards(50)}, {"issue": "muffin"})
    shop = Shop(program(offers=[scarce], campaigns=[both]))
    shop.sells(ONE)
    shop.sells(ONE, to="ben")
    assert (shop.points("ann"), shop.points("ben")) == (50, 0)
    assert shop.limits_hit == ["offer:muffin:total"]
    assert every(OfferIssued, shop.last) == []


def test_the_points_of_a_grant_count_together_towards_its_budget() -> None:
    two = campaign({"award": awards(50)}, {"award": awards(51, "credits")}, limits={"points": 100})
    shop = Shop(program(campaigns=[two]))
    shop.sells(ONE)
    assert (shop.points(), shop.points(account="credits")) == (0, 0)
    assert [(cut.limit, cut.points) for cut in shop.settlement.cuts] == [("points", 101)]


# --- sources and offers -------------------------------------------------------------------------


def source(**limits: Any) -> list[dict[str, Any]]:
    accounts = ["points", "credits"]
    return [{"id": "shop", "name": "Shop", "accounts": accounts, "limits": limits}]


def test_a_source_limits_everything_it_gives() -> None:
    rules = [rule(id="a"), rule(id="b")]
    shop = Shop(program(point_sources=source(points=15), rules=rules))
    shop.sells(line("x", "10.00"))
    assert (shop.points(), shop.limits_hit) == (10, ["source:shop:points"])


def test_a_grant_of_two_awards_counts_once_for_their_source() -> None:
    two = campaign({"award": awards(5)}, {"award": awards(5, "credits")})
    once = source(per_customer={"times": 1})
    shop = Shop(program(point_sources=once, campaigns=[two]))
    shop.sells(ONE)
    shop.sells(ONE)
    assert (shop.points(), shop.points(account="credits")) == (5, 5)
    assert shop.limits_hit == ["source:shop:per_customer"]


@pytest.mark.parametrize(
    ("issuance", "limit"),
    [
        ({"per_customer": 1}, "offer:muffin:per_customer"),
        ({"total": 1}, "offer:muffin:total"),
        ({"ends": "2026-03-04"}, "offer:muffin:issuance_period"),
        ({"starts": "2026-03-01", "ends": "2026-03-04"}, "offer:muffin:issuance_period"),
    ],
)
def test_an_offer_is_issued_within_its_own_limits(issuance: dict[str, Any], limit: str) -> None:
    offer = MUFFIN | {"issuance": issuance}
    shop = Shop(program(offers=[offer], campaigns=[campaign({"issue": "muffin"})]))
    shop.sells(ONE, when=at("2026-03-03 23:59:59"))
    assert only(OfferIssued, shop.last)
    shop.sells(ONE, when=at("2026-03-04 00:00"))
    assert shop.limits_hit == [limit]


def test_two_of_an_offer_in_one_grant_count_as_two() -> None:
    twice = campaign({"issue": "muffin"}, {"issue": "muffin"})
    offer = MUFFIN | {"issuance": {"total": 3}}
    shop = Shop(program(offers=[offer], campaigns=[twice]))
    assert len(every(OfferIssued, shop.sells(ONE))) == 2
    assert every(OfferIssued, shop.sells(ONE)) == []


# --- the balance that may not be exceeded -------------------------------------------------------


def capped(most: int, **more: Any) -> Shop:
    accounts = [{"id": "points", "name": "P", "maximum_balance": most, "expiry": {"kind": "never"}}]
    source = [{"id": "shop", "name": "Shop", "accounts": ["points"]}]
    return Shop(program(point_accounts=accounts, point_sources=source, **more))


def test_what_would_exceed_the_maximum_balance_is_not_awarded_and_both_events_say_so() -> None:
    shop = capped(70, campaigns=[campaign()])
    shop.sells(ONE)
    shop.sells(ONE)
    award = only(PointsAwarded, shop.last)
    assert (award.points, award.cut, shop.points()) == (20, 30, 70)
    assert [(cut.limit, cut.points) for cut in shop.settlement.cuts] == [
        ("maximum_balance:points", 30)
    ]


def test_points_that_were_cut_use_no_budget() -> None:
    shop = capped(70, campaigns=[campaign(limits={"points": 200})])
    shop.sells(ONE)
    shop.sells(ONE)
    assert [one.points for one in every(GrantCounted, shop.last)] == [20, 20]


def test_a_grant_of_which_the_maximum_balance_leaves_nothing_was_never_made() -> None:
    shop = capped(50, campaigns=[campaign(limits={"total": 5})])
    shop.sells(ONE)
    shop.sells(ONE)
    assert (shop.settlement.grants, shop.limits_hit) == ([], ["maximum_balance:points"])
    assert every(GrantCounted, shop.last) == []


def test_every_grant_that_is_limited_is_counted_for_the_customer_and_for_everybody() -> None:
    shop = limited(total=5)
    shop.sells(ONE, number="9")
    counted = [event for stream, event in shop.history if isinstance(event, GrantCounted)]
    streams = [stream for stream, event in shop.history if isinstance(event, GrantCounted)]
    assert streams == ["usage/ann", "limit/campaign:c"]
    assert counted[0] == counted[1]
    assert (counted[0].points, counted[0].cause) == (50, "sale/s1/9@1")
