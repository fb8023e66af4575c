"""Erasing a customer: the fact, his identifiers and all personal data, in one commit."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from loyalty_ledger.beside import beside, forgetting, sales_of
from loyalty_ledger.deciding import Reading, decide_alone
from loyalty_ledger.domain.customer import Customer
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.erasure import erase, links_of
from loyalty_ledger.domain.events.customers import CustomerErased, IdentifierUnlinked
from loyalty_ledger.domain.streams import customer_of, identifier
from loyalty_ledger.mentions import look, look_again
from loyalty_ledger.states import States
from loyalty_ledger.store.log import Log


class Erased(NamedTuple):
    """What came of it: pieces of personal data deleted, and identifiers that name nobody now.

    All 0 when the customer had been erased before.
    """

    customer_id: str
    values: int
    identifiers: int


class Erasing:
    """Erases customers."""

    def __init__(self, log: Log, states: States, clock: Callable[[], datetime]):
        self._log = log
        self._states = states
        self._clock = clock

    def erase(self, customer_id: str) -> Erased:
        """Forget who the customer is; what he did stays. Rejected when there is none.

        The bytes are gone from the files only after `store.vacuum`. It is decided while nobody else
        can append: however busy he is, nothing comes to be known of him meanwhile.
        """
        before = look(self._log, customer_id)  # what takes its time, while nobody waits for it

        def decision(reading: Reading) -> tuple[Draft, Erased]:
            history = list(self._log.history(customer_id))
            links = links_of(customer_id, (one.event for one in history))
            streams = [identifier(link.digest) for link in links]
            customer: Customer = reading.state(customer_of(customer_id))
            reading.get([*map(customer_of, customer.absorbed), *streams, *sales_of(history)])
            mentions = look_again(self._log, customer_id, before)
            found, draft = beside(self._log, customer_id, history, mentions), reading.draft()
            erase(customer_id, links, len(found.everything), self._clock(), draft)
            reading.forgotten, reading.personal = forgetting(customer_id, found)
            return draft, _told(customer_id, draft)

        return decide_alone(self._states, decision)


def _told(customer_id: str, draft: Draft) -> Erased:
    events = [outcome.event for outcome in draft.outcomes]
    values = sum(one.values for one in events if isinstance(one, CustomerErased))
    released = [one for one in events if isinstance(one, IdentifierUnlinked)]
    return Erased(customer_id, values, len(released))
