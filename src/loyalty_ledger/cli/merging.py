"""`loyalty customer merge`: two customers who are one person."""

from typing import Annotated

import typer

from loyalty_ledger.cli.customers import identifier_named
from loyalty_ledger.cli.output import as_json, tell
from loyalty_ledger.cli.setup import Json
from loyalty_ledger.domain.values import Reason, Rejected

Gone = Annotated[
    str, typer.Argument(metavar="FROM", help="KIND:VALUE of who goes on as the other.")
]
Into = Annotated[
    str, typer.Argument(metavar="INTO", help="KIND:VALUE of who has everything from then on.")
]
Yes = Annotated[bool, typer.Option("--yes", help="It cannot be undone: do it.")]


def add_to(group: typer.Typer) -> None:
    """Add the command."""
    group.command()(merge)


def merge(
    context: typer.Context, gone: Gone, into: Into, yes: Yes = False, json: Json = False
) -> None:
    """Let a customer go on as another, who has all his points, levels, offers and identifiers."""
    with context.obj.ledger() as ledger:
        one = ledger.answers.was(identifier_named(gone))
        other = ledger.answers.find(identifier_named(into))
        if not yes:
            raise Rejected(
                Reason.VALIDATION,
                f"merging {one} into {other} cannot be undone: say --yes",
                {"field": "yes"},
            )
        merged = ledger.merging.merge(one, other)
        ledger.projector.catch_up()
    if json:
        levels = {event.system: event.level for event in merged.entered}
        as_json(merged._asdict() | {"entered": levels})
        return
    tell(f"Merged {merged.customer_id} into {merged.into}.")
    for account, points in merged.points.items():
        tell(f"{points:,} points in {account} moved.")
    tell(
        f"{merged.identifiers:,} identifiers, {merged.offers:,} offers and {merged.sales:,} sales"
        " moved."
    )
    for event in merged.entered:
        tell(f"Together they are {event.level} in {event.system} now.")
