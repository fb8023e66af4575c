"""From a document of any shape to a program, or to everything that is wrong with it."""

from itertools import islice
from typing import Any

from pydantic import ValidationError

from loyalty_ledger.domain.program.checks import check
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.program.problems import Location, Problem, ProgramError, path_of
from loyalty_ledger.domain.program.scalars import instead
from loyalty_ledger.domain.program.wording import worded

_MOST_LISTED = 5_000
"""So many errors can be listed at little cost."""
_COMPARISONS, _FEW_COMPARISONS = 100_000, 500
"""Of names with wrong ones: some seconds of them, and some milliseconds where not all is told."""


def read_document(document: object, most: int | None = None) -> Program:
    """The program of a document from outside; ProgramError names all problems at once.

    At most so many of them, if `most` is given: then a document can be refused at little cost,
    whatever is in it.
    """
    program, problems = examine(document, most)
    if program is None or problems:
        raise ProgramError(problems)
    return program


def examine(document: object, most: int | None = None) -> tuple[Program | None, list[Problem]]:
    """The program, when its shape is right, and every problem the document has, or the first."""
    if not isinstance(document, dict):
        message = f"a program is a mapping that begins with `program:`, {instead(document)}"
        return None, [Problem("", message)]
    program, found = _shaped(document, most)
    if most is None or len(found) < most:
        blamed = {location for location, _ in found}
        between = check(document, _COMPARISONS if most is None else _FEW_COMPARISONS)
        found += [(place, message) for place, message in between if place not in blamed]
    return program, [
        Problem(path_of(document, location), message, location=location)
        for location, message in found[:most]
    ]


def _shaped(
    document: dict[str, Any], most: int | None
) -> tuple[Program | None, list[tuple[Location, str]]]:
    try:
        return Program.from_document(document), []
    except ValidationError as error:
        count = error.error_count()
        if most is not None and count > _MOST_LISTED:
            told = f"is wrong in {count:,} places, too many to tell each"
            raise ProgramError([Problem("", told)]) from None
        return None, list(islice(worded(error), most))
