"""What several commands take: text, a customer, a moment."""

from collections.abc import Callable
from typing import Annotated

import typer

from loyalty_ledger.sent import LONGEST_TEXT, named_text


def printable(longest: int = LONGEST_TEXT, *, empty: bool = False) -> Callable[..., str | None]:
    """Reads an argument or option that is text in one line and not blank, unless `empty`."""

    def read(parameter: typer.CallbackParam, value: str | None) -> str | None:
        if value is None or (empty and not value):
            return value
        name = max(parameter.opts, key=len)
        shown = name if parameter.param_type_name == "option" else name.upper()
        return named_text(shown, value if value.strip() else "", longest)

    return read


Customer = Annotated[
    str, typer.Argument(help="kind:value (id, external, email, phone, card) or an internal id.")
]
AsOf = Annotated[
    str | None, typer.Option("--as-of", help="What had happened by then; a date: its end.")
]
KnownAt = Annotated[str | None, typer.Option("--known-at", help="What was recorded by then.")]
Last = Annotated[int | None, typer.Option("--last", min=1, help="Only the last so many.")]
