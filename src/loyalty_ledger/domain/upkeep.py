"""What time does to a customer: expiries, roll-overs and maintenance, recorded before he acts."""

from datetime import datetime
from typing import Any

from loyalty_ledger.domain import tier, wallet
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.lots import Programs
from loyalty_ledger.domain.progress import Measures
from loyalty_ledger.domain.rules import Rulebook
from loyalty_ledger.domain.streams import tiers_of, wallet_of


def bring_up_to_date(
    draft: Draft, customer_id: str, until: datetime, rulebook: Rulebook, programs: Programs
) -> None:
    """Record expiries, roll-overs and maintenance that fell due up to and at `until`.

    Each is judged by the program version it was promised under, not by the `rulebook` in force.
    """
    due = wallet.fall_due(
        wallet.Elapse(customer_id, until, programs), draft.state(wallet_of(customer_id))
    )
    for event in due:
        draft.emit(wallet_of(customer_id), event, customer_id)
    stream = tiers_of(customer_id)
    levels = draft.state(stream).levels.values()
    if not any(held.until is not None and held.until <= until for held in levels):
        return
    measures = measures_of(draft, customer_id, rulebook)
    command = tier.Maintain(customer_id, until, measures, programs)
    for kept_or_left in tier.decide(command, draft.state(stream)):
        draft.emit(stream, kept_or_left, customer_id)


def measures_of(draft: Draft, customer_id: str, rulebook: Rulebook) -> Measures:
    """What the customer's requirements are measured on, as the draft has it."""
    earned: Any = draft.state(wallet_of(customer_id)).earned
    return Measures(earned, draft.state(tiers_of(customer_id)).purchases, rulebook.program)


def latest(draft: Draft, customer_id: str, at: datetime) -> datetime:
    """The latest moment that counts for the customer: a late sale does not turn the clock back."""
    earned, bought = draft.state(wallet_of(customer_id)), draft.state(tiers_of(customer_id))
    return max(at, earned.latest or at, bought.latest or at)
