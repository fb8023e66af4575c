"""`loyalty customer erase | data`: what is held on a person, and forgetting it."""

from pathlib import Path
from typing import Annotated

import typer

from loyalty_ledger import clock
from loyalty_ledger.answers import Moment
from loyalty_ledger.cli.arguments import Customer
from loyalty_ledger.cli.output import as_json, json_bytes, tell
from loyalty_ledger.cli.setup import Json
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.identity import parse_reference
from loyalty_ledger.person import data_of

Yes = Annotated[bool, typer.Option("--yes", help="It cannot be undone: do it.")]
Out = Annotated[
    Path | None, typer.Option("--out", dir_okay=False, help="A file instead of the terminal.")
]


def add_to(group: typer.Typer) -> None:
    """Add these commands."""
    group.command()(erase)
    group.command()(data)


def erase(context: typer.Context, customer: Customer, yes: Yes = False, json: Json = False) -> None:
    """Delete all personal data of a customer and release what names him. `vacuum` afterwards."""
    with context.obj.ledger() as ledger:
        found = ledger.answers.find(parse_reference(customer))
        if not yes:
            raise Rejected(
                Reason.VALIDATION,
                f"erasing {found} cannot be undone: say --yes; `loyalty customer data` shows what"
                " would be gone",
                {"field": "yes"},
            )
        erased = ledger.erasing.erase(found)
    if json:
        as_json(erased._asdict())
    elif not erased.identifiers and not erased.values:
        tell(f"Nothing personal is known of {found}.")
    else:
        tell(f"Erased {found}: {erased.values:,} pieces of personal data are deleted,")
        tell(f"{erased.identifiers:,} identifiers name nobody now.")
        tell("`loyalty vacuum` makes the bytes go from the database's files, too.")


def data(context: typer.Context, customer: Customer, out: Out = None) -> None:
    """Everything that is held on one person, as JSON."""
    with context.obj.ledger() as ledger:
        found = ledger.answers.find(parse_reference(customer))
        held = data_of(ledger, found, Moment(clock.now()))
    if out is None:
        as_json(held)
    else:
        out.write_bytes(json_bytes(held) + b"\n")
        tell(f"All that is held on {found} is in {out}.")
