"""The closed table of event names: what is not in it cannot be stored or read."""

from loyalty_ledger.domain.events.base import Event
from loyalty_ledger.domain.events.customers import (
    CustomerChanged,
    CustomerEnrolled,
    CustomerErased,
    ExternalTypeUsed,
    IdentifierLinked,
    IdentifierUnlinked,
    SettlementHeld,
    SettlementResumed,
)
from loyalty_ledger.domain.events.deposits import PointsDeposited
from loyalty_ledger.domain.events.keys import ApiKeyCreated, ApiKeyRevoked, ApiKeyRotated
from loyalty_ledger.domain.events.limits import GrantCounted, GrantUncounted
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
    OfferRecalled,
    OfferRecallWithdrawn,
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
    PointsRestored,
    PointsRolledOver,
    PointsSpent,
)
from loyalty_ledger.domain.events.program import (
    CatalogLoaded,
    LedgerOpened,
    ProgramPublished,
    StoresLoaded,
)
from loyalty_ledger.domain.events.promotions import (
    PromoCodeAccepted,
    PromoCodeDrawn,
    PromoCodeRefused,
    PromoCodesAdded,
    PromoCodeUsed,
    PromoCodeWithdrawn,
    PromotionClaimed,
)
from loyalty_ledger.domain.events.receipts import ReceiptCodePrinted, SaleClaimed
from loyalty_ledger.domain.events.sales import (
    CustomerEventReceived,
    PointsTendered,
    TransactionReceived,
    TransactionVersionIgnored,
)
from loyalty_ledger.domain.events.settlement import (
    CustomerEventSettled,
    PurchaseCounted,
    PurchaseRecounted,
    SettlementDeferred,
    SettlementFailed,
    TransactionSettled,
)
from loyalty_ledger.domain.events.tiers import (
    TierEntered,
    TierEntryRewarded,
    TierEntryUndone,
    TierKept,
    TierLeft,
    TierSinceMoved,
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
        CustomerErased,
        ExternalTypeUsed,
        IdentifierLinked,
        IdentifierUnlinked,
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
        PurchaseRecounted,
        PointsTendered,
        PointsAwarded,
        PointsSpent,
        PointsExpired,
        PointsRolledOver,
        PointsClawedBack,
        PointsRestored,
        TierEntered,
        TierKept,
        TierLeft,
        TierSinceMoved,
        TierEntryRewarded,
        TierEntryUndone,
        GrantCounted,
        GrantUncounted,
        OfferIssued,
        OfferLocked,
        OfferUnlocked,
        OfferLockLapsed,
        OfferRedeemed,
        OfferReinstated,
        OfferExpired,
        OfferRevoked,
        OfferRecalled,
        OfferRecallWithdrawn,
        OfferCodeMade,
        OfferCodeUsed,
        OfferPutOnCheck,
        OfferTakenOffCheck,
        DiscountNotHonoured,
        DiscountChanged,
        PromotionClaimed,
        PointsDeposited,
        ApiKeyCreated,
        ApiKeyRotated,
        ApiKeyRevoked,
        ReceiptCodePrinted,
        SaleClaimed,
        PromoCodesAdded,
        PromoCodeUsed,
        PromoCodeAccepted,
        PromoCodeRefused,
        PromoCodeDrawn,
        PromoCodeWithdrawn,
    )
}
"""Event name -> class."""
