"""What sets a rule or campaign off."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from loyalty_ledger.domain.program.scalars import Text
from loyalty_ledger.domain.program.section import Section


class EventTrigger(Section):
    """A customer event sent in from outside, such as a sign-in."""

    event: Text = Field(description="The event's name.")


def _tag(value: Any) -> str | None:
    if value == "purchase":
        return ":purchase"
    return ":event" if isinstance(value, dict | EventTrigger) else None


Trigger = Annotated[
    Annotated[Literal["purchase"], Tag(":purchase")] | Annotated[EventTrigger, Tag(":event")],
    Discriminator(
        _tag,
        custom_error_type="unknown_trigger",
        custom_error_message="purchase, event",
    ),
]
