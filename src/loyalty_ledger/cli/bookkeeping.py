"""`loyalty books`: the trial balance."""

import typer

from loyalty_ledger.cli.output import as_json, table
from loyalty_ledger.cli.setup import Json
from loyalty_projections.books import Sides, TrialBalance, trial_balance

SIDES = tuple(Sides.model_fields)


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command("books")(books)


def books(context: typer.Context, json: Json = False) -> None:
    """What customers hold by account, against where it came from and went: the sum is zero."""
    with context.obj.ledger() as ledger:
        ledger.projector.catch_up()
        answer = ledger.projector.ask(trial_balance)
    if json:
        as_json(answer)
    else:
        show_books(answer)


def show_books(answer: TrialBalance) -> None:
    """The trial balance as a table; sides on which nothing ever stood are left out."""
    accounts = {**answer.accounts, "all": answer.total}
    used = [
        side
        for side in SIDES
        if side in ("balance", "sum") or any(getattr(one, side) for one in accounts.values())
    ]
    names = [side.replace("_", " ") for side in used]
    rows = [(name, *(getattr(one, side) for side in used)) for name, one in accounts.items()]
    table("Trial balance (the sum is zero)", ("account", *names), rows, right=", ".join(names))
