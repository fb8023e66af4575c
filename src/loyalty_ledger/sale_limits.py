"""How much one sale may hold."""

from collections.abc import Iterator, Mapping
from typing import Any

MOST = {"items": 1000, "payments": 100, "discounts": 100}
MOST_CUSTOM_ELEMENTS = 1000


def too_many(payload: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What a sale holds too much of: the field, and how much is taken."""
    for name, most in MOST.items():
        given = payload.get(name)
        if isinstance(given, list) and len(given) > most:
            yield name, f"holds {len(given)} entries; at most {most} are taken"
    elements = _objects(payload.get("business_def_collection"))
    if elements > MOST_CUSTOM_ELEMENTS:
        yield (
            "business_def_collection",
            f"holds {elements} objects, nested ones counted; at most {MOST_CUSTOM_ELEMENTS}",
        )


def _objects(value: object) -> int:
    """How many objects a free-form value holds, itself and nested ones counted."""
    count, open_values = 0, [value]
    while open_values:
        current = open_values.pop()
        if isinstance(current, dict):
            count += 1
            open_values.extend(current.values())
        elif isinstance(current, list):
            open_values.extend(current)
    return count
