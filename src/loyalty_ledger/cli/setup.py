"""`loyalty init`, `migrate`, `status`."""

from typing import Annotated, Any

import typer

from loyalty_ledger.cli.opening import Place
from loyalty_ledger.cli.output import as_json, table, tell
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.identity import make_key
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.settlement import ARRIVALS, READER
from loyalty_ledger.store import migrate
from loyalty_projections import agenda

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
        address = engine.url.render_as_string()
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
    tell(
        f"{answer['waiting']:,} arrivals wait to be settled, of which {answer['held']:,} behind"
        f" {len(answer['failed']):,} failed."
    )
    rows = [(one["name"], one["position"], one["lag"]) for one in answer["readers"]]
    table("Readers", ("name", "position", "lag"), rows, right="position, lag")
    if answer["failed"]:
        failed = [(one["cause"], one["reason"]) for one in answer["failed"]]
        table("Failed settlements: `loyalty work --retry` tries again", ("sale", "reason"), failed)


def status_of(ledger: Ledger) -> dict[str, Any]:
    """Where everything stands; lag is in events not yet read."""
    head = ledger.log.head()
    positions = ledger.log.readers()
    wanted = [READER, *(one.reader for one in ledger.projector.status())]
    readers = [
        {"name": name, "position": at, "lag": max(0, head.position - at)}
        for name in wanted
        for at in (positions.get(name, 0),)
    ]
    failed = ledger.projector.ask(agenda.failed)
    held = {(one.subject, one.version) for one in ledger.projector.ask(agenda.waiting)}
    unread = ledger.log.count(positions.get(READER, 0), ARRIVALS)
    return {
        "position": head.position,
        "digest": head.digest.hex(),
        "recorded_at": head.recorded_at,
        "program_version": len(ledger.settlement.programs),
        "readers": readers,
        "waiting": unread + len(held),
        "held": len(held),
        "failed": [
            {"cause": one.cause, "reason": one.reason, "customers": list(one.customers)}
            for one in failed
        ],
    }
