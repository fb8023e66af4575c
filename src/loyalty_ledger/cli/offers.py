"""`loyalty offer issue | lock | redeem | unlock | reinstate | revoke | code`."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from loyalty_ledger.cli.arguments import Customer, printable
from loyalty_ledger.cli.output import as_json, cell, table, tell
from loyalty_ledger.cli.setup import Json
from loyalty_ledger.discount_object import discount_object
from loyalty_ledger.domain.events.offers import Actor, OfferIssued, OfferLocked
from loyalty_ledger.domain.values import Reason, Rejected, major_units
from loyalty_ledger.identity import parse_reference
from loyalty_ledger.json_body import decoded
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.offer_requests import TTL_CODE, USER_OFFER_ID, Basket, Bound, Lookup
from loyalty_ledger.sent import named_text, refused
from loyalty_ledger.wire import read_transaction

LONGEST_REASON = 500
Offer = Annotated[str, typer.Argument(callback=printable(), help="The id of an issued offer.")]
Shown = Annotated[
    str,
    typer.Argument(callback=printable(), help="The id of an issued offer, or a code with --code."),
]
IsCode = Annotated[bool, typer.Option("--code", help="OFFER is a code a customer shows.")]
Store = Annotated[
    str | None,
    typer.Option("--store", callback=printable(), help="The store; else the file names it."),
]
BasketFile = Annotated[
    Path, typer.Option("--basket", help="The sale as JSON, as a till sends it; - for input.")
]
Employee = Annotated[
    str, typer.Option("--employee", callback=printable(empty=True), help="Who does it.")
]
Client = Annotated[
    str, typer.Option("--client", callback=printable(), help="The till or app it is done with.")
]
Why = Annotated[
    str,
    typer.Option("--why", callback=printable(LONGEST_REASON), help="The reason, for the record."),
]
Quantity = Annotated[int, typer.Option("--quantity", min=1, help="How many.")]
CLI = "cli"


@contextmanager
def acting(context: typer.Context, client: str, employee: str) -> Iterator[tuple[Ledger, Actor]]:
    """The ledger, and who acts on it; what was done is in the views at the end."""
    with context.obj.ledger() as ledger:
        yield ledger, Actor(client_id=client, employee_id=employee)
        ledger.projector.catch_up()


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    group = typer.Typer(no_args_is_help=True, help="Offers in customers' hands.")
    for command in (issue, lock, redeem, unlock, reinstate, revoke, code):
        group.command()(command)
    app.add_typer(group, name="offer")


def issue(
    context: typer.Context,
    customer: Customer,
    definition: Annotated[
        str, typer.Argument(callback=printable(), help="The offer of the program.")
    ],
    why: Why = "by hand",
    quantity: Quantity = 1,
    employee: Employee = "",
    client: Client = CLI,
    json: Json = False,
) -> None:
    """Give a customer an offer, within its limits."""
    with acting(context, client, employee) as (ledger, by):
        found = ledger.answers.find(parse_reference(customer))
        issued = ledger.offers.give(found, definition, by, why, quantity)
    if json:
        as_json([as_issued(one) for one in issued])
    else:
        show_issued("Issued", issued)


def lock(
    context: typer.Context,
    offer: Shown,
    basket: BasketFile,
    store: Store = None,
    is_code: IsCode = False,
    employee: Employee = "",
    client: Client = CLI,
    json: Json = False,
) -> None:
    """Bind an offer to a sale and price it; again for the same sale prices it anew."""
    with acting(context, client, employee) as (ledger, by):
        bound = ledger.offers.lock(_lookup(offer, is_code), read_basket(basket, store), by)
    _show_bound(bound, json=json)


def redeem(
    context: typer.Context,
    offer: Shown,
    basket: BasketFile,
    store: Store = None,
    is_code: IsCode = False,
    employee: Employee = "",
    client: Client = CLI,
    json: Json = False,
) -> None:
    """Lock an offer and redeem it at once; it stays used until it is reinstated."""
    with acting(context, client, employee) as (ledger, by):
        bound = ledger.offers.redeem(_lookup(offer, is_code), read_basket(basket, store), by)
    _show_bound(bound, json=json)


def unlock(
    context: typer.Context,
    offer: Offer,
    employee: Employee = "",
    client: Client = CLI,
    json: Json = False,
) -> None:
    """Give a locked offer free."""
    with acting(context, client, employee) as (ledger, by):
        ledger.offers.unlock(offer, by)
    _done(offer, "is free", json=json)


def reinstate(
    context: typer.Context,
    offer: Offer,
    employee: Employee = "",
    client: Client = CLI,
    json: Json = False,
) -> None:
    """Make a redeemed offer the customer's again, with its old end."""
    with acting(context, client, employee) as (ledger, by):
        ledger.offers.reinstate(offer, by)
    _done(offer, "is the customer's again", json=json)


def revoke(
    context: typer.Context,
    offer: Offer,
    why: Why,
    employee: Employee = "",
    client: Client = CLI,
    json: Json = False,
) -> None:
    """Take an offer away for good."""
    with acting(context, client, employee) as (ledger, by):
        ledger.offers.revoke(offer, by, why)
    _done(offer, "is revoked", json=json)


def code(
    context: typer.Context,
    offer: Offer,
    employee: Employee = "",
    client: Client = CLI,
    json: Json = False,
) -> None:
    """A code that stands for the offer at the till: good for 10 minutes and one sale."""
    with acting(context, client, employee) as (ledger, by):
        made = ledger.offers.code(offer, by)
    if json:
        as_json({"code": made.code, "offer_id": made.offer_id, "expires_at": made.expires_at})
    else:
        tell(f"{made.code} is good until {cell(made.expires_at)} UTC, for one sale.")


# --- how ----------------------------------------------------------------------------------------


def as_issued(event: OfferIssued) -> dict[str, Any]:
    """An issued offer for programs."""
    return {
        "offer_id": event.offer_id,
        "definition": event.definition,
        "redeemable_from": event.redeemable_from,
        "expires_at": event.expires_at,
        "price": event.price,
    }


def show_issued(title: str, issued: Iterable[OfferIssued]) -> None:
    """Issued offers as a table."""
    rows = ((one.offer_id, one.definition, one.expires_at) for one in issued)
    table(title, ("offer", "definition", "until"), rows, whole="offer")


def read_basket(file: Path, store: str | None) -> Basket:
    """The sale in the file, alone or as a till's whole request; Rejected when there is none."""
    body = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    given = decoded(body)
    payload: Any = given.get("request_payload", given)
    if isinstance(payload, Mapping):
        payload = payload.get("transaction", payload)
    if not isinstance(payload, Mapping):
        raise Rejected(Reason.VALIDATION, f"{file} must hold a sale as a JSON object")
    if store is None and given.get("store_id") is None:
        raise refused([("store_id", "is missing: the file holds it, or --store names the store")])
    store_id = store or named_text("store_id", given["store_id"])
    return Basket(store_id, read_transaction(payload))


def _lookup(offer: str, is_code: bool) -> Lookup:
    return Lookup(TTL_CODE if is_code else USER_OFFER_ID, offer)


def _show_bound(bound: Bound, *, json: bool) -> None:
    if json:
        as_json(discount_object(bound))
        return
    event, exponent = bound.event, bound.program.exponent
    until = f" until {cell(event.locked_until)} UTC" if isinstance(event, OfferLocked) else ""
    what = "Locked" if isinstance(event, OfferLocked) else "Redeemed"
    off = major_units(event.discount.amount, exponent)
    tell(f"{what} for {event.transaction}{until}: {off} {bound.program.currency} off.")
    if event.discount.lines:
        table(
            "Discounted lines",
            ("line", "quantity", "off"),
            (
                (line.line_id, line.quantity, major_units(line.amount, exponent))
                for line in event.discount.lines
            ),
            right="quantity, off",
        )


def _done(offer: str, what: str, *, json: bool) -> None:
    if json:
        as_json({"offer_id": offer, "done": True})
    else:
        tell(f"Offer {offer} {what}.")
