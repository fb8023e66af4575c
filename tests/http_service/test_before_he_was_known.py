"""Of a customer nothing is told as known at a moment at which nobody knew him."""

from datetime import datetime
from pathlib import Path

import pytest

from cli.command_line import loyalty
from http_service.serving import Served
from loyalty_ledger.identity import Reference
from offers.till import NOW

CAROL = "/external/users/CAROL"
PROGRESS = "/incentives/api/1.0/progress/rule_tree/user_progress"


@pytest.fixture
def joined(service: Served) -> datetime:
    """A moment after Carol was enrolled, which was an hour after noon."""
    service.later(hours=1)
    service.shop.ledger.customers.enrol(
        [Reference("external", "", "CAROL")], personal={"first_name": "Carol"}
    )
    service.shop.ledger.projector.catch_up()
    return service.later(hours=2)


@pytest.mark.parametrize("rest", ["", "/timelines/NEW_VIEW", "/campaigns"])
def test_who_was_not_known_yet_is_nobody(service: Served, joined: datetime, rest: str) -> None:
    known = service.core("GET", CAROL + rest, params={"known_at": joined.isoformat()})
    assert known.json()["status"] == "ok"
    for names in (("known_at",), ("as_of", "known_at")):
        asked = dict.fromkeys(names, NOW.isoformat())
        answer = service.core("GET", CAROL + rest, params=asked)
        assert (answer.status_code, answer.json()["errors"]["code"]) == (404, "user_not_found")
        assert "Carol" not in answer.text


def test_who_was_not_known_yet_has_no_points_and_levels(service: Served, joined: datetime) -> None:
    for path in ("/incentives/api/1.0/user_points/all_balances", PROGRESS):
        asked = {"known_at": NOW.isoformat()}
        assert service.refusal(path, "CAROL", params=asked) == "user_not_found"
        assert service.told(path, "CAROL", params={"known_at": joined.isoformat()})


def test_as_of_before_he_joined_he_had_consented_to_nothing(
    service: Served, joined: datetime
) -> None:
    def user(moment: datetime) -> dict[str, object]:
        answer = service.core("GET", CAROL, params={"as_of": moment.isoformat()})
        return dict(answer.json()["user"])

    before, after = user(NOW), user(joined)
    assert (before["opted_in"], before["created_at"]) == (False, None)
    assert (after["opted_in"], after["created_at"] is not None) == (True, True)


def test_the_command_line_knows_him_no_sooner(
    service: Served, joined: datetime, tmp_path: Path
) -> None:
    url = service.shop.url
    for command in ("profile", "history", "tiers", "timeline"):
        asked = (command, "external:CAROL", "--json", "--known-at")
        said = loyalty(url, *asked, NOW.isoformat())
        assert (said.code, "unknown_customer" in said.out + said.err) == (1, True)
        assert loyalty(url, *asked, joined.isoformat()).code == 0
