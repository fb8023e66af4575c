"""Every projection there is."""

from loyalty_projections import (
    agenda,
    books,
    directory,
    offer_usage,
    point_history,
    profile,
    promo_status,
    reward_store,
    sales,
    tier_progress,
    timeline,
)

PROJECTIONS = (
    profile.PROJECTION,
    tier_progress.PROJECTION,
    reward_store.PROJECTION,
    point_history.PROJECTION,
    timeline.PROJECTION,
    books.PROJECTION,
    agenda.PROJECTION,
    directory.PROJECTION,
    offer_usage.PROJECTION,
    sales.PROJECTION,
    promo_status.PROJECTION,
)
