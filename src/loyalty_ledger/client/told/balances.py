"""A customer's points, account by account."""

from typing_extensions import TypedDict


class AccountBalance(TypedDict):
    """The balance of one account; below zero it is a debt."""

    account_name: str
    user_point_account_id: str
    point_account_id: str
    grouping_label: str | None
    available_balance: int
    life_time_value: int


class BalanceSummary(TypedDict):
    """All accounts together."""

    total_points: int
    life_time_points: int


class Balances(TypedDict):
    """A customer's balances, account by account."""

    retailer_id: str | None
    user_id: str
    summary: BalanceSummary
    details: list[AccountBalance]
