"""A user tells when something about him was last other than before, as of any moment, too."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from http_service.serving import Served
from http_service.test_sites import CAROL, create, read
from loyalty_ledger.identity import Reference
from offers.till import NOW

PATH = "/external/users/CAROL"
Change = Callable[[Served], Any]


def put(**user: Any) -> Change:
    return lambda service: service.core("PUT", PATH, {"user": user})


def post(what: str, **body: Any) -> Change:
    return lambda service: service.core("POST", f"{PATH}/{what}", body)


def unlinked(service: Served) -> Any:
    customers = service.shop.ledger.customers
    phone = Reference("phone", "", "31205550100")
    return customers.unlink(service.shop.id_of("CAROL"), phone)


CHANGES: dict[str, Change] = {
    "consent": put(opted_in=False),
    "suspended": put(suspended=True),
    "name": put(first_name="Caroline"),
    "address": put(email="caroline@example.com"),
    "tag": post("tags", tags=["regular"]),
    "own field": post("models/user_profile", user_profile={"favourite": "tea"}),
    "identifier": unlinked,
}


def changed(service: Served, **params: Any) -> datetime:
    return datetime.fromisoformat(read(service, PATH, **params)["updated_at"])


@pytest.fixture
def carol(service: Served) -> datetime:
    """Carol, who joined at noon; when that was."""
    create(service, external_id_type=None)
    user = read(service, PATH)
    assert user["updated_at"] == user["created_at"]
    return datetime.fromisoformat(user["created_at"])


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_moves_it_and_only_from_then_on(
    service: Served, carol: datetime, what: str
) -> None:
    later = service.later(days=3)
    answer = CHANGES[what](service)
    assert answer is True or answer.json()["status"] == "ok", answer
    assert later <= changed(service) < later + timedelta(seconds=1)
    assert changed(service, as_of=(NOW + timedelta(days=1)).isoformat()) == carol
    assert changed(service, known_at=(NOW + timedelta(days=1)).isoformat()) == carol
    assert datetime.fromisoformat(read(service, PATH)["created_at"]) == carol


def test_what_is_so_already_changes_nothing(service: Served, carol: datetime) -> None:
    service.later(days=3)
    for change in (put(first_name="Carol"), put(opted_in=True), put(email=CAROL["email"])):
        assert change(service).json()["changed"] is False
    assert changed(service) == carol


def test_points_and_offers_are_no_change_of_him(service: Served, carol: datetime) -> None:
    service.later(days=3)
    service.shop.give("euro", to="CAROL")
    service.send("T9", customer="CAROL")
    service.shop.work()
    assert changed(service) == carol


def test_it_is_the_same_in_a_view_that_is_built_anew(service: Served, carol: datetime) -> None:
    later = service.later(days=3)
    CHANGES["name"](service)
    service.shop.ledger.projector.catch_up()
    assert service.shop.ledger.projector.verify("profile").same
    assert changed(service) >= later > carol
