"""`loyalty catalog show`: which catalogs were loaded, for whom, and which are in force."""

from datetime import datetime
from typing import Annotated, NamedTuple

import typer

from loyalty_ledger.cli.output import as_json, table, tell
from loyalty_ledger.cli.setup import Json
from loyalty_ledger.domain.configuration import Catalogs
from loyalty_ledger.domain.events.program import CatalogLoaded
from loyalty_ledger.domain.streams import CATALOG, STORES
from loyalty_ledger.ledger import Ledger


class Load(NamedTuple):
    """A catalog that was loaded; `store_id` is None for the one of all other stores."""

    version: int
    store_id: str | None
    in_force: bool
    items: int
    categories: int
    retired: int
    loaded_at: datetime
    digest: str


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    group = typer.Typer(no_args_is_help=True, help="The catalogs that were loaded.")
    group.callback()(_catalogs)
    group.command()(show)
    app.add_typer(group, name="catalog")


def _catalogs() -> None:
    """The catalogs that were loaded."""


def show(
    context: typer.Context,
    store: Annotated[
        str | None, typer.Option(help="Only what this store's sales were ever judged by.")
    ] = None,
    json: Json = False,
) -> None:
    """Every catalog that was loaded, first to last: how large, when, and whether it is in force."""
    with context.obj.ledger() as ledger:
        found = loads(ledger, store)
    if json:
        as_json([one._asdict() for one in found])
    elif not found:
        tell("No catalog was loaded.")
    else:
        columns = ("version", "store", "in force", "items", "categories", "retired", "loaded (UTC)")
        rows = [
            (*(one.version, one.store_id or "all others", one.in_force, one.items, one.categories),
             *(one.retired, one.loaded_at))
            for one in found
        ]  # fmt: skip
        right = "version, items, categories, retired"
        table("Catalogs", columns, rows, right=right)


def loads(ledger: Ledger, store_id: str | None = None) -> list[Load]:
    """The catalogs of all stores, or those that one has had; Rejected when it is not known."""
    states = ledger.states.get([CATALOG, STORES])
    if store_id is not None:
        states[STORES].seller(store_id)
    known: Catalogs = states[CATALOG]
    found, own = [], False
    for recorded in ledger.log.stream(CATALOG):
        event = recorded.event
        assert isinstance(event, CatalogLoaded)  # noqa: S101 - the stream holds nothing else
        own = own or event.store_id == store_id
        if store_id is None:
            wanted, judges = True, known.by_store[event.store_id] == event.version
        else:
            wanted = event.store_id == store_id or not (event.store_id or own)
            judges = known.in_force(store_id) == event.version
        if wanted:
            found.append(_load(event, recorded.recorded_at, judges))
    return found


def _load(event: CatalogLoaded, recorded_at: datetime, in_force: bool) -> Load:
    return Load(
        version=event.version,
        store_id=event.store_id or None,
        in_force=in_force,
        items=event.items,
        categories=event.categories,
        retired=event.retired,
        loaded_at=recorded_at,
        digest=event.digest,
    )
