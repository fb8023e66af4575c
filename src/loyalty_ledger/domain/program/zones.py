"""Names of time zones."""

from functools import lru_cache
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import PlainValidator, WithJsonSchema

from loyalty_ledger.domain.program.similar import nearest

_OF_THIS_MACHINE = frozenset({"localtime", "posixrules", "Factory"})


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    """Every IANA time zone name that means the same on every machine."""
    return frozenset(available_timezones()) - _OF_THIS_MACHINE


def read_zone(value: object) -> str:
    """The name of an IANA time zone."""
    if isinstance(value, str) and value in zone_names():
        return value
    near = nearest(str(value), zone_names())
    hint = f"; did you mean {near!r}?" if near else ""
    raise ValueError(
        f"{value!r} is not an IANA time zone such as America/New_York or Europe/Amsterdam{hint}"
    )


ZoneName = Annotated[
    str, PlainValidator(read_zone), WithJsonSchema({"type": "string", "minLength": 1})
]
