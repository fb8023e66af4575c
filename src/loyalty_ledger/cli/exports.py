"""`loyalty export balances | tiers | history | events`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from loyalty_ledger import clock, exporting
from loyalty_ledger.answers import Moment
from loyalty_ledger.cli.arguments import AsOf
from loyalty_ledger.cli.output import progress, tell
from loyalty_ledger.cli.reads import zone_of
from loyalty_ledger.moments import read_moment


class What(StrEnum):
    """What can be exported."""

    BALANCES = "balances"
    TIERS = "tiers"
    HISTORY = "history"
    EVENTS = "events"


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command("export")(export)


def export(
    context: typer.Context,
    what: What,
    file: Annotated[Path, typer.Argument(dir_okay=False, help="Ends in .csv, .jsonl or .parquet.")],
    as_of: AsOf = None,
) -> None:
    """Write balances, tiers, history or events of all customers to a file."""
    with context.obj.ledger() as ledger, progress(f"exporting {what}") as show:
        then = None if as_of is None else read_moment(as_of, zone_of(ledger))
        rows = exporting.export(ledger, what, file, Moment(clock.now(), then), show)
    tell(f"{rows:,} rows in {file}.")
