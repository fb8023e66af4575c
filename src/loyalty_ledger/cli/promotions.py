"""`loyalty promo`: a customer enters a promo code; lists of codes; what became of them."""

from typing import Annotated, Any

import typer

from loyalty_ledger.cli import promo_lists, promo_status
from loyalty_ledger.cli.offers import CLI, Client, Employee, acting, as_issued, show_issued
from loyalty_ledger.cli.output import as_json, cell, table, tell
from loyalty_ledger.cli.reads import Customer, printable
from loyalty_ledger.cli.setup import Json
from loyalty_ledger.identity import parse_reference
from loyalty_ledger.promotions import Claimed


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    group = typer.Typer(no_args_is_help=True, help="Promo codes.")
    for command in (claim, promo_lists.generate, promo_lists.load, promo_status.status):
        group.command()(command)
    app.add_typer(group, name="promo")


def claim(
    context: typer.Context,
    customer: Customer,
    code: Annotated[str, typer.Argument(callback=printable(), help="The code as typed.")],
    employee: Employee = "",
    client: Client = CLI,
    json: Json = False,
) -> None:
    """Enter a promo code for a customer: all that it gives, or nothing."""
    with acting(context, client, employee) as (ledger, by):
        found = ledger.answers.find(parse_reference(customer))
        claimed = ledger.promotions.claim(found, code, by)
    if json:
        as_json(_as_claimed(claimed))
    else:
        _show_claimed(claimed)


def _as_claimed(claimed: Claimed) -> dict[str, Any]:
    """A claim for programs; points and offers of levels entered by it are among the others."""
    return {
        "claim_id": claimed.event.claim_id,
        "promotion": claimed.promotion.id,
        "name": claimed.promotion.name,
        "points": _points(claimed),
        "offers": [as_issued(one) for one in claimed.issued],
        "levels": [{"system": one.system, "level": one.level} for one in claimed.entered],
        "cuts": [{"limit": one.limit, "points": one.points} for one in claimed.event.cuts],
    }


def _points(claimed: Claimed) -> dict[str, int]:
    """What was awarded, by account."""
    points: dict[str, int] = {}
    for one in claimed.awarded:
        points[one.account] = points.get(one.account, 0) + one.points
    return points


def _show_claimed(claimed: Claimed) -> None:
    tell(f"Claimed {claimed.promotion.id}: {claimed.promotion.name}")
    for entered in claimed.entered:
        tell(f"Reached {entered.level} in {entered.system}")
    for cut in claimed.event.cuts:
        points = f": {cell(cut.points)} points" if cut.points else ""
        tell(f"Kept back by {cut.limit}{points}")
    if claimed.awarded:
        table("Points", ("account", "points"), _points(claimed).items(), right="points")
    if claimed.issued:
        show_issued("Offers", claimed.issued)
