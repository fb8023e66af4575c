"""`loyalty promo`: a customer enters a promo code; lists of codes; what became of them."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from loyalty_ledger.cli import promo_lists, promo_status
from loyalty_ledger.cli.arguments import Customer, printable
from loyalty_ledger.cli.offers import CLI, Client, Employee, acting, as_issued, show_issued
from loyalty_ledger.cli.output import as_json, cell, table, tell
from loyalty_ledger.cli.setup import Json
from loyalty_ledger.domain.events.points import PointsAwarded
from loyalty_ledger.domain.events.settlement import Cut
from loyalty_ledger.identity import parse_reference
from loyalty_ledger.promotions import Claimed
from loyalty_ledger.receipts import ClaimedSale


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    group = typer.Typer(no_args_is_help=True, help="Promo codes.")
    lists = (promo_lists.generate, promo_lists.load, promo_lists.codes)
    for command in (claim, *lists, promo_status.status):
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
        tell(f"Claimed {claimed.promotion.id}: {claimed.promotion.name}")
        show_granted(claimed, claimed.event.cuts)


def _as_claimed(claimed: Claimed) -> dict[str, Any]:
    """A claim for programs; points and offers of levels entered by it are among the others."""
    return {
        "claim_id": claimed.event.claim_id,
        "promotion": claimed.promotion.id,
        "name": claimed.promotion.name,
        **as_granted(claimed, claimed.event.cuts),
    }


def as_granted(granted: Claimed | ClaimedSale, cuts: Sequence[Cut]) -> dict[str, Any]:
    """What came of a claim, for programs."""
    return {
        "points": _points(granted.awarded),
        "offers": [as_issued(one) for one in granted.issued],
        "levels": [{"system": one.system, "level": one.level} for one in granted.entered],
        "cuts": [{"limit": one.limit, "points": one.points} for one in cuts],
    }


def _points(awarded: Sequence[PointsAwarded]) -> dict[str, int]:
    """What was awarded, by account."""
    points: dict[str, int] = {}
    for one in awarded:
        points[one.account] = points.get(one.account, 0) + one.points
    return points


def show_granted(granted: Claimed | ClaimedSale, cuts: Sequence[Cut]) -> None:
    """What came of a claim."""
    for entered in granted.entered:
        tell(f"Reached {entered.level} in {entered.system}")
    for cut in cuts:
        points = f": {cell(cut.points)} points" if cut.points else ""
        tell(f"Kept back by {cut.limit}{points}")
    if granted.awarded:
        table("Points", ("account", "points"), _points(granted.awarded).items(), right="points")
    if granted.issued:
        show_issued("Offers", granted.issued)
