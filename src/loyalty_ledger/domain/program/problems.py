"""What is wrong with a program document, where, and what would be right."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from loyalty_ledger.domain.program.scalars import read_moment, read_number, read_text
from loyalty_ledger.domain.program.similar import nearest

Location = tuple[str | int, ...]
"""Keys and list indexes that lead from the top of a document to a place in it."""

_MOST_NAMED = 24


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. `line` counts from 1; None when the document is not a file."""

    path: str
    message: str
    line: int | None = None
    location: Location = ()

    def __str__(self) -> str:
        line = f"line {self.line}" if self.line is not None else ""
        return ": ".join(part for part in (line, self.path, self.message) if part)


class ProgramError(Exception):
    """A document that is no program, with everything that is wrong with it."""

    def __init__(self, problems: Sequence[Problem]):
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


def path_of(document: object, location: Location) -> str:
    """The location as people write it; list items go by their id: `rules[base].award.account`."""
    path, value = "", document
    for step in location:
        if isinstance(step, int):
            path += f"[{_name_of_item(value, step)}]"
            value = value[step] if isinstance(value, list) and step < len(value) else None
        else:
            path += f".{step}" if path else step
            value = value.get(step) if isinstance(value, dict) else None
    return path


def _name_of_item(items: object, index: int) -> str:
    listed = _listed(items)
    own = _id_of(listed[index]) if index < len(listed) else None
    if not isinstance(own, str):
        return str(index)
    return own if sum(_id_of(item) == own for item in listed) == 1 else str(index)


def _id_of(item: object) -> object:
    return item.get("id") if isinstance(item, dict) else None


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def known(names: Collection[str], wrong: str = "") -> str:
    """The names there are, and the one that was perhaps meant."""
    if not names:
        return "there are none"
    listed = ", ".join(list(names)[:_MOST_NAMED])
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    near = nearest(wrong.lower(), names) if wrong else None
    return f"there are: {listed}{more}" + (f"; did you mean {near!r}?" if near else "")


class Place:
    """A place in a document of any shape, to look around from and to report at.

    What is not there, or is of another kind than asked for, is simply nothing: that kind of
    problem is for the models to find.
    """

    def __init__(self, value: object, location: Location, found: list[tuple[Location, str]]):
        self.value = value
        self.location = location
        self._found = found

    def __getitem__(self, key: str) -> "Place":
        value = self.value.get(key) if isinstance(self.value, dict) else None
        return Place(value, (*self.location, key), self._found)

    def __bool__(self) -> bool:
        return self.value is not None

    def each(self) -> list["Place"]:
        """The items of a list."""
        items = enumerate(_listed(self.value))
        return [Place(item, (*self.location, index), self._found) for index, item in items]

    def entries(self) -> Iterator[tuple[str, "Place"]]:
        """The keys and places of a mapping."""
        if isinstance(self.value, dict):
            for key in self.value:
                if isinstance(key, str):
                    yield key, self[key]

    @property
    def text(self) -> str | None:
        """The text here."""
        try:
            return read_text(self.value)
        except ValueError:
            return None

    @property
    def number(self) -> Decimal | None:
        """The number here."""
        try:
            return read_number(self.value)
        except ValueError:
            return None

    @property
    def moment(self) -> date | None:
        """The date or time here."""
        try:
            return read_moment(self.value)
        except ValueError:
            return None

    def ids(self) -> list[str]:
        """The ids of the items of a list."""
        return [text for item in self.each() if (text := item["id"].text) is not None]

    def say(self, message: str) -> None:
        """Report a problem here."""
        self._found.append((self.location, message))

    def must_be_one_of(self, names: Collection[str], what: str) -> bool:
        """Report a reference that leads nowhere; whether it leads somewhere."""
        name = self.text
        if name is None:
            return False
        if name not in names:
            self.say(f"no {what} {name!r}; {known(names, name)}")
        return name in names
