"""What is configured and loaded: programs by version, stores, catalogs by version."""

from datetime import date, datetime
from typing import Any, NamedTuple

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
    def retailer_id(self) -> str | None:
        """Whose program it is, if it names one."""
        return self.documents[-1].get("retailer_id") if self.documents else None

    @property
    def time_zone(self) -> str:
        """The program's zone; UTC before there is one."""
        return str(self.documents[-1]["time_zone"]) if self.documents else "UTC"

    def day_of(self, moment: datetime) -> date:
        """The calendar day of the moment in the program's zone."""
        return to_wall(moment, self.time_zone).date()


class LoadedCatalog(NamedTuple):
    """A catalog as it was loaded: where its items are kept, and how many they are."""

    digest: str
    items: int
    categories: int


NO_CATALOG = LoadedCatalog("", 0, 0)


class Catalogs(Struct, frozen=True):
    """The loaded catalogs, first to last, and which is in force for stores of their own.

    A version is the place of a catalog among those of all stores, from 1.
    """

    loaded: tuple[LoadedCatalog, ...] = ()
    by_store: dict[str, int] = {}

    @property
    def version(self) -> int:
        """The catalog that was loaded last, for whatever store; 0 when none was."""
        return len(self.loaded)

    def in_force(self, store_id: str = "") -> int:
        """The store's own catalog, or the one for all; 0 when there is neither."""
        return self.by_store.get(store_id) or self.by_store.get("", 0)

    def of(self, version: int) -> LoadedCatalog:
        """The catalog of a version; an empty one for 0."""
        return self.loaded[version - 1] if version else NO_CATALOG


class Stores(Struct, frozen=True):
    """The stores in force, and those that a later list left out, by id."""

    by_id: dict[str, Store] = {}
    retired: dict[str, Store] = {}

    def store(self, store_id: str) -> Store:
        """A store in force; Rejected when it was not loaded, or is retired."""
        store = self.by_id.get(store_id)
        if store is None:
            why = "is retired" if store_id in self.retired else "is not known"
            raise Rejected(
                Reason.UNKNOWN_STORE,
                f"store {store_id!r} {why}: load the stores first",
                {"store_id": store_id},
            )
        return store

    def seller(self, store_id: str) -> Store:
        """A store that sold something, in force or retired; Rejected when it never was loaded."""
        return self.retired.get(store_id) or self.store(store_id)


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


def load_stores(
    stores: list[Store], at: datetime, known: Stores, *, confirmed: bool = False
) -> list[StoresLoaded]:
    """The whole list of stores; nothing when it is the one in force.

    Rejected when it retires more than half of those in force and nobody has confirmed that.
    """
    loaded = {store.store_id: store for store in stores}
    if loaded == known.by_id:
        return []
    retired = len(known.by_id.keys() - loaded.keys())
    most = _retires_most(retired, len(known.by_id), len(loaded), "stores", confirmed=confirmed)
    return [StoresLoaded(at=at, stores=stores, retired=retired, confirmed=most)]


def load_catalog(
    catalog: LoadedCatalog,
    retired: int,
    store_id: str,
    at: datetime,
    known: Catalogs,
    *,
    confirmed: bool = False,
) -> list[CatalogLoaded]:
    """The whole catalog of a store, or of all; nothing when it is the one in force.

    `retired` items of the one in force there are not in it. Rejected when those are more than half
    and nobody has confirmed that.
    """
    version = known.by_store.get(store_id, 0)
    if version and known.of(version).digest == catalog.digest:
        return []
    before = known.of(known.in_force(store_id))
    most = _retires_most(retired, before.items, catalog.items, "items", confirmed=confirmed)
    return [
        CatalogLoaded(
            at=at,
            version=known.version + 1,
            digest=catalog.digest,
            items=catalog.items,
            categories=catalog.categories,
            store_id=store_id,
            retired=retired,
            confirmed=most,
        )
    ]


def _retires_most(retired: int, before: int, after: int, what: str, *, confirmed: bool) -> bool:
    """Whether it is more than half; Rejected when it is and nobody has confirmed it."""
    if 2 * retired <= before:
        return False
    if not confirmed:
        raise Rejected(
            Reason.RETIRES_MOST,
            f"this would retire {retired:,} of the {before:,} {what} in force and leave {after:,}:"
            " a load is the whole list; confirm it if it is (--yes, over HTTP `confirmed`)",
            {"retired": retired, "in_force": before, "loaded": after},
        )
    return True


def evolve_opening(_: Opening, event: LedgerOpened) -> Opening:
    """The opening after the event."""
    return Opening(event.key_check)


def evolve_programs(programs: Programs, event: ProgramPublished) -> Programs:
    """The versions after the event."""
    return Programs((*programs.documents, event.document))


def evolve_stores(stores: Stores, event: StoresLoaded) -> Stores:
    """The stores after the event."""
    loaded = {store.store_id: store for store in event.stores}
    before = {**stores.retired, **stores.by_id}
    return Stores(loaded, {name: one for name, one in before.items() if name not in loaded})


def evolve_catalogs(catalogs: Catalogs, event: CatalogLoaded) -> Catalogs:
    """The catalogs after the event."""
    loaded = LoadedCatalog(event.digest, event.items, event.categories)
    by_store = {**catalogs.by_store, event.store_id: event.version}
    return Catalogs((*catalogs.loaded, loaded), by_store)
