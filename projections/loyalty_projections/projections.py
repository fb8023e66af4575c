"""Every projection there is."""

from loyalty_projections import (
    agenda,
    books,
    directory,
    point_history,
    profile,
    promo_status,
    reward_store,
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
    promo_status.PROJECTION,
)
