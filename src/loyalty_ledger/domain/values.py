"""Value types shared by the whole ledger: refusals, money, periods, instants.

Everything here is pure and immutable. Instants are aware datetimes in UTC,
money is an integer count of minor units, points are integers.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from typing import Any, NewType, Self
from zoneinfo import ZoneInfo

CustomerId = NewType("CustomerId", str)
MICROSECOND = timedelta(microseconds=1)
BEGINNING_OF_TIME = datetime(1, 1, 2, tzinfo=UTC)
END_OF_TIME = datetime(9999, 12, 31, tzinfo=UTC)


class Reason(StrEnum):
    """Every reason the ledger can refuse with: the closed list."""

    VALIDATION = "validation"
    NO_PROGRAM = "no_program"
    WRONG_KEY = "wrong_key"
    NOT_INITIALISED = "not_initialised"
    PROGRAM_MISMATCH = "program_mismatch"
    UNKNOWN_STORE = "unknown_store"
    UNKNOWN_TRANSACTION = "unknown_transaction"
    UNKNOWN_CUSTOMER = "unknown_customer"
    AMBIGUOUS_CUSTOMER = "ambiguous_customer"
    CUSTOMER_SUSPENDED = "customer_suspended"
    IDENTIFIER_TAKEN = "identifier_taken"
    UNKNOWN_KEY = "unknown_key"
    UNKNOWN_JOB = "unknown_job"
    REQUEST_CONFLICT = "request_conflict"
    PENDING_PROCESSING = "pending_processing"
    TIME_IN_FUTURE = "time_in_future"
    INSUFFICIENT_POINTS = "insufficient_points"
    NOT_SPENDABLE = "not_spendable"
    OFFER_NOT_FOUND = "offer_not_found"
    OFFER_NOT_STARTED = "offer_not_started"
    OFFER_EXPIRED = "offer_expired"
    OFFER_REVOKED = "offer_revoked"
    OFFER_LOCKED = "offer_locked"
    OFFER_NOT_LOCKED = "offer_not_locked"
    OFFER_ALREADY_REDEEMED = "offer_already_redeemed"
    OFFER_NOT_REDEEMED = "offer_not_redeemed"
    OFFER_NOT_APPLICABLE = "offer_not_applicable"
    OFFER_NOT_STACKABLE = "offer_not_stackable"
    OFFER_NOT_YOURS = "offer_not_yours"
    OFFER_IN_STORE = "offer_in_store"
    OFFER_CODE_EXPIRED = "offer_code_expired"
    OFFER_CODE_USED = "offer_code_used"
    TRANSACTION_CLOSED = "transaction_closed"
    INVALID_OFFER_LOOKUP_TYPE = "invalid_offer_lookup_type"
    NOT_AVAILABLE = "not_available"
    NOT_ELIGIBLE = "not_eligible"
    LIMIT_REACHED = "limit_reached"
    RETIRES_MOST = "retires_most"
    PROMOTION_NOT_AVAILABLE = "promotion_not_available"
    RECEIPT_NOT_FOUND = "receipt_not_found"
    RECEIPT_AMBIGUOUS = "receipt_ambiguous"
    RECEIPT_CLAIMED = "receipt_claimed"
    RECEIPT_EXPIRED = "receipt_expired"
    PROMO_LOCKED_OUT = "promo_locked_out"


class Rejected(Exception):  # noqa: N818 - a refusal is an answer, not an error
    """A decided refusal: a code of the closed list, a sentence, and what would have to differ."""

    def __init__(self, code: Reason, message: str, details: Mapping[str, Any] | None = None):
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = dict(details or {})

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.code, self.message, self.details)


_TENS = tuple(Decimal(10) ** exponent for exponent in range(5))


def minor_units(amount: Decimal, exponent: int) -> int:
    """The amount in minor units of a currency with `exponent` decimals.

    Raises ValueError when the amount is finer than one minor unit.
    """
    scaled = amount * _TENS[exponent]
    units = int(scaled)
    if units != scaled:
        raise ValueError(f"{amount} is finer than {Decimal(1).scaleb(-exponent)}")
    return units


def major_units(units: int, exponent: int) -> Decimal:
    """The amount people read: 1250 with exponent 2 is 12.50."""
    return Decimal(units).scaleb(-exponent)


def as_fraction(number: Decimal) -> Fraction:
    """A decimal as an exact fraction."""
    return Fraction(number)


def utc(moment: datetime) -> datetime:
    """The same instant as an aware UTC datetime; zone-less input is a programming error."""
    if moment.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return moment.astimezone(UTC)


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """The IANA time zone of that name."""
    return ZoneInfo(name)


def from_wall(wall: datetime, zone_name: str) -> datetime:
    """The instant at which clocks in the zone show `wall`.

    In a gap the wall time moves forward by the gap; in a fold the earlier instant counts.
    """
    return wall.replace(tzinfo=zone(zone_name), fold=0).astimezone(UTC)


def to_wall(instant: datetime, zone_name: str) -> datetime:
    """What clocks in the zone show at the instant, without zone."""
    return instant.astimezone(zone(zone_name)).replace(tzinfo=None)


def midnight(day: date, zone_name: str) -> datetime:
    """The instant a calendar day begins in the zone."""
    return from_wall(datetime.combine(day, time()), zone_name)


_ISO_PERIOD = re.compile(
    r"P(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?"
)


@dataclass(frozen=True, order=False, slots=True)
class Period:
    """A span of time: calendar months and days, and exact seconds (ISO 8601: P12M, P30D, PT10M)."""

    months: int = 0
    days: int = 0
    seconds: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an ISO 8601 duration; ValueError says what would be right."""
        match = _ISO_PERIOD.fullmatch(text)
        given = {unit: int(n) for unit, n in match.groupdict().items() if n} if match else {}
        if not given or text.endswith("T"):
            raise ValueError(f"{text!r} is not a duration such as P12M, P30D or PT10M")
        if max(given.values()) > 1_000_000 or not any(given.values()):
            raise ValueError(f"{text!r} is not a usable length of time")
        return cls(
            months=given.get("years", 0) * 12 + given.get("months", 0),
            days=given.get("weeks", 0) * 7 + given.get("days", 0),
            seconds=given.get("hours", 0) * 3600
            + given.get("minutes", 0) * 60
            + given.get("seconds", 0),
        )

    def after(self, instant: datetime, zone_name: str) -> datetime:
        """The end of the period that starts at `instant`, by the calendar of the zone.

        29 February + 12 months is 28 February. Past the last representable day: the end of time.
        """
        try:
            moved = instant
            if self.months or self.days:
                wall = _add_months(to_wall(instant, zone_name), self.months)
                moved = from_wall(wall + timedelta(days=self.days), zone_name)
            return min(moved + timedelta(seconds=self.seconds), END_OF_TIME)
        except (OverflowError, ValueError):
            return END_OF_TIME

    def before(self, instant: datetime, zone_name: str) -> datetime:
        """About when a period would have begun that ends at `instant`: right within three days."""
        try:
            wall = _add_months(to_wall(instant, zone_name), -self.months)
            moved = from_wall(wall - timedelta(days=self.days), zone_name)
            return moved - timedelta(seconds=self.seconds)
        except (OverflowError, ValueError):
            return BEGINNING_OF_TIME

    def __str__(self) -> str:
        date_part = (f"{self.months}M" if self.months else "") + (
            f"{self.days}D" if self.days else ""
        )
        hours, rest = divmod(self.seconds, 3600)
        minutes, seconds = divmod(rest, 60)
        clock = "".join(
            f"{n}{unit}" for n, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if n
        )
        return "P" + date_part + (f"T{clock}" if clock else "")


class Window:
    """The moments s that count within a period at T: s <= T < s + period, or all up to T."""

    def __init__(self, until: datetime, within: Period | None, zone_name: str):
        self.until = until
        self._within = within
        self._zone = zone_name
        self.surely_in = self._surely_out = BEGINNING_OF_TIME
        if within is not None:
            about = within.before(until, zone_name)
            self.surely_in = _shifted(about, _SLACK)
            self._surely_out = _shifted(about, -_SLACK)

    def holds(self, moment: datetime) -> bool:
        """Whether what happened then counts."""
        if moment > self.until or moment < self._surely_out:
            return False
        if moment >= self.surely_in or self._within is None:
            return True
        return self.until < self._within.after(moment, self._zone)

    def covers(self, low: datetime, high: datetime) -> bool:
        """Whether everything from `low` to `high` surely counts."""
        return low >= self.surely_in and high <= self.until

    def touches(self, low: datetime, high: datetime) -> bool:
        """Whether something from `low` to `high` may count."""
        return low <= self.until and high >= self._surely_out


_SLACK = timedelta(
    days=4
)  # the shortest month is three days short of the longest, and clocks change


def _shifted(moment: datetime, by: timedelta) -> datetime:
    try:
        return moment + by
    except OverflowError:
        return BEGINNING_OF_TIME


def _add_months(wall: datetime, months: int) -> datetime:
    year, month = divmod(wall.year * 12 + wall.month - 1 + months, 12)
    for day in range(wall.day, 27, -1):
        try:
            return wall.replace(year=year, month=month + 1, day=day)
        except ValueError:
            if day <= 28:
                raise
    return wall.replace(year=year, month=month + 1)
