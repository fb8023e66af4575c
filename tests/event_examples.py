"""An example of every event with every field filled, and the golden files made of them.

`python tests/event_examples.py` writes a golden file for each event that has none in its current
version; `--overwrite` writes them all anew, which is right only before anything of that version has
been stored by anybody.
"""

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

import msgspec

from loyalty_ledger.domain.events.base import Event
from loyalty_ledger.domain.events.table import EVENT_TYPES
from loyalty_ledger.store.mapper import EventCodec
from loyalty_ledger.upcasters import current_version

GOLDEN = Path(__file__).parent / "golden" / "events"
META = {"actor": "till-3", "request": "r-1"}

_INSTANT = datetime(2026, 3, 7, 12, 30, 15, 250000, tzinfo=UTC)
_DECIMAL = Decimal("2.50")
_ANY = {"text": "é", "number": 7, "list": [1, None, True], "_type_": "uuid", "_data_": "x"}


def example(event: type[Event]) -> Event:
    """The event with all its fields at values that are not their defaults."""
    made = _value(event, "")
    assert isinstance(made, event)
    return made


def golden_file(name: str, version: int) -> Path:
    """Where the golden file of an event's version is."""
    return GOLDEN / f"{name}.v{version}.json"


def _value(kind: Any, name: str) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return _value(next(each for each in arguments if each is not type(None)), name)
    if origin is list:
        return [_value(arguments[0], name)]
    if origin is tuple:
        return (_value(arguments[0], name),)
    if origin is dict:
        return _ANY if arguments[1] is Any else {f"{name}-key": _value(arguments[1], name)}
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return kind(**{field.name: _filled(field) for field in msgspec.structs.fields(kind)})
    return {str: f"{name}-é", int: 1234, datetime: _INSTANT, Decimal: _DECIMAL, bool: True}[kind]


def _filled(field: msgspec.structs.FieldInfo) -> Any:
    value = _value(field.type, field.name)
    return not value if value is True and field.default is True else value


def _write(overwrite: bool, types: Mapping[str, type[Event]] = EVENT_TYPES) -> None:
    GOLDEN.mkdir(parents=True, exist_ok=True)
    codec = EventCodec()
    for name, event in types.items():
        path = golden_file(name, current_version(name))
        if path.exists() and not overwrite:
            continue
        path.write_bytes(codec.encode(example(event), META).body + b"\n")
        print(f"wrote {path.name}")


if __name__ == "__main__":
    _write("--overwrite" in sys.argv[1:])
