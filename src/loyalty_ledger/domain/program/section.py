"""What all parts of the program document share: frozen models, and unions told apart by a key."""

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ConfigDict, Discriminator

TAG = ":"
"""Starts the tag of a union's member, so that an error's path can be told from it."""

KIND = "Which kind it is."


class Section(BaseModel):
    """A part of the document: immutable, and nothing in it that is not known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def told_by_kind(*kinds: str) -> Discriminator:
    """A union whose members say what they are under `kind`."""

    def tag(value: Any) -> str | None:
        kind = value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None)
        return TAG + kind if isinstance(kind, str) and kind in kinds else None

    return _told(tag, "unknown_kind", kinds)


def told_by_key(*keys: str) -> Discriminator:
    """A union whose members each hold exactly one of these keys."""

    def tag(value: Any) -> str | None:
        held = value if isinstance(value, dict) else getattr(type(value), "model_fields", ())
        found = [key for key in keys if key in held]
        return TAG + found[0] if len(found) == 1 else None

    return _told(tag, "unknown_key", keys)


def _told(
    tag: Callable[[Any], str | None], error_type: str, choices: tuple[str, ...]
) -> Discriminator:
    return Discriminator(
        tag,
        custom_error_type=error_type,
        custom_error_message=", ".join(choices),
    )
