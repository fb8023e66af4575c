"""`loyalty serve`: the HTTP service."""

from contextlib import closing, nullcontext
from pathlib import Path
from socket import socket
from typing import Annotated

import typer

from loyalty_ledger import clock
from loyalty_ledger.cli.opening import Place
from loyalty_ledger.cli.output import tell
from loyalty_ledger.companion import working_beside
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.http.app import PATHS, Settings, make_app
from loyalty_ledger.http.intake_process import IntakeProcess
from loyalty_ledger.http.names import read_names
from loyalty_ledger.http.serve import Serving, bound, log_as_json


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command("serve")(serve)


def _listening(host: str, port: int) -> socket:
    try:
        return bound(host, port)
    except OSError as error:
        why = f"{host} port {port} cannot be listened at: {error.strerror or error}"
        raise Rejected(Reason.VALIDATION, why) from error


def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="The address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes any.")] = 8000,
    wire: Annotated[
        Path | None, typer.Option(help="Names of your own on the wire, as TOML.")
    ] = None,
    https_only: Annotated[
        bool,
        typer.Option(
            "--https-only", envvar="HTTPS_ONLY", help="Refuse what comes over plain HTTP."
        ),
    ] = False,
) -> None:
    """Serve HTTP. On SQLite it works beside itself; on PostgreSQL run `loyalty work` too."""
    place: Place = context.obj
    settings = Settings(read_names(wire, PATHS), https_only)
    with place.ledger() as ledger:
        engine, secret = ledger.log.engine, place.secret()
        listening = _listening(host, port)
        at, number = listening.getsockname()[:2]
        address = f"http://[{at}]:{number}" if ":" in at else f"http://{at}:{number}"
        log_as_json()
        beside = working_beside(engine.url, secret) if engine.name == "sqlite" else nullcontext()
        intake = IntakeProcess(engine.url, secret, settings.names)
        with beside, closing(intake), listening:
            app = make_app(engine, secret, clock.now, settings, intake)
            Serving(app, lambda: tell(f"Serving at {address}")).run(sockets=[listening])
