"""`loyalty load stores | catalog | customers | transactions | events`."""

import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from loyalty_ledger import loading
from loyalty_ledger.cli.output import ERR, as_json, progress, tell, warn
from loyalty_ledger.cli.setup import Json
from loyalty_ledger.domain.values import Rejected
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


def _refuse_delta(asked: bool) -> None:
    if asked:
        raise typer.BadParameter(
            "loads are always whole lists: what is absent is retired. Send the whole list."
        )


YIELDING = 5
"""A bulk load lets workers and tills go first: what it brings is settled as it comes."""

Load = Callable[[Ledger, Path, Path, loading.Progress], loading.Counts]
Yes = Annotated[
    bool, typer.Option("--yes", help="Retire more than half of what is in force, if need be.")
]
Delta = Annotated[bool, typer.Option("--delta", hidden=True, callback=_refuse_delta)]


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    group = typer.Typer(no_args_is_help=True, help="Load files of JSON lines.")
    for command in (stores, catalog, customers, transactions, events):
        group.command()(command)
    app.add_typer(group, name="load")


def stores(
    context: typer.Context,
    file: File,
    refused: Refused = None,
    yes: Yes = False,
    delta: Delta = False,
    json: Json = False,
) -> None:
    """Replace the list of stores, whole; what is absent is retired."""
    load = partial(loading.load_stores, agree=_agreement(file, yes))
    run_load(context, "stores", load, file, refused, json)


def catalog(
    context: typer.Context,
    file: File,
    store: Annotated[
        str, typer.Option(help="The store whose own catalog it is; else that of all others.")
    ] = "",
    refused: Refused = None,
    yes: Yes = False,
    delta: Delta = False,
    json: Json = False,
) -> None:
    """Replace the catalog, whole; what is absent is retired."""
    load = partial(loading.load_catalog, agree=_agreement(file, yes), store_id=store)
    run_load(context, "items", load, file, refused, json)


def _agreement(file: Path, yes: bool) -> Callable[[Rejected], bool]:
    """Whether to retire most of what is in force: told before, or asked on a terminal."""

    def agree(refusal: Rejected) -> bool:
        if yes or not _is_a_terminal(file):
            return yes
        return typer.confirm(f"{refusal.message}. Go on?", err=True)

    return agree


def _is_a_terminal(file: Path) -> bool:
    """Whether somebody can answer: not while the list itself comes in where he would type."""
    return str(file) != "-" and sys.stdin.isatty() and ERR.is_terminal


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
                "reasons": [asdict(one) for one in counts.reasons],
            }
        )
    else:
        tell(f"{what}: {counts.accepted:,} accepted, {counts.repeated:,} repeated.")
        if counts.refused:
            warn(f"{counts.refused:,} refused, with reasons in {counts.refused_file}:")
            for one in counts.reasons:
                warn(f"  {one.count:,} {one.code}: line {one.line}: {one.reason}")
    if counts.refused:
        raise typer.Exit(1)
