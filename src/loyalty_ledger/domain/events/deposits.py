"""Facts of points given by hand."""

from loyalty_ledger.domain.events.base import Event
from loyalty_ledger.domain.events.offers import Actor
from loyalty_ledger.domain.events.settlement import Cut, Grant


class PointsDeposited(Event, frozen=True, kw_only=True):
    """Somebody gave the customer points by hand, from a point source and within its limits.

    It is his deposit `number`. `grants` and `cuts` tell also of levels that he entered by it.
    """

    customer_id: str
    number: int
    by: Actor = Actor()
    levels: dict[str, str] = {}
    program_version: int
    grants: list[Grant]
    cuts: list[Cut] = []
