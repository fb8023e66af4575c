"""What returns bring about, for stories: purchases that count otherwise, levels that move."""

from datetime import datetime

from loyalty_ledger.domain.events.limits import GrantCounted, GrantUncounted
from loyalty_ledger.domain.events.settlement import PurchaseRecounted
from loyalty_ledger.domain.events.tiers import RETURNED, TierLeft, TierSinceMoved
from projections.story import Story

CAUSE = "sale/s/1@2"


def recounted(
    story: Story, customer: str, sale: str, total: int, *, was: int, at: datetime, bought: datetime
) -> None:
    """A sale of that customer alone is worth `total` after a return; nothing when that is 0."""
    event = PurchaseRecounted(
        at=at,
        customer_id=customer,
        transaction=sale,
        total=total,
        spend=total,
        times=int(total > 0),
        was_total=was,
        was_spend=was,
        was_times=1,
        counted_at=bought,
        program_version=1,
        cause=CAUSE,
    )
    story.record(f"tiers/{customer}", event)


def counted(story: Story, customer: str, subject: str, at: datetime, times: int = 1) -> None:
    event = GrantCounted(
        at=at, customer_id=customer, subject=subject, counted_at=at, times=times, cause=CAUSE
    )
    story.record(f"usage/{customer}", event)
    story.record(f"limit/{subject}", event)


def uncounted(story: Story, customer: str, subject: str, at: datetime, times: int = 1) -> None:
    event = GrantUncounted(
        at=at, customer_id=customer, subject=subject, counted_at=at, times=times, cause=CAUSE
    )
    story.record(f"usage/{customer}", event)
    story.record(f"limit/{subject}", event)


def silver_since(
    story: Story, customer: str, since: datetime, until: datetime | None, at: datetime
) -> None:
    event = TierSinceMoved(
        at=at,
        customer_id=customer,
        system="club",
        level="silver",
        since=since,
        until=until,
        steps=[],
        program_version=1,
        cause=CAUSE,
    )
    story.record(f"tiers/{customer}", event)


def lost_silver(story: Story, customer: str, at: datetime, since: datetime | None = None) -> None:
    """Down after a return; as everybody begins when no level was ever held `since` then."""
    event = TierLeft(
        at=at,
        customer_id=customer,
        system="club",
        level="silver",
        entered="bronze",
        why=RETURNED,
        since=since,
        steps=[],
        program_version=1,
        cause=CAUSE,
    )
    story.record(f"tiers/{customer}", event)
