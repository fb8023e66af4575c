"""The closed table of event names: what is not in it cannot be stored or read."""

from loyalty_ledger.domain.events.base import Event
from loyalty_ledger.domain.events.customers import (
    CustomerChanged,
    CustomerEnrolled,
    IdentifierLinked,
    SettlementHeld,
    SettlementResumed,
)
from loyalty_ledger.domain.events.limits import GrantCounted
from loyalty_ledger.domain.events.offers import (
    DiscountChanged,
    DiscountNotHonoured,
    OfferCodeMade,
    OfferCodeUsed,
    OfferExpired,
    OfferIssued,
    OfferLocked,
    OfferLockLapsed,
    OfferPutOnCheck,
    OfferRedeemed,
    OfferReinstated,
    OfferRevoked,
    OfferTakenOffCheck,
    OfferUnlocked,
)
from loyalty_ledger.domain.events.points import (
    PointsAwarded,
    PointsClawedBack,
    PointsExpired,
    PointsRolledOver,
    PointsSpent,
)
from loyalty_ledger.domain.events.program import (
    CatalogLoaded,
    LedgerOpened,
    ProgramPublished,
    StoresLoaded,
)
from loyalty_ledger.domain.events.promotions import PromotionClaimed
from loyalty_ledger.domain.events.sales import (
    CustomerEventReceived,
    TransactionReceived,
    TransactionVersionIgnored,
)
from loyalty_ledger.domain.events.settlement import (
    CustomerEventSettled,
    PurchaseCounted,
    SettlementDeferred,
    SettlementFailed,
    TransactionSettled,
)
from loyalty_ledger.domain.events.tiers import (
    TierEntered,
    TierKept,
    TierLeft,
)

EVENT_TYPES: dict[str, type[Event]] = {
    event.__name__: event
    for event in (
        LedgerOpened,
        ProgramPublished,
        StoresLoaded,
        CatalogLoaded,
        CustomerEnrolled,
        CustomerChanged,
        IdentifierLinked,
        SettlementHeld,
        SettlementResumed,
        TransactionReceived,
        TransactionVersionIgnored,
        CustomerEventReceived,
        TransactionSettled,
        CustomerEventSettled,
        SettlementDeferred,
        SettlementFailed,
        PurchaseCounted,
        PointsAwarded,
        PointsSpent,
        PointsExpired,
        PointsRolledOver,
        PointsClawedBack,
        TierEntered,
        TierKept,
        TierLeft,
        GrantCounted,
        OfferIssued,
        OfferLocked,
        OfferUnlocked,
        OfferLockLapsed,
        OfferRedeemed,
        OfferReinstated,
        OfferExpired,
        OfferRevoked,
        OfferCodeMade,
        OfferCodeUsed,
        OfferPutOnCheck,
        OfferTakenOffCheck,
        DiscountNotHonoured,
        DiscountChanged,
        PromotionClaimed,
    )
}
"""Event name -> class."""
