"""Values as they are sent: read exactly, and refused with the field and what would be right."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Annotated, Any, NamedTuple

import msgspec
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
_QUOTED = re.compile(rb'"[^"]*"?')
_ALIKE = bytes.maketrans(b"{}", b"[]")
_NO_STRUCTURE = bytes(set(range(256)) - set(b'[]{}"'))
_DECODER = msgspec.json.Decoder(float_hook=Decimal)


def read_decimal(value: object) -> object:
    """An exact decimal of a JSON number or a string of digits."""
    if type(value) is str:
        return _number(value)
    if type(value) is int:
        return _number(str(value))
    if not isinstance(value, Decimal):
        raise ValueError("must be a number or a string of digits such as 12.50")
    text = str(value)
    # Written out, an exponent of a few bytes would fill the memory.
    if "E" in text and abs(value.adjusted()) < _MOST_DIGITS:
        text = format(value, "f")
    return _number(text)


def _number(text: str) -> Decimal:
    """The number written so. Prices and quantities come over and over."""
    return _remembered(text) if len(text) <= _MOST_DIGITS else _exact(text)


def _exact(text: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise ValueError(
            f"{_shown(text)} is not a usable number: write up to 12 digits and 9 decimals"
        )
    # One spelling for one number, so that a body is known again.
    return Decimal(text.rstrip("0").rstrip(".") if "." in text else text)


_remembered = lru_cache(maxsize=10_000)(_exact)


def read_time(value: object) -> object:
    """An instant, or a zone-less wall time; digits finer than a microsecond are dropped."""
    match = _TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(
            f"{_shown(value)} is no time: write 2024-06-20T10:11:12.123Z, or 2018-09-20 09:30:00"
            " for the store's wall time"
        )
    day, clock, fraction, offset = match.groups()
    micros = (fraction or "0")[:6].ljust(6, "0")
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}.{micros}{offset or ''}")
    except ValueError as error:
        raise ValueError(f"{_shown(value)} does not exist in the calendar") from error
    if moment.year not in _YEARS:
        raise ValueError(f"{_shown(value)} is not within the years 1900 to 9998")
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


def _shown(value: object) -> str:
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


def decoded(body: bytes, limits: Limits = USUAL) -> Mapping[str, Any]:
    """The JSON object in these bytes, its numbers exact; Rejected when there is none."""
    if len(body) > limits.longest:
        mib = limits.longest >> 20
        raise Rejected(Reason.VALIDATION, f"longer than {mib} MiB, the most that is taken")
    if body.count(b",") > limits.values:
        raise _too_many(limits.values, "values")
    if _is_too_deep(body, limits):
        raise Rejected(Reason.VALIDATION, f"deeper than {DEEPEST} lists and objects in each other")
    try:
        envelope = _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, InvalidOperation, RecursionError) as error:
        raise Rejected(Reason.VALIDATION, f"not readable as JSON: {error}") from error
    if not isinstance(envelope, dict):
        raise Rejected(Reason.VALIDATION, "must be a JSON object")
    return envelope


def _too_many(most: int, what: str) -> Rejected:
    return Rejected(Reason.VALIDATION, f"of more than {most:,} {what}, the most taken")


def _is_too_deep(body: bytes, limits: Limits) -> bool:
    """Told before anything is made of it: what is deep costs much to make and to let go of.

    Each round takes the innermost lists and objects away. Rejected when there are too many.
    """
    if body.count(b"[") + body.count(b"{") <= DEEPEST:
        return False
    left = _brackets(body, limits)
    if left.count(b"[") > limits.nested:
        raise _too_many(limits.nested, "lists and objects")
    for _ in range(DEEPEST):
        left = left.replace(b"[]", b"")
    return b"[]" in left or left.count(b"[") > DEEPEST


def _brackets(body: bytes, limits: Limits) -> bytes:
    """The brackets of a body outside its texts, all written as those of lists."""
    plain = body.replace(rb"\\", b"").replace(rb"\"", b"") if b"\\" in body else body
    # A value is at most a name and a text, of two quotes each.
    if plain.count(b'"') > 4 * limits.values:
        raise _too_many(limits.values, "values")
    # Two quotes with nothing of account between them are a text without brackets.
    marks = plain.translate(_ALIKE, _NO_STRUCTURE).replace(b'""', b"")
    return _QUOTED.sub(b"", marks)


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
    shown = "; ".join(f"{path} {problem}".lstrip() for path, problem in problems[:5])
    more = f"; and {len(problems) - 5} more" if len(problems) > 5 else ""
    details = [{"field": path, "problem": problem} for path, problem in problems[:100]]
    return Rejected(Reason.VALIDATION, shown + more, {"problems": details})
