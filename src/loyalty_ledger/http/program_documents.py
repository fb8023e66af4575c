"""Program documents as bodies and answers: described by the model of a program."""

from typing import Any

from pydantic import RootModel

from loyalty_ledger.domain.program.document import json_schema
from loyalty_ledger.domain.program.scalars import DIGITS

NAME = "Program"
Schema = dict[str, Any]


class Document(RootModel[dict[str, Any]]):
    """A program document, as JSON."""


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
