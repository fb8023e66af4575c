"""Facts of points and levels given by hand."""

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


class LevelAssigned(Event, frozen=True, kw_only=True):
    """Somebody put the customer into this level of a tier system; he held `left` before.

    It is number `number` of what he was given by hand. `grants` and `cuts` tell what entering
    levels gave by it.
    """

    customer_id: str
    number: int
    system: str
    level: str
    left: str
    by: Actor = Actor()
    program_version: int
    grants: list[Grant] = []
    cuts: list[Cut] = []
