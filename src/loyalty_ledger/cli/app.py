"""The command line of the ledger, put together. Exit codes: 0 done, 1 refused, 2 wrong usage."""

import io
import signal
import sys
import threading
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import Annotated, Never

import typer
from sqlalchemy.exc import DBAPIError, OperationalError

from loyalty_ledger.cli import (
    bookkeeping,
    catalogs,
    customers,
    erasing,
    explanations,
    exports,
    keys,
    loads,
    merging,
    offers,
    programs,
    promotions,
    reads,
    receipts,
    rewards,
    running,
    serving,
    setup,
    spends,
    upkeep,
)
from loyalty_ledger.cli.demo import demo
from loyalty_ledger.cli.opening import DEFAULT_DATABASE, Place
from loyalty_ledger.cli.output import as_json, log_plainly, tell, warn
from loyalty_ledger.collector import spare_the_collector
from loyalty_ledger.domain.program.problems import ProgramError
from loyalty_ledger.domain.values import Rejected
from loyalty_ledger.store.log import Busy, Conflict, NotStored, OutcomeUnknown
from loyalty_ledger.store.mapper import UnknownEvent, UnreadableEvent

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="A loyalty ledger: decides points, offers and tiers, and can say why.",
)
ANYWHERE = ("--database", "--key-file")
STOPPED = 143
_stopping = threading.Event()


def _tell_version(asked: bool) -> None:
    if asked:
        tell(f"loyalty-ledger {version('loyalty-ledger')}")
        raise typer.Exit


@app.callback()
def root(
    context: typer.Context,
    database: Annotated[
        str, typer.Option(envvar="LOYALTY_DATABASE_URL", help="Where the ledger lives.")
    ] = DEFAULT_DATABASE,
    key_file: Annotated[
        Path | None, typer.Option(help="The file of the secret key; LOYALTY_SECRET_KEY instead.")
    ] = None,
    _version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Which it is.")
    ] = False,
) -> None:
    """Options of every command; they may stand anywhere on the line."""
    log_plainly()
    context.obj = Place(database, key_file)


app.command()(demo)
for module in (
    setup,
    loads,
    catalogs,
    running,
    programs,
    reads,
    customers,
    offers,
    rewards,
    spends,
    explanations,
    promotions,
    bookkeeping,
    exports,
    upkeep,
    keys,
    serving,
):
    module.add_to(app)
for module in (erasing, merging, receipts):
    module.add_to(customers.GROUP)


def main() -> None:
    """Run the command line: refusals are answers, and no traceback reaches a user."""
    signal.signal(signal.SIGTERM, _terminate)
    _print_whatever_it_is()
    spare_the_collector()
    arguments = hoisted(sys.argv[1:])
    try:
        _answered(arguments)
    except Exception:
        if not _stopping.is_set():
            raise
        # The signal came in the middle of something: what was not committed is not there.
        raise SystemExit(STOPPED) from None


def _answered(arguments: list[str]) -> None:
    try:
        app(arguments, standalone_mode=True)
    except ProgramError as error:
        _refuse(arguments, "validation", str(error), [str(one) for one in error.problems])
    except Rejected as refusal:
        _refuse(arguments, refusal.code.value, refusal.message, refusal.details)
    except (UnknownEvent, UnreadableEvent) as error:
        _refuse(arguments, "log", f"the log cannot be read: {error}", {})
    except (Busy, Conflict):
        _refuse(arguments, "busy", str(Busy()), {})
    except (NotStored, OutcomeUnknown) as error:
        _refuse(arguments, "database", str(error), {})
    except (OperationalError, DBAPIError) as error:
        reason = str(error.orig).strip().splitlines()[0] if error.orig else str(error)
        if "permission denied" in reason:
            reason += ": views belong to the role that made them (see docs/operations.md)"
        _refuse(arguments, "database", f"the database refuses: {reason}", {})
    except OSError as error:
        _refuse(arguments, "file", f"{error.filename or 'a file'}: {error.strerror or error}", {})


def hoisted(arguments: list[str]) -> list[str]:
    """The arguments with the options of every command moved to the front."""
    front: list[str] = []
    rest: list[str] = []
    queue = iter(arguments)
    for argument in queue:
        name, equals, _ = argument.partition("=")
        if argument == "--":
            rest += [argument, *queue]
        elif name in ANYWHERE:
            front += [argument] if equals else [argument, *_one_more(queue)]
        else:
            rest.append(argument)
    return front + rest


def _one_more(queue: object) -> list[str]:
    value = next(queue, None)  # type: ignore[call-overload]
    return [] if value is None else [value]


def _refuse(arguments: list[str], code: str, message: str, details: object) -> Never:
    if _stopping.is_set():
        raise SystemExit(STOPPED)
    # A file's name need not be text.
    message = message.encode(errors="backslashreplace").decode()
    if "--json" in arguments:
        as_json({"error": {"code": code, "message": message, "details": details}})
    else:
        warn(f"Refused ({code}): {message}")
    raise SystemExit(1)


def _print_whatever_it_is() -> None:
    """The name of a file need not be text, and a terminal need not know every character."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    _stopping.set()
    raise SystemExit(STOPPED)
