"""Issuing offers: their ids, their limits, and from when until when they can be redeemed."""

import hashlib
import re
from base64 import b32encode
from datetime import datetime
from typing import NamedTuple

from loyalty_ledger.domain.events.offers import AccountSpent, Actor, OfferIssued
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.program.offers import Offer, Redemption

_OFFER_ID = re.compile(r"[!-.0-~]{1,80}\.[a-z2-7]{16}")


def derived_id(customer_id: str, cause: str, rule: str, number: int) -> str:
    """The id of an offer, the same whenever the same outcome issues it. Leads to its customer."""
    digest = hashlib.sha256(f"{customer_id}\n{cause}\n{rule}\n{number}".encode()).digest()
    return f"{customer_id}.{b32encode(digest[:10]).decode().lower()}"


def is_offer_id(text: str) -> bool:
    """Whether an offer could have this id; what cannot need not be looked for."""
    return _OFFER_ID.fullmatch(text) is not None


def redeemable(
    redemption: Redemption, at: datetime, program: Program
) -> tuple[datetime | None, datetime | None]:
    """From when and until when an offer issued at that moment can be redeemed."""
    if redemption.after_issue is not None:
        return None, redemption.after_issue.after(at, program.time_zone)
    starts, ends = redemption.starts, redemption.ends
    return (
        None if starts is None else program.instant(starts),
        None if ends is None else program.instant(ends),
    )


def unissuable(
    definition: Offer, program: Program, at: datetime, *, mine: int, everybodys: int, more: int = 1
) -> str | None:
    """What keeps an offer from being issued then, by name; None when nothing does.

    `mine` and `everybodys` are how many were issued so far, `more` how many are asked for.
    """
    issuance = definition.issuance
    if not program.includes(issuance.starts, issuance.ends, at):
        return "issuance_period"
    if not program.includes(None, definition.redemption.ends, at):
        return "redemption_period"
    if issuance.per_customer is not None and mine + more > issuance.per_customer:
        return "per_customer"
    if issuance.total is not None and everybodys + more > issuance.total:
        return "total"
    return None


class Issue(NamedTuple):
    """An offer to be issued, and why. `number` counts those that one cause and rule issue.

    `not_before` is the `at` of what gives it, if that is later than the business time.
    """

    customer_id: str
    definition: Offer
    program: Program
    program_version: int
    rule: str
    number: int
    at: datetime
    cause: str
    not_before: datetime | None = None
    catalog_version: int = 0
    transaction: str = ""
    levels: dict[str, str] = {}
    lines: list[str] = []
    by: Actor = Actor()
    why: str = ""
    reward_store: str = ""
    store_offer: str = ""
    price: int = 0

    @property
    def offer_id(self) -> str:
        """The id the offer will have."""
        return derived_id(self.customer_id, self.cause, self.rule, self.number)


def issued(issue: Issue, paid: list[AccountSpent] | None = None) -> OfferIssued:
    """The offer in the customer's hands."""
    starts, ends = redeemable(issue.definition.redemption, issue.at, issue.program)
    return OfferIssued(
        at=max(issue.at, issue.not_before or issue.at),
        customer_id=issue.customer_id,
        offer_id=issue.offer_id,
        definition=issue.definition.id,
        rule=issue.rule,
        issued_at=issue.at,
        redeemable_from=starts,
        expires_at=ends,
        transaction=issue.transaction,
        program_version=issue.program_version,
        catalog_version=issue.catalog_version,
        levels=issue.levels,
        lines=issue.lines,
        by=issue.by,
        why=issue.why,
        reward_store=issue.reward_store,
        store_offer=issue.store_offer,
        price=issue.price,
        paid=paid or [],
        cause=issue.cause,
    )
