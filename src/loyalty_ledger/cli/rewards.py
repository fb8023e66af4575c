"""`loyalty store show | buy`: what a customer can buy with points."""

from typing import Annotated

import typer

from loyalty_ledger.cli.arguments import AsOf, Customer, KnownAt, printable
from loyalty_ledger.cli.offers import (
    CLI,
    Client,
    Employee,
    Quantity,
    acting,
    as_issued,
    show_issued,
)
from loyalty_ledger.cli.output import as_json, cell, table, tell
from loyalty_ledger.cli.reads import asked
from loyalty_ledger.cli.setup import Json
from loyalty_ledger.identity import parse_reference
from loyalty_projections.reward_store import StoreOfferView, StoreView

All = Annotated[bool, typer.Option("--all", help="Also stores that are shut to the customer.")]


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    group = typer.Typer(no_args_is_help=True, help="Reward stores.")
    for command in (show, buy):
        group.command()(command)
    app.add_typer(group, name="store")


def show(
    context: typer.Context,
    customer: Customer,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    every: All = False,
    json: Json = False,
) -> None:
    """What the customer can buy, and why not."""
    with context.obj.ledger() as ledger:
        stores = ledger.answers.rewards(*asked(ledger, customer, as_of, known_at))
    seen = [one for one in stores if one.is_open or every]
    if json:
        as_json(seen)
        return
    for one in seen:
        show_store(one)
    if not seen:
        shut = f"; {len(stores)} more with --all" if stores else ""
        tell(f"No reward store is open to this customer{shut}.")


def buy(
    context: typer.Context,
    customer: Customer,
    store_offer: Annotated[
        str, typer.Argument(callback=printable(), help="What to buy, by its id in the store.")
    ],
    quantity: Quantity = 1,
    employee: Employee = "",
    client: Client = CLI,
    json: Json = False,
) -> None:
    """Spend the points and issue the offer, or neither."""
    with acting(context, client, employee) as (ledger, by):
        found = ledger.answers.find(parse_reference(customer))
        bought = ledger.offers.buy(found, store_offer, by, quantity)
    spent = sum(one.price for one in bought)
    if json:
        as_json({"spent": spent, "offers": [as_issued(one) for one in bought]})
    else:
        show_issued(f"Bought for {cell(spent)} points", bought)


def show_store(store: StoreView) -> None:
    """A reward store as a table."""
    accounts = ", ".join(store.point_accounts)
    tell(f"{store.name} ({store.id}): {cell(store.balance)} to spend from {accounts}")
    for reason in store.why_not:
        tell(f"  Shut: {reason.message}")
    table(
        "On the shelf",
        ("id", "what", "price", "left", "can buy", "why not"),
        ((o.id, o.title, o.price, o.left, o.can_buy, _why_not(o, store)) for o in store.offers),
        right="price, left",
    )


def _why_not(offer: StoreOfferView, store: StoreView) -> str:
    """What is told of the store already is not told again."""
    return "; ".join(one.message for one in offer.why_not if one not in store.why_not)
