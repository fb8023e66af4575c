"""What falls due becomes recorded: expiry, roll-over, maintenance, locks that lapse, offers that
end. Once, when due, up to `until`.

The agenda says for whom something may be due; the decision is the domain's, and yields nothing for
what is recorded already. Reads are right even when this never runs.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from loyalty_ledger.domain.counting import counts_of, uncount_taken_back
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.offer import Offer
from loyalty_ledger.domain.offer_commands import Elapse
from loyalty_ledger.domain.offer_decisions import decide
from loyalty_ledger.domain.streams import PROGRAM, customer_of, offer, tiers_of, wallet_of
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

    def keep(
        self, customers: Iterable[str], until: datetime, offers: Mapping[str, Sequence[str]]
    ) -> int:
        """Record what fell due for these customers by then; how many events that took.

        `offers` are those of theirs that something may be due for. A customer whose sale arrives
        in the meantime is left for the next time.
        """
        rulebook = self._settlement.rulebook()
        programs = self._settlement.programs
        if rulebook is None:
            return 0
        settled = self._log.position_of(READER)
        group = list(customers)
        due = {one: [offer(name) for name in offers.get(one, ())] for one in group}
        states = self._loaded(due)
        commit = self._states.commit(states)
        for customer_id in group:
            if states[customer_of(customer_id)].waiting:
                continue
            draft = Draft(states)
            bring_up_to_date(draft, customer_id, until, rulebook, programs)
            for stream in due[customer_id]:
                _elapse(stream, until, draft)
            if draft.outcomes:
                commit.quiet[customer_id] = settled
                add_draft(commit, states, draft)
        if not commit.events:
            return 0
        try:
            self._states.append(commit, states)
        except Conflict:
            alone = group if len(group) > 1 else ()
            return sum(self.keep([one], until, offers) for one in alone)
        return len(commit.events)

    def _loaded(self, due: Mapping[str, Sequence[str]]) -> dict[str, Any]:
        """What deciding for these customers looks at, with the streams of offers that are due."""
        own = (stream for one in due for stream in (*_streams(one), *due[one]))
        states = self._states.get([PROGRAM, *own])
        ending = (states[stream] for streams in due.values() for stream in streams)
        return states | self._states.get([one for offer in ending for one in counts_of(offer)])


def _elapse(stream: str, until: datetime, draft: Draft) -> None:
    """Record what time has done to an offer."""
    state: Offer = draft.state(stream)
    events = decide(Elapse(until=until), state)
    for event in events:
        draft.emit(stream, event, event.customer_id)
    uncount_taken_back(events, state, draft)


def _streams(customer_id: str) -> list[str]:
    return [wallet_of(customer_id), tiers_of(customer_id), customer_of(customer_id)]
