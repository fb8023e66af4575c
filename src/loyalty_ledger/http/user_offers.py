"""Offers in customers' hands, as apps ask for them: the wallet, issuing, revoking."""

from collections.abc import Set
from typing import Annotated, Any, Literal

from pydantic import Field

from loyalty_ledger.client import shapes
from loyalty_ledger.domain.api_key import Scope
from loyalty_ledger.domain.offer import Offer
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.program.offers import Offer as Definition
from loyalty_ledger.domain.values import Reason
from loyalty_ledger.http import reasons
from loyalty_ledger.http.connect import (
    MOST_ROWS,
    ConnectBody,
    OfUser,
    Skip,
    Take,
    caller,
    customer,
    definition_of,
    page,
    program_of,
    spendable,
)
from loyalty_ledger.http.issuing import ISSUE
from loyalty_ledger.http.known import check_known
from loyalty_ledger.http.names import word
from loyalty_ledger.http.operation import Call, Operation
from loyalty_ledger.personal_fields import NOTE
from loyalty_ledger.sent import Text, named_text, refused
from loyalty_projections.profile import OfferView, Profile

LONGEST_DATA = 1_000


class GetUserOffers(OfUser):
    """The offers a customer can use."""

    skip: Skip = 0
    take: Take = 100
    include_pending_extended_data: bool = False


class FetchDetails(ConnectBody):
    """How often offers were issued and used."""

    offer_ids: Annotated[list[Text], Field(max_length=MOST_ROWS)]
    skip: Skip = 0
    take: Take = 100


class Update(ConnectBody):
    """Keep data of one's own with an offer, or let its time to be redeemed count from now.

    With `user_id` it has to be that customer's. No offer is pending here, so that none can remain
    so.
    """

    user_id: Text | None = None
    user_offer_id: Text
    custom_data: str | None = None
    update_redemption_dates: bool = False
    remain_pending_extended_data: Literal[False] = False


class Revoke(ConnectBody):
    """Take an offer away for good."""

    user_offer_id: Text
    reason: Text


# --- the wallet ---------------------------------------------------------------------------------


def _wallet(call: Call) -> dict[str, Any]:
    customer_id = customer(call)
    shown = call.ledger.answers.profile(customer_id, call.moment)
    held = [one for one in shown.offers if one.state == "ISSUED"]
    notes = _notes(call, customer_id)
    asked: GetUserOffers = call.body
    return {
        "user": _as_holder(call, customer_id),
        "user_id": customer_id,
        "user_offers": [
            _as_user_offer(one, call) | {"custom_data": notes.get(one.offer_id)}
            for one in page(held, asked.skip, asked.take)
        ],
        "total_records": len(held),
        "offer_groups": [call.names.enumeration("offer_group") | {"sort_order": 0}],
        "offer_categories": [],
        "total_points": _points(shown),
        "available_points": spendable(shown, call),
    }


def _notes(call: Call, customer_id: str) -> dict[str, str]:
    """The data that callers keep with the customer's offers, as it is now."""
    kept = call.ledger.log.personal(customer_id)
    return {one.reference.removeprefix("offer/"): one.value for one in kept if one.field == NOTE}


def _as_holder(call: Call, customer_id: str) -> dict[str, Any]:
    facts = call.ledger.answers.facts(customer_id, call.moment)
    return {"opted_in": facts.opted_in, "activated": True, "suspended": facts.suspended}


def _as_user_offer(held: OfferView, call: Call) -> dict[str, Any]:
    known = definition_of(held.definition, call)
    starts = held.redeemable_from
    return {
        "id": held.offer_id,
        "offer_id": held.definition,
        "root_offer_id": held.definition,
        "offer_group_id": word("offer_group", "id"),
        "offer_type": known and call.names.enumeration("offer_type")[known.discount.kind],
        "name": held.definition if known is None else known.title,
        "description": held.definition if known is None else known.title,
        "is_redeemable": starts is None or starts <= call.moment.at,
        "start_date": starts or held.issued_at,
        "expiration_date": held.expires_at,
        "redemption_end_date": held.expires_at,
        "media": [],
    }


def _points(shown: Profile) -> int:
    return sum(account.available for account in shown.accounts)


# --- details ------------------------------------------------------------------------------------


def _details(call: Call) -> dict[str, Any]:
    asked: FetchDetails = call.body
    program_of(call)  # before the first there is nothing to tell of
    reason, wanted_ids = Reason.OFFER_NOT_FOUND, dict.fromkeys(asked.offer_ids)
    check_known(call, "offer_ids", wanted_ids, "offer", _offer_ids, reason)
    newest = _newest(wanted_ids.keys(), call)
    wanted = [newest[name] for name in wanted_ids]
    shown = page(wanted, asked.skip, asked.take)
    counts = call.ledger.answers.offer_counts([one.id for one in shown])
    return {
        "results": [_as_details(one, *counts[one.id]) for one in shown],
        "total_records": len(wanted),
    }


def _offer_ids(program: Program) -> list[str]:
    return [one.id for one in program.offers]


def _newest(names: Set[str], call: Call) -> dict[str, Definition]:
    """The newest definition of each of these offers, of those that are gone, too."""
    programs = call.ledger.settlement.programs
    found: dict[str, Definition] = {}
    for version in sorted(programs, reverse=True):
        if len(found) == len(names):
            break
        found = {one.id: one for one in programs[version].offers if one.id in names} | found
    return found


def _as_details(offer: Definition, issued: int, redeemed: int) -> dict[str, Any]:
    total = offer.issuance.total
    return {
        "offer_id": offer.id,
        "root_offer_id": offer.id,
        "acquisition_count": issued,
        "redemption_count": redeemed,
        "total_inventory": total,
        "available_inventory_remaining": None if total is None else max(0, total - issued),
    }


# --- giving and taking away ---------------------------------------------------------------------


def _update(call: Call) -> Offer:
    asked: Update = call.body
    if asked.custom_data is None and not asked.update_redemption_dates:
        raise refused([("custom_data", "is missing, and no redemption dates are to be updated")])
    note = asked.custom_data
    if note is not None:
        note = named_text("custom_data", note, LONGEST_DATA)
    return call.ledger.offers.update(
        asked.user_offer_id,
        caller(call),
        note,
        anew=asked.update_redemption_dates,
        whose=None if asked.user_id is None else customer(call),
    )


def _as_updated(offer: Offer) -> dict[str, Any]:
    """The offer after it; what is kept with it is not answered, for answers are kept for ever."""
    return {
        "user_id": offer.customer_id,
        "user_offer_id": offer.offer_id,
        "offer_id": offer.definition,
        "root_offer_id": offer.definition,
        "start_date": offer.redeemable_from or offer.issued_at,
        "expiration_date": offer.expires_at,
        "pending_extended_data": False,
        "fail_reason": word("fail_reason", "none"),
    }


def _revoke(call: Call) -> None:
    call.ledger.offers.revoke(call.body.user_offer_id, caller(call), call.body.reason)


def _paths(rest: str) -> tuple[str, ...]:
    return (f"/api/2.0/offers/{rest}", f"/offers/api/2.0/offers/{rest}")


OPERATIONS = (
    Operation(
        name="get_user_offers",
        family="connect",
        paths=_paths("get_user_offers"),
        scope=Scope.MEMBER,
        summary="The offers a customer can use.",
        asks=GetUserOffers,
        tells=shapes.Wallet,
        act=_wallet,
        as_of=True,
    ),
    Operation(
        name="fetch_offers_details",
        family="connect",
        paths=_paths("fetch_offers_details"),
        scope=Scope.MEMBER,
        summary="How often offers were issued and used, and how many are left.",
        asks=FetchDetails,
        tells=shapes.DetailsPage,
        act=_details,
        refuses=(Reason.OFFER_NOT_FOUND,),
    ),
    ISSUE,
    Operation(
        name="update_offer",
        family="connect",
        paths=_paths("acquisition/update"),
        scope=Scope.OPERATOR,
        summary="Keep data with an offer, or let its time to be redeemed count from now.",
        asks=Update,
        tells=shapes.UpdatedOffer,
        act=_update,
        tell=_as_updated,
        writes=True,
        refuses=(*reasons.RELEASED, Reason.UNKNOWN_CUSTOMER, Reason.OFFER_NOT_YOURS),
    ),
    Operation(
        name="revoke_offer",
        family="connect",
        paths=_paths("acquisition/revoke"),
        scope=Scope.OPERATOR,
        summary="Take an offer away for good.",
        asks=Revoke,
        tells=None,
        act=_revoke,
        writes=True,
        refuses=reasons.REVOKED,
    ),
)
