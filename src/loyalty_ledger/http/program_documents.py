"""Program documents as bodies and answers: described by the model of a program."""

from typing import Any

from pydantic import RootModel, field_validator

from loyalty_ledger.domain.program.document import Program, json_schema
from loyalty_ledger.domain.program.problems import ProgramError
from loyalty_ledger.domain.program.reading import read_document
from loyalty_ledger.domain.program.scalars import DIGITS
from loyalty_ledger.sent import refused

NAME = "Program"
MOST_SECTIONS, MOST_VALUES, MOST_PROBLEMS = 1_500, 8_000, 100
Schema = dict[str, Any]


class Document(RootModel[dict[str, Any]]):
    """A program document, as JSON. A section that is null is as if it were left out."""

    @field_validator("root")
    @classmethod
    def _without_nulls(cls, document: dict[str, Any]) -> dict[str, Any]:
        return {name: section for name, section in document.items() if section is not None}


def program_of(document: dict[str, Any], field: str) -> Program:
    """The program of a document; Rejected names the first problems that it has, at little cost."""
    sections, values = _size(document)
    if sections > MOST_SECTIONS or values > MOST_VALUES:
        most = f"{MOST_SECTIONS:,} sections or {MOST_VALUES:,} values"
        raise refused([(field, f"holds more than {most}: publish it at the command line")])
    try:
        return read_document(document, MOST_PROBLEMS)
    except ProgramError as error:
        raise refused([(field, str(one)) for one in error.problems]) from None


def _size(document: dict[str, Any]) -> tuple[int, int]:
    """How many mappings there are in it, itself included, and how many values in all."""
    sections = values = 0
    left: list[Any] = [document]
    while left:
        one = left.pop()
        values += 1
        if isinstance(one, dict):
            sections += 1
            left.extend(one.values())
        elif isinstance(one, list):
            left.extend(one)
    return sections, values


def schemas(prefix: str) -> dict[str, Schema]:
    """The schema of a program and those of its parts, by name; `prefix` leads to all of them."""
    whole = json_schema(f"{prefix}{NAME}.{{model}}")
    del whole["$schema"]
    _with_fractions(whole)
    parts: dict[str, Schema] = whole.pop("$defs")
    return {NAME: whole} | {f"{NAME}.{name}": one for name, one in parts.items()}


def _with_fractions(schema: Any) -> None:
    """Numbers of a body are read exactly: where a decimal stands in quotes, it may without, too."""
    for one in schema.values() if isinstance(schema, dict) else schema:
        if isinstance(one, list) and DIGITS in one:
            number = one[one.index(DIGITS) + 1]
            number["type"] = "number"
            if number.get("minimum") == 1:
                number["exclusiveMinimum"] = number.pop("minimum") - 1
        elif isinstance(one, dict | list):
            _with_fractions(one)
