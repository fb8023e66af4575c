"""How often a customer was given something by hand: what it is numbered by."""

from msgspec import Struct

from loyalty_ledger.domain.events.deposits import LevelAssigned, PointsDeposited


class Deposits(Struct, frozen=True, array_like=True, gc=False):
    """The number of the last gift; 0 before the first."""

    number: int = 0


def evolve(_deposits: Deposits, event: PointsDeposited | LevelAssigned) -> Deposits:
    """The number after the event."""
    return Deposits(event.number)
