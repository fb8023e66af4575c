"""What differs between two versions of a program, by id, for people to read."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from loyalty_ledger.domain.program.document import Program

Kind = Literal["added", "removed", "changed", "moved"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference. `before` and `after` are parts of the documents; None where there is none."""

    path: str
    kind: Kind
    before: Any = None
    after: Any = None

    def __str__(self) -> str:
        match self.kind:
            case "added":
                return f"+ {self.path}: {_shown(self.after)}"
            case "removed":
                return f"- {self.path}: {_shown(self.before)}"
            case "moved":
                return f"~ {self.path}: order {_shown(self.before)} → {_shown(self.after)}"
            case "changed":
                return f"~ {self.path}: {_shown(self.before)} → {_shown(self.after)}"


def diff(old: Program, new: Program) -> list[Difference]:
    """Every difference, in document order; empty when the programs mean the same."""
    return list(_between("", old.to_document(), new.to_document()))


def _between(path: str, old: Any, new: Any) -> Iterator[Difference]:
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _keys(path, old, new)
    elif _has_ids(old) and _has_ids(new):
        yield from _items(path, old, new)
    else:
        yield Difference(path, "changed", old, new)


def _keys(path: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Difference]:
    for key in {**old, **new}:
        yield from _one(f"{path}.{key}" if path else key, key, old, new)


def _items(path: str, old: list[dict[str, Any]], new: list[dict[str, Any]]) -> Iterator[Difference]:
    olds, news = ({item["id"]: item for item in items} for items in (old, new))
    for key in {**olds, **news}:
        yield from _one(f"{path}[{key}]", key, olds, news)
    before = [key for key in olds if key in news]
    after = [key for key in news if key in olds]
    if before != after:
        yield Difference(path, "moved", before, after)


def _one(path: str, key: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Difference]:
    if key not in new:
        yield Difference(path, "removed", old[key])
    elif key not in old:
        yield Difference(path, "added", None, new[key])
    else:
        yield from _between(path, old[key], new[key])


def _has_ids(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(v, dict) and "id" in v for v in value)


def _shown(value: Any) -> str:
    """A part of a document on one line; defaults that say nothing are left out."""
    if isinstance(value, dict):
        said = {key: part for key, part in value.items() if part not in ({}, [], None)}
        return "{" + ", ".join(f"{key}: {_shown(part)}" for key, part in said.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_shown(part) for part in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
