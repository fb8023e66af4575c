"""Facts of promotions: codes that customers entered."""

from datetime import datetime

from loyalty_ledger.domain.events.base import Event
from loyalty_ledger.domain.events.offers import Actor
from loyalty_ledger.domain.events.settlement import Cut, Grant


class PromotionClaimed(Event, frozen=True, kw_only=True):
    """A customer claimed a promotion by its code, and was granted all of it.

    It is his claim `number` of this promotion; `claimed_at` is when he asked, `code` the code as
    the program writes it, `levels` what he was judged by. `grants` and `cuts` tell also of levels
    that he entered by it.
    """

    customer_id: str
    claim_id: str
    promotion: str
    number: int
    code: str = ""
    claimed_at: datetime
    by: Actor = Actor()
    levels: dict[str, str] = {}
    program_version: int
    grants: list[Grant]
    cuts: list[Cut] = []
