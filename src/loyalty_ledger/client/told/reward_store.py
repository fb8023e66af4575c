"""Reward stores: which are open to a customer, and what they sell."""

from typing import Any, NotRequired

from typing_extensions import TypedDict

from loyalty_ledger.client.told.balances import Balances
from loyalty_ledger.client.told.values import Moment
from loyalty_ledger.client.told.wallet import Medium


class RewardStore(TypedDict):
    """A reward store that is open to a customer, and what he can spend there."""

    id: str
    name: str
    start_date: Moment | None
    end_date: Moment | None
    point_account_ids: list[str]
    available_balance: int


class RewardStores(TypedDict):
    """The reward stores that are open to a customer."""

    reward_stores: list[RewardStore]
    point_account_balances: NotRequired[Balances]


class Restriction(TypedDict):
    """How many there may be at most: for one customer or over all, of what one store sells as this
    or of the offer wherever it comes from.
    """

    restricts: str
    scope: str
    quantity: int


class SoldOffer(TypedDict):
    """The offer that is sold."""

    internal_name: str
    title: str
    description: str
    terms: str
    media: list[Medium]
    reward_store_media: Medium | None
    points: int
    acquisition_start_date: Moment | None
    acquisition_end_date: Moment | None
    pos_discount_id: str | None
    offer_status: int
    offer_inventory_restrictions: list[Restriction]


class Obstacle(TypedDict):
    """What keeps a customer from buying, and what would have to be different."""

    code: str
    message: str
    details: dict[str, Any]


class StoreOffer(TypedDict):
    """What a reward store sells; for a customer with what keeps him from buying it."""

    id: str
    root_offer_id: str
    reward_store_id: str
    price: int
    start_date: Moment | None
    end_date: Moment | None
    offer_details: SoldOffer
    can_purchase: NotRequired[bool]
    available_inventory_remaining: NotRequired[int | None]
    cannot_purchase_because: NotRequired[list[Obstacle]]


class Shelf(TypedDict):
    """What reward stores sell, and how much of it is on all pages."""

    reward_store_offers: list[StoreOffer]
    total_rows: int
    skip: int
    take: int


class Edited(TypedDict):
    """What was changed in the program, and the version it is in."""

    id: str
    program_version: int
