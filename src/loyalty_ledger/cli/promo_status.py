"""`loyalty promo status`: what became of promo codes, for operators."""

from typing import Annotated

import typer

from loyalty_ledger.cli.arguments import printable
from loyalty_ledger.cli.output import as_json, table, tell
from loyalty_ledger.cli.setup import Json
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.identity import parse_reference
from loyalty_ledger.ledger import Ledger
from loyalty_projections.promo_status import CustomerView, PromotionView, of_customer, promotions


def status(
    context: typer.Context,
    of: Annotated[
        str | None,
        typer.Argument(
            callback=printable(), help="A promotion or a customer; else all promotions."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Codes and claims of promotions; or a customer's claims, wrong tries and why they were."""
    with context.obj.ledger() as ledger:
        program = _program(ledger)
        ledger.projector.catch_up()
        found = [one for one in _promotions(ledger, program) if of in (None, one.promotion)]
        customer = None if found or of is None else _customer(ledger, of, program)
    if json:
        as_json(customer if customer else found)
    elif customer:
        _show_customer(customer)
    else:
        _show(found)


def _program(ledger: Ledger) -> Program:
    rulebook = ledger.settlement.rulebook()
    if rulebook is None:
        raise Rejected(
            Reason.NO_PROGRAM, "no program was published: run `loyalty program publish` first"
        )
    return rulebook.program


def _promotions(ledger: Ledger, program: Program) -> list[PromotionView]:
    now = ledger.clock()
    return ledger.projector.ask(lambda reader: promotions(reader, program, now))


def _customer(ledger: Ledger, of: str, program: Program) -> CustomerView:
    customer_id, now = ledger.answers.find(parse_reference(of)), ledger.clock()
    return ledger.projector.ask(lambda reader: of_customer(reader, customer_id, program, now))


def _show(found: list[PromotionView]) -> None:
    rows = ((one.promotion, one.status, one.codes, one.used, one.left, one.claims) for one in found)
    columns = ("promotion", "status", "codes", "used", "left", "claims")
    table("Promotions", columns, rows, right="codes, used, left, claims")


def _show_customer(one: CustomerView) -> None:
    tell(f"Wrong tries: {one.in_a_row:,} in a row, {one.in_all:,} in all.")
    if one.locked_until is not None:
        tell(f"Locked out until {one.locked_until.isoformat()}.")
    rows = ((part.period, part.claimed, part.most) for part in one.limiter)
    table("Right codes", ("trailing", "claimed", "most"), rows, right="claimed, most")
    claims = ((part.claimed_at, part.promotion) for part in one.claims)
    table("Claims", ("at", "promotion"), claims)
    tries = ((part.tried_at, part.why, part.promotion, part.digest) for part in one.tries)
    table("Wrong tries", ("at", "why", "promotion", "code"), tries)
