"""A customer, as reads and look-ups tell him."""

from typing import Any, NotRequired

from typing_extensions import TypedDict

from loyalty_ledger.client.told.balances import Balances
from loyalty_ledger.client.told.level import HeldLevel
from loyalty_ledger.client.told.values import Amount, Moment


class Created(TypedDict):
    """A customer that was enrolled."""

    id: str


class CreatedUser(TypedDict):
    """The customer that was enrolled."""

    user: Created


class Changed(TypedDict):
    """Whether a call changed anything."""

    changed: bool


class UserIdentifier(TypedDict):
    """An id of the retailer's own."""

    external_id: str
    external_id_type: str | None


class UserPhone(TypedDict):
    """A phone number."""

    phone_number: str
    phone_type: str | None
    preference_flags: list[str]
    verified_ownership: bool


class HeldTag(TypedDict):
    """A tag, and its end where it has one."""

    tag: str
    expires_at: Moment | None


class TierDetails(TypedDict):
    """Levels and balances of a customer, when they are expanded."""

    tier_levels: list[HeldLevel]
    point_account_balances: Balances


class HeldOffer(TypedDict):
    """An offer in a look-up; with its amount where a sale was given."""

    reference_id: str
    reference_id_type: str
    pos_discount_id: str | None
    display_name: str
    description: str
    image_url: str | None
    expiration_date: Moment | None
    amount: NotRequired[Amount]
    discounted_line_ids: NotRequired[list[str]]


class User(TypedDict):
    """A customer. `offers` and `point_account_balances` are there after a look-up.

    Proxies, achievements, referrers and tier points are not kept: they are there, and empty.
    """

    id: str
    external_id: str | None
    identifiers: list[UserIdentifier]
    email: str | None
    phone_numbers: list[UserPhone]
    opted_in: bool
    activated: bool
    suspended: bool
    test_account: bool
    account_status: str
    tags: list[HeldTag]
    created_at: Moment | None
    registered_at: Moment | None
    available_points: int
    tier_system: str | None
    tier: str | None
    tier_entered_at: Moment | None
    tier_resets_at: Moment | None
    first_name: str | None
    last_name: str | None
    gender: str | None
    dob: str | None
    address: str | None
    address2: str | None
    city: str | None
    state: str | None
    zip: str | None
    country: str | None
    profile_photo_url: str | None
    proxy_ids: list[str]
    test_points: int
    unclaimed_achievement_count: int
    updated_at: Moment | None
    tier_points: int | None
    next_tier_points: int | None
    tier_ends_value: int | None
    referrer_code: str | None
    tier_details: NotRequired[TierDetails]
    user_profile: NotRequired[dict[str, Any]]
    point_account_balances: NotRequired[Balances]
    offers: NotRequired[list[HeldOffer]]


class Found(TypedDict):
    """Whom a look-up found."""

    user: User


class Players(TypedDict):
    """The customer who was searched for, or nobody."""

    players: list[User]
