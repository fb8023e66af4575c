"""What apps and middleware ask about offers, points and sales. `user_id` is the internal id.

Filters that a call takes beside those named here are given by their names on the wire.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Unpack

from loyalty_ledger.client import shapes
from loyalty_ledger.client.call import Call, When, given, moment

_OFFERS, _POINTS = "/offers/api/2.0/offers", "/incentives/api"
_SALES = "/transactions/api/1.0/transactions/info"


def _read(path: str, body: Mapping[str, Any], when: When | None = None) -> Call[Any]:
    query = moment(when or {})
    return Call(family="connect", path=path, body=body, part="payload", query=query)


def _write(path: str, body: Mapping[str, Any], request_id: str | None) -> Call[Any]:
    return Call(
        family="connect", path=path, body=body, part="payload", writes=True, request_id=request_id
    )


def _when(filters: dict[str, Any]) -> When:
    """The moment among these filters, taken out of them."""
    when: When = {}
    for name in ("as_of", "known_at", "at_least"):
        if name in filters:
            when[name] = filters.pop(name)
    return when


# --- offers -------------------------------------------------------------------------------------


def get_user_offers(
    user_id: str, *, skip: int = 0, take: int = 100, **when: Unpack[When]
) -> Call[shapes.Wallet]:
    """The offers a customer can use."""
    body = {"user_id": user_id, "skip": skip, "take": take}
    return _read(f"{_OFFERS}/get_user_offers", body, when)


def fetch_offers_details(
    offer_ids: Sequence[str], *, skip: int = 0, take: int = 100
) -> Call[shapes.DetailsPage]:
    """How often offers were issued and used, and how many are left."""
    body = {"offer_ids": offer_ids, "skip": skip, "take": take}
    return _read(f"{_OFFERS}/fetch_offers_details", body)


def issue_offer(
    user_id: str,
    offer_id: str,
    *,
    quantity: int = 1,
    reason: str | None = None,
    request_id: str | None = None,
) -> Call[shapes.Issued]:
    """Give a customer an offer, within its limits; a line with a `fail_reason` tells that none was.

    `quantity` is all of them or none.
    """
    body = given(user_id=user_id, offer_id=offer_id, quantity=quantity, reason=reason)
    return _write(f"{_OFFERS}/acquisition/issue", body, request_id)


def update_offer(
    user_offer_id: str,
    *,
    user_id: str | None = None,
    custom_data: str | None = None,
    update_redemption_dates: bool = False,
    request_id: str | None = None,
) -> Call[shapes.UpdatedOffer]:
    """Keep data with an offer (of this customer), or let its time to be redeemed count from now."""
    body = given(user_id=user_id, user_offer_id=user_offer_id, custom_data=custom_data)
    body |= {"update_redemption_dates": update_redemption_dates}
    return _write(f"{_OFFERS}/acquisition/update", body, request_id)


def revoke_offer(user_offer_id: str, reason: str, *, request_id: str | None = None) -> Call[None]:
    """Take an offer away for good."""
    body = {"user_offer_id": user_offer_id, "reason": reason}
    return _write(f"{_OFFERS}/acquisition/revoke", body, request_id)


def manual_redeem(
    user_offer_id: str, store_id: str, *, request_id: str | None = None
) -> Call[shapes.UsedOffer]:
    """Use an offer that is fulfilled outside of the till."""
    body = {"user_offer_id": user_offer_id, "store_id": store_id}
    return _write(f"{_OFFERS}/redemption/manual_redeem", body, request_id)


def get_user_reward_stores(user_id: str, **when: Unpack[When]) -> Call[shapes.RewardStores]:
    """The reward stores that are open to a customer."""
    return _read(f"{_OFFERS}/rewardstores/get_user_reward_stores", {"user_id": user_id}, when)


def get_reward_store_offers(
    reward_store_ids: Sequence[str] = (), user_id: str | None = None, **filters: Any
) -> Call[shapes.Shelf]:
    """What reward stores sell; for a customer with what keeps him from buying it."""
    when = _when(filters)
    body = given(reward_store_ids=reward_store_ids, user_id=user_id) | filters
    return _read(f"{_OFFERS}/rewardstores/get_reward_store_offers", body, when)


def purchase_offer(
    user_id: str,
    reward_store_offer_id: str,
    *,
    reward_store_id: str | None = None,
    quantity: int = 1,
    point_account_ids: Sequence[str] | None = None,
    request_id: str | None = None,
) -> Call[shapes.Purchase]:
    """Spend points, from all accounts of the store or these, and issue the offers; or neither."""
    body = given(user_id=user_id, reward_store_offer_id=reward_store_offer_id) | given(
        reward_store_id=reward_store_id, quantity=quantity, point_account_ids=point_account_ids
    )
    return _write(f"{_OFFERS}/rewardstores/purchase_offer", body, request_id)


def create_or_edit(
    store_id: str,
    name: str,
    point_account_ids: Sequence[str],
    *,
    request_id: str | None = None,
    **more: Any,
) -> Call[shapes.Edited]:
    """Put a reward store into the program, or change it there."""
    body = {"id": store_id, "name": name, "point_account_ids": point_account_ids} | more
    return _write(f"{_OFFERS}/rewardstores/create_or_edit", body, request_id)


def add_or_edit_offer(
    sold_id: str,
    reward_store_id: str,
    root_offer_id: str,
    price: int,
    *,
    request_id: str | None = None,
    **more: Any,
) -> Call[shapes.Edited]:
    """Put an offer into a reward store, or change it there."""
    body = {"id": sold_id, "reward_store_id": reward_store_id, "price": price} | more
    path = f"{_OFFERS}/rewardstores/add_or_edit_offer"
    return _write(path, body | {"root_offer_id": root_offer_id}, request_id)


# --- points -------------------------------------------------------------------------------------


def all_balances(user_id: str, **when: Unpack[When]) -> Call[shapes.Balances]:
    """A customer's balances, account by account."""
    return _read(f"{_POINTS}/1.0/user_points/all_balances", {"user_id": user_id}, when)


def deposit(
    user_id: str,
    deposit_details: Sequence[Mapping[str, Any]],
    *,
    allow_partial_success: bool = False,
    request_id: str | None = None,
) -> Call[shapes.Deposited]:
    """Give a customer points by hand: `point_source_id`, `point_account_id`, `amount` a line.

    All lines or none, unless it may be some.
    """
    body = given(
        user_id=user_id,
        deposit_details=deposit_details,
        allow_partial_success=allow_partial_success,
    )
    return _write(f"{_POINTS}/2.0/user_points/deposit", body, request_id)


def spend_multiple(
    user_id: str,
    spend_details: Sequence[Mapping[str, Any]],
    *,
    allow_partial_success: bool = False,
    request_id: str | None = None,
) -> Call[shapes.Spends]:
    """Spend points several times in one go, all or none unless it may be some."""
    body = given(
        user_id=user_id, spend_details=spend_details, allow_partial_success=allow_partial_success
    )
    return _write(f"{_POINTS}/1.0/user_points/spend_multiple", body, request_id)


def fetch_point_audit_logs(user_id: str, **filters: Any) -> Call[shapes.Page]:
    """A customer's movements of points; of each award, what is spent and expired of it."""
    when = _when(filters)
    body = {"user_id": user_id} | filters
    return _read(f"{_POINTS}/1.0/point_audit_logs/fetch_point_audit_logs", body, when)


def user_progress(
    user_id: str, *, ids: Sequence[str] = (), **when: Unpack[When]
) -> Call[shapes.Progress]:
    """The level a customer holds, and how far he is from the next one, rule by rule."""
    body = {"user_id": user_id, "ids": ids}
    return _read(f"{_POINTS}/1.0/progress/rule_tree/user_progress", body, when)


def move_user(
    user_id: str,
    tier_system_id: str,
    tier_level_id: str,
    *,
    process_intermediate_levels: bool = False,
    evaluate_qualifying_rules: bool = False,
    request_id: str | None = None,
) -> Call[shapes.Moved]:
    """Put a customer into a level by hand, up or down."""
    body = {"user_id": user_id, "tier_system_id": tier_system_id, "tier_level_id": tier_level_id}
    how = {"process_intermediate_levels": process_intermediate_levels}
    how |= {"evaluate_qualifying_rules": evaluate_qualifying_rules}
    return _write(f"{_POINTS}/1.0/movement/move_user", body | how, request_id)


def trigger_user_event(
    user_id: str, event_lookup: str, *, request_id: str | None = None
) -> Call[shapes.Triggered]:
    """Tell that a customer did something; rules for it are worked out soon after."""
    body = {"user_id": user_id, "event_lookup": event_lookup}
    return _write(f"{_POINTS}/1.0/user_events/trigger_user_event", body, request_id)


# --- sales --------------------------------------------------------------------------------------


def get_transaction(
    transaction_id: str, store_id: str | None = None, *, at_least: int | None = None
) -> Call[shapes.Sale]:
    """A sale as its last version has it, whether it is settled, and what it granted."""
    when: When = {} if at_least is None else {"at_least": at_least}
    body = given(transaction_id=transaction_id, store_id=store_id)
    return _read(f"{_SALES}/get_transaction", body, when)


def get_store_transactions(
    store_id: str,
    *,
    from_date: str | None = None,
    to_date: str | None = None,
    skip: int = 0,
    take: int = 100,
) -> Call[shapes.SalesPage]:
    """The sales of a store that were opened between two moments."""
    body = given(store_id=store_id, from_date=from_date, to_date=to_date, skip=skip, take=take)
    return _read(f"{_SALES}/get_store_transactions", body)
