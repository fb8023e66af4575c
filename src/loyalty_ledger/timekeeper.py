"""What falls due becomes recorded: expiry, roll-over, maintenance. Once, when due, up to `until`.

The agenda says for whom something may be due; the decision is the domain's, and yields nothing for
what is recorded already. Reads are right even when this never runs.
"""

from collections.abc import Iterable
from datetime import datetime

from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.streams import PROGRAM, customer_of, tiers_of, wallet_of
from loyalty_ledger.domain.upkeep import bring_up_to_date
from loyalty_ledger.settlement import READER, Settlement
from loyalty_ledger.states import States, add_draft
from loyalty_ledger.store.log import Conflict, Log


class Timekeeper:
    """Acts for customers none of whose sales waits to be settled."""

    def __init__(self, log: Log, states: States, settlement: Settlement):
        self._log = log
        self._states = states
        self._settlement = settlement

    def keep(self, customers: Iterable[str], until: datetime) -> int:
        """Record what fell due for these customers by then; how many events that took.

        A customer whose sale arrives in the meantime is left for the next time.
        """
        rulebook = self._settlement.rulebook()
        programs = self._settlement.programs
        if rulebook is None:
            return 0
        settled = self._log.position_of(READER)
        group = list(customers)
        states = self._states.get([PROGRAM, *(s for c in group for s in _streams(c))])
        commit = self._states.commit(states)
        for customer_id in group:
            if states[customer_of(customer_id)].waiting:
                continue
            draft = Draft(states)
            bring_up_to_date(draft, customer_id, until, rulebook, programs)
            if draft.outcomes:
                commit.quiet[customer_id] = settled
                add_draft(commit, states, draft)
        if not commit.events:
            return 0
        try:
            self._states.append(commit, states)
        except Conflict:
            return sum(self.keep([one], until) for one in group) if len(group) > 1 else 0
        return len(commit.events)


def _streams(customer_id: str) -> list[str]:
    return [wallet_of(customer_id), tiers_of(customer_id), customer_of(customer_id)]
