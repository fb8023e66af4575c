"""A customer is put into a level by hand: up with what entering gives, down, and it lasts."""

from typing import Any

import pytest

from http_service.serving import Served
from loyalty_ledger.verification import verify
from offers.till import document, item

PATHS = ["/api/1.0/movement/move_user", "/incentives/api/1.0/movement/move_user"]
MOVE = PATHS[0]
PROGRESS = "/incentives/api/1.0/progress/rule_tree/user_progress"
GOLD = {
    "id": "gold",
    "name": "Gold",
    "entrance": {"spend": {"amount": "500.00"}},
    "on_entry": [{"award": {"account": "points", "source": "purchases", "points": 70}}],
}


@pytest.fixture(autouse=True)
def three_levels(service: Served) -> None:
    service.caller()  # whose key is made before events are counted
    made = document()
    (club,) = made["tier_systems"]
    service.shop.publish(made | {"tier_systems": [club | {"levels": [*club["levels"], GOLD]}]})


def move(service: Served, level: str, of: str = "BOB", path: str = MOVE, **more: Any) -> Any:
    body = {"tier_system_id": "club", "tier_level_id": level} | more
    return service.told(path, of, **body)


def level_of(service: Served, name: str = "BOB") -> str:
    (club,) = service.told(PROGRESS, name)["tier_levels"]
    return str(club["tier_level_id"])


def offers_of(service: Served, name: str = "BOB") -> list[str]:
    """The customer's live offers, by definition."""
    held = service.shop.offers(name).values()
    return [one.definition for one in held if one.state == "ISSUED"]


def holds(service: Served) -> bool:
    service.shop.work()
    return verify(service.shop.ledger, lambda *_: None).problems == []


@pytest.mark.parametrize("path", PATHS)
def test_a_move_gives_what_entering_the_level_gives_once_and_tells_who_did_it(
    service: Served, path: str
) -> None:
    told = move(service, "silver", path=path)
    known: dict[str, Any] = {"tier_system_id": "club", "tier_level_id": "silver"}
    known |= {"previous_tier_level_id": "bronze", "moved": True}
    assert told == known | {"user_id": service.shop.id_of("BOB")}
    assert (level_of(service), offers_of(service)) == ("silver", ["welcome"])
    (event,) = service.shop.events("LevelAssigned")
    assert event.by.client_id == service.key_id  # type: ignore[attr-defined]
    after = service.events()
    assert move(service, "silver")["moved"] is False
    assert service.events() == after
    move(service, "bronze")
    move(service, "silver")
    assert offers_of(service) == ["welcome"]
    assert holds(service)


def test_a_move_is_made_once_and_answered_as_the_first_time(service: Served) -> None:
    body = {"tier_system_id": "club", "tier_level_id": "silver", "idempotency_id": "m-1"}
    first = service.ask(MOVE, "BOB", **body)
    move(service, "bronze")
    assert service.ask(MOVE, "BOB", **body).content == first.content
    assert level_of(service) == "bronze"


@pytest.mark.parametrize("each", [True, False])
def test_levels_on_the_way_are_entered_only_when_that_is_asked_for(
    service: Served, each: bool
) -> None:
    move(service, "gold", process_intermediate_levels=each)
    assert level_of(service) == "gold"
    assert offers_of(service) == (["welcome"] if each else [])
    assert service.shop.points("BOB") == 70
    assert holds(service)


def test_where_rules_are_to_be_looked_at_they_have_to_hold(service: Served) -> None:
    asked: dict[str, Any] = {"tier_system_id": "club", "tier_level_id": "silver"}
    asked |= {"evaluate_qualifying_rules": True}
    before = service.events()
    assert service.refusal(MOVE, "BOB", **asked) == "not_eligible"
    assert service.events() == before
    service.send("T1", customer="BOB", items=[item("BREAD", "150.00")])
    service.shop.work()
    move(service, "bronze")
    assert move(service, "silver", evaluate_qualifying_rules=True)["moved"] is True


@pytest.mark.parametrize("wrong", [("choir", "silver"), ("club", "platinum")])
def test_a_level_that_is_nowhere_is_refused(service: Served, wrong: tuple[str, str]) -> None:
    system, level = wrong
    before = service.events()
    answer = service.ask(MOVE, "BOB", tier_system_id=system, tier_level_id=level).json()
    assert answer["errors"]["code"] == "validation"
    assert "there is " in answer["errors"]["message"]
    assert service.refusal(MOVE, None, user_id="c0", tier_system_id="club", tier_level_id="gold")
    assert service.events() == before


def test_what_was_given_by_hand_outlasts_a_return(service: Served) -> None:
    """The level that was reached falls; the one that he was put into does not stand on the sale."""
    sold = {"customer": "BOB", "items": [item("BREAD", "150.00")]}
    opened = service.later(minutes=1).isoformat()
    service.send("T1", open_time=opened, **sold)
    service.shop.work()
    assert (level_of(service), offers_of(service)) == ("silver", ["welcome"])
    service.later(minutes=2)
    move(service, "gold")
    service.later(minutes=3)
    service.send("T1", open_time=opened, **(sold | {"items": []}))
    service.shop.work()
    assert (level_of(service), offers_of(service)) == ("gold", [])
    assert service.shop.points("BOB") == 70
    assert holds(service)
