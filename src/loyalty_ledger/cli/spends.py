"""`loyalty spend`: points for a sale, or for whatever the reference says."""

from typing import Annotated

import typer

from loyalty_ledger.cli.arguments import Customer, printable
from loyalty_ledger.cli.output import as_json, cell, tell
from loyalty_ledger.cli.references import sale_named
from loyalty_ledger.cli.setup import Json
from loyalty_ledger.identity import parse_reference

Points = Annotated[int, typer.Option("--points", min=1, help="How many.")]
Account = Annotated[
    str,
    typer.Option(
        "--account",
        callback=printable(empty=True),
        help="From this account; else from those that pay by themselves.",
    ),
]
ForSale = Annotated[
    str | None, typer.Option("--transaction", help="The sale they pay for, as STORE/ID.")
]
For = Annotated[
    str,
    typer.Option("--reference", callback=printable(empty=True), help="What for, for the record."),
]


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(spend)


def spend(
    context: typer.Context,
    customer: Customer,
    points: Points,
    transaction: ForSale = None,
    account: Account = "",
    reference: For = "",
    json: Json = False,
) -> None:
    """Spend a customer's points; those that pay for a sale come back with its goods."""
    paid_for = None if transaction is None else sale_named(transaction)
    with context.obj.ledger() as ledger:
        found = ledger.answers.find(parse_reference(customer))
        spent = ledger.spending.spend(
            found, points, account=account, sale_of=paid_for, reference=reference
        )
        ledger.projector.catch_up()
    accounts = [{"account": one.account, "points": one.points} for one in spent]
    if json:
        as_json({"customer_id": found, "points": points, "accounts": accounts})
        return
    parts = ", ".join(f"{cell(one.points)} from {one.account}" for one in spent)
    tell(f"Spent {cell(points)} points: {parts}.")
