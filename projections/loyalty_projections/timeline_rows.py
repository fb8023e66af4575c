"""The rows behind the timeline, and what happens to them. The answer is in `timeline`."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from loyalty_ledger.domain.events.base import Event
from loyalty_ledger.domain.events.customers import (
    CustomerChanged,
    CustomerEnrolled,
    CustomerErased,
)
from loyalty_ledger.domain.events.merging import (
    CustomerAbsorbed,
    CustomerMerged,
    OfferMoved,
    PromoCodeMoved,
)
from loyalty_ledger.domain.events.offers import (
    DiscountChanged,
    DiscountNotHonoured,
    OfferAnnotated,
    OfferCodeMade,
    OfferCodeUsed,
    OfferEvent,
    OfferExpired,
    OfferExtended,
    OfferIssued,
    OfferLocked,
    OfferLockLapsed,
    OfferRecalled,
    OfferRecallWithdrawn,
    OfferRedeemed,
    OfferReinstated,
    OfferRevoked,
    OfferUnlocked,
)
from loyalty_ledger.domain.events.promotions import (
    PromoCodeDrawn,
    PromoCodeWithdrawn,
    PromotionClaimed,
)
from loyalty_ledger.domain.events.receipts import SaleClaimed
from loyalty_ledger.domain.events.tiers import TierEntered, TierLeft, TierSinceMoved
from loyalty_projections.projection import Projection, Recorded
from loyalty_projections.rows import Rows
from loyalty_projections.tables import Table


class HappeningRow(NamedTuple):
    """Something that happened; `facts` is a JSON object.

    `subject` is the offer, the tier system, or `promotion:ID`.
    """

    customer_id: str
    position: int
    at: datetime
    recorded_at: datetime | None
    kind: str
    subject: str
    transaction: str
    client_id: str
    employee_id: str
    why: str
    facts: str
    cause: str


TIMELINE = Table(
    "timeline", HappeningRow, keys=2, undigested=frozenset({"position", "recorded_at"})
)

# --- what happens -------------------------------------------------------------------------------


def _row(customer_id: str, event: Event, recorded: Recorded, **told: Any) -> HappeningRow:
    facts = {name: value for name, value in told.pop("facts", {}).items() if value is not None}
    return HappeningRow(
        customer_id=customer_id,
        position=recorded.position,
        at=event.at,
        recorded_at=recorded.recorded_at,
        kind=type(event).__name__,
        subject=told.get("subject", ""),
        transaction=told.get("transaction", ""),
        client_id=told.get("client_id", ""),
        employee_id=told.get("employee_id", ""),
        why=told.get("why", ""),
        facts=msgspec.json.encode(facts, order="sorted").decode(),
        cause=told.get("cause", ""),
    )


def _offer(
    facts: Callable[[Any], dict[str, Any]] = lambda _event: {},
) -> Callable[[Rows, Any, Recorded], None]:
    """A row for an event of an offer, with these facts of it."""

    def handle(rows: Rows, event: OfferEvent, recorded: Recorded) -> None:
        row = _row(
            event.customer_id,
            event,
            recorded,
            subject=event.offer_id,
            transaction=getattr(event, "transaction", ""),
            client_id=event.by.client_id,
            employee_id=event.by.employee_id,
            why=event.why,
            facts=facts(event),
            cause=event.cause,
        )
        rows.insert(TIMELINE, row)

    return handle


def _flagged(rows: Rows, event: DiscountNotHonoured | DiscountChanged, recorded: Recorded) -> None:
    for customer_id in event.customers:
        if isinstance(event, DiscountNotHonoured):
            subject, why, facts = event.reference_id, event.reason, {"amount": event.amount}
        else:
            subject, why = event.offer_id, "another amount"
            facts = {"locked": event.locked, "taken": event.taken}
        told = {"subject": subject, "why": why, "facts": facts, "cause": event.cause}
        rows.insert(TIMELINE, _row(customer_id, event, recorded, **told))


def _joined(rows: Rows, event: CustomerEnrolled, recorded: Recorded) -> None:
    facts = {"opted_in": event.opted_in, "tags": event.tags or None} | _flags(event)
    row = _row(event.customer_id, event, recorded, facts=facts, cause=event.cause)
    rows.insert(TIMELINE, row)


def _changed(rows: Rows, event: CustomerChanged, recorded: Recorded) -> None:
    facts = {"opted_in": event.opted_in, "tags": event.tags} | _flags(event)
    rows.insert(TIMELINE, _row(event.customer_id, event, recorded, facts=facts))


def _erased(rows: Rows, event: CustomerErased, recorded: Recorded) -> None:
    rows.insert(TIMELINE, _row(event.customer_id, event, recorded))


def _merged(rows: Rows, event: CustomerMerged, recorded: Recorded) -> None:
    rows.insert(TIMELINE, _row(event.customer_id, event, recorded, facts={"into": event.into}))


def _absorbed(rows: Rows, event: CustomerAbsorbed, recorded: Recorded) -> None:
    facts = {"absorbed": event.absorbed}
    rows.insert(TIMELINE, _row(event.customer_id, event, recorded, facts=facts))


def _offer_moved(rows: Rows, event: OfferMoved, recorded: Recorded) -> None:
    """It ends the story of one customer's offer, and begins another's where it stands."""
    told = {"subject": event.offer_id, "transaction": event.transaction, "why": event.why}
    gone = {"moved_to": event.customer_id}
    rows.insert(TIMELINE, _row(event.moved_from, event, recorded, facts=gone, **told))
    come = {
        "definition": event.definition,
        "moved_from": event.moved_from,
        "state": event.state,
        "expires_at": event.expires_at,
        "locked_until": event.locked_until,
        "recalled": event.recalled or None,
    }
    rows.insert(TIMELINE, _row(event.customer_id, event, recorded, facts=come, **told))


def _code_moved(rows: Rows, event: PromoCodeMoved, recorded: Recorded) -> None:
    told = {"subject": f"promotion:{event.promotion}", "cause": event.cause}
    gone = {"moved_to": event.customer_id}
    rows.insert(TIMELINE, _row(event.moved_from, event, recorded, facts=gone, **told))
    come = {"rule": event.rule, "moved_from": event.moved_from, "state": event.state}
    rows.insert(TIMELINE, _row(event.customer_id, event, recorded, facts=come, **told))


def _flags(event: CustomerEnrolled | CustomerChanged) -> dict[str, Any]:
    """What is not so with everybody."""
    flags = {"suspended": event.suspended, "test": event.test}
    told: dict[str, Any] = {name: True for name, is_so in flags.items() if is_so}
    return told | ({"tag_ends": event.tag_ends} if event.tag_ends else {})


def _entered(rows: Rows, event: TierEntered, recorded: Recorded) -> None:
    told = {"subject": event.system, "facts": {"level": event.level}, "cause": event.cause}
    rows.insert(TIMELINE, _row(event.customer_id, event, recorded, **told))


def _left(rows: Rows, event: TierLeft, recorded: Recorded) -> None:
    facts = {"level": event.level, "entered": event.entered}
    told = {"subject": event.system, "why": event.why, "facts": facts, "cause": event.cause}
    rows.insert(TIMELINE, _row(event.customer_id, event, recorded, **told))


def _since_moved(rows: Rows, event: TierSinceMoved, recorded: Recorded) -> None:
    facts = {"level": event.level, "since": event.since}
    told = {"subject": event.system, "facts": facts, "cause": event.cause}
    rows.insert(TIMELINE, _row(event.customer_id, event, recorded, **told))


def _claimed(rows: Rows, event: PromotionClaimed, recorded: Recorded) -> None:
    """A claim tells what the promotion gave; levels entered by it stand for themselves."""
    subject = f"promotion:{event.promotion}"
    granted = [grant for grant in event.grants if grant.rule == subject]
    facts = {
        "claim_id": event.claim_id,
        "awarded": {name: n for one in granted for name, n in one.deserved.items()} or None,
        "offers": [offer for one in granted for offer in one.offers] or None,
    }
    who = {"client_id": event.by.client_id, "employee_id": event.by.employee_id}
    row = _row(event.customer_id, event, recorded, subject=subject, facts=facts, **who)
    rows.insert(TIMELINE, row)


def _drawn(rows: Rows, event: PromoCodeDrawn | PromoCodeWithdrawn, recorded: Recorded) -> None:
    told: dict[str, Any] = {"subject": f"promotion:{event.promotion}", "cause": event.cause}
    if isinstance(event, PromoCodeDrawn):
        told |= {"facts": {"rule": event.rule}, "transaction": event.transaction}
    rows.insert(TIMELINE, _row(event.customer_id, event, recorded, **told))


def _sale_claimed(rows: Rows, event: SaleClaimed, recorded: Recorded) -> None:
    told = {"transaction": event.transaction, "facts": {"sale_time": event.sale_time}}
    who = {"client_id": event.by.client_id, "employee_id": event.by.employee_id}
    rows.insert(TIMELINE, _row(event.customer_id, event, recorded, **told, **who))


def _issue_facts(event: OfferIssued) -> dict[str, Any]:
    return {
        "definition": event.definition,
        "rule": event.rule,
        "price": event.price or None,
        "expires_at": event.expires_at,
    }


def _lock_facts(event: OfferLocked) -> dict[str, Any]:
    return {"amount": event.discount.amount, "locked_until": event.locked_until}


PROJECTION = Projection(
    "timeline",
    7,
    (TIMELINE,),
    {
        CustomerEnrolled: _joined,
        CustomerChanged: _changed,
        CustomerErased: _erased,
        CustomerMerged: _merged,
        CustomerAbsorbed: _absorbed,
        OfferMoved: _offer_moved,
        PromoCodeMoved: _code_moved,
        TierEntered: _entered,
        TierLeft: _left,
        TierSinceMoved: _since_moved,
        OfferIssued: _offer(_issue_facts),
        OfferLocked: _offer(_lock_facts),
        OfferUnlocked: _offer(),
        OfferLockLapsed: _offer(),
        OfferRedeemed: _offer(lambda event: {"amount": event.discount.amount}),
        OfferReinstated: _offer(),
        OfferExtended: _offer(lambda event: {"expires_at": event.expires_at}),
        OfferAnnotated: _offer(),
        OfferExpired: _offer(),
        OfferRevoked: _offer(),
        OfferRecalled: _offer(),
        OfferRecallWithdrawn: _offer(),
        OfferCodeMade: _offer(lambda event: {"expires_at": event.expires_at}),
        OfferCodeUsed: _offer(),
        DiscountNotHonoured: _flagged,
        DiscountChanged: _flagged,
        PromotionClaimed: _claimed,
        PromoCodeDrawn: _drawn,
        PromoCodeWithdrawn: _drawn,
        SaleClaimed: _sale_claimed,
    },
)
