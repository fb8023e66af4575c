"""The phone numbers of a customer are the list that was sent last."""

from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from http_service.serving import Served
from loyalty_ledger.domain.events.customers import IdentifierUnlinked

OLD, NEW, LAST = "31205550100", "31205550111", "31205550122"


def change(service: Served, whose: str, **user: Any) -> httpx.Response:
    return service.core("PUT", f"/external/users/{whose}", {"user": user})


def listed(*numbers: str) -> list[dict[str, str]]:
    return [{"phone_number": number} for number in numbers]


def phones(service: Served, whose: str) -> list[str]:
    user = service.core("GET", f"/external/users/{whose}").json()["user"]
    return sorted(one["phone_number"] for one in user["phone_numbers"])


def owner(service: Served, number: str) -> list[str]:
    """Who is found by the number."""
    told = service.core("GET", "/users/search_users", params={"mobile_number": number}).json()
    return [one["id"] for one in told["players"]]


@pytest.fixture
def ann(service: Served) -> str:
    """Ann, who has two phones."""
    assert change(service, "ANN", phone_numbers=listed(OLD, NEW)).json()["status"] == "ok"
    assert phones(service, "ANN") == [OLD, NEW]
    return service.shop.id_of()


@pytest.mark.parametrize(("kept", "gone"), [([NEW, LAST], [OLD]), ([LAST], [OLD, NEW])])
def test_a_list_of_phones_is_the_whole_list(
    service: Served, ann: str, kept: list[str], gone: Sequence[str]
) -> None:
    assert change(service, "ANN", phone_numbers=listed(*kept)).json()["changed"] is True
    assert phones(service, "ANN") == kept
    assert [owner(service, number) for number in gone] == [[]] * len(gone)
    assert [owner(service, number) for number in kept] == [[ann]] * len(kept)
    unlinked = service.shop.events("IdentifierUnlinked")
    assert len(unlinked) == len(gone)
    for event in unlinked:
        assert isinstance(event, IdentifierUnlinked)
        assert (event.customer_id, event.kind) == (ann, "phone")


def test_an_empty_list_takes_all_away_and_none_leaves_all(service: Served, ann: str) -> None:
    change(service, "ANN", first_name="Ann")
    change(service, "ANN", email="ann@example.com", phone_numbers=None)
    assert phones(service, "ANN") == [OLD, NEW]
    assert change(service, "ANN", phone_numbers=[]).json()["changed"] is True
    assert phones(service, "ANN") == []
    user = service.core("GET", f"/users/{ann}").json()["user"]
    assert (user["email"], user["external_id"]) == ("ann@example.com", "ANN")
    before = service.events()
    assert change(service, "ANN", phone_numbers=[]).json()["changed"] is False
    assert service.events() == before


def test_the_next_owner_of_a_number_can_take_it(service: Served, ann: str) -> None:
    taken = change(service, "BOB", phone_numbers=listed(OLD)).json()
    assert taken["errors"]["code"] == "identifier_taken"
    change(service, "ANN", phone_numbers=listed(NEW))
    assert change(service, "BOB", phone_numbers=listed(OLD)).json()["changed"] is True
    assert owner(service, OLD) == [service.shop.id_of("BOB")]
    assert owner(service, NEW) == [ann]


def test_a_list_with_a_number_of_somebody_else_changes_nothing(service: Served, ann: str) -> None:
    change(service, "BOB", phone_numbers=listed(LAST))
    before = service.events()
    refused = change(service, "ANN", phone_numbers=listed(LAST)).json()
    assert refused["errors"]["code"] == "identifier_taken"
    assert (service.events(), phones(service, "ANN")) == (before, [OLD, NEW])


def test_the_same_numbers_otherwise_written_change_nothing(service: Served, ann: str) -> None:
    before = service.events()
    spelled = listed("+31 20 555-0111", "(31) 205550100")
    assert change(service, "ANN", phone_numbers=spelled).json()["changed"] is False
    assert service.events() == before


def test_auditors_are_told_that_phones_were_edited(service: Served, ann: str) -> None:
    change(service, "ANN", phone_numbers=[])
    (*_, told) = service.shop.events("OperatorActed")
    assert told.fields == ["phone"]  # type: ignore[attr-defined]
