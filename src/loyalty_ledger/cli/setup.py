"""`loyalty init`, `migrate`, `status`."""

from typing import Annotated

import typer

from loyalty_ledger.cli.opening import Place
from loyalty_ledger.cli.output import as_json, table, tell, warn
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.identity import make_key
from loyalty_ledger.status import status_of
from loyalty_ledger.store import migrate

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("init")(init)
    app.command("migrate")(upgrade)
    app.command("status")(status)


def init(context: typer.Context) -> None:
    """Create a ledger: its tables, and a secret key if there is none. Twice changes nothing."""
    place: Place = context.obj
    path = place.key_path
    with place.database_engine() as engine:
        new = not migrate.is_initialised(engine)
        address = engine.url.set(drivername=engine.name).render_as_string()
    if path is not None and not path.parent.exists():
        raise Rejected(Reason.VALIDATION, f"the folder {path.parent} does not exist: make it first")
    if path is not None and new and make_key(path):
        tell(f"Made the secret key {path} (only you can read it). Keep a copy apart from backups:")
        tell("without it nobody's identifiers can be recognised any more.")
    place.secret()
    _migrate(place)
    with place.ledger():
        pass
    tell(f"{'Created a' if new else 'There is a'} ledger in {address}.")


def upgrade(context: typer.Context) -> None:
    """Bring the tables of a ledger up to this version of the software."""
    _migrate(context.obj)
    tell(f"The tables are at schema {migrate.latest_revision()}.")


def _migrate(place: Place) -> None:
    with place.database_engine() as engine:
        try:
            migrate.create(engine)
        except migrate.SchemaMismatch as error:
            raise Rejected(Reason.NOT_INITIALISED, str(error)) from error


def status(context: typer.Context, json: Json = False) -> None:
    """Positions, lags, what waits and what failed."""
    with context.obj.ledger() as ledger:
        answer = status_of(ledger)
    if json:
        as_json(answer)
        return
    tell(f"Log position {answer['position']:,}; program version {answer['program_version']};")
    tell(f"{answer['waiting']:,} sales and events wait to be settled.")
    if answer["failed"]:
        tell(f"{len(answer['failed']):,} failed; {answer['held']:,} wait behind those.")
    rows = [(one["name"], one["position"], one["lag"]) for one in answer["readers"]]
    table("Readers", ("name", "position", "lag"), rows, right="position, lag")
    if answer["failed"]:
        failed = [(one["cause"], one["reason"]) for one in answer["failed"]]
        table("Failed settlements: `loyalty work --retry` tries again", ("sale", "reason"), failed)
    for warning in answer["warnings"]:
        warn(warning)
