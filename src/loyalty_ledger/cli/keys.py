"""`loyalty keys create | list | rotate | revoke`: keys of programs that call the service."""

from typing import Annotated

import typer

from loyalty_ledger import clock
from loyalty_ledger.cli.arguments import printable
from loyalty_ledger.cli.output import as_json, table, tell
from loyalty_ledger.cli.reads import zone_of
from loyalty_ledger.cli.setup import Json
from loyalty_ledger.domain.api_key import Scope
from loyalty_ledger.domain.values import Period, Reason, Rejected
from loyalty_ledger.keys import NewKey, Terms, as_new
from loyalty_ledger.moments import read_moment

KeyId = Annotated[str, typer.Argument(callback=printable(), help="The id of a key.")]


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    group = typer.Typer(no_args_is_help=True, help="Keys of programs that call the service.")
    for name, command in (
        ("create", create),
        ("list", show_all),
        ("rotate", rotate),
        ("revoke", revoke),
    ):
        group.command(name)(command)
    app.add_typer(group, name="keys")


def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(callback=printable(), help="Whose key it is.")],
    scope: Annotated[Scope, typer.Option(help="What it is for.")],
    store: Annotated[
        str, typer.Option(callback=printable(empty=True), help="Only for this store.")
    ] = "",
    expires: Annotated[str | None, typer.Option(help="Good until then.")] = None,
    per_second: Annotated[int, typer.Option(min=0, help="Calls a second; 0: any number.")] = 0,
    signed: Annotated[
        bool, typer.Option("--signed", help="Its requests have to be signed.")
    ] = False,
    json: Json = False,
) -> None:
    """Make a key. Its secret is shown once, now."""
    with context.obj.ledger() as ledger:
        until = None if expires is None else read_moment(expires, zone_of(ledger))
        made = ledger.keys.create(Terms(name, scope, store, until, per_second, signed), "cli")
    _show_new(made, json=json)


def show_all(context: typer.Context, json: Json = False) -> None:
    """Every key there was."""
    with context.obj.ledger() as ledger:
        keys = ledger.keys.told(ledger.keys.all().by_id.values())
    if json:
        as_json(keys)
        return
    names = ("key", "name", "scope", "store_id", "state", "expires_at", "last_used_at")
    columns = ("key", "name", "scope", "store", "state", "until", "last used")
    table("Keys", columns, ([key[name] for name in names] for key in keys), whole="key")


def rotate(
    context: typer.Context,
    key: KeyId,
    overlap: Annotated[
        str | None, typer.Option(help="How long the old secret stays good, such as PT24H.")
    ] = None,
    json: Json = False,
) -> None:
    """Give a key a new secret, shown once, now."""
    try:
        until = None if overlap is None else Period.parse(overlap).after(clock.now(), "UTC")
    except ValueError as error:
        raise Rejected(Reason.VALIDATION, f"--overlap {error}") from error
    with context.obj.ledger() as ledger:
        made = ledger.keys.rotate(key, until, "cli")
    _show_new(made, json=json)


def revoke(context: typer.Context, key: KeyId, json: Json = False) -> None:
    """End a key."""
    with context.obj.ledger() as ledger:
        (ended,) = ledger.keys.told([ledger.keys.revoke(key, "cli")])
    if json:
        as_json(ended)
    else:
        tell(f"{key} is revoked.")


def _show_new(made: NewKey, *, json: bool) -> None:
    if json:
        as_json(as_new(made))
        return
    tell(f"Key:    {made.key.key_id}")
    tell(f"Secret: {made.secret}")
    if made.signing_secret:
        tell(f"Signing secret: {made.signing_secret}")
    tell("Keep the secret: it is not shown again.")
