"""How moments are written: on the command line, and in what is asked of the service."""

from datetime import date, datetime, timedelta

from loyalty_ledger.domain.values import MICROSECOND, Reason, Rejected, from_wall, midnight, utc

_YEARS = range(2, 9999)
"""Those that are in the calendar in every zone, and have a year after them."""


def read_moment(text: str, zone_name: str) -> datetime:
    """A full time, or a bare date meaning the end of that day.

    Without an offset it is wall time in the program's zone. Rejected when it is neither, or of a
    year in which not every zone can tell the time.
    """
    try:
        if len(text) == len("2026-01-31"):
            day = date.fromisoformat(text)
            _check_year(text, day.year)
            return midnight(day + timedelta(days=1), zone_name) - MICROSECOND
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Rejected(
            Reason.VALIDATION,
            f"{text!r} is no moment: write 2026-01-31, 2026-01-31T18:00:00 for the program's wall"
            " time, or 2026-01-31T18:00:00Z",
        ) from error
    _check_year(text, moment.year)
    return utc(moment) if moment.tzinfo is not None else from_wall(moment, zone_name)


def _check_year(text: str, year: int) -> None:
    if year not in _YEARS:
        raise Rejected(
            Reason.VALIDATION,
            f"{text!r} is out of range: years go from {_YEARS[0]:04} to {_YEARS[-1]}",
        )
