"""Reads a program from a YAML or JSON file; whatever is wrong is told with its line."""

import json
from pathlib import Path

from loyalty_ledger.document_tree import Branch, Items, Tree, Unreadable, grow
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.program.problems import Location, Problem, ProgramError, path_of
from loyalty_ledger.domain.program.reading import examine

LARGEST_DOCUMENT_BYTES = 1 << 20


def load_program(path: Path) -> Program:
    """The program in the file; ProgramError names every problem with its line."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_DOCUMENT_BYTES + 1)
    except OSError as error:
        raise _refused(f"cannot be read: {error.strerror or error}") from error
    return parse_program(data)


def parse_program(data: bytes) -> Program:
    """The program in these bytes of YAML or JSON; ProgramError names every problem."""
    try:
        tree, repeated = grow(_text(data))
        document = tree.plain()
    except Unreadable as error:
        raise _refused(error.message, error.line) from error
    program, found = examine(document)
    problems = [
        Problem(each.path, each.message, _line(tree, each.location), each.location)
        for each in found
    ]
    problems += [
        Problem(path_of(document, location), message, line, location)
        for location, line, message in repeated
    ]
    if program is None or problems:
        raise ProgramError(sorted(problems, key=lambda each: (each.line or 0, each.path)))
    return program


def _refused(message: str, line: int | None = None) -> ProgramError:
    return ProgramError([Problem("", message, line)])


def _text(data: bytes) -> str:
    if len(data) > LARGEST_DOCUMENT_BYTES:
        raise Unreadable(f"a program is at most {LARGEST_DOCUMENT_BYTES} bytes long")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Unreadable("is not UTF-8 text", line) from error
    # JSON allows tabs between its parts where YAML does not; inside its strings none can stand.
    return text.replace("\t", " ") if _is_json(text) else text


def _is_json(text: str) -> bool:
    if not text.lstrip().startswith("{"):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _line(tree: Tree, location: Location) -> int:
    """The line of a place: of its key, or of the mapping that lacks it."""
    line, here = tree.line, tree
    for step in location:
        if isinstance(here, Branch) and step in here.entries:
            line, here = here.key_lines[str(step)], here.entries[str(step)]
        elif isinstance(here, Items) and isinstance(step, int) and step < len(here.items):
            here = here.items[step]
            line = here.line
        else:
            return here.line
    return line
