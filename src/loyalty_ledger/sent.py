"""Values as they are sent: read exactly, and refused with the field and what would be right."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, NamedTuple

from pydantic import (
    BeforeValidator,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
)
from pydantic_core import ErrorDetails

from loyalty_ledger.domain.values import Reason, Rejected

_TIME = re.compile(
    r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(?:[.,](\d{1,9}))?\s?(Z|[+-]\d{2}:?\d{2})?"
)
_NUMBER = re.compile(r"[+-]?[0-9]{1,12}(?:\.[0-9]{1,9}0*)?")
LONGEST_BODY = 1 << 20
DEEPEST = 64
"""So deep may the lists and objects of a body lie in each other."""


class Limits(NamedTuple):
    """How much of a body is taken: bytes, values, which its commas tell, and lists and objects."""

    longest: int = LONGEST_BODY
    values: int = 50_000
    nested: int = 50_000


USUAL = Limits()
_MOST_DIGITS = 30
_YEARS = range(1900, 9999)
LONGEST_TEXT = 120
_FAR_AHEAD = timedelta(hours=24)
_PRINTABLE = r"^[^\x00-\x1f\x7f]+$"
_ONE_LINE = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]+")


def read_decimal(value: object) -> object:
    """An exact decimal of a JSON number or a string of digits."""
    if isinstance(value, Decimal):
        text = str(value)
        # Written out, an exponent of a few bytes would fill the memory.
        if "E" in text and abs(value.adjusted()) < _MOST_DIGITS:
            text = format(value, "f")
    elif type(value) is str:
        text = value
    elif type(value) is int:
        text = str(value)
    else:
        raise ValueError("must be a number or a string of digits such as 12.50")
    # Prices and quantities come over and over.
    return _remembered(text) if len(text) <= _MOST_DIGITS else _exact(text)


def _exact(text: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise ValueError(
            f"{shown(text)} is not a usable number: write up to 12 digits and 9 decimals"
        )
    # One spelling for one number, so that a body is known again.
    return Decimal(text.rstrip("0").rstrip(".") if "." in text else text)


_remembered = lru_cache(maxsize=10_000)(_exact)


def read_time(value: object) -> object:
    """An instant, or a zone-less wall time; digits finer than a microsecond are dropped."""
    match = _TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(
            f"{shown(value)} is no time: write 2024-06-20T10:11:12.123Z, or 2018-09-20 09:30:00"
            " for the store's wall time"
        )
    day, clock, fraction, offset = match.groups()
    micros = (fraction or "0")[:6].ljust(6, "0")
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}.{micros}{offset or ''}")
    except ValueError as error:
        raise ValueError(f"{shown(value)} does not exist in the calendar") from error
    if moment.year not in _YEARS:
        raise ValueError(f"{shown(value)} is not within the years 1900 to 9998")
    return moment if moment.tzinfo is None else moment.astimezone(UTC)


def read_day_or_time(name: str, text: str, whose: str) -> datetime:
    """An instant, or a wall time, of a day where it begins; Rejected tells whose that would be."""
    whole = f"{text}T00:00:00" if re.fullmatch(_DAY, text) else text
    try:
        moment = read_time(whole)
    except ValueError:
        raise refused([(name, _NO_MOMENT.format(whose=whose))]) from None
    assert isinstance(moment, datetime)  # noqa: S101 - nothing else is read of text
    return moment


_NO_MOMENT = (
    "is no time from 1900 to 9998: write 2026-03-01T09:30:00Z, 2026-03-01 09:30:00 for the wall"
    " time of {whose}, or 2026-03-01 for the beginning of that day there"
)


def refuse_far_ahead(moment: datetime, now: datetime) -> None:
    """Rejected when the instant is more than 24 hours ahead of now."""
    if moment > now + _FAR_AHEAD:
        raise Rejected(
            Reason.TIME_IN_FUTURE,
            f"its time, {moment:%Y-%m-%d %H:%M:%S} UTC, is more than 24 hours ahead",
            {"hours_ahead_at_most": 24},
        )


def shown(value: object) -> str:
    """The value as a refusal shows it: printable, and short."""
    text = ascii(value)
    return text if len(text) <= 40 else text[:37] + "..."


_DIGITS = {"type": "string", "pattern": f"^{_NUMBER.pattern}$", "examples": ["12.50"]}
_MOMENT = {
    "type": "string",
    "pattern": f"^{_TIME.pattern}$",
    "examples": ["2024-06-20T10:11:12.123Z", "2018-09-20 09:30:00"],
}
Number = Annotated[
    Decimal,
    BeforeValidator(read_decimal),
    WithJsonSchema({"anyOf": [{"type": "number"}, _DIGITS]}),
]
Text = Annotated[
    str, StringConstraints(strict=True, min_length=1, max_length=LONGEST_TEXT, pattern=_PRINTABLE)
]
Time = Annotated[datetime, BeforeValidator(read_time), WithJsonSchema(_MOMENT)]
_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
DayOrTime = Annotated[
    Text,
    WithJsonSchema(
        {
            "type": "string",
            "pattern": f"^({_TIME.pattern}|{_DAY})$",
            "examples": ["2026-03-01T09:30:00Z", "2026-03-01 09:30:00", "2026-03-01"],
            "description": "Without an offset it is wall time; a day alone is where it begins.",
        }
    ),
]
"""To be read by `read_day_or_time`, once it is known whose wall time it is."""
_TEXT: TypeAdapter[str] = TypeAdapter(Text)


def read_text(value: object) -> str:
    """Printable text in one line, 1 to 120 characters; ValidationError otherwise."""
    return _TEXT.validate_python(value)


def is_printable(text: str, longest: int = LONGEST_TEXT) -> bool:
    """Whether it is text in one line, of at least one character, that any database takes."""
    return len(text) <= longest and _ONE_LINE.fullmatch(text) is not None


def named_text(name: str, value: object, longest: int = LONGEST_TEXT) -> str:
    """The same text, once it is printable; Rejected names the field or option otherwise."""
    if isinstance(value, str) and is_printable(value, longest):
        return value
    raise refused([(name, f"must be text of 1 to {longest} printable characters")])


WORDING = {
    "missing": "is missing",
    "extra_forbidden": "is not known here",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
    "int_type": "must be a whole number",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
} | dict.fromkeys(
    (
        "string_type",
        "string_too_short",
        "string_too_long",
        "string_pattern_mismatch",
        "string_unicode",
    ),
    f"must be text of 1 to {LONGEST_TEXT} printable characters",
)
"""What is wrong with a value, by the kind of error that validation tells."""


def _worded(detail: ErrorDetails) -> str:
    match detail["type"], detail.get("ctx", {}):
        case "greater_than_equal", {"ge": least}:
            return f"must be at least {least}"
        case "less_than_equal", {"le": most}:
            return f"must be at most {most}"
        case "too_long", {"max_length": most}:
            return f"must hold at most {most:,}"
        case "too_short", {"min_length": least}:
            return f"must hold at least {least}"
    return WORDING.get(detail["type"], detail["msg"].removeprefix("Value error, "))


def problems_of(error: ValidationError) -> list[tuple[str, str]]:
    """Every problem that validation found: the field, and what is wrong with it."""
    problems = []
    for detail in error.errors(include_url=False, include_input=False):
        path = ""
        for part in detail["loc"]:
            path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
        problems.append((path, _worded(detail)))
    return problems


def refused(problems: list[tuple[str, str]]) -> Rejected:
    """The refusal that names all these problems: (field, what is wrong and would be right)."""
    listed = "; ".join(f"{path} {problem}".lstrip() for path, problem in problems[:5])
    more = f"; and {len(problems) - 5} more" if len(problems) > 5 else ""
    details = [{"field": path, "problem": problem} for path, problem in problems[:100]]
    return Rejected(Reason.VALIDATION, listed + more, {"problems": details})
