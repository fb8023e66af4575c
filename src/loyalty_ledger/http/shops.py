"""Reward stores: which a customer can see, what they sell, and buying in them."""

from datetime import datetime
from typing import Any, Literal

from loyalty_ledger.acquiring import Bought
from loyalty_ledger.client import shapes
from loyalty_ledger.domain.api_key import Scope
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.program.offers import Offer, RewardStore, StoreOffer
from loyalty_ledger.domain.values import Reason
from loyalty_ledger.http import reasons
from loyalty_ledger.http.connect import (
    ConnectBody,
    Ids,
    Number32,
    OfUser,
    Price,
    Skip,
    Take,
    caller,
    customer,
    page,
    program_of,
)
from loyalty_ledger.http.issuing import as_status_list
from loyalty_ledger.http.known import check_known
from loyalty_ledger.http.names import code, word
from loyalty_ledger.http.operation import Call, Operation
from loyalty_ledger.http.points import as_balances
from loyalty_ledger.sent import Text, refused
from loyalty_projections.reward_store import StoreView


class GetStores(OfUser):
    """The reward stores of a customer."""

    include_point_balances: bool = False


class GetStoreOffers(ConnectBody):
    """What reward stores sell; with a `user_id` also what keeps him from buying it.

    Only with one it can be asked as of a moment.
    """

    reward_store_ids: Ids = []
    user_id: Text | None = None
    include_expired: bool = False
    exclude_free_offers: bool = False
    limit_to_only_active: bool = False
    limit_to_obtainable: bool = False
    min_price: Price | None = None
    max_price: Price | None = None
    sort_column: Literal["", "internal_name", "start_date", "end_date"] = "start_date"
    sort_direction: Literal["", "asc", "desc"] = "asc"
    skip: Skip = 0
    take: Take = 100


class PurchaseBody(OfUser):
    """Buy an offer. The points come from the accounts of the reward store, or these of them."""

    reward_store_id: Text | None = None
    reward_store_offer_id: Text
    quantity: Number32 = 1
    point_account_ids: Ids | None = None


def _stores(call: Call) -> dict[str, Any]:
    customer_id = customer(call)
    shown = call.ledger.answers.rewards(customer_id, call.moment)
    told: dict[str, Any] = {"reward_stores": [_as_store(one) for one in shown if one.is_open]}
    if call.body.include_point_balances:
        profile = call.ledger.answers.profile(customer_id, call.moment)
        told["point_account_balances"] = as_balances(profile.customer_id, profile.accounts, call)
    return told


def _as_store(store: StoreView) -> dict[str, Any]:
    return {
        "id": store.id,
        "name": store.name,
        "start_date": store.starts,
        "end_date": store.ends,
        "point_account_ids": list(store.point_accounts),
        "available_balance": store.balance,
    }


# --- what they sell -----------------------------------------------------------------------------


class _Shelf:
    """What is sold, by the program; for a customer with what keeps him from it."""

    def __init__(self, call: Call):
        self._body: GetStoreOffers = call.body
        self._at = call.moment.at
        self._program, _ = call.ledger.answers.definitions(call.moment)
        self._views: dict[str, Any] = {}
        if self._body.user_id is None and not call.moment.live:
            raise refused([("as_of", "cannot be asked here without a user_id")])
        ids = self._body.reward_store_ids
        check_known(call, "reward_store_ids", ids, "reward store", _store_ids)
        if self._body.user_id is not None:
            for store in call.ledger.answers.rewards(customer(call), call.moment):
                self._views |= {one.id: (store, one) for one in store.offers}

    def rows(self) -> list[dict[str, Any]]:
        """Every offer that is asked for, in order."""
        wanted = set(self._body.reward_store_ids)
        rows = [
            self._row(store, sold)
            for store in self._program.reward_stores
            if not wanted or store.id in wanted
            for sold in store.offers
            if self._asked_for(sold)
        ]
        if self._body.limit_to_obtainable:
            rows = [row for row in rows if row.get("can_purchase")]
        column = self._body.sort_column or "start_date"
        rows.sort(key=lambda row: row["id"])
        rows.sort(key=lambda row: _order(row, column), reverse=self._body.sort_direction == "desc")
        return rows

    def _asked_for(self, sold: StoreOffer) -> bool:
        body, program = self._body, self._program
        over = sold.ends is not None and program.instant(sold.ends) <= self._at
        active = program.includes(sold.starts, sold.ends, self._at)
        return not (
            (over and not body.include_expired)
            or (body.limit_to_only_active and not active)
            or (body.exclude_free_offers and not sold.price)
            or (body.min_price is not None and sold.price < body.min_price)
            or (body.max_price is not None and sold.price > body.max_price)
        )

    def _row(self, store: RewardStore, sold: StoreOffer) -> dict[str, Any]:
        row = _as_sold(store, sold, self._program)
        if sold.id in self._views:
            _, view = self._views[sold.id]
            row |= {
                "can_purchase": view.can_buy,
                "available_inventory_remaining": view.left,
                "cannot_purchase_because": [
                    one.model_dump() | {"code": code(Reason(one.code))} for one in view.why_not
                ],
            }
        return row


def _store_ids(program: Program) -> list[str]:
    return [one.id for one in program.reward_stores]


def _order(row: dict[str, Any], column: str) -> tuple[bool, Any]:
    value = row["offer_details"]["internal_name"] if column == "internal_name" else row[column]
    return value is not None, value


def _as_sold(store: RewardStore, sold: StoreOffer, program: Program) -> dict[str, Any]:
    offer = program.offer(sold.offer)
    issuance = offer.issuance
    return {
        "id": sold.id,
        "root_offer_id": sold.offer,
        "reward_store_id": store.id,
        "price": sold.price,
        "start_date": _instant(program, sold.starts),
        "end_date": _instant(program, sold.ends),
        "offer_details": {
            "internal_name": offer.id,
            "title": offer.title,
            "description": offer.title,
            "terms": "",
            "media": [],
            "reward_store_media": None,
            "points": sold.price,
            "acquisition_start_date": _instant(program, issuance.starts),
            "acquisition_end_date": _instant(program, issuance.ends),
            "pos_discount_id": offer.pos_discount_id,
            "offer_status": word("offer_status", "live"),
            "offer_inventory_restrictions": _restrictions(sold, offer),
        },
    }


def _restrictions(sold: StoreOffer, offer: Offer) -> list[dict[str, Any]]:
    """Every number that must not be gone beyond, as the program states it."""
    stated = [
        ("reward_store_offer", "customer", sold.per_customer),
        ("reward_store_offer", "global", sold.inventory),
        ("offer", "customer", offer.issuance.per_customer),
        ("offer", "global", offer.issuance.total),
    ]
    return [
        {
            "restricts": word("restricted", what),
            "scope": word("restriction_scope", scope),
            "quantity": most,
        }
        for what, scope, most in stated
        if most is not None
    ]


def _instant(program: Program, moment: Any) -> datetime | None:
    return None if moment is None else program.instant(moment)


def _store_offers(call: Call) -> dict[str, Any]:
    asked: GetStoreOffers = call.body
    rows = _Shelf(call).rows()
    return {
        "reward_store_offers": page(rows, asked.skip, asked.take),
        "total_rows": len(rows),
        "skip": asked.skip,
        "take": asked.take,
    }


# --- buying -------------------------------------------------------------------------------------


def _purchase(call: Call) -> Bought:
    asked: PurchaseBody = call.body
    stores = program_of(call).reward_stores
    selling = {one.id: store for store in stores for one in store.offers}
    store = selling.get(asked.reward_store_offer_id)
    if store is not None:
        _check_place(asked, store)
    return call.ledger.offers.purchase(
        customer(call),
        asked.reward_store_offer_id,
        caller(call),
        asked.quantity,
        list(dict.fromkeys(asked.point_account_ids or ())),
    )


def _check_place(asked: PurchaseBody, store: RewardStore) -> None:
    if asked.reward_store_id not in (None, store.id):
        raise refused([("reward_store_id", f"must be {store.id}, where this offer is sold")])
    foreign = set(asked.point_account_ids or ()) - set(store.point_accounts)
    if foreign:
        taken = ", ".join(store.point_accounts)
        raise refused([("point_account_ids", f"must be among {taken}, which the store takes")])


def _as_bought(bought: Bought) -> dict[str, Any]:
    parts = [part for one in bought.offers for part in one.paid]
    paid = {part.account for part in parts} or bought.left.keys()
    spent = sum(part.points for part in parts)
    summary = {"amount_spent": spent, "remaining_balance": sum(bought.left[one] for one in paid)}
    return as_status_list(bought.offers) | {"summary": summary}


def store_paths(rest: str) -> tuple[str, ...]:
    """Both paths of a call about reward stores."""
    return (f"/api/2.0/offers/rewardstores/{rest}", f"/offers/api/2.0/offers/rewardstores/{rest}")


OPERATIONS = (
    Operation(
        name="get_user_reward_stores",
        family="connect",
        paths=store_paths("get_user_reward_stores"),
        scope=Scope.MEMBER,
        summary="The reward stores that are open to a customer.",
        asks=GetStores,
        tells=shapes.RewardStores,
        act=_stores,
        as_of=True,
    ),
    Operation(
        name="get_reward_store_offers",
        family="connect",
        paths=store_paths("get_reward_store_offers"),
        scope=Scope.MEMBER,
        summary="What reward stores sell, and what keeps a customer from buying it.",
        asks=GetStoreOffers,
        tells=shapes.Shelf,
        act=_store_offers,
        as_of=True,
    ),
    Operation(
        name="purchase_offer",
        family="connect",
        paths=store_paths("purchase_offer"),
        scope=Scope.MEMBER,
        summary="Spend the points and issue the offers, or neither.",
        asks=PurchaseBody,
        tells=shapes.Purchase,
        act=_purchase,
        tell=_as_bought,
        writes=True,
        refuses=reasons.BOUGHT,
    ),
)
