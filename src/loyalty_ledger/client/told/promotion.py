"""Promo codes: what one gave, what limits them, what locks out, and how their lists stand."""

from typing import Literal

from typing_extensions import TypedDict

from loyalty_ledger.client.told.values import Moment


class ClaimedPoints(TypedDict):
    """Points that a promo code gave."""

    point_account_id: str
    amount: int


class ClaimedOffer(TypedDict):
    """An offer that a promo code gave."""

    user_offer_id: str
    offer_id: str
    expiration_date: Moment | None


class ClaimedLevel(TypedDict):
    """A level that a promo code led into."""

    tier_system_id: str
    tier_level_id: str


class Claim(TypedDict):
    """What a promo code gave."""

    id: str
    promotion_id: str
    name: str
    points: list[ClaimedPoints]
    offers: list[ClaimedOffer]
    tier_levels: list[ClaimedLevel]


class ClaimMade(TypedDict):
    """The claim that a promo code came to."""

    claim: Claim


class Limiter(TypedDict):
    """Right codes within a period, and how many are allowed; None: any number."""

    quantum: str
    limit: int | None
    claimed: int


class Limiters(TypedDict):
    """The limits of right codes."""

    limiters: list[Limiter]


class Lockout(TypedDict):
    """How many wrong codes a customer entered, and until when he is locked out.

    After `reset_count` in a row he is, for `duration` seconds.
    """

    policy_type: str
    consecutive_count: int
    cumulative_count: int
    expires_at: Moment | None
    reset_count: int
    duration: int


class LockoutState(TypedDict):
    """How a customer stands to being locked out."""

    lockout: Lockout


class MadeClaim(TypedDict):
    """A right code that a customer entered."""

    id: str
    promotion_id: str
    claimed_at: Moment


class WrongCode(TypedDict):
    """A wrong code that a customer entered, as its keyed hash: whoever entered it is not told why.

    `why` is unknown, used, withdrawn, not_yet or expired.
    """

    digest: str
    why: str
    promotion_id: str | None
    tried_at: Moment


class Entered(TypedDict):
    """The promo codes that a customer entered, oldest first."""

    claims: list[MadeClaim]
    wrong_codes: list[WrongCode]


class Promotion(TypedDict):
    """A promotion, with its codes and claims."""

    promotion: str
    name: str
    kind: str
    status: Literal["pending", "active", "completed"]
    generated: int
    loaded: int
    drawn: int
    used: int
    left: int | None
    claims: int
    total: int | None


class PromotionEdit(TypedDict):
    """A promotion that was changed in the program, and the version it is in."""

    id: str
    program_version: int


class EditedPromotion(TypedDict):
    """What was changed in the program."""

    promotion: PromotionEdit


class Promotions(TypedDict):
    """Every promotion."""

    promotions: list[Promotion]
