"""`loyalty projections status | rebuild | verify` and `loyalty verify`."""

from typing import Annotated

import typer

from loyalty_ledger import verification
from loyalty_ledger.cli.output import as_json, progress, table, tell, warn
from loyalty_ledger.cli.setup import Json
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.store.vacuum import vacuum as rewrite
from loyalty_projections.projections import PROJECTIONS

Batch = Annotated[int | None, typer.Option(min=1, help="Events in a commit.")]


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    group = typer.Typer(no_args_is_help=True, help="The views that answers come from.")
    group.command("status")(status)
    group.command("rebuild")(rebuild)
    group.command("verify")(verify_views)
    app.add_typer(group, name="projections")
    app.command("verify")(verify)
    app.command("vacuum")(vacuum)


def vacuum(context: typer.Context) -> None:
    """Rewrite the database's files, so that what was erased is in none of them any more."""
    with context.obj.ledger() as ledger:
        rewrite(ledger.log.engine)
    tell("What was erased is gone from the database's files.")


def status(context: typer.Context, json: Json = False) -> None:
    """Where every projection stands, with the digest of what it holds."""
    with context.obj.ledger() as ledger:
        rows = [
            {
                "name": one.name,
                "version": one.version,
                "position": one.position,
                "digest": ledger.projector.digest(one.name).value[:16],
            }
            for one in ledger.projector.status()
        ]
    if json:
        as_json(rows)
    else:
        columns = ("name", "version", "position", "digest")
        table("Projections", columns, (tuple(row.values()) for row in rows), right="position")


def rebuild(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The projection's name, or `all`.")],
    batch: Batch = None,
    json: Json = False,
) -> None:
    """Build a projection anew beside the live one, compare, and put it in its place."""
    _compare(context, name, batch, json, swap=True)


def verify_views(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The projection's name, or `all`.")] = "all",
    batch: Batch = None,
    json: Json = False,
) -> None:
    """Build projections anew and compare them with the live ones, which stay."""
    _compare(context, name, batch, json, swap=False)


def _compare(
    context: typer.Context, name: str, batch: int | None, json: bool, *, swap: bool
) -> None:
    with context.obj.ledger() as ledger:
        answers = [_one(ledger, one, batch, swap=swap) for one in _names(name)]
    if json:
        as_json(answers)
    else:
        for one in answers:
            same = "equals the live one" if one["equal"] else "DIFFERS from the live one"
            tell(f"{one['name']}: {one['rows']:,} rows built from zero, {same}.")
    if not all(one["equal"] for one in answers):
        raise typer.Exit(1)


def _one(ledger: Ledger, name: str, batch: int | None, *, swap: bool) -> dict[str, object]:
    build = ledger.projector.rebuild if swap else ledger.projector.verify
    with progress(f"building {name}") as show:
        built = build(name, batch=batch, progress=show)
    return {
        "name": name,
        "position": built.position,
        "rows": built.built.rows,
        "digest": built.built.value,
        "equal": built.same,
    }


def _names(name: str) -> list[str]:
    names = [projection.name for projection in PROJECTIONS]
    if name == "all":
        return names
    if name not in names:
        raise Rejected(
            Reason.VALIDATION, f"there is no projection {name!r}; there are: {', '.join(names)}"
        )
    return [name]


def verify(context: typer.Context, json: Json = False) -> None:
    """Check the chain of the log, what stands beside it, every law of the books, every view."""
    with context.obj.ledger() as ledger, progress("verifying") as show:
        found = verification.verify(ledger, show)
    if json:
        as_json({"verified": not found.problems, **found._asdict()})
    else:
        tell(f"{found.events:,} events and {found.movements:,} movements of points checked,")
        tell(f"{found.projections} views compared with the log.")
        for problem in found.problems:
            warn(problem)
        tell("Every law holds." if not found.problems else "The ledger is broken.")
    if found.problems:
        raise typer.Exit(1)
