"""`loyalty promo generate`, `load`, `codes`: lists of promo codes of one claim each."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from loyalty_ledger.cli.arguments import printable
from loyalty_ledger.cli.loads import Refused, existing, run_load
from loyalty_ledger.cli.offers import CLI, Client, Employee, acting
from loyalty_ledger.cli.output import as_json, json_bytes, progress, tell
from loyalty_ledger.cli.setup import Json
from loyalty_ledger.domain.events.offers import Actor
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.loading import Counts, Progress, load_promo_codes
from loyalty_ledger.promo_code_list import STATES, CodeOfList, codes_of

Promotion = Annotated[str, typer.Argument(callback=printable(), help="The id of the promotion.")]


def generate(
    context: typer.Context,
    promotion: Promotion,
    count: Annotated[int, typer.Option(help="How many codes, at most 1,000,000.")],
    out: Annotated[Path, typer.Option(help="The new file they are written to, once.")],
    employee: Employee = "",
    client: Client = CLI,
    json: Json = False,
) -> None:
    """Make codes of one claim each, and write them to a file that only you can read."""
    with acting(context, client, employee) as (ledger, by), progress("Generating") as told:
        made = ledger.promo_lists.generate(promotion, count, out, by, told)
    if json:
        as_json(made._asdict() | {"file": str(made.file)})
        return
    tell(f"{made.codes:,} codes of {made.promotion} are valid and stand in {made.file}.")
    tell("They are kept nowhere else: the ledger knows only their keyed hashes.")


def load(
    context: typer.Context,
    promotion: Promotion,
    file: Annotated[
        Path,
        typer.Argument(dir_okay=False, callback=existing, help="One code a line, .gz, or -."),
    ],
    refused: Refused = None,
    client: Client = CLI,
    json: Json = False,
) -> None:
    """Take over a list of codes made by others: each can be claimed once."""
    by = Actor(client_id=client)

    def take(ledger: Ledger, path: Path, refusals: Path, progress: Progress) -> Counts:
        return load_promo_codes(ledger, promotion, by, path, refusals, progress)

    run_load(context, "codes", take, file, refused, json)


def codes(
    context: typer.Context,
    of: Annotated[str, typer.Argument(callback=printable(), help="A promotion, or a batch.")],
    state: Annotated[
        str | None, typer.Option(help="Only those that are unused, used or withdrawn.")
    ] = None,
    json: Json = False,
) -> None:
    """The codes of one claim of a promotion or a batch, by keyed hash, and what became of each."""
    if state is not None and state not in STATES:
        known = ", ".join(STATES)
        raise Rejected(Reason.VALIDATION, f"--state {state[:80]!r}: there is {known}")
    with context.obj.ledger() as ledger:
        found = (one for one in codes_of(ledger.log, of) if state in (None, one.state))
        for text in _as_list(found) if json else (f"{one.digest} {one.state}\n" for one in found):
            sys.stdout.write(text)


def _as_list(found: Iterable[CodeOfList]) -> Iterator[str]:
    """A list for programs on one line, piece by piece: there may be a million."""
    opening = "["
    for one in found:
        yield opening + json_bytes(one._asdict()).decode()
        opening = ","
    yield "[]\n" if opening == "[" else "]\n"
