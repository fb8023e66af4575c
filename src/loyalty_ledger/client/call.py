"""A call that is to be made: what it asks, by which id it is known, and what it is answered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Literal, TypedDict, TypeVar

T = TypeVar("T")
Family = Literal["pos", "connect", "core", "admin"]
Body = Mapping[str, Any]


class When(TypedDict, total=False):
    """The moment that a read of one customer asks about, and the position it must include."""

    as_of: datetime | str
    known_at: datetime | str
    at_least: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Generic[T]):
    """One call of the service.

    `part` names what of the answer is told; without it, all. What `writes` has a request id, and is
    asked again under it when no answer comes; what neither writes nor may be asked `again` is not.
    `{api_key}` in the path is the key that calls.
    """

    family: Family
    path: str
    method: str = "POST"
    body: Body | None = None
    query: Mapping[str, Any] = field(default_factory=dict)
    part: str | None = None
    form: Literal["json", "lines", "text"] = "json"
    writes: bool = False
    again: bool = True
    request_id: str | None = None


def given(**named: Any) -> dict[str, Any]:
    """What was said, without what was left out."""
    return {name: value for name, value in named.items() if value is not None}


def moment(when: When, **more: Any) -> dict[str, str]:
    """Parameters of a read."""
    said = {**given(**more), **when}
    return {
        name: value.isoformat() if isinstance(value, datetime) else str(value)
        for name, value in said.items()
    }
