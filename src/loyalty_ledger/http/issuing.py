"""Issuing offers by hand, and what becomes of each: issued, or why not."""

from typing import Any

from loyalty_ledger.client import shapes
from loyalty_ledger.domain.api_key import Scope
from loyalty_ledger.domain.events.offers import OfferIssued
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.http.connect import Number32, OfUser, caller, customer
from loyalty_ledger.http.names import word
from loyalty_ledger.http.operation import Call, Operation
from loyalty_ledger.sent import Text


class Issue(OfUser):
    """Give a customer an offer, as many times as `quantity` or not at all.

    Its definition in force is the one that is issued, whatever `issue_exact_version` says.
    """

    offer_id: Text
    quantity: Number32 = 1
    issue_exact_version: bool = False
    reason: Text = "by hand"


def _issue(call: Call) -> list[OfferIssued]:
    asked: Issue = call.body
    return call.ledger.offers.give(
        customer(call), asked.offer_id, caller(call), asked.reason, asked.quantity
    )


def as_status_list(issued: list[OfferIssued]) -> dict[str, Any]:
    """What was issued, offer by offer; a fail reason of 0 is none."""
    return {
        "status_list": [
            _line(one.customer_id, one.definition, "none")
            | {"user_offer_id": one.offer_id, "expiration_date": one.expires_at}
            for one in issued
        ]
    }


def _line(user_id: str, offer_id: str, fails: str) -> dict[str, Any]:
    return {
        "user_id": user_id,
        "user_offer_id": None,
        "offer_id": offer_id,
        "root_offer_id": offer_id,
        "expiration_date": None,
        "pending_extended_data": False,
        "fail_reason": word("fail_reason", fails),
    }


_FAILS = frozenset({Reason.OFFER_NOT_FOUND, Reason.NOT_AVAILABLE, Reason.LIMIT_REACHED})
"""Why an offer is not issued: told with its line, for the call itself is good."""


def _as_failed(asked: Issue, refusal: Rejected) -> dict[str, Any] | None:
    """The line of offers of which none was issued."""
    if refusal.code not in _FAILS:
        return None
    return {"status_list": [_line(asked.user_id, asked.offer_id, refusal.code.value)]}


ISSUE = Operation(
    name="issue_offer",
    family="connect",
    paths=(
        "/api/2.0/offers/acquisition/issue",
        "/offers/api/2.0/offers/acquisition/issue",
    ),
    scope=Scope.OPERATOR,
    summary="Give a customer an offer, within its limits; a `fail_reason` tells that none was.",
    asks=Issue,
    tells=shapes.Issued,
    act=_issue,
    tell=as_status_list,
    failed=_as_failed,
    writes=True,
)
