"""Who asks by an id that nothing ever had is told so, and not that there is nothing."""

from typing import Any

import pytest

from http_service.serving import Served
from loyalty_ledger.domain.events.program import Store
from offers.till import document

OF_STORE = "/transactions/api/1.0/transactions/info/get_store_transactions"
AUDIT = "/incentives/api/1.0/point_audit_logs/fetch_point_audit_logs"
SHELF = "/offers/api/2.0/offers/rewardstores/get_reward_store_offers"
DETAILS = "/offers/api/2.0/offers/fetch_offers_details"
LISTS = [
    (AUDIT, "point_account_ids", "points", "point account", "validation"),
    (AUDIT, "point_source_ids", "purchases", "point source", "validation"),
    (SHELF, "reward_store_ids", "rewards", "reward store", "validation"),
    (DETAILS, "offer_ids", "euro", "offer", "offer_not_found"),
]


@pytest.mark.parametrize(("path", "field", "known", "what", "code"), LISTS)
def test_an_id_that_no_program_had_is_refused_by_its_name(
    service: Served, path: str, field: str, known: str, what: str, code: str
) -> None:
    service.shop.ledger.projector.catch_up()
    body: dict[str, Any] = {field: [known]}
    assert service.ask(path, **body).json()["status"] == "ok"
    for wrong in ("zz", known.upper()):
        body[field] = [known, wrong]
        errors = service.ask(path, **body).json()["errors"]
        assert errors["code"] == code
        assert errors["message"].startswith(f"the program has no {what} {wrong!r}: there is ")
        assert known in errors["message"].partition("there is ")[2].split(", ")


def other_things() -> dict[str, Any]:
    """The program with another account and source, without the mugs and all that sells or gives."""
    made = document()
    return made | {
        "point_accounts": [{"id": "coins", "name": "Coins", "expiry": {"kind": "never"}}],
        "point_sources": [{"id": "gifts", "name": "Gifts", "accounts": ["coins"]}],
        "offers": [one for one in made["offers"] if one["id"] != "mug-set"],
        **{part: [] for part in ("reward_stores", "rules", "campaigns", "tier_systems")},
    }


def test_what_an_earlier_program_had_is_known(service: Served) -> None:
    service.shop.give("mug-set")
    service.shop.publish(other_things())
    beside: dict[str, Any] = {"params": {"at_least": service.events()}}
    (gone,) = service.told(DETAILS, offer_ids=["mug-set"], **beside)["results"]
    assert (gone["offer_id"], gone["acquisition_count"], gone["total_inventory"]) == (
        "mug-set",
        1,
        3,
    )
    shelf = service.told(SHELF, reward_store_ids=["rewards"], **beside)
    assert shelf["reward_store_offers"] == []
    for field, known in (("point_account_ids", "points"), ("point_source_ids", "purchases")):
        assert service.told(AUDIT, **beside | {field: [known]})["total_records"] == 1


def test_a_store_that_was_never_loaded_is_refused_and_a_retired_one_is_not(
    service: Served,
) -> None:
    errors = service.ask(OF_STORE, None, store_id="zz").json()["errors"]
    assert (errors["code"], errors["message"]) == (
        "unknown_store",
        "store 'zz' is not known: load the stores first",
    )
    assert service.told(OF_STORE, None, store_id="other")["total_records"] == 0
    main = Store(store_id="main", name="main", time_zone="Europe/Berlin")
    elsewhere = service.shop.another().ledger.administration
    elsewhere.load_stores([main], confirmed=True)
    assert service.told(OF_STORE, None, store_id="other")["total_records"] == 0
    new = Store(store_id="zz", name="new", time_zone="Europe/Berlin")
    elsewhere.load_stores([main, new], confirmed=True)
    assert service.told(OF_STORE, None, store_id="zz")["total_records"] == 0
