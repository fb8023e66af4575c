"""Every projection there is."""

from loyalty_projections import (
    agenda,
    books,
    directory,
    point_history,
    profile,
    tier_progress,
)

PROJECTIONS = (
    profile.PROJECTION,
    tier_progress.PROJECTION,
    point_history.PROJECTION,
    books.PROJECTION,
    agenda.PROJECTION,
    directory.PROJECTION,
)
