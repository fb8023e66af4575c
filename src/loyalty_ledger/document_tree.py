"""YAML and JSON as a tree that remembers lines, with the few types a program needs.

Stricter than YAML in general, so that nothing is guessed: only `true` and `false` are booleans,
dates and times of day stay text, keys are text, no key stands twice, no tags, no merge keys, one
document. Depth and size are bounded, also of what aliases repeat.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

DEEPEST = 40
MOST_NODES = 100_000

_NULL = {"", "~", "null", "Null", "NULL"}
_BOOLEAN = {
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?")


class Unreadable(Exception):  # noqa: N818 - says what the text is
    """Text that is no YAML or JSON document of the kind read here."""

    def __init__(self, message: str, line: int | None = None):
        super().__init__(message)
        self.message = message
        self.line = line


@dataclass(slots=True)
class Leaf:
    """A single value."""

    line: int
    value: object
    size: int = 1

    def plain(self) -> object:
        """The value."""
        return self.value


@dataclass(slots=True)
class Items:
    """A list."""

    line: int
    items: list["Tree"] = field(default_factory=list)
    size: int = 1

    def plain(self) -> object:
        """The list as plain values."""
        return [item.plain() for item in self.items]


@dataclass(slots=True)
class Branch:
    """A mapping."""

    line: int
    entries: dict[str, "Tree"] = field(default_factory=dict)
    key_lines: dict[str, int] = field(default_factory=dict)
    size: int = 1

    def plain(self) -> object:
        """The mapping as plain values."""
        return {key: below.plain() for key, below in self.entries.items()}


Tree = Leaf | Items | Branch
Repeated = list[tuple[tuple[str | int, ...], int, str]]
"""Where a key stands again, on which line, and a sentence."""


def grow(text: str) -> tuple[Tree, Repeated]:
    """The tree of the only document in the text, and the keys that stand in it twice.

    Raises Unreadable with the line where the text stops being a document.
    """
    grower = _Grower(text)
    try:
        return grower.document(), grower.repeated
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = ", ".join(filter(None, (error.context, error.problem)))
        line = mark.line + 1 if mark else None
        raise Unreadable(f"is not YAML: {what}", line) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise Unreadable(f"holds a character that no text has: {error.reason}", line) from error


class _Grower:
    """Builds the tree from YAML's events, one document's worth."""

    def __init__(self, text: str):
        self.repeated: Repeated = []
        self._events: Iterator[Any] = yaml.parse(text, Loader=yaml.SafeLoader)
        self._anchors: dict[str, Tree] = {}
        self._location: list[str | int] = []

    def document(self) -> Tree:
        next(self._events)
        if isinstance(next(self._events), yaml.StreamEndEvent):
            raise Unreadable("is empty: a program begins with `program:`")
        tree = self._tree(next(self._events), 0)
        next(self._events)
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise Unreadable("holds more than one document", _line(after))
        return tree

    def _tree(self, event: Any, depth: int) -> Tree:
        if isinstance(event, yaml.AliasEvent):
            return self._repeat(event)
        if event.tag is not None:
            raise Unreadable(f"holds a tag, {event.tag}, which is not read here", _line(event))
        if depth > DEEPEST:
            raise Unreadable(f"is nested more than {DEEPEST} deep", _line(event))
        tree = self._grown(event, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = tree
        return tree

    def _repeat(self, event: Any) -> Tree:
        if event.anchor not in self._anchors:
            raise Unreadable(f"*{event.anchor} repeats nothing that stands before", _line(event))
        return self._anchors[event.anchor]

    def _grown(self, event: Any, depth: int) -> Tree:
        match event:
            case yaml.ScalarEvent():
                return Leaf(_line(event), _value(event))
            case yaml.SequenceStartEvent():
                return self._items(Items(_line(event)), depth)
            case _:
                return self._branch(Branch(_line(event)), depth)

    def _items(self, tree: Items, depth: int) -> Items:
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            item = self._below(len(tree.items), event, depth)
            tree.items.append(item)
            _add(tree, item, event)
        return tree

    def _branch(self, tree: Branch, depth: int) -> Branch:
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key, line = _key(event), _line(event)
            below = self._below(key, next(self._events), depth)
            if key in tree.entries:
                location = (*self._location, key)
                first = tree.key_lines[key]
                self.repeated.append((location, line, f"is there already, on line {first}"))
                continue
            tree.entries[key], tree.key_lines[key] = below, line
            _add(tree, below, event)
        return tree

    def _below(self, step: str | int, event: Any, depth: int) -> Tree:
        self._location.append(step)
        tree = self._tree(event, depth + 1)
        self._location.pop()
        return tree


def _add(tree: Items | Branch, below: Tree, event: Any) -> None:
    tree.size += below.size
    if tree.size > MOST_NODES:
        raise Unreadable(f"holds more than {MOST_NODES} values", _line(event))


def _line(event: Any) -> int:
    line: int = event.start_mark.line + 1
    return line


def _key(event: Any) -> str:
    if not isinstance(event, yaml.ScalarEvent) or event.tag is not None:
        raise Unreadable("a key must be plain text", _line(event))
    if event.value == "<<" and event.implicit[0]:
        raise Unreadable("merge keys are not read here: repeat the keys", _line(event))
    return _characters(event)


def _value(event: Any) -> object:
    text = _characters(event)
    if not event.implicit[0]:
        return text
    if text in _NULL:
        return None
    if text in _BOOLEAN:
        return _BOOLEAN[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def _characters(event: Any) -> str:
    """The text, with characters that JSON writes as two halves put together."""
    text: str = event.value
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError as error:
        raise Unreadable("holds half of a character", _line(event)) from error
