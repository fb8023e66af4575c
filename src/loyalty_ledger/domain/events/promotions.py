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
    """A code of one claim was used for a claim; `drawn_for` is whom it was drawn for, if it was."""

    customer_id: str
    digest: str
    promotion: str
    claim_id: str
    drawn_for: str = ""


class PromoCodeDrawn(Event, frozen=True, kw_only=True):
    """A code of one claim was made for a customer, by what `rule` granted him at `drawn_at`.

    It is the one that follows from these facts and the key of the installation, the `number`th
    that the rule gave him for this cause.
    """

    customer_id: str
    promotion: str
    digest: str
    rule: str
    number: int
    drawn_at: datetime
    transaction: str = ""
    program_version: int
    cause: str


class PromoCodeWithdrawn(Event, frozen=True, kw_only=True):
    """A return took back a drawn code that nobody had used: it can be claimed no more."""

    customer_id: str
    promotion: str
    digest: str
    cause: str


class PromoCodeAccepted(Event, frozen=True, kw_only=True):
    """A customer entered a right code, at `entered_at`: his wrong tries in a row are forgotten."""

    customer_id: str
    promotion: str
    claim_id: str
    entered_at: datetime


class PromoCodeRefused(Event, frozen=True, kw_only=True):
    """A customer entered a wrong code, at `entered_at`, and `why` it is one.

    `why` is unknown, used, withdrawn, not_yet or expired. It is wrong try `in_a_row` since a right
    one or a lock-out, and `in_all`; with `locked_until` it locks him out.
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
