"""Sales, as tills are told of them and as they are read back."""

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

from loyalty_ledger.client.told.values import Amount, Moment


class Discount(TypedDict):
    """What comes off a sale, as a lock answers it and the sale carries it back."""

    reference_id: str
    reference_id_type: str
    pos_discount_id: NotRequired[str]
    status: str
    display_name: str
    discount_source: str
    amount: Amount
    stack_order: int
    applied_time: Moment
    user_id: str
    discounted_line_ids: NotRequired[list[str]]
    discounted_line_id_quantities: NotRequired[list[Amount]]


class Receipt(TypedDict):
    """A sale that was taken in."""

    status: str
    payload: None
    transaction_id: str


class Kept(TypedDict):
    """What was sent of a thing and belongs to it, though the ledger makes nothing of it."""

    custom_data: Any
    other_fields: dict[str, Any]


class Row(Kept):
    """A part of a sale; `transaction_id` is that of the ledger."""

    id: str
    transaction_id: str
    retailer_id: str | None
    store_id: str
    create_date: Moment
    last_updated: Moment


class SoldLine(Row):
    """A line of a sale; its lineages are the categories that the catalog has for it."""

    line_id: str
    pos_item_key: str
    master_item_id: str
    catalog_lineages: list[list[str]]
    quantity: Amount
    unit_price: Amount | None
    subtotal: Amount
    tax_included: Amount
    modifies_line_id: str | None
    status: str | None


class Paid(Row):
    """A payment of a sale, and who paid where that is known."""

    payment_id: str | None
    type: str | None
    amount: Amount
    payment_time: Moment | None
    user_id: str | None


class AppliedDiscount(Row):
    """What came off a sale, as it was sent; without lines: off all of it.

    `user_id` is the internal id of who owns the offer, or is named by what was sent as his id.
    """

    reference_id: str | None
    reference_id_type: str | None
    pos_discount_id: str | None
    status: str | None
    display_name: str | None
    image_url: str | None
    discount_source: str | None
    amount: Amount
    stack_order: int
    applied_time: Moment | None
    user_id: str | None
    discounted_line_ids: list[str]
    discounted_line_id_quantities: list[Amount]


class Place(TypedDict):
    """A place where things are sold."""

    id: str
    name: str
    type: Literal["store"]


class SaleOfStore(Kept):
    """A sale as it is read back: `received`, then `settled`. `include_tax`: tax earns, too.

    `request_id` is the till's own of the last version, where it can be nobody's name.
    """

    id: str
    pos_transaction_id: str
    from_transaction_id: str | None
    from_pos_transaction_id: str | None
    retailer_id: str | None
    rewards_system_id: str
    store_id: str
    store_time_zone: str
    location_lineages: list[list[str]]
    location_lineages_core: list[list[Place]]
    user_id: str | None
    user_ids: list[str]
    request_id: str | None
    state: Literal["received", "settled"]
    is_closed: bool
    is_voided: bool
    status: str | None
    channel: str | None
    pos_employee_id: str | None
    sm_employee_id: str | None
    table_id: str | None
    guest_count: int | None
    subtotal: Amount | None
    taxtotal: Amount | None
    include_tax: bool
    check_amount: Amount
    open_time: Moment
    modified_time: Moment
    sm_transaction_process_date: Moment | None
    create_date: Moment
    last_updated: Moment
    items: list[SoldLine]
    payments: list[Paid]
    discounts: list[AppliedDiscount]
    business_def_collection: Any


class GrantedPoints(TypedDict):
    """What a rule owed for a sale, what stood before, and so what was posted, in points."""

    customer_id: str
    rule: str
    account: str
    deserved: int
    granted: int
    difference: int


class GrantedOffers(TypedDict):
    """Offers that a rule issued for a sale, by their ids."""

    customer_id: str
    rule: str
    offers: list[str]


class Sale(SaleOfStore):
    """A sale, with what it granted once it is settled."""

    granted: list[GrantedPoints]
    granted_offers: list[GrantedOffers]


class SalesPage(TypedDict):
    """Sales of a store, and how many there are on all pages."""

    total_records: int
    results: list[SaleOfStore]
    pagination_token: str | None
