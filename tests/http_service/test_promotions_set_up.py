"""Promotions are set up over HTTP, one at a time: each is a part of the program."""

from typing import Any

from http_service.serving import Served

SPRING: dict[str, Any] = {
    "id": "spring",
    "name": "Spring",
    "kind": "multi_use",
    "code": "SPRING",
    "global_entry_cap": 1,
    "outcomes": [{"award": {"account": "points", "source": "purchases", "points": 50}}],
}


def set_up(service: Served, **changed: Any) -> Any:
    """The promotion as it was set up."""
    answer = service.core("POST", "/promotions", SPRING | changed)
    assert answer.status_code == 200, answer.text
    return answer.json()["promotion"]


def enters(service: Served, whose: str, code: str = "SPRING") -> Any:
    """What a customer is answered who enters a code."""
    service.shop.work()
    path = f"/external/users/{whose}/promotions/claims"
    return service.core("POST", path, {"code": code}).json()


def test_a_promotion_is_set_up_and_its_code_entered(service: Served) -> None:
    made = set_up(service)
    assert made["id"] == "spring"
    (given,) = enters(service, "ANN")["claim"]["points"]
    assert given == {"point_account_id": "points", "amount": 50}
    service.shop.ledger.projector.catch_up()
    promotions = service.core("GET", "/promotions").json()["promotions"]
    assert [(one["name"], one["claims"]) for one in promotions] == [("Spring", 1)]


def test_no_more_claims_than_its_cap(service: Served) -> None:
    set_up(service)
    enters(service, "ANN")
    assert enters(service, "BOB")["status"] == "error"
    set_up(service, global_entry_cap=2)
    assert enters(service, "BOB")["status"] == "ok"


def test_a_promotion_that_is_set_up_again_takes_its_own_place(service: Served) -> None:
    first = set_up(service)
    assert set_up(service) == first
    again = set_up(service, code="MAY", end_date="2026-06-01")
    assert again["program_version"] == first["program_version"] + 1
    newest: Any = service.shop.events("ProgramPublished")[-1]
    (spring,) = [one for one in newest.document["promotions"] if one["id"] == "spring"]
    assert (spring["code"], spring["total"], spring["ends"]) == ("MAY", 1, "2026-06-01")
    assert enters(service, "ANN")["status"] == "error"
    assert enters(service, "ANN", "MAY")["status"] == "ok"


def test_a_promotion_that_the_program_cannot_have_changes_nothing(service: Served) -> None:
    service.caller()
    before = service.events()
    refused = SPRING | {"outcomes": [{"issue": "no-such-offer"}]}
    answer = service.core("POST", "/promotions", refused)
    assert answer.json()["errors"]["code"] == "validation"
    assert "promotions[spring].outcomes[0].issue: no offer 'no-such-offer'" in answer.text
    assert service.events() == before


def test_a_promotion_is_set_up_once_for_a_message(service: Served) -> None:
    headers = {"Message-ID": "spring-1"}
    first = service.core("POST", "/promotions", SPRING, headers=headers)
    set_up(service, name="Summer")
    before = service.events()
    assert service.core("POST", "/promotions", SPRING, headers=headers).content == first.content
    assert service.events() == before
