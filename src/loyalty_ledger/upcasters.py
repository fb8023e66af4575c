"""How older versions of an event's JSON become the current one, a version step at a time.

A field is added with a default and needs nothing here. When the meaning of the JSON itself changes,
a step goes into `UPCASTERS` under the event's name and the version it starts from, a golden file of
the new version joins the old one, and what is stored stays as it is.
"""

from collections.abc import Callable, Mapping
from typing import Any

Json = dict[str, Any]
Upcasters = Mapping[tuple[str, int], Callable[[Json], Json]]

UPCASTERS: Upcasters = {}
"""(event name, version it starts from) -> the JSON of one version later."""


def current_version(name: str, upcasters: Upcasters = UPCASTERS) -> int:
    """The version in which an event is written: one past the last step. Versions count from 1.

    ValueError when a step is missing in between.
    """
    steps = sorted(start for event, start in upcasters if event == name)
    if steps != list(range(1, len(steps) + 1)):
        raise ValueError(f"the upcasters of {name} start from versions {steps}: one is missing")
    return len(steps) + 1


def upcast(name: str, version: int, data: Json, upcasters: Upcasters = UPCASTERS) -> Json:
    """The event's JSON in the current version."""
    for step in range(version, current_version(name, upcasters)):
        data = upcasters[name, step](data)
    return data
