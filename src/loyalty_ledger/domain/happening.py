"""A customer event: something the customer did that is no purchase. It settles once."""

from typing import assert_never

from msgspec import Struct

from loyalty_ledger.domain.events.sales import CustomerEventReceived
from loyalty_ledger.domain.events.settlement import CustomerEventSettled, SettlementFailed


class Happening(Struct, frozen=True, array_like=True, gc=False):
    """Whether it was received, and whether it was settled."""

    received: bool = False
    settled: bool = False


HappeningEvent = CustomerEventReceived | CustomerEventSettled | SettlementFailed


def evolve_happening(happening: Happening, event: HappeningEvent) -> Happening:
    """The customer event's state after the event."""
    match event:
        case CustomerEventReceived():
            return Happening(True, happening.settled)
        case CustomerEventSettled():
            return Happening(True, True)
        case SettlementFailed():
            return happening
        case _:
            assert_never(event)
