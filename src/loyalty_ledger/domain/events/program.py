"""What a retailer configures and loads: program, stores, catalog."""

from typing import Any

from loyalty_ledger.domain.events.base import Event, Fact


class LedgerOpened(Event, frozen=True, kw_only=True):
    """The ledger begins, under the secret key that `key_check` is a keyed hash with."""

    key_check: str


class ProgramPublished(Event, frozen=True, kw_only=True):
    """A new version of the program document is in force for what is received from here on."""

    program: str
    version: int
    document: dict[str, Any]


class Store(Fact, frozen=True, kw_only=True):
    """A shop and the zone its clocks show."""

    store_id: str
    name: str
    time_zone: str


class StoresLoaded(Event, frozen=True, kw_only=True):
    """The whole list of stores, replacing the one before, of which it retires so many.

    `confirmed` says that whoever loaded it had agreed to retire more than half.
    """

    stores: list[Store]
    retired: int = 0
    confirmed: bool = False


class CatalogLoaded(Event, frozen=True, kw_only=True):
    """A whole catalog, replacing the one before; its rows are kept under `digest`.

    It is the catalog of one store, or of all that have none of their own when `store_id` is empty.
    Versions number the catalogs of all stores together. `retired` counts the items that were in
    force before and are not in it; `confirmed` says that it was agreed to retire more than half.
    """

    version: int
    digest: str
    items: int
    categories: int
    store_id: str = ""
    retired: int = 0
    confirmed: bool = False
