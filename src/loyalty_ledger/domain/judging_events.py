"""What a customer event comes to: a sign-in, a survey."""

from loyalty_ledger.domain import upkeep
from loyalty_ledger.domain.arrivals import Arrived, Knowledge
from loyalty_ledger.domain.basket import Share
from loyalty_ledger.domain.claiming import grant
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.sales import CustomerEventReceived
from loyalty_ledger.domain.events.settlement import CustomerEventSettled
from loyalty_ledger.domain.granting import Granting
from loyalty_ledger.domain.leveling import advance_levels
from loyalty_ledger.domain.membership import judged, member_of
from loyalty_ledger.domain.owed import NO_LINES
from loyalty_ledger.domain.requiring import Requiring
from loyalty_ledger.domain.sale_record import Counted
from loyalty_ledger.domain.streams import happening
from loyalty_ledger.domain.taking_back import Case
from loyalty_ledger.domain.values import to_wall


def settle_event(
    arrived: Arrived,
    event: CustomerEventReceived,
    knowledge: Knowledge,
    draft: Draft,
    *,
    retried: bool,
) -> None:
    """Settle a customer event by the rules that it sets off."""
    rulebook = knowledge.rulebooks[event.program_version]
    case = Case(rulebook, knowledge.programs, event.catalog_version, event.at, arrived.cause)
    granting = Granting(case, draft)
    upkeep.bring_up_to_date(draft, event.customer_id, event.at, rulebook, knowledge.programs)
    member = member_of(event.customer_id, event.at, rulebook, draft)
    wall = to_wall(event.at, rulebook.program.time_zone)
    candidates = [
        (rule, NO_LINES)
        for rule in rulebook.on_event(event.event)
        if rule.open_to(member) and rule.runs_at(event.at, wall)
    ]
    whole = Share(event.customer_id, 1, 1, True)
    grant(candidates, member, whole, Requiring(event.customer_id, Counted(), granting, []))
    advance_levels(granting, event.customer_id, member.levels)
    settled = CustomerEventSettled(
        at=max([event.at, *(outcome.event.at for outcome in draft.outcomes)]),
        customer_id=event.customer_id,
        customer=judged(whole, member),
        event=event.event,
        event_id=event.event_id,
        program_version=event.program_version,
        catalog_version=event.catalog_version,
        grants=granting.grants,
        cuts=granting.cuts,
        cause=arrived.cause,
        retried=retried,
    )
    draft.emit(happening(event.customer_id, event.event_id), settled, event.customer_id)
