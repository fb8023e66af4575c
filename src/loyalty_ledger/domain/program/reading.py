"""From a document of any shape to a program, or to everything that is wrong with it."""

from typing import Any

from pydantic import ValidationError

from loyalty_ledger.domain.program.checks import check
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.program.problems import Location, Problem, ProgramError, path_of
from loyalty_ledger.domain.program.scalars import instead
from loyalty_ledger.domain.program.wording import worded


def read_document(document: object) -> Program:
    """The program of a document from outside; ProgramError names all problems at once."""
    program, problems = examine(document)
    if program is None or problems:
        raise ProgramError(problems)
    return program


def examine(document: object) -> tuple[Program | None, list[Problem]]:
    """The program, when its shape is right, and every problem the document has."""
    if not isinstance(document, dict):
        message = f"a program is a mapping that begins with `program:`, {instead(document)}"
        return None, [Problem("", message)]
    program, found = _shaped(document)
    blamed = {location for location, _ in found}
    found += [(place, message) for place, message in check(document) if place not in blamed]
    return program, [
        Problem(path_of(document, location), message, location=location)
        for location, message in found
    ]


def _shaped(document: dict[str, Any]) -> tuple[Program | None, list[tuple[Location, str]]]:
    try:
        return Program.from_document(document), []
    except ValidationError as error:
        return None, list(worded(error))
