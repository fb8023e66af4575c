"""How moments are written on the command line."""

from datetime import date, datetime, timedelta

from loyalty_ledger.domain.values import MICROSECOND, Reason, Rejected, from_wall, midnight, utc


def read_moment(text: str, zone_name: str) -> datetime:
    """A full time, or a bare date meaning the end of that day.

    Without an offset it is wall time in the program's zone.
    """
    try:
        if len(text) == len("2026-01-31"):
            day = date.fromisoformat(text) + timedelta(days=1)
            return midnight(day, zone_name) - MICROSECOND
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise Rejected(
            Reason.VALIDATION,
            f"{text!r} is no moment: write 2026-01-31, 2026-01-31T18:00:00 for the program's wall"
            " time, or 2026-01-31T18:00:00Z",
        ) from error
    return utc(moment) if moment.tzinfo is not None else from_wall(moment, zone_name)
