"""`loyalty load stores | catalog | customers | transactions | events`."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from loyalty_ledger import loading
from loyalty_ledger.cli.output import as_json, progress, tell, warn
from loyalty_ledger.cli.setup import Json
from loyalty_ledger.ledger import Ledger


def existing(file: Path) -> Path:
    """The file, if it is there or standard input."""
    # typer's own check takes `-` for the name of a file.
    if str(file) != "-" and not file.exists():
        raise typer.BadParameter(f"file '{file}' does not exist.")
    return file


File = Annotated[
    Path, typer.Argument(dir_okay=False, callback=existing, help="JSON lines, .gz, or -.")
]
Refused = Annotated[
    Path | None,
    typer.Option("--refused", help="Where refused lines go; by default FILE.refused.jsonl."),
]
YIELDING = 5
"""A bulk load lets workers and tills go first: what it brings is settled as it comes."""

Load = Callable[[Ledger, Path, Path, loading.Progress], loading.Counts]


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    group = typer.Typer(no_args_is_help=True, help="Load files of JSON lines.")
    for command in (stores, catalog, customers, transactions, events):
        group.command()(command)
    app.add_typer(group, name="load")


def stores(context: typer.Context, file: File, refused: Refused = None, json: Json = False) -> None:
    """Replace the list of stores, whole."""
    run_load(context, "stores", loading.load_stores, file, refused, json)


def catalog(
    context: typer.Context, file: File, refused: Refused = None, json: Json = False
) -> None:
    """Replace the catalog, whole; what is absent is retired."""
    run_load(context, "items", loading.load_catalog, file, refused, json)


def customers(
    context: typer.Context, file: File, refused: Refused = None, json: Json = False
) -> None:
    """Enrol customers, or change those that are there."""
    run_load(context, "customers", loading.load_customers, file, refused, json)


def transactions(
    context: typer.Context, file: File, refused: Refused = None, json: Json = False
) -> None:
    """Receive sales: one POS send_transaction body a line."""
    run_load(context, "transactions", loading.load_transactions, file, refused, json)


def events(context: typer.Context, file: File, refused: Refused = None, json: Json = False) -> None:
    """Receive customer events: {customer, event, event_id, at} a line."""
    run_load(context, "events", loading.load_events, file, refused, json)


def run_load(
    context: typer.Context, what: str, load: Load, file: Path, refused: Path | None, json: bool
) -> None:
    """Load a file and tell the counts; exit 1 when something was refused."""
    name = "stdin" if str(file) == "-" else str(file)
    os.nice(YIELDING)
    target = refused or Path(f"{name}.refused.jsonl")
    with context.obj.ledger() as ledger, progress(f"loading {what}") as show:
        counts = load(ledger, file, target, show)
    if json:
        as_json(
            {
                "accepted": counts.accepted,
                "repeated": counts.repeated,
                "refused": counts.refused,
                "refused_file": counts.refused_file,
            }
        )
    else:
        tell(f"{what}: {counts.accepted:,} accepted, {counts.repeated:,} repeated.")
        if counts.refused:
            warn(f"{counts.refused:,} refused, with reasons in {counts.refused_file}.")
    if counts.refused:
        raise typer.Exit(1)
