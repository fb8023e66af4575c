"""What is to be settled, and what a settlement may look up."""

from collections.abc import Mapping
from typing import NamedTuple

from loyalty_ledger.domain.events.sales import CustomerEventReceived, TransactionReceived
from loyalty_ledger.domain.lots import Programs
from loyalty_ledger.domain.rules import Item, Rulebook
from loyalty_ledger.domain.streams import cause


class Arrived(NamedTuple):
    """What is to be settled, and where in the log it stands."""

    stream: str
    version: int
    event: TransactionReceived | CustomerEventReceived

    @property
    def cause(self) -> str:
        """How outcomes name it."""
        return cause(self.stream, self.version)

    @property
    def customers(self) -> list[str]:
        """The customers it names, in the order named."""
        if isinstance(self.event, CustomerEventReceived):
            return [self.event.customer_id]
        named = (payment.customer_id for payment in self.event.payments)
        return list(dict.fromkeys(name for name in named if name is not None))


class Knowledge(NamedTuple):
    """What a settlement may look up: rulebooks by program version, and the items of the catalog."""

    rulebooks: Mapping[int, Rulebook]
    programs: Programs
    items: Mapping[tuple[int, str], Item]
