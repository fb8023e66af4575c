"""Program documents as bodies and answers: described by the model of a program."""

from typing import Any

from pydantic import RootModel

from loyalty_ledger.domain.program.document import json_schema

NAME = "Program"
Schema = dict[str, Any]


class Document(RootModel[dict[str, Any]]):
    """A program document, as JSON."""


def schemas(prefix: str) -> dict[str, Schema]:
    """The schema of a program and those of its parts, by name; `prefix` leads to all of them."""
    whole = json_schema(f"{prefix}{NAME}.{{model}}")
    del whole["$schema"]
    parts: dict[str, Schema] = whole.pop("$defs")
    return {NAME: whole} | {f"{NAME}.{name}": one for name, one in parts.items()}
