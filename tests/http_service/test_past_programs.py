"""Reads as of a moment that is known by an earlier program are told by that program."""

from datetime import datetime
from typing import Any

import pytest

from http_service.serving import Served
from offers.till import NOW, document

ANN = "/external/users/ANN"
PROGRESS = "/incentives/api/1.0/progress/rule_tree/user_progress"
AUDIT = "/incentives/api/1.0/point_audit_logs/fetch_point_audit_logs"
MOVE = "/api/1.0/movement/move_user"


def without_silver() -> dict[str, Any]:
    """The program after a level, and a campaign, were taken out of it."""
    later = document()
    (club,) = later["tier_systems"]
    club["levels"] = [one for one in club["levels"] if one["id"] != "silver"]
    return later


def newest(service: Served) -> dict[str, str]:
    """Asks whoever answers to have seen all there is: the newest program, too."""
    service.shop.ledger.projector.catch_up()
    return {"at_least": str(service.events())}


@pytest.fixture
def before(service: Served) -> datetime:
    """A moment at which Ann was silver; the program has no such level since."""
    campaign = {
        "id": "spring",
        "name": "Spring",
        "outcomes": [{"award": {"account": "points", "source": "purchases", "points": 5}}],
    }
    service.shop.publish(document() | {"campaigns": [campaign]})
    service.told(MOVE, tier_system_id="club", tier_level_id="silver")
    moment = service.shop.ledger.clock()
    service.later(days=1)
    service.shop.publish(without_silver())
    return moment


def test_a_level_that_was_taken_out_is_told_as_it_was_known(
    service: Served, before: datetime
) -> None:
    asked = {"known_at": before.isoformat()} | newest(service)
    (place,) = service.told(PROGRESS, params=asked)["tier_levels"]
    assert (place["tier_level_id"], place["tier_overview"]["name"]) == ("silver", "Silver")
    user = service.core("GET", ANN, params=asked | {"expand_incentives": "true"}).json()["user"]
    assert user["tier_details"]["tier_levels"][0]["tier_level_id"] == "silver"


def test_a_tier_system_that_was_taken_out_is_told_as_it_was_known(
    service: Served, before: datetime
) -> None:
    service.shop.publish(without_silver() | {"tier_systems": []})
    asked = {"known_at": before.isoformat(), "as_of": before.isoformat()} | newest(service)
    (place,) = service.told(PROGRESS, params=asked)["tier_levels"]
    assert place["tier_level_id"] == "silver"


def test_a_campaign_that_was_on_is_told_as_it_was_known(service: Served, before: datetime) -> None:
    asked = {"known_at": before.isoformat(), "as_of": before.isoformat()} | newest(service)
    tiles = service.core("GET", f"{ANN}/campaigns", params=asked).json()["campaigns"]["tiles"]
    assert [one["campaign_id"] for one in tiles] == ["spring"]
    now = service.core("GET", f"{ANN}/campaigns", params=newest(service)).json()
    assert [one["campaign_id"] for one in now["campaigns"]["tiles"]] == ["cake-month"]


def test_the_audit_log_as_of_a_moment_ends_there(service: Served) -> None:
    assert service.told(AUDIT)["total_records"] == 1
    service.later(days=800)
    assert service.told(AUDIT)["total_records"] == 0  # by default it is the last year
    told = service.told(AUDIT, params={"as_of": NOW.isoformat()})
    assert [row["modification"] for row in told["results"]] == [1000]


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", AUDIT), ("POST", PROGRESS), ("GET", "/timelines/NEW_VIEW"), ("GET", "/campaigns")],
)
def test_before_the_first_program_was_known_nothing_is_told(
    service: Served, method: str, path: str
) -> None:
    asked = {"known_at": "2020-01-01T00:00:00Z"}
    if method == "POST":
        assert service.refusal(path, params=asked) == "no_program"
    else:
        answer = service.core(method, ANN + path, params=asked).json()
        assert answer["errors"]["code"] == "no_program"
