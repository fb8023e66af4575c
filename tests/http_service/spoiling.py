"""Bodies that are right but for one place: what is wrong there is the only reason to refuse."""

from collections.abc import Iterator
from typing import Any

MISSING = object()
INSTEAD: tuple[Any, ...] = (
    MISSING,
    True,
    -1,
    1.5,
    10**30,
    "",
    "x" * 5_000,
    "a\nb",
    [],
    [None],
    [["x"]],
    {},
    {"x": 1},
)
"""What may stand in a place: hardly any field takes all of it."""


def spoiled(value: Any) -> Iterator[Any]:
    """The value again and again, each time with something else in one place of it."""
    if isinstance(value, dict):
        for name, one in value.items():
            rest = {other: it for other, it in value.items() if other != name}
            yield from (rest | ({} if x is MISSING else {name: x}) for x in INSTEAD)
            yield from (rest | {name: changed} for changed in spoiled(one))
    elif isinstance(value, list):
        for place, one in enumerate(value[:2]):
            before, behind = value[:place], value[place + 1 :]
            yield from ([*before, *([] if x is MISSING else [x]), *behind] for x in INSTEAD)
            yield from ([*before, changed, *behind] for changed in spoiled(one))
