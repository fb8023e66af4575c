"""How often a customer was given points by hand: what a deposit is numbered by."""

from msgspec import Struct

from loyalty_ledger.domain.events.deposits import PointsDeposited


class Deposits(Struct, frozen=True, array_like=True, gc=False):
    """The number of the last deposit; 0 before the first."""

    number: int = 0


def evolve(_deposits: Deposits, event: PointsDeposited) -> Deposits:
    """The number after the event."""
    return Deposits(event.number)
