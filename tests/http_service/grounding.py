"""Made-up requests that speak of what there is: a shop's customers, offers, sales and stores.

What is drawn at random names nobody, and is refused at the door; here most names are real ones.
"""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from http_service.serving import SALE, Served
from loyalty_ledger.domain.api_key import Scope
from loyalty_ledger.keys import Terms

Draw = Callable[[st.SearchStrategy[Any]], Any]
OFFERS = ("euro", "muffin", "mug-set", "forever", "welcome", "april")


MONEY = ("4.00", 7, 0, "0.01", 10**11)
KNOWN: dict[str, list[Any]] = {
    "external_id": ["ANN", "BOB"],
    "external_customer_id": ["ANN", "VIC"],
    "store_id": ["main", "main", "other"],
    "for_store": ["main", "other"],
    "offer_id": [*OFFERS],
    "root_offer_id": [*OFFERS],
    "offer_ids": [*OFFERS],
    "offer_lookup_type": ["UserOfferId"],
    "reference_id_type": ["UserOfferId"],
    "reward_store_id": ["rewards", "silver-shelf"],
    "reward_store_ids": ["rewards", "invited"],
    "reward_store_offer_id": ["muffin-150", "thanks-0", "mugs-400"],
    "point_account_id": ["points", "credits"],
    "point_account_ids": ["points"],
    "point_source_id": ["purchases"],
    "point_source_ids": ["purchases"],
    "item_id": ["ESPRESSO", "MUFFIN", "BEANS", "CAKE"],
    "transaction_id": ["T1", "T2", "opening", "main/opening"],
    "open_time": [SALE["open_time"], "2026-03-10T11:00:00Z"],
    "modified_time": ["2026-03-10T11:00:00Z", "2026-03-10T12:30:00+01:00"],
    "payment_time": [SALE["open_time"]],
    "applied_time": ["2026-03-10T11:00:00Z"],
    "from_date": ["2026-03-09T00:00:00Z"],
    "to_date": ["2026-03-11 00:00:00"],
    "expires_at": ["2026-04-01T00:00:00Z"],
    "former_until": ["2026-03-11T00:00:00Z"],
    "subtotal": [*MONEY],
    "amount": [1, 10, *MONEY],
    "quantity": [1, 2, "0.5"],
    "code": ["MUGLOVE", "WRONG"],
    "view": ["NEW_VIEW", "ACCOUNT_AUDIT_LOG"],
    "what": ["balances", "tiers", "history", "events"],
    "name": ["profile", "timeline"],
    "as_of": ["2026-03-10", "2026-03-10T10:00:00Z"],
    "known_at": ["2026-03-10T10:00:00Z"],
    "at_least": [1],
    "retailer_id": [None],
}
"""What there is in every shop, by the names of fields."""


class Ground:
    """What there is in a shop."""

    def __init__(self, service: Served):
        shop = service.shop
        people = [shop.id_of(name) for name in ("ANN", "BOB")]
        held = [shop.give(name) for name in OFFERS for _ in range(2)]
        spare = shop.ledger.keys.create(Terms("spare", Scope.MEMBER)).key.key_id
        self._known = KNOWN | {
            "user_id": [*people, "ANN"],
            "user_offer_id": held,
            "offer_lookup_code": held,
            "reference_id": held,
            "key_id": [spare],
        }

    def of(self, made: Any, draw: Draw) -> Any:
        """The same with most names replaced by real ones."""
        if isinstance(made, list):
            return [self.of(one, draw) for one in made]
        if not isinstance(made, dict):
            return made
        return {name: self._one(name, value, draw) for name, value in made.items()}

    def _one(self, name: str, value: Any, draw: Draw) -> Any:
        known = self._known.get(name)
        if known is None or draw(st.integers(0, 3)) == 3:
            return self.of(value, draw)
        found = draw(st.sampled_from(known))
        return [found] if isinstance(value, list) else found
