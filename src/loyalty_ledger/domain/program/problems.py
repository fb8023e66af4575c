"""What is wrong with a program document, where, and what would be right."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import islice

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
    all_of_them = _listed(items)
    own = _id_of(all_of_them[index]) if index < len(all_of_them) else None
    if not isinstance(own, str):
        return str(index)
    return own if [*map(_id_of, all_of_them)].count(own) == 1 else str(index)


def _id_of(item: object) -> object:
    return item.get("id") if isinstance(item, dict) else None


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def listed(names: Collection[str]) -> str:
    """The names there are, the first of them if they are many."""
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(islice(names, _MOST_NAMED)) + more


def known(names: Collection[str], wrong: str = "") -> str:
    """The names there are, and the one that was perhaps meant."""
    if not names:
        return "there are none"
    near = nearest(wrong.lower(), names) if wrong else None
    return f"there are: {listed(names)}" + (f"; did you mean {near!r}?" if near else "")


class Findings(list[tuple[Location, str]]):
    """What is found in a document. Only so many names are compared with wrong ones, all in all:

    to find the one that was perhaps meant costs more than the rest.
    """

    def __init__(self, comparisons: int):
        super().__init__()
        self.comparisons_left = comparisons

    def known(self, names: Collection[str], wrong: str) -> str:
        """The names there are and, unless that costs too much, the one that was perhaps meant."""
        if len(names) > self.comparisons_left:
            return known(names)
        self.comparisons_left -= len(names)
        return known(names, wrong)


class Place:
    """A place in a document of any shape, to look around from and to report at.

    What is not there, or is of another kind than asked for, is simply nothing: that kind of
    problem is for the models to find.
    """

    __slots__ = ("_found", "_key", "_within", "value")

    def __init__(
        self,
        value: object,
        found: Findings,
        within: "Place | None" = None,
        key: str | int = "",
    ):
        self.value = value
        self._found = found
        self._within = within
        self._key = key

    def __getitem__(self, key: str) -> "Place":
        value = self.value.get(key) if isinstance(self.value, dict) else None
        return Place(value, self._found, self, key)

    def __bool__(self) -> bool:
        return self.value is not None

    def each(self) -> list["Place"]:
        """The items of a list."""
        items = enumerate(_listed(self.value))
        return [Place(item, self._found, self, index) for index, item in items]

    def count(self) -> int:
        """How many items a list has."""
        return len(_listed(self.value))

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

    def ids(self) -> Collection[str]:
        """The ids of the items of a list, in their order."""
        found = (item["id"].text for item in self.each())
        return dict.fromkeys(text for text in found if text is not None)

    def say(self, message: str) -> None:
        """Report a problem here."""
        self._found.append((self._location(), message))

    def _location(self) -> Location:
        """Where that is. Worked out when something is said: of most places nothing is."""
        return () if self._within is None else (*self._within._location(), self._key)

    def known(self, names: Collection[str], wrong: str) -> str:
        """The names there are, for a wrong one that stands here."""
        return self._found.known(names, wrong)

    def must_be_one_of(self, names: Collection[str], what: str) -> bool:
        """Report a reference that leads nowhere; whether it leads somewhere."""
        name = self.text
        if name is None:
            return False
        if name not in names:
            self.say(f"no {what} {name!r}; {self.known(names, name)}")
        return name in names
