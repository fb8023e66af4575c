"""What a customer is judged by: levels, tags and consent, frozen when a sale first names him."""

from datetime import datetime

from loyalty_ledger.domain.basket import Share
from loyalty_ledger.domain.customer import Customer
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.settlement import JudgedCustomer
from loyalty_ledger.domain.levels import level_names
from loyalty_ledger.domain.rules import Member, Rulebook
from loyalty_ledger.domain.sale_record import NEW, SaleRecord
from loyalty_ledger.domain.streams import customer_of, tiers_of


def member_of(
    customer_id: str, at: datetime, rulebook: Rulebook, draft: Draft, record: SaleRecord = NEW
) -> Member:
    """The customer as he was before this sale of `at`; of his tags those that held then."""
    before = record.members.get(customer_id)
    if before is not None:
        return Member(customer_id, before.levels, before.opted_in, frozenset(before.tags))
    state: Customer = draft.state(customer_of(customer_id))
    levels = level_names(rulebook.program.tier_systems, draft.state(tiers_of(customer_id)).levels)
    return Member(customer_id, levels, state.opted_in, state.tags_at(at))


def judged(share: Share, member: Member, times: int | None = None) -> JudgedCustomer:
    """What he was judged by, and his share."""
    return JudgedCustomer(
        customer_id=member.customer_id,
        paid=share.paid,
        paid_in_all=share.paid_in_all,
        first=share.first,
        levels=dict(member.levels),
        opted_in=member.opted_in,
        tags=sorted(member.tags),
        times=times,
    )
