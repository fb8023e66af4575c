"""`loyalty customer claim`: a customer claims a sale that named nobody."""

from typing import Annotated

import typer

from loyalty_ledger.cli.arguments import Customer, printable
from loyalty_ledger.cli.offers import CLI, Client, Employee, acting
from loyalty_ledger.cli.output import as_json, tell
from loyalty_ledger.cli.promotions import as_granted, show_granted
from loyalty_ledger.cli.setup import Json
from loyalty_ledger.identity import parse_reference


def add_to(group: typer.Typer) -> None:
    """Add these commands."""
    group.command()(claim)


def claim(
    context: typer.Context,
    customer: Customer,
    receipt_code: Annotated[
        str, typer.Argument(callback=printable(), help="The code on the receipt.")
    ],
    employee: Employee = "",
    client: Client = CLI,
    json: Json = False,
) -> None:
    """Give a customer a sale that named nobody, within 30 days of it, once."""
    with acting(context, client, employee) as (ledger, by):
        found = ledger.answers.find(parse_reference(customer))
        claimed = ledger.receipts.claim(found, receipt_code, by)
    if json:
        told = {"transaction": claimed.transaction, "claimed_before": claimed.before}
        as_json(told | as_granted(claimed, claimed.cuts))
    else:
        again = " before: nothing more was done" if claimed.before else ""
        tell(f"Claimed {claimed.transaction}{again}")
        show_granted(claimed, claimed.cuts)
