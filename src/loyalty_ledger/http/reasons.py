"""Why operations are refused by the ledger: what operations of a kind have in common."""

from loyalty_ledger.domain.values import Reason

NOBODY = (Reason.UNKNOWN_CUSTOMER, Reason.AMBIGUOUS_CUSTOMER)
"""Whoever names a customer may name none, or several."""

TAKEN = (Reason.IDENTIFIER_TAKEN,)
ONCE = (Reason.REQUEST_CONFLICT, Reason.PENDING_PROCESSING)
"""What is done once may be asked with another body, or again while it is under way."""

MAY_NOT_ASK = (*NOBODY, Reason.CUSTOMER_SUSPENDED)
"""A suspended customer may ask for nothing."""

REVOKED = (Reason.OFFER_NOT_FOUND, Reason.OFFER_ALREADY_REDEEMED, Reason.OFFER_EXPIRED)
RELEASED = (*REVOKED, Reason.OFFER_REVOKED, Reason.OFFER_NOT_LOCKED, Reason.OFFER_NOT_REDEEMED)
BOUND = (
    *REVOKED,
    *MAY_NOT_ASK,
    Reason.OFFER_REVOKED,
    Reason.OFFER_NOT_STARTED,
    Reason.OFFER_LOCKED,
    Reason.OFFER_NOT_APPLICABLE,
    Reason.OFFER_NOT_STACKABLE,
    Reason.OFFER_NOT_YOURS,
    Reason.TRANSACTION_CLOSED,
    Reason.UNKNOWN_STORE,
    Reason.TIME_IN_FUTURE,
)
"""What keeps an offer from a sale."""

BY_CODE = (
    Reason.INVALID_OFFER_LOOKUP_TYPE,
    Reason.OFFER_CODE_EXPIRED,
    Reason.OFFER_CODE_USED,
)

ISSUED = (
    Reason.OFFER_NOT_FOUND,
    Reason.NOT_AVAILABLE,
    Reason.LIMIT_REACHED,
)
BOUGHT = (*ISSUED, *MAY_NOT_ASK, Reason.NOT_ELIGIBLE, Reason.INSUFFICIENT_POINTS)
SPENT_BY_HAND = (*MAY_NOT_ASK, Reason.NOT_SPENDABLE, Reason.INSUFFICIENT_POINTS)
SPENT = (
    *SPENT_BY_HAND,
    Reason.TRANSACTION_CLOSED,
    Reason.UNKNOWN_STORE,
    Reason.UNKNOWN_TRANSACTION,
)
CLAIMED = (
    *MAY_NOT_ASK,
    Reason.PROMOTION_NOT_AVAILABLE,
    Reason.PROMO_LOCKED_OUT,
    Reason.LIMIT_REACHED,
    Reason.NOT_AVAILABLE,
)
PUBLISHED = (Reason.PROGRAM_MISMATCH, Reason.OFFER_IN_STORE)
