"""Routes that newer ones have taken the place of are still answered."""

from typing import Any

import pytest

from http_service.serving import Served
from loyalty_ledger.client.refusals import Refused
from offers.till import document

ANN = "/external/users/ANN"


def change(service: Served, points: Any, **more: Any) -> Any:
    return service.core("POST", f"{ANN}/points", {"points": points}, **more).json()


def balance(service: Served) -> int:
    path = "/incentives/api/1.0/user_points/all_balances"
    details = service.told(path)["details"]
    balances = {one["point_account_id"]: int(one["available_balance"]) for one in details}
    return balances["points"]


def test_levels_are_told_in_order_with_the_points_they_take(service: Served) -> None:
    steps = [
        {"points_earned": {"account": "points", "amount": 500}},
        {"all": [{"points_earned": {"account": "points", "amount": 900}}]},
    ]
    stay = {"every": "P1Y", "requires": {"points_earned": {"account": "points", "amount": 200}}}
    levels = [
        {"id": "green", "name": "Green"},
        {"id": "silver", "name": "Silver", "entrance": steps[0], "maintenance": stay},
        {"id": "gold", "name": "Gold", "entrance": steps[1]},
    ]
    systems = [{"id": "club", "name": "Club", "levels": levels}]
    service.shop.publish(document() | {"tier_systems": systems})
    usual: dict[str, Any] = {
        "tier_system_id": "club",
        "multiplier": "1.0",
        "max_inactive_days": None,
    }
    expected = [
        ("green", "Green", "silver", 0, None),
        ("silver", "Silver", "gold", 500, 200),
        ("gold", "Gold", None, 900, None),
    ]
    assert service.core("GET", "/tiers").json() == {
        "status": "ok",
        "tiers": [
            usual
            | {"id": level, "identifier": level, "name": name, "next_tier_id": following}
            | dict(required_points=points, maintenance_required_points=to_stay)
            for level, name, following, points, to_stay in expected
        ],
    }


FIVE: dict[str, Any] = {"points_earned": {"account": "points", "amount": 500}}
SPENT: dict[str, Any] = {"spend": {"amount": "150.00"}}


@pytest.mark.parametrize(
    ("entrance", "required"),
    [
        ({"all": [FIVE]}, 500),
        ({"any": [FIVE]}, 500),
        ({"any": [{"all": [FIVE]}]}, 500),
        ({"all": [FIVE, FIVE]}, None),
        ({"any": [FIVE, SPENT]}, None),
        ({"all": [SPENT]}, None),
        (SPENT, None),
    ],
)
def test_a_condition_that_stands_alone_is_what_a_level_takes(
    service: Served, entrance: dict[str, Any], required: int | None
) -> None:
    stay = {"every": "P1Y", "requires": entrance}
    silver = {"id": "silver", "name": "Silver", "entrance": entrance, "maintenance": stay}
    systems = [{"id": "club", "name": "Club", "levels": [{"id": "green", "name": "Green"}, silver]}]
    service.shop.publish(document() | {"tier_systems": systems})
    told = service.core("GET", "/tiers").json()["tiers"][1]
    assert (told["required_points"], told["maintenance_required_points"]) == (required, required)


def test_points_above_zero_are_given_and_below_zero_are_spent(service: Served) -> None:
    before = balance(service)
    given = [{"point_account_id": "points", "points": 25}]
    assert change(service, 25) == {"status": "ok", "points": 25, "details": given}
    assert balance(service) == before + 25
    spent = [{"point_account_id": "points", "points": -100}]
    assert change(service, "-100") == {"status": "ok", "points": -100, "details": spent}
    assert balance(service) == before - 75
    assert change(service, -10_000)["errors"]["code"] == "insufficient_points"
    with service.client() as site:
        assert site.change_points(service.shop.id_of("ANN"), 5)["points"] == 5
        assert [one["id"] for one in site.tiers()] == ["bronze", "silver"]
    assert balance(service) == before - 70


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize("whose", ["users/{}", "external/users/ANN"])
def test_points_are_changed_at_either_version_of_the_path(
    service: Served, version: str, whose: str
) -> None:
    before, named = balance(service), whose.format(service.shop.id_of("ANN"))
    path = f"/priv/{version}/apps/{service.key_id}/{named}/points"
    given = service.caller().post(path, json={"points": 25})
    assert (given.status_code, given.json()["points"]) == (200, 25)
    assert balance(service) == before + 25
    another = service.caller().post(path.replace(service.key_id, "another"), json={"points": 25})
    assert another.status_code == 401


@pytest.mark.parametrize("points", [25, -25])
def test_points_under_one_message_id_move_once(service: Served, points: int) -> None:
    before, headers = balance(service), {"Message-ID": "3d4e"}
    first = service.core("POST", f"{ANN}/points", {"points": points}, headers=headers)
    again = service.core("POST", f"{ANN}/points", {"points": points}, headers=headers)
    assert (again.content, again.headers["Cached-Message"]) == (first.content, "true")
    assert balance(service) == before + points
    assert change(service, 3, headers=headers)["errors"]["code"] == "request_conflict"


@pytest.mark.parametrize("points", [0, "0", "-0", 1.5, "-1.5", "ten", "-", None, True, 10**20])
def test_what_is_no_number_of_points_is_refused(service: Served, points: Any) -> None:
    service.caller()
    before = service.events()
    assert change(service, points)["errors"]["code"] == "validation"
    assert service.events() == before


@pytest.mark.parametrize(
    ("changed", "missing"),
    [
        ({"default": False}, "the program has no default point account"),
        ({"default": True}, "the program has 2 default point accounts .points, credits."),
    ],
)
def test_points_are_not_given_where_the_program_leaves_their_account_open(
    service: Served, changed: dict[str, Any], missing: str
) -> None:
    program = document()
    for account in program["point_accounts"]:
        account |= changed | {"spendable": True}
    service.shop.publish(program)
    with service.client() as site, pytest.raises(Refused, match=missing):
        site.change_points(service.shop.id_of("ANN"), 5)


def test_points_are_not_given_where_the_program_leaves_their_source_open(service: Served) -> None:
    program = document()
    program["point_sources"] += [{"id": "gifts", "name": "Gifts", "accounts": ["points"]}]
    service.shop.publish(program)
    told = change(service, 5)["errors"]
    assert "points is fed by 2 point sources (purchases, gifts)" in told["message"]
    assert change(service, -5)["status"] == "ok"
