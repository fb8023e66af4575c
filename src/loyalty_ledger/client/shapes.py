"""What calls answer. Amounts are Decimals in major units, points whole, moments ISO 8601 text."""

from decimal import Decimal
from typing import Any, TypedDict


class Discount(TypedDict):
    """What comes off a sale, as a lock answers it and the sale carries it back."""

    reference_id: str
    reference_id_type: str
    pos_discount_id: str | None
    status: str
    display_name: str
    amount: Decimal
    discounted_line_ids: list[str]
    user_id: str


class Receipt(TypedDict):
    """A sale that was taken in."""

    status: str
    transaction_id: str


class Created(TypedDict):
    """A customer that was enrolled."""

    id: str


class Changed(TypedDict):
    """Whether a call changed anything."""

    changed: bool


class User(TypedDict, total=False):
    """A customer. `offers` and `point_account_balances` are there after a look-up."""

    id: str
    external_id: str | None
    email: str | None
    first_name: str | None
    last_name: str | None
    opted_in: bool
    suspended: bool
    available_points: int
    tier_system: str | None
    tier: str | None
    tier_entered_at: str | None
    tags: list[dict[str, Any]]
    tier_details: dict[str, Any]
    offers: list["HeldOffer"]
    point_account_balances: "Balances"


class Found(TypedDict):
    """Whom a look-up found."""

    user: User


class HeldOffer(TypedDict, total=False):
    """An offer in a look-up; with its amount where a sale was given."""

    reference_id: str
    display_name: str
    expiration_date: str | None
    amount: Decimal
    discounted_line_ids: list[str]


class AccountBalance(TypedDict):
    """The balance of one account; below zero it is a debt."""

    account_name: str
    point_account_id: str
    available_balance: int
    life_time_value: int


class BalanceSummary(TypedDict):
    """All accounts together."""

    total_points: int
    life_time_points: int


class Balances(TypedDict):
    """A customer's balances, account by account."""

    user_id: str
    summary: BalanceSummary
    details: list[AccountBalance]


class UserOffer(TypedDict):
    """An offer in the wallet."""

    id: str
    offer_id: str
    offer_type: str | None
    name: str
    expiration_date: str | None
    custom_data: str | None


class Wallet(TypedDict):
    """The offers that a customer can use."""

    user_id: str
    user_offers: list[UserOffer]
    total_records: int
    total_points: int
    available_points: int


class OfferDetails(TypedDict):
    """How often an offer was issued and used, and how many are left; None: any number."""

    offer_id: str
    acquisition_count: int
    redemption_count: int
    total_inventory: int | None
    available_inventory_remaining: int | None


class Page(TypedDict):
    """Rows, and how many there are on all pages."""

    results: list[dict[str, Any]]
    total_records: int


class DetailsPage(TypedDict):
    """Details of offers, and how many there are on all pages."""

    results: list[OfferDetails]
    total_records: int


class IssuedOffer(TypedDict):
    """An offer that was issued."""

    user_id: str
    user_offer_id: str
    offer_id: str
    expiration_date: str | None
    fail_reason: int


class Issued(TypedDict):
    """Offers that were issued."""

    status_list: list[IssuedOffer]


class UpdatedOffer(IssuedOffer):
    """An offer after it was changed; `start_date` None: it can be used at once."""

    start_date: str | None


class Spent(TypedDict):
    """How many points were spent."""

    amount_spent: int


class Purchase(Issued):
    """Offers that were bought, and what for."""

    summary: Spent


class Spends(TypedDict):
    """Spends, line by line; `error_status` of a line is 0 where it was made."""

    details: list[dict[str, Any]]
    summary: Spent


class Deposited(TypedDict):
    """Points that were given."""

    user_id: str
    details: list[dict[str, Any]]
    summary: dict[str, int]


class RewardStore(TypedDict):
    """A reward store that is open to a customer, and what he can spend there."""

    id: str
    name: str
    point_account_ids: list[str]
    available_balance: int


class RewardStores(TypedDict):
    """The reward stores that are open to a customer."""

    reward_stores: list[RewardStore]


class StoreOffer(TypedDict, total=False):
    """What a reward store sells; for a customer with what keeps him from buying it."""

    id: str
    root_offer_id: str
    reward_store_id: str
    price: int
    offer_details: dict[str, Any]
    can_purchase: bool
    cannot_purchase_because: list[dict[str, Any]]


class Shelf(TypedDict):
    """What reward stores sell, and how much of it is on all pages."""

    reward_store_offers: list[StoreOffer]
    total_rows: int


class Progress(TypedDict):
    """The level in each tier system, and the rules of the next with measure and target."""

    user_id: str
    tier_levels: list[dict[str, Any]]


class Moved(TypedDict):
    """The level that a customer was put into, and the one that he held before."""

    user_id: str
    tier_system_id: str
    tier_level_id: str
    previous_tier_level_id: str
    moved: bool


class Sale(TypedDict, total=False):
    """A sale as it is read back: `received`, then `settled` with what it granted."""

    id: str
    pos_transaction_id: str
    store_id: str
    user_id: str | None
    user_ids: list[str]
    open_time: str
    state: str
    is_closed: bool
    is_voided: bool
    check_amount: Decimal
    items: list[dict[str, Any]]
    payments: list[dict[str, Any]]
    discounts: list[dict[str, Any]]
    granted: list[dict[str, Any]]
    granted_offers: list[dict[str, Any]]


class Timeline(TypedDict):
    """What happened to a customer, the latest first."""

    result: list[dict[str, Any]]
    count: int


class Claim(TypedDict):
    """What a promo code gave."""

    id: str
    promotion_id: str
    name: str
    points: list[dict[str, Any]]
    offers: list[dict[str, Any]]
    tier_levels: list[dict[str, Any]]


class Lockout(TypedDict):
    """How many wrong codes a customer entered, and until when he is locked out."""

    consecutive_count: int
    cumulative_count: int
    expires_at: str | None
