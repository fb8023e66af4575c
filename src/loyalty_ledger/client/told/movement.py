"""Movements of points: what was given, what was spent, and the log of both."""

from typing import NotRequired

from typing_extensions import TypedDict

from loyalty_ledger.client.told.values import Moment


class Spent(TypedDict):
    """How many points were spent, and how many are left where they came from.

    Where none were, it is what the accounts hold that they would have come from.
    """

    amount_spent: int
    remaining_balance: int


class SpentLine(TypedDict):
    """A spend, account by account; `error_status` is 0 where it was made, now or before.

    What was made before, as `idempotency_summary` says, is told as at first: what was spent then,
    and what remained of the account after that request.
    """

    account_name: str | None
    user_point_account_id: str | None
    point_account_id: str | None
    amount_spent: int
    remaining_balance: int | None
    reference_id: str | None
    reference_type: str | None
    tracking_id: str | None
    idempotency_id: str | None
    idempotency_summary: str | None
    error_status: int
    message: str | None
    error_response: NotRequired[str]
    retailer_id: str | None
    user_id: str
    point_source_id: str | None


class Spends(TypedDict):
    """Spends, line by line; `audits` is empty: movements are asked for by themselves.

    The summary takes a line once that is there twice under one `idempotency_id`.
    """

    details: list[SpentLine]
    summary: Spent
    audits: list["Movement"]
    time_of_occurrence: Moment | None


class DepositedLine(TypedDict):
    """Points that came from a source into an account; `error_status` is 0 where they did.

    What was given before, as `idempotency_summary` says, is told as at first; what remained then
    is null where an earlier version kept it not. One that was refused names no account's name.
    """

    account_name: str | None
    user_point_account_id: str | None
    point_account_id: str
    point_source_id: str
    amount_deposited: int
    remaining_balance: int | None
    reference_id: str | None
    reference_type: str | None
    tracking_id: str | None
    idempotency_id: str | None
    idempotency_summary: str | None
    error_status: int
    message: str | None
    error_response: NotRequired[str]
    retailer_id: str | None
    user_id: str


class DepositSummary(TypedDict):
    """How many points were given, and what the accounts hold that they were to go to."""

    amount_deposited: int
    remaining_balance: int


class Deposited(TypedDict):
    """Points that were given, line by line; `audits` is empty: movements are asked for by
    themselves.

    The summary takes a line once that is there twice under one `idempotency_id`.
    """

    user_id: str
    details: list[DepositedLine]
    summary: DepositSummary
    audits: list["Movement"]
    time_of_occurrence: Moment | None


class Movement(TypedDict):
    """A movement of points; of an award, what is spent and expired of it."""

    id: str
    retailer_id: str | None
    user_id: str
    account_name: str
    point_account_id: str
    user_point_account_id: str
    modification: int
    amount_spent: int
    amount_expired: int
    audit_type: int
    modification_type: str
    modification_entity_id: str | None
    spend_weight: int | None
    point_source_id: str | None
    point_source_name: str | None
    time_of_occurrence: Moment
    create_date: Moment
    request_id: str | None
    idempotency_id: str | None
    transaction_id: str | None


class Page(TypedDict):
    """Movements of points, and how many there are on all pages."""

    results: list[Movement]
    total_records: int


class AccountChange(TypedDict):
    """What a change did to an account: below 0, points were spent from it."""

    point_account_id: str
    points: int


class PointsChange(TypedDict):
    """What a change came to, and what it did to each account."""

    points: int
    details: list[AccountChange]
