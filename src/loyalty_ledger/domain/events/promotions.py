"""Facts of promotions: codes that there are, and codes that customers entered, right and wrong.

A `digest` is the keyed hash of a code, in hexadecimal digits.
"""

from datetime import datetime

from loyalty_ledger.domain.events.base import Event
from loyalty_ledger.domain.events.offers import Actor
from loyalty_ledger.domain.events.settlement import Cut, Grant


class PromotionClaimed(Event, frozen=True, kw_only=True):
    """A customer claimed a promotion by its code, and was granted all of it.

    It is his claim `number` of this promotion; `claimed_at` is when he asked, `code` the code as
    the program writes it, or `digest` that of a list; `levels` what he was judged by. `grants` and
    `cuts` tell also of levels that he entered by it.
    """

    customer_id: str
    claim_id: str
    promotion: str
    number: int
    code: str = ""
    digest: str = ""
    claimed_at: datetime
    by: Actor = Actor()
    levels: dict[str, str] = {}
    program_version: int
    grants: list[Grant]
    cuts: list[Cut] = []


class PromoCodesAdded(Event, frozen=True, kw_only=True):
    """A batch of codes of one claim each is valid from now on: generated here, or given by others.

    `batch` is the promotion, a slash, and the digest of the keyed hashes of all its codes.
    """

    promotion: str
    batch: str
    count: int
    generated: bool
    program_version: int
    by: Actor = Actor()


class PromoCodeUsed(Event, frozen=True, kw_only=True):
    """A code of one claim was used for a claim."""

    customer_id: str
    digest: str
    promotion: str
    claim_id: str


class PromoCodeAccepted(Event, frozen=True, kw_only=True):
    """A customer entered a right code, at `entered_at`: his wrong tries in a row are forgotten."""

    customer_id: str
    promotion: str
    claim_id: str
    entered_at: datetime


class PromoCodeRefused(Event, frozen=True, kw_only=True):
    """A customer entered a wrong code, at `entered_at`, and `why` it is one.

    `why` is unknown, used, not_yet or expired. It is wrong try `in_a_row` since a right one or a
    lock-out, and `in_all`; with `locked_until` it locks him out.
    """

    customer_id: str
    digest: str
    why: str
    promotion: str = ""
    in_a_row: int
    in_all: int
    locked_until: datetime | None = None
    entered_at: datetime
    by: Actor = Actor()
    program_version: int
