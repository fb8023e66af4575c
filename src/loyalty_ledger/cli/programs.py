"""`loyalty program schema | check | publish | show | diff`."""

from pathlib import Path
from typing import Annotated

import typer
import yaml

from loyalty_ledger import program_diff
from loyalty_ledger.cli.opening import Place
from loyalty_ledger.cli.output import as_json, plain_json, table, tell
from loyalty_ledger.cli.setup import Json
from loyalty_ledger.domain.program.advice import check_successor, last_valid_days, warnings
from loyalty_ledger.domain.program.document import Program, json_schema
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.program_file import load_program
from loyalty_ledger.store import migrate

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="YAML or JSON.")]
Version = Annotated[int | None, typer.Option(min=1, help="Which version; the newest if left out.")]
Either = Annotated[str, typer.Argument(help="A published version's number, or a file.")]


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    group = typer.Typer(no_args_is_help=True, help="The program document.")
    for command in (schema, check, publish, show, diff):
        group.command()(command)
    app.add_typer(group, name="program")


def schema() -> None:
    """Print the JSON Schema of the program document."""
    tell(plain_json(json_schema()))


def check(context: typer.Context, file: File, json: Json = False) -> None:
    """Say whether a program document can be published, and what to look at."""
    program = load_program(file)
    previous = _in_force(context.obj)
    if previous is not None:
        check_successor(previous, program)
    found = [str(problem) for problem in warnings(program, previous)]
    ends = [(path, day.isoformat()) for path, day in last_valid_days(program)]
    if json:
        as_json({"program": program.program, "warnings": found, "last_valid_days": dict(ends)})
        return
    tell(f"{file}: {program.name} ({program.program}) is a valid program.")
    for warning in found:
        tell(f"Warning: {warning}")
    if ends:
        table("Last valid days (every end is exclusive)", ("what", "last day"), ends)


def publish(context: typer.Context, file: File, json: Json = False) -> None:
    """Record the document as the program's next version, in force for what arrives from now on."""
    program = load_program(file)
    with context.obj.ledger() as ledger:
        version = ledger.administration.publish(program)
        in_force = len(ledger.settlement.programs)
    if json:
        as_json({"version": in_force, "published": version is not None})
    elif version is None:
        tell(f"Version {in_force} of {program.program} is this very document; nothing to publish.")
    else:
        tell(f"Published version {version} of {program.program}.")


def show(context: typer.Context, version: Version = None, json: Json = False) -> None:
    """Print a published version, whole, with every default."""
    with context.obj.ledger() as ledger:
        document = _published(ledger, version).to_document()
    if json:
        as_json(document)
    else:
        tell(yaml.safe_dump(document, sort_keys=False, allow_unicode=True).rstrip())


def diff(context: typer.Context, a: Either, b: Either, json: Json = False) -> None:
    """What differs between two programs, by id."""
    differences = program_diff.diff(_either(context.obj, a), _either(context.obj, b))
    if json:
        as_json(
            [
                {"path": one.path, "kind": one.kind, "before": one.before, "after": one.after}
                for one in differences
            ]
        )
        return
    for one in differences:
        tell(str(one))
    if not differences:
        tell("No difference.")


def _either(place: Place, name: str) -> Program:
    if not name.isdigit():
        return load_program(Path(name))
    with place.ledger() as ledger:
        return _published(ledger, int(name))


def _published(ledger: Ledger, version: int | None) -> Program:
    programs = ledger.settlement.programs
    if not programs:
        raise Rejected(Reason.NO_PROGRAM, "no program was published yet")
    wanted = version or len(programs)
    if wanted not in programs:
        raise Rejected(
            Reason.NO_PROGRAM, f"there is no version {wanted}; the newest is {len(programs)}"
        )
    return programs[wanted]


def _in_force(place: Place) -> Program | None:
    """The published program, if there is a ledger with one: checking needs none."""
    with place.database_engine() as engine:
        if not migrate.is_initialised(engine):
            return None
    with place.ledger() as ledger:
        rulebook = ledger.settlement.rulebook()
        return rulebook.program if rulebook else None
