"""Offers in customers' hands: the wallet, what was issued, and how often offers were."""

from typing_extensions import TypedDict

from loyalty_ledger.client.told.movement import Spent
from loyalty_ledger.client.told.values import Moment


class Holder(TypedDict):
    """Whose wallet it is."""

    opted_in: bool
    activated: bool
    suspended: bool


class OfferGroup(TypedDict):
    """A group, or a category, of offers."""

    id: str
    name: str
    sort_order: int


class Medium(TypedDict):
    """A picture; of offers none is kept yet."""

    uri: str
    category_name: str


class UserOffer(TypedDict):
    """An offer in the wallet; `start_date` is when it was issued where it could be used at once."""

    id: str
    offer_id: str
    root_offer_id: str
    offer_group_id: str
    offer_type: str | None
    name: str
    description: str
    is_redeemable: bool
    start_date: Moment
    expiration_date: Moment | None
    redemption_end_date: Moment | None
    custom_data: str | None
    media: list[Medium]


class Wallet(TypedDict):
    """The offers that a customer can use."""

    user: Holder
    user_id: str
    user_offers: list[UserOffer]
    total_records: int
    offer_groups: list[OfferGroup]
    offer_categories: list[OfferGroup]
    total_points: int
    available_points: int


class OfferDetails(TypedDict):
    """How often an offer was issued and used, and how many are left; None: any number."""

    offer_id: str
    root_offer_id: str
    acquisition_count: int
    redemption_count: int
    total_inventory: int | None
    available_inventory_remaining: int | None


class DetailsPage(TypedDict):
    """Details of offers, and how many there are on all pages."""

    results: list[OfferDetails]
    total_records: int


class OfferLine(TypedDict):
    """What became of an offer that was to be issued; a `fail_reason` of 0 is that it was."""

    user_id: str
    offer_id: str
    root_offer_id: str
    expiration_date: Moment | None
    pending_extended_data: bool
    fail_reason: int


class IssuedOffer(OfferLine):
    """An offer that was issued."""

    user_offer_id: str


class FailedOffer(OfferLine):
    """An offer that was not issued."""

    user_offer_id: None


class UpdatedOffer(IssuedOffer):
    """An offer after it was changed; `start_date` is as in the wallet."""

    start_date: Moment


class Issued(TypedDict):
    """Offers that were issued, or the one that could not be."""

    status_list: list[IssuedOffer | FailedOffer]


class Purchase(TypedDict):
    """Offers that were bought, and what for."""

    status_list: list[IssuedOffer]
    summary: Spent


class UsedOffer(TypedDict):
    """An offer that was used outside of a till."""

    user_offer_id: str
    offer_id: str
