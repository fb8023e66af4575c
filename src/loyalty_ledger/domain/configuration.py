"""What is configured and loaded: programs by version, stores, catalogs by version."""

from datetime import date, datetime
from typing import Any

from msgspec import Struct

from loyalty_ledger.domain.events.program import (
    CatalogLoaded,
    LedgerOpened,
    ProgramPublished,
    Store,
    StoresLoaded,
)
from loyalty_ledger.domain.program.advice import check_sold, check_successor
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.values import Reason, Rejected, to_wall


class Opening(Struct, frozen=True):
    """How the ledger was opened; no key check when it was not yet."""

    key_check: str = ""


class Programs(Struct, frozen=True):
    """The published versions, first to last."""

    documents: tuple[dict[str, Any], ...] = ()

    @property
    def version(self) -> int:
        """The version in force; 0 when none was published."""
        return len(self.documents)

    @property
    def sor(self) -> bool:
        """Whether external ids stand for internal ones."""
        return bool(self.documents) and self.documents[-1].get("customer_ids") == "sor"

    @property
    def time_zone(self) -> str:
        """The program's zone; UTC before there is one."""
        return str(self.documents[-1]["time_zone"]) if self.documents else "UTC"

    def day_of(self, moment: datetime) -> date:
        """The calendar day of the moment in the program's zone."""
        return to_wall(moment, self.time_zone).date()


class Catalogs(Struct, frozen=True):
    """The digests of the loaded catalogs, first to last."""

    digests: tuple[str, ...] = ()

    @property
    def version(self) -> int:
        """The catalog in force; 0 when none was loaded."""
        return len(self.digests)


class Stores(Struct, frozen=True):
    """The stores in force, by id."""

    by_id: dict[str, Store] = {}

    def store(self, store_id: str) -> Store:
        """The store; Rejected when it was not loaded."""
        store = self.by_id.get(store_id)
        if store is None:
            raise Rejected(
                Reason.UNKNOWN_STORE,
                f"store {store_id!r} is not known: load the stores first",
                {"store_id": store_id},
            )
        return store


def open_under(key_check: str, at: datetime, opening: Opening) -> list[LedgerOpened]:
    """Open a new ledger under this key; Rejected when it was opened under another one."""
    if opening.key_check == key_check:
        return []
    if opening.key_check:
        raise Rejected(
            Reason.WRONG_KEY,
            "this is not the secret key the ledger was opened under: every customer would look new",
        )
    return [LedgerOpened(at=at, key_check=key_check)]


def publish(program: Program, at: datetime, published: Programs) -> list[ProgramPublished]:
    """A new version; nothing when the document is the one in force."""
    document = program.to_document()
    if published.documents:
        if document == published.documents[-1]:
            return []
        previous = Program.from_document(published.documents[-1])
        check_successor(previous, program)
        check_sold(previous, program)
    return [
        ProgramPublished(
            at=at, program=program.program, version=published.version + 1, document=document
        )
    ]


def load_stores(stores: list[Store], at: datetime, known: Stores) -> list[StoresLoaded]:
    """The whole list of stores; nothing when it is the one in force."""
    if {store.store_id: store for store in stores} == known.by_id:
        return []
    return [StoresLoaded(at=at, stores=stores)]


def load_catalog(
    digest: str, items: int, categories: int, at: datetime, known: Catalogs
) -> list[CatalogLoaded]:
    """The whole catalog; nothing when it is the one in force."""
    if known.digests and known.digests[-1] == digest:
        return []
    version = known.version + 1
    return [
        CatalogLoaded(at=at, version=version, digest=digest, items=items, categories=categories)
    ]


def evolve_opening(_: Opening, event: LedgerOpened) -> Opening:
    """The opening after the event."""
    return Opening(event.key_check)


def evolve_programs(programs: Programs, event: ProgramPublished) -> Programs:
    """The versions after the event."""
    return Programs((*programs.documents, event.document))


def evolve_stores(_: Stores, event: StoresLoaded) -> Stores:
    """The stores after the event."""
    return Stores({store.store_id: store for store in event.stores})


def evolve_catalogs(catalogs: Catalogs, event: CatalogLoaded) -> Catalogs:
    """The catalogs after the event."""
    return Catalogs((*catalogs.digests, event.digest))
