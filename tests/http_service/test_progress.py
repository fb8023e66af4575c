"""Progress in the rule trees that are asked for, known ones only, node by node."""

from typing import Any

import pytest

from http_service.serving import Served
from offers.till import document, item

PROGRESS = "/incentives/api/1.0/progress/rule_tree/user_progress"
SPEND = {"spend": {"amount": "150.00", "within": "P12M"}}
EARNED = {"points_earned": {"account": "points", "amount": 900}}
SALES = {"transactions": {"count": 4}}
GOLD = {"all": [EARNED, SALES, {"any": [SPEND, {"transactions": {"count": 9}}]}]}


def climbing(*more: dict[str, Any]) -> dict[str, Any]:
    """The program with four levels in its club."""
    levels = [
        {"id": "bronze", "name": "Bronze"},
        {"id": "silver", "name": "Silver", "entrance": SPEND},
        {"id": "gold", "name": "Gold", "entrance": GOLD},
        {"id": "black", "name": "Black", "entrance": EARNED},
    ]
    club = {"id": "club", "name": "Club", "levels": levels}
    return document() | {"tier_systems": [club, *more]}


@pytest.fixture
def club(service: Served) -> Served:
    """Ann has spent 100.00 and earned 1000 points: she is in bronze."""
    service.shop.publish(climbing())
    service.told(PROGRESS, params={"at_least": service.events()})
    return service


def trees(service: Served, *ids: str, **more: Any) -> list[str]:
    """The rule trees that are told of the only system."""
    (place,) = service.told(PROGRESS, ids=list(ids), **more)["tier_levels"]
    return [tree["rule_tree_id"] for tree in place["tier_progress"]]


def test_a_tree_is_told_whichever_level_it_enters(club: Served) -> None:
    assert trees(club) == trees(club, "club") == trees(club, "club/silver") == ["club/silver"]
    assert trees(club, "club/black") == ["club/black"]
    assert trees(club, "club/black", "club/gold") == ["club/gold", "club/black"]
    assert trees(club, "club", "club/gold", "club/gold") == ["club/silver", "club/gold"]
    club.shop.close("S1", customer="ANN", items=[item("BREAD", "50.00")])
    club.shop.work()
    assert trees(club) == ["club/gold"]
    assert trees(club, "club/silver") == ["club/silver"]
    assert trees(club, "club/silver", params={"as_of": "2026-03-09T12:00:00Z"}) == ["club/silver"]


def test_every_node_tells_where_the_customer_is_and_where_to_get(club: Served) -> None:
    (place,) = club.told(PROGRESS, ids=["club/gold"])["tier_levels"]
    assert (place["tier_level_id"], place["next_tier_overview"]["id"]) == ("bronze", "silver")
    (tree,) = place["tier_progress"]
    every, points, sales, either, spend, more_sales = tree["rules"]
    assert {one["rule_tree_name"] for one in tree["rules"]} == {"Gold"}
    told = [(one["query_result"], one["rule"]["target_balance"]) for one in tree["rules"]]
    assert told == [(1, 3), (1000, 900), (1, 4), (0, 1), (100, 150), (1, 9)]
    passed = [one["query_result"] >= one["rule"]["target_balance"] for one in tree["rules"]]
    assert passed == [one["rule_passed"] for one in tree["rules"]]
    for parts, above in (((points, sales, either), every), ((spend, more_sales), either)):
        for part in parts:
            assert part["parent_id"] == part["rule"]["parent_id"] == above["rule_id"]
    assert [one["discriminator"] for one in (every, either)] == [1, 2]
    assert every["rule"] == {
        "id": "club/gold.1", "retailer_id": None, "parent_id": None, "discriminator": 1,
        "target_balance": 3, "comparison": 1, "rank": 1, "is_new": False, "constraints": [],
    }  # fmt: skip


@pytest.mark.parametrize("wrong", ["zz", "club/bronze", "club/zz", "gold", "club/", "Club"])
def test_what_no_program_has_is_refused_by_its_name(club: Served, wrong: str) -> None:
    errors = club.ask(PROGRESS, ids=["club", wrong]).json()["errors"]
    assert errors["code"] == "validation"
    assert errors["message"] == (
        f"the program has no tier system or rule tree {wrong!r}:"
        " there is club, club/silver, club/gold, club/black"
    )


def test_what_an_earlier_program_had_is_known_and_tells_nothing(club: Served) -> None:
    levels = [{"id": "one", "name": "One"}, {"id": "two", "name": "Two", "entrance": SALES}]
    club.shop.publish(climbing({"id": "tea", "name": "Tea", "levels": levels}))
    assert trees(club, "tea/two", params={"at_least": club.events()}) == ["tea/two"]
    club.shop.publish(climbing())
    for gone in ("tea", "tea/two"):
        told = club.told(PROGRESS, ids=[gone], params={"at_least": club.events()})
        assert told["tier_levels"] == []
