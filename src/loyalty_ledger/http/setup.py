"""What is configured over HTTP: reward stores and what they sell, and stores and catalogs, whole.

A reward store is a part of the program: changing one publishes the program's next version. What is
left out of a body stays as it is; what is null is taken away.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from pydantic import FailFast, Field

from loyalty_ledger import program_editing
from loyalty_ledger.client import shapes
from loyalty_ledger.domain.api_key import Scope
from loyalty_ledger.domain.events.program import Store
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.program.zones import ZoneName
from loyalty_ledger.domain.values import Reason
from loyalty_ledger.http import reasons
from loyalty_ledger.http.connect import MOST_IDS, ConnectBody, Ids, Number32, Price
from loyalty_ledger.http.operation import Body, Call, Operation
from loyalty_ledger.http.program_documents import program_of
from loyalty_ledger.http.shops import store_paths
from loyalty_ledger.program_editing import Edited
from loyalty_ledger.sent import DEEPEST, Limits, Text, refused
from loyalty_ledger.store.log import CatalogItem

MOST_ITEMS, MOST_STORES = 10_000, 10_000
Document = dict[str, Any]
Whole = Annotated[int, Field(strict=True, ge=0, le=10**12)]


class EditStore(ConnectBody):
    """A reward store, new or changed: by its id. Of one there is, what is left out stays."""

    id: Text
    name: Text
    point_account_ids: Annotated[Ids, Field(min_length=1)]
    start_date: Text | None = None
    end_date: Text | None = None
    levels: Annotated[dict[Text, Ids], Field(max_length=MOST_IDS)] | None = None
    tags: Ids | None = None


class EditStoreOffer(ConnectBody):
    """What a reward store sells, new or changed: by its id. `root_offer_id` is the offer.

    Of what it sells already, what is left out stays.
    """

    id: Text
    reward_store_id: Text
    root_offer_id: Text
    price: Price
    start_date: Text | None = None
    end_date: Text | None = None
    per_customer: Number32 | None = None
    inventory: Whole | None = None


class StoreLine(Body):
    """A store."""

    store_id: Text
    name: Text
    time_zone: ZoneName


class StoresBody(Body):
    """Every store there is; what is absent is retired, and most only when `confirmed`."""

    stores: Annotated[list[StoreLine], FailFast(), Field(min_length=1, max_length=MOST_STORES)]
    confirmed: bool = False


class ItemLine(Body):
    """An item; categories broadest first."""

    sku: Text
    name: Text | Literal[""] = ""
    brand: Text | None = None
    categories: Ids = []


class CatalogBody(Body):
    """A whole catalog, of a store or of all without their own; what is absent is retired."""

    for_store: Text | None = None
    items: Annotated[list[ItemLine], FailFast(), Field(min_length=1, max_length=MOST_ITEMS)]
    confirmed: bool = False


# --- reward stores ------------------------------------------------------------------------------


def edited(call: Call, edit: Callable[[Document], None]) -> Edited:
    """The newest program, with what `edit` changes in its document, becomes the next version."""

    def change(document: Document) -> Program:
        edit(document)
        return program_of(document, "program")

    return program_editing.edit(call.ledger.states, call.ledger.clock(), call.body.id, change)


def put(parts: list[Document], asked: Any, named: Mapping[str, str]) -> None:
    """What a body says of a part of the program, by its id: at the place of the part, or a new one.

    `named` tells what the fields of the body are called in a document.
    """
    said = {own: getattr(asked, x) for x, own in named.items() if x in asked.model_fields_set}
    known = next((one for one in parts if one["id"] == asked.id), None)
    if known is None:
        parts.append(known := {"id": asked.id})
    known |= said
    for name in [name for name, value in said.items() if value is None]:
        del known[name]


def _as_edited(edited: Edited) -> dict[str, Any]:
    return {"id": edited.part, "program_version": edited.version}


_OF_STORE = {
    "name": "name",
    "point_account_ids": "point_accounts",
    "start_date": "starts",
    "end_date": "ends",
    "levels": "levels",
    "tags": "tags",
}
_OF_OFFER = {
    "root_offer_id": "offer",
    "price": "price",
    "start_date": "starts",
    "end_date": "ends",
    "per_customer": "per_customer",
    "inventory": "inventory",
}


def _edit_store(call: Call) -> Edited:
    return edited(call, lambda document: put(document["reward_stores"], call.body, _OF_STORE))


def _edit_offer(call: Call) -> Edited:
    asked: EditStoreOffer = call.body

    def edit(document: Document) -> None:
        stores: list[Document] = document["reward_stores"]
        store = next((one for one in stores if one["id"] == asked.reward_store_id), None)
        if store is None:
            raise refused([("reward_store_id", "is no reward store: create it first")])
        put(store["offers"], asked, _OF_OFFER)

    return edited(call, edit)


# --- stores and catalogs ------------------------------------------------------------------------


def _load_stores(call: Call) -> dict[str, Any]:
    asked: StoresBody = call.body
    _check_once("stores", [one.store_id for one in asked.stores])
    stores = [Store(**one.model_dump()) for one in asked.stores]
    new = call.ledger.administration.load_stores(stores, confirmed=asked.confirmed)
    return {"loaded": len(stores), "changed": new}


def _load_catalog(call: Call) -> dict[str, Any]:
    asked: CatalogBody = call.body
    _check_once("items", [one.sku for one in asked.items])
    items = sorted(
        (CatalogItem(x.sku, x.name, x.brand, tuple(x.categories)) for x in asked.items),
        key=lambda item: item.sku,
    )
    new = call.ledger.administration.load_catalog(
        lambda: items, asked.for_store or "", confirmed=asked.confirmed
    )
    return {"loaded": len(items), "changed": new}


def _check_once(name: str, ids: list[str]) -> None:
    twice = sorted(one for one, times in Counter(ids).items() if times > 1)
    if twice:
        raise refused([(name, f"{', '.join(twice[:3])} stands more than once")])


OPERATIONS = (
    Operation(
        name="create_or_edit",
        family="connect",
        paths=store_paths("create_or_edit"),
        scope=Scope.ADMIN,
        summary="Put a reward store into the program, or change it there.",
        asks=EditStore,
        tells=shapes.Edited,
        act=_edit_store,
        tell=_as_edited,
        writes=True,
        refuses=reasons.PUBLISHED,
    ),
    Operation(
        name="add_or_edit_offer",
        family="connect",
        paths=store_paths("add_or_edit_offer"),
        scope=Scope.ADMIN,
        summary="Put an offer into a reward store, or change it there.",
        asks=EditStoreOffer,
        tells=shapes.Edited,
        act=_edit_offer,
        tell=_as_edited,
        writes=True,
        refuses=reasons.PUBLISHED,
    ),
    Operation(
        name="load_stores",
        family="admin",
        paths=("/admin/v1/stores",),
        scope=Scope.OPERATOR,
        summary="Replace the list of stores, whole.",
        asks=StoresBody,
        tells=shapes.Loaded,
        act=_load_stores,
        writes=True,
        refuses=(Reason.RETIRES_MOST,),
    ),
    Operation(
        name="load_catalog",
        family="admin",
        paths=("/admin/v1/catalog",),
        scope=Scope.OPERATOR,
        summary="Replace a catalog of at most 10,000 items, whole.",
        limits=Limits(4 << 20, 100_000, nested=2 * MOST_ITEMS + DEEPEST),
        asks=CatalogBody,
        tells=shapes.Loaded,
        act=_load_catalog,
        writes=True,
        refuses=(Reason.RETIRES_MOST, Reason.UNKNOWN_STORE),
    ),
)
