"""What is to be settled, and what a settlement may look up."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from loyalty_ledger.domain.events.base import Event
from loyalty_ledger.domain.events.receipts import SaleClaimed
from loyalty_ledger.domain.events.sales import (
    CustomerEventReceived,
    TransactionReceived,
    TransactionVersionIgnored,
)
from loyalty_ledger.domain.lots import Programs
from loyalty_ledger.domain.rules import Item, Rulebook
from loyalty_ledger.domain.streams import cause
from loyalty_ledger.domain.versions import as_received

LONGEST_REASON = 500


class Claimed(NamedTuple):
    """The claim for which a sale is settled anew, and its number in the sale's stream."""

    number: int
    event: SaleClaimed


class Arrived(NamedTuple):
    """What is to be settled, and where in the log it stands.

    `former` are customers that other versions named. `claimed` is what it is settled anew for, or
    `late`: the number of an older version that arrived after it.
    """

    stream: str
    version: int
    event: TransactionReceived | CustomerEventReceived
    former: tuple[str, ...] = ()
    claimed: Claimed | None = None
    late: int = 0

    @property
    def cause(self) -> str:
        """How outcomes name it."""
        number = self.claimed.number if self.claimed else self.late
        return cause(self.stream, number or self.version)

    @property
    def dated(self) -> datetime:
        """When it was made: the business time of what follows, where the sale's is not."""
        return self.claimed.event.at if self.claimed else self.event.at

    @property
    def customers(self) -> list[str]:
        """The customers it concerns, in the order named."""
        if isinstance(self.event, CustomerEventReceived):
            return [self.event.customer_id]
        named = (payment.customer_id for payment in self.event.payments)
        current = (name for name in named if name is not None)
        return list(dict.fromkeys((*current, *self.former)))


def arrived_with(stream: str, number: int, event: Event) -> Arrived | None:
    """What arrived with an event; nothing with one that an earlier build took for too late."""
    match event:
        case TransactionReceived() | CustomerEventReceived():
            return Arrived(stream, number, event)
        case TransactionVersionIgnored(program_version=known) if known:
            return Arrived(stream, number, as_received(event), late=number)
    return None


class Knowledge(NamedTuple):
    """What a settlement may look up: rulebooks by program version, and the items of the catalog."""

    rulebooks: Mapping[int, Rulebook]
    programs: Programs
    items: Mapping[tuple[int, str], Item]


def reason_of(error: Exception) -> str:
    """What went wrong when it was settled, in one line that every database can store."""
    text = ascii(f"{type(error).__name__}: {error}")[1:-1]
    return text if len(text) <= LONGEST_REASON else text[:LONGEST_REASON] + "..."
