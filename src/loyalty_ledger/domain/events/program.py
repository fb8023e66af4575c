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
    """The whole list of stores, replacing the one before."""

    stores: list[Store]


class CatalogLoaded(Event, frozen=True, kw_only=True):
    """A whole catalog, replacing the one before; its rows are kept under `digest`."""

    version: int
    digest: str
    items: int
    categories: int
