"""What is to be settled, and what a settlement may look up."""

from collections.abc import Mapping
from typing import NamedTuple

from loyalty_ledger.domain.events.sales import CustomerEventReceived, TransactionReceived
from loyalty_ledger.domain.lots import Programs
from loyalty_ledger.domain.rules import Item, Rulebook
from loyalty_ledger.domain.streams import cause


class Arrived(NamedTuple):
    """What is to be settled, and where in the log it stands.

    `former` are customers that versions before it named.
    """

    stream: str
    version: int
    event: TransactionReceived | CustomerEventReceived
    former: tuple[str, ...] = ()

    @property
    def cause(self) -> str:
        """How outcomes name it."""
        return cause(self.stream, self.version)

    @property
    def customers(self) -> list[str]:
        """The customers it concerns, in the order named."""
        if isinstance(self.event, CustomerEventReceived):
            return [self.event.customer_id]
        named = (payment.customer_id for payment in self.event.payments)
        current = (name for name in named if name is not None)
        return list(dict.fromkeys((*current, *self.former)))


class Knowledge(NamedTuple):
    """What a settlement may look up: rulebooks by program version, and the items of the catalog."""

    rulebooks: Mapping[int, Rulebook]
    programs: Programs
    items: Mapping[tuple[int, str], Item]
