"""The scalar types of the program document: how each is read, written and described.

Every reader takes what YAML or JSON gives and either returns the value or raises ValueError with a
sentence that says what would be right. Floats are refused everywhere: they are not exact.
"""

import re
from datetime import date, datetime, time
from decimal import Decimal
from typing import Annotated

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from loyalty_ledger.domain.values import Period

LONGEST_ID = 64
LONGEST_TEXT = 255
LONGEST_CODE = 120
LARGEST_ORDER = 2**31 - 1
LARGEST_NUMBER = 10**15

_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_NUMBER = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,9})?")
_WHOLE = re.compile(r"[0-9]{1,16}(?:\.0{1,9})?")
_MOMENT = re.compile(
    r"(?P<day>\d{4}-\d{2}-\d{2})"
    r"(?:[T ](?P<clock>\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)(?P<zone>Z|[+-]\d{2}:\d{2})?)?"
)
_TIME_OF_DAY = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d|24:00")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def read_text(value: object) -> str:
    """A name, code or tag: not blank, one line. A bare integer stands for its digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if isinstance(value, float | date):
        raise ValueError(f'must be text: put it in quotes, "{value}"')
    if not isinstance(value, str):
        raise ValueError(f"must be text, {instead(value)}")
    if not value.strip():
        raise ValueError("must not be blank")
    if len(value) > LONGEST_TEXT:
        raise ValueError(f"must be at most {LONGEST_TEXT} characters long, not {len(value)}")
    if _UNPRINTABLE.search(value):
        raise ValueError("must be one line of printable characters")
    return value


def read_id(value: object) -> str:
    """An id: lowercase letters, digits and single hyphens, at most 64 characters."""
    text = read_text(value)
    if len(text) > LONGEST_ID:
        raise ValueError(f"an id is at most {LONGEST_ID} characters long, not {len(text)}")
    if not _ID.fullmatch(text):
        raise ValueError(
            f"{text!r} is not an id: lowercase letters, digits and single hyphens, such as"
            f" {_suggested_id(text)!r}"
        )
    return text


def _suggested_id(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "free-muffin"


def instead(value: object) -> str:
    """How to say that a value of another kind stands where it does not belong."""
    kinds: dict[type, str] = {
        dict: "not a mapping",
        list: "not a list",
        type(None): "not empty",
        bool: "not true or false",
    }
    return kinds.get(type(value), f"not {value!r}")


def read_number(value: object) -> Decimal:
    """An exact number of at least 0: an integer, or a decimal in quotes."""
    if isinstance(value, float):
        raise ValueError(f'{value} is not exact: put it in quotes, "{value}"')
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError(
            f'must be an integer or a decimal in quotes such as "12.50", {instead(value)}'
        )
    text = format(value, "f") if isinstance(value, Decimal) else str(value).strip()
    if text.startswith("-"):
        raise ValueError(f"must not be negative, as {text} is")
    if not _NUMBER.fullmatch(text):
        raise ValueError(f'{text!r} is not a number: write an integer or a decimal such as "12.50"')
    return Decimal(text)


def read_positive(value: object) -> Decimal:
    """An exact number above 0."""
    number = read_number(value)
    if not number:
        raise ValueError("must be above 0")
    return number


def read_percent(value: object) -> Decimal:
    """A percentage between 0 and 100, both allowed."""
    number = read_number(value)
    if number > 100:
        raise ValueError(f"a percentage is between 0 and 100, not {number}")
    return number


def read_whole(value: object) -> int:
    """A whole number of at least 0."""
    if isinstance(value, float | bool) or not isinstance(value, str | int):
        raise ValueError(f"must be a whole number, not {value!r}")
    text = str(value).strip()
    if text.startswith("-"):
        raise ValueError(f"must not be negative, as {text} is")
    if not _WHOLE.fullmatch(text):
        raise ValueError(f"must be a whole number, not {text!r}")
    number = int(text.partition(".")[0])
    if number > LARGEST_NUMBER:
        raise ValueError(f"must be at most {LARGEST_NUMBER}")
    return number


def read_code(value: object) -> str:
    """A text that tills hand on: at most as long as they send one back."""
    text = read_text(value)
    if len(text) > LONGEST_CODE:
        raise ValueError(
            f"must be at most {LONGEST_CODE} characters long, as tills send it, not {len(text)}"
        )
    return text


def read_order(value: object) -> int:
    """A place in an order that tills hand on: at most as large as they send one back."""
    number = read_whole(value)
    if number > LARGEST_ORDER:
        raise ValueError(f"must be at most {LARGEST_ORDER}, as tills send it")
    return number


def read_count(value: object) -> int:
    """A whole number of at least 1."""
    number = read_whole(value)
    if not number:
        raise ValueError("must be at least 1")
    return number


def read_period(value: object) -> Period:
    """An ISO 8601 duration."""
    if isinstance(value, Period):
        return value
    if not isinstance(value, str):
        raise ValueError(f"must be a duration such as P12M, P30D or PT10M, {instead(value)}")
    return Period.parse(value)


def read_moment(value: object) -> date | datetime:
    """A date, or a date and time with or without an offset; kept as it is written."""
    if isinstance(value, date):
        return value
    match = _MOMENT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(
            f"{value!r} is not a date such as 2026-03-01, nor a time such as 2026-03-01T09:30:00"
        )
    try:
        day = date.fromisoformat(match["day"])
        moment = day if match["clock"] is None else datetime.fromisoformat(match[0])
    except ValueError as error:
        raise ValueError(f"{value!r} does not exist in the calendar: {error}") from error
    if not 1900 <= day.year <= 9000:
        raise ValueError("the year must be between 1900 and 9000")
    return moment


def read_time_of_day(value: object) -> time:
    """A time of day in quotes, "00:00" to "24:00", which is the last moment of the day."""
    if isinstance(value, time):
        return value
    if not isinstance(value, str) or not _TIME_OF_DAY.fullmatch(value):
        shown = "without quotes" if isinstance(value, int | float) else repr(value)
        raise ValueError(f'must be a time of day in quotes such as "09:30", not {shown}')
    return time.max if value == "24:00" else time.fromisoformat(value)


def write_time_of_day(value: time) -> str:
    """A time of day as it stands in documents."""
    return "24:00" if value == time.max else value.strftime("%H:%M")


def write_number(value: Decimal) -> str:
    """A decimal as digits, without exponent."""
    return format(value, "f")


DIGITS = {"type": "string", "pattern": f"^{_NUMBER.pattern}$"}
"""The schema of an exact number in quotes; an integer may stand for it."""
_INTEGER = {"anyOf": [{"type": "integer"}, {"type": "string", "pattern": f"^{_WHOLE.pattern}$"}]}
_AS_DIGITS = PlainSerializer(write_number, return_type=str)


def _exact(**bounds: int) -> WithJsonSchema:
    return WithJsonSchema({"anyOf": [DIGITS, {"type": "integer", **bounds}]})


def _whole(**bounds: int) -> WithJsonSchema:
    return WithJsonSchema({"anyOf": [{"type": "integer", **bounds}, _INTEGER["anyOf"][1]]})


def _text(pattern: str, longest: int, **bounds: int) -> WithJsonSchema:
    string = {"type": "string", "pattern": pattern, "maxLength": longest}
    return WithJsonSchema({"anyOf": [string, {"type": "integer", **bounds}]})


Text = Annotated[str, PlainValidator(read_text), _text(r"\S", LONGEST_TEXT)]
Code = Annotated[str, PlainValidator(read_code), _text(r"\S", LONGEST_CODE)]
Id = Annotated[str, PlainValidator(read_id), _text(f"^{_ID.pattern}$", LONGEST_ID, minimum=0)]
Amount = Annotated[Decimal, PlainValidator(read_number), _AS_DIGITS, _exact(minimum=0)]
Rate = Annotated[Decimal, PlainValidator(read_number), _AS_DIGITS, _exact(minimum=0)]
Positive = Annotated[Decimal, PlainValidator(read_positive), _AS_DIGITS, _exact(minimum=1)]
Percent = Annotated[
    Decimal, PlainValidator(read_percent), _AS_DIGITS, _exact(minimum=0, maximum=100)
]
Whole = Annotated[int, PlainValidator(read_whole), _whole(minimum=0)]
Order = Annotated[int, PlainValidator(read_order), _whole(minimum=0, maximum=LARGEST_ORDER)]
Count = Annotated[int, PlainValidator(read_count), _whole(minimum=1)]
Span = Annotated[
    Period,
    PlainValidator(read_period),
    PlainSerializer(str, return_type=str),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^P(?=.)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+S)?)?$",
        }
    ),
]
Moment = Annotated[
    date | datetime,
    PlainValidator(read_moment),
    PlainSerializer(lambda moment: moment.isoformat(), return_type=str),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^\d{4}-\d{2}-\d{2}"
            r"([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})?)?$",
        }
    ),
]
TimeOfDay = Annotated[
    time,
    PlainValidator(read_time_of_day),
    PlainSerializer(write_time_of_day, return_type=str),
    WithJsonSchema({"type": "string", "pattern": f"^({_TIME_OF_DAY.pattern})$"}),
]
