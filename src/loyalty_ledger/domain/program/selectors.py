"""Which lines and which stores something is about."""

from typing import Any

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from loyalty_ledger.domain.program.scalars import Id, Text
from loyalty_ledger.domain.program.section import Section

Levels = dict[Id, tuple[Id, ...]]
"""Levels by tier system: any of the levels, in every system named; none named is everyone."""


class ItemNames(Section):
    """Items named by id, category or brand. The lists are OR-ed."""

    skus: tuple[Text, ...] = Field((), description="Item ids.")
    categories: tuple[Text, ...] = Field(
        (), description="Catalog categories; each takes every item anywhere below it."
    )
    brands: tuple[Text, ...] = Field((), description="Brands of the catalog.")

    @property
    def restrictions(self) -> int:
        """How many catalog restrictions this holds."""
        return len(self.skus) + len(self.categories) + len(self.brands)

    @model_serializer(mode="wrap")
    def _write(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        written: dict[str, Any] = write(self)
        return {key: value for key, value in written.items() if value}


class ItemSelector(ItemNames):
    """Items taken: in any of the lists, and not excluded. Without lists: every item."""

    exclude: ItemNames = Field(
        ItemNames(), description="Items left out; wins over the other lists."
    )

    @property
    def takes_everything(self) -> bool:
        """Nothing is asked for and nothing left out."""
        return not (self.restrictions or self.exclude.restrictions)


class StoreSelector(Section):
    """Stores taken: those included (none named: all) and not excluded."""

    include: tuple[Text, ...] = Field((), description="Store ids; empty means every store.")
    exclude: tuple[Text, ...] = Field((), description="Store ids left out.")
