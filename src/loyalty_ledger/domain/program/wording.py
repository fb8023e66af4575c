"""Validation errors of the models, said in sentences for the people who write programs."""

import re
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel, Tag, ValidationError
from pydantic_core import ErrorDetails

from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.program.problems import Location, known
from loyalty_ledger.domain.program.scalars import instead
from loyalty_ledger.domain.program.section import TAG

_MAPPING = {"model_type", "dict_type", "model_attributes_type", "dataclass_type"}


def worded(error: ValidationError) -> Iterator[tuple[Location, str]]:
    """Each error as the place it is about and a sentence."""
    for detail in error.errors(include_url=False):
        if detail["type"] == "too_short" and detail["input"]:
            continue  # its items are wrong, and that is told already
        location = tuple(
            step
            for step in detail["loc"]
            if not (isinstance(step, str) and (step.startswith(TAG) or step == "[key]"))
        )
        yield _worded(detail, location)


def _worded(detail: ErrorDetails, location: Location) -> tuple[Location, str]:
    kind, given, context = detail["type"], detail["input"], detail.get("ctx", {})
    match kind:
        case "value_error":
            return location, str(context["error"])
        case "missing":
            return location, _missing(detail["loc"])
        case "extra_forbidden":
            model = _model_at(detail["loc"][:-1])
            return (
                location,
                f"is not known here; {known(list(model.model_fields), _last(location))}",
            )
        case "literal_error":
            choices = re.findall(r"'([^']*)'", str(context["expected"]))
            return location, f"{given!r} is not known here; {known(choices, str(given))}"
        case "unknown_kind":
            return _unknown_kind(location, given, detail["msg"].split(", "))
        case "unknown_key":
            return location, _unknown_key(given, detail["msg"].split(", "))
        case "unknown_trigger":
            return location, "must be `purchase`, or an event such as {event: app-sign-in}"
        case _:
            return location, _of_another_kind(kind, given, detail["msg"])


def _of_another_kind(kind: str, given: object, otherwise: str) -> str:
    if kind in _MAPPING:
        return f"must be a mapping, {instead(given)}"
    if kind == "tuple_type":
        return f"must be a list, {instead(given)}"
    if kind == "bool_type":
        return f"must be true or false, {instead(given)}"
    if kind == "too_short":
        return "must not be an empty list"
    if kind == "too_long":
        return "must be a list of two: from and until"
    if kind == "invalid_key":
        return "must be text, as every key"
    return otherwise


def _last(location: Location) -> str:
    return str(location[-1]) if location else ""


def _missing(raw: Location) -> str:
    if isinstance(raw[-1], int):
        return "must be a list of two: from and until"
    described = _model_at(raw[:-1]).model_fields[raw[-1]].description or ""
    if described[1:2].islower():
        described = described[0].lower() + described[1:]
    return f"is missing: {described.rstrip('.')}"


def _unknown_kind(location: Location, given: Any, kinds: list[str]) -> tuple[Location, str]:
    if not isinstance(given, dict):
        return location, f"must be a mapping with `kind`, {instead(given)}"
    kind = given.get("kind")
    if kind is None:
        return (*location, "kind"), f"is missing; {known(kinds)}"
    return (*location, "kind"), f"{kind!r} is not known here; {known(kinds, str(kind))}"


def _unknown_key(given: Any, keys: list[str]) -> str:
    if not isinstance(given, dict):
        return f"must be a mapping with one of {', '.join(keys)}, {instead(given)}"
    held = [key for key in keys if key in given]
    if len(held) > 1:
        return f"holds {' and '.join(held)}; write each as an item of its own"
    wrong = next(iter(given), "")
    return f"must hold exactly one of these keys; {known(keys, str(wrong))}"


def _model_at(raw: Location) -> type[BaseModel]:
    """The model whose keys stand at a location that still has the tags of its unions."""
    annotation: Any = Program
    for step in raw:
        if isinstance(step, str) and step.startswith(TAG):
            annotation = next(_tagged(annotation, step))
        elif isinstance(step, str):
            annotation = next(_models(annotation)).model_fields[step].annotation
    return next(_models(annotation))


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        return
    for part in get_args(annotation):
        yield from _models(part)


def _tagged(annotation: Any, tag: str) -> Iterator[Any]:
    parts = get_args(annotation)
    if any(isinstance(part, Tag) and part.tag == tag for part in parts[1:]):
        yield parts[0]
        return
    for part in parts:
        yield from _tagged(part, tag)
