"""`loyalty customer enrol | show | change | link | unlink | tag | untag | find`."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any

import typer

from loyalty_ledger.cli.arguments import AsOf, Customer, KnownAt, printable
from loyalty_ledger.cli.output import as_json, tell
from loyalty_ledger.cli.reads import profile, zone_of
from loyalty_ledger.cli.setup import Json
from loyalty_ledger.domain.customer import Standing
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.identity import Reference, normalised, parse_reference
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.moments import read_moment
from loyalty_ledger.sent import named_text

GROUP = typer.Typer(no_args_is_help=True, help="Customers, one by one.")
"""Other modules add their commands about customers to it."""

Identifier = Annotated[
    str, typer.Argument(help="KIND:VALUE: external, external/TYPE, email, phone or card.")
]
Identifiers = Annotated[
    list[str],
    typer.Argument(help="KIND:VALUE each: external, external/TYPE, email, phone or card."),
]
Several = Annotated[list[str], typer.Argument(help="KIND:VALUE each, of one customer.")]
Fields = Annotated[
    list[str] | None,
    typer.Option("--set", help="A personal field, as NAME=VALUE; may be repeated."),
]
Tags = Annotated[list[str] | None, typer.Option("--tag", help="A tag for good; may be repeated.")]
OptedIn = Annotated[
    bool | None, typer.Option("--opted-in/--opted-out", help="His consent.", show_default=False)
]
Suspended = Annotated[
    bool | None,
    typer.Option(
        "--suspended/--active", help="Whether he may ask for nothing.", show_default=False
    ),
]
IsTest = Annotated[
    bool | None, typer.Option("--test/--no-test", help="A test account.", show_default=False)
]
Tag = Annotated[str, typer.Argument(callback=printable(), help="The tag.")]
Expires = Annotated[
    str | None, typer.Option("--expires", help="When it ends; a date: with its end.")
]


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    for command in (enrol, show, change, link, unlink, tag, untag, find):
        GROUP.command()(command)
    app.add_typer(GROUP, name="customer")


def enrol(
    context: typer.Context,
    identifiers: Identifiers,
    fields: Fields = None,
    tags: Tags = None,
    opted_in: OptedIn = None,
    suspended: Suspended = None,
    test: IsTest = None,
    json: Json = False,
) -> None:
    """Enrol a customer under identifiers that are nobody's yet."""
    references = [identifier_named(one) for one in identifiers]
    about, restand = _fields(fields), _flags(opted_in, suspended, test)
    named = tuple(named_text("--tag", one) for one in tags or ())
    with context.obj.ledger() as ledger:
        standing = restand(Standing(tags=named), ledger.clock())
        customer_id = ledger.customers.enrol(references, standing, about)
        ledger.projector.catch_up()
    _told(json, {"customer_id": customer_id}, f"Enrolled {customer_id}.")


def show(
    context: typer.Context,
    customer: Customer,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    json: Json = False,
) -> None:
    """A customer's identifiers, flags, tags, points, levels and offers, as `loyalty profile`."""
    profile(context, customer, as_of, known_at, json)


def change(
    context: typer.Context,
    customer: Customer,
    fields: Fields = None,
    opted_in: OptedIn = None,
    suspended: Suspended = None,
    test: IsTest = None,
    json: Json = False,
) -> None:
    """Change consent, flags and personal fields."""
    about, restand = _fields(fields), _flags(opted_in, suspended, test)
    _act(context, customer, json, lambda ledger, who: ledger.customers.change(who, restand, about))


def link(
    context: typer.Context, customer: Customer, identifier: Identifier, json: Json = False
) -> None:
    """Let an identifier name the customer, too."""
    reference = identifier_named(identifier)
    _act(context, customer, json, lambda ledger, who: ledger.customers.link(who, reference))


def unlink(
    context: typer.Context, customer: Customer, identifier: Identifier, json: Json = False
) -> None:
    """Let an identifier name the customer no more; his internal id always does."""
    reference = identifier_named(identifier)
    _act(context, customer, json, lambda ledger, who: ledger.customers.unlink(who, reference))


def tag(
    context: typer.Context,
    customer: Customer,
    tag: Tag,
    expires: Expires = None,
    json: Json = False,
) -> None:
    """Give the customer a tag, for good or until it ends."""

    def act(ledger: Ledger, who: str) -> bool:
        return ledger.customers.tag(who, tag, _end(ledger, expires))

    _act(context, customer, json, act)


def untag(context: typer.Context, customer: Customer, tag: Tag, json: Json = False) -> None:
    """Take a tag away."""
    _act(context, customer, json, lambda ledger, who: ledger.customers.untag(who, tag))


def find(context: typer.Context, identifiers: Several, json: Json = False) -> None:
    """The internal id of the one customer that all of these name."""
    references = [identifier_named(one) for one in identifiers]
    with context.obj.ledger() as ledger:
        found = ledger.customers.find(references)
    _told(json, {"customer_id": found}, found)


# --- how ----------------------------------------------------------------------------------------


def _act(
    context: typer.Context, customer: str, json: bool, act: Callable[[Ledger, str], bool]
) -> None:
    """Do it, and tell whether anything is other than before."""
    with context.obj.ledger() as ledger:
        found = ledger.answers.find(identifier_named(customer))
        changed = act(ledger, found)
        ledger.projector.catch_up()
    text = f"Changed {found}." if changed else f"Nothing to change: {found} is so already."
    _told(json, {"customer_id": found, "changed": changed}, text)


def _told(json: bool, answer: Mapping[str, Any], text: str) -> None:
    if json:
        as_json(answer)
    else:
        tell(text)


def _end(ledger: Ledger, text: str | None) -> datetime | None:
    return None if text is None else read_moment(text, zone_of(ledger))


def _flags(
    opted_in: bool | None, suspended: bool | None, test: bool | None
) -> Callable[[Standing, datetime], Standing]:
    asked = {"opted_in": opted_in, "suspended": suspended, "test": test}
    given: dict[str, Any] = {name: value for name, value in asked.items() if value is not None}
    return lambda standing, _at: standing._replace(**given)


def _fields(pairs: list[str] | None) -> dict[str, str]:
    fields = {}
    for pair in pairs or ():
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise Rejected(
                Reason.VALIDATION, f"--set {pair[:80]!r}: write NAME=VALUE", {"field": "set"}
            )
        fields[named_text("--set", name)] = named_text(f"--set {name}", value, 1_000)
    return fields


def identifier_named(text: str) -> Reference:
    """An identifier, with its type as external/TYPE:VALUE; Rejected when it can be nobody's."""
    kind, _, value = text.partition(":")
    external, slash, type_name = kind.partition("/")
    if external == "external" and slash:
        named_text("TYPE", type_name)
        named_text("IDENTIFIER", value)
        return normalised("external", type_name, value)
    return parse_reference(text)
