"""Calls of each family as they would be right, to be spoilt."""

from typing import Any, NamedTuple

from http_service.serving import binding
from offers.till import BREAKFAST, Shop

POINTS = "/incentives/api/1.0/user_points/spend_multiple"
OFFERS = "/offers/api/2.0/offers/"


class Route(NamedTuple):
    """A call that is right: its path, and the body it takes."""

    path: str
    body: dict[str, Any]


def right_calls(shop: Shop, key_id: str) -> list[Route]:
    """Those that leave the shop as it is, or nearly, when something in them is another."""
    ann, offer = shop.id_of(), shop.give("euro")
    till = {"store_id": "main", "client_id": "till-1", "request_id": "hostile"}
    sale = {"transaction_id": "H1", "open_time": "2026-03-10T12:00:00", "items": BREAKFAST}
    spend = {"amount": 1, "point_account_ids": ["points"], "rank": 0}
    users = f"/priv/v1/apps/{key_id}/users"
    user = {"external_id": "DAVE", "external_id_type": "app", "opted_in": "true"}
    buying = {"reward_store_offer_id": "muffin-150", "reward_store_id": "rewards", "quantity": 1}
    return [
        Route("/api/2.0/send_transaction", till | {"request_payload": sale}),
        Route("/api/2.0/lock", till | {"request_payload": binding(offer)}),
        Route("/api/2.0/lookup", till | {"request_payload": {"user_id": ann}}),
        Route(OFFERS + "get_user_offers", {"user_id": ann, "skip": 0, "take": 5}),
        Route(OFFERS + "rewardstores/purchase_offer", {"user_id": ann} | buying),
        Route(OFFERS + "fetch_offers_details", {"offer_ids": ["euro"], "culture": "en"}),
        Route(POINTS, {"user_id": ann, "spend_details": [spend], "allow_partial_success": False}),
        Route(users, {"user": user}),
        Route(f"{users}/{ann}/tags", {"tags": ["regular"], "ttl": 60}),
        Route(f"{users}/{ann}/promotions/claims", {"code": "NOBODYS"}),
        Route("/admin/v1/keys", {"name": "x", "scope": "pos", "per_second": 1}),
        Route("/admin/v1/catalog", {"items": [{"sku": "X", "name": "x", "categories": ["y"]}]}),
        Route("/admin/v1/program/diff", {"name": "x", "point_accounts": [{"id": "points"}]}),
        Route("/admin/v1/program", {"tier_systems": [{"id": "club", "levels": [{"id": "new"}]}]}),
    ]


def calls_that_set_up(shop: Shop, key_id: str) -> list[Route]:
    """Those that give points, or change what the shop is, when something in them is another."""
    line = {"point_source_id": "purchases", "point_account_id": "points", "amount": 25}
    deposit = {"user_id": shop.id_of(), "deposit_details": [line]}
    store = {"name": "Corner", "time_zone": "Europe/Berlin"}
    stores = [{"store_id": name} | store for name in ("main", "other")]
    spring = {"id": "spring", "name": "Spring", "kind": "multi_use", "code": "SPRING"}
    return [
        Route("/api/2.0/user_points/deposit", deposit),
        Route(f"/priv/v1/apps/{key_id}/promotions", spring | {"outcomes": [{"issue": "euro"}]}),
        Route("/admin/v1/stores", {"stores": stores, "confirmed": False}),
    ]
