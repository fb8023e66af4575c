"""What happened to a customer, and what is on for him."""

from typing import Any

from typing_extensions import TypedDict

from loyalty_ledger.client.told.sale import SaleOfStore
from loyalty_ledger.client.told.values import Moment


class EventKind(TypedDict):
    """A kind of thing that happens."""

    id: str
    name: str
    slug: str
    event_stream_event_category_id: str
    event_stream_stream_id: str


class EventPayload(TypedDict):
    """What happened, who asked for it, why; the facts are those of its kind."""

    event_type_name: str
    event_type_slug: str
    event_category_name: str
    event_category_slug: str
    time_of_occurrence: Moment
    transaction_id: str | None
    client_id: str | None
    employee_id: str | None
    why: str | None
    facts: dict[str, Any]


class Bought(EventPayload, SaleOfStore):
    """A version of a sale that came in, as other reads tell it, but for what tills keep with it."""


class TimelineRow(TypedDict):
    """Something that happened; times in seconds since 1970."""

    event_stream_stream_id: str
    event_stream_event_category_id: str
    event_stream_event_type_id: str
    target_id: str | None
    timestamp: int
    created_at: int
    event_stream_payload: EventPayload | Bought
    contexts: list[dict[str, Any]]


class Timeline(TypedDict):
    """What happened to a customer, the latest first."""

    result: list[TimelineRow]
    grouping_field: str | None
    count: int
    event_types: list[EventKind]


class CampaignState(TypedDict):
    """How a campaign stands for a customer."""

    state: str


class Message(TypedDict):
    """What a campaign says."""

    header: str
    description: str
    image_url: str | None


class Template(TypedDict):
    """How a campaign is shown."""

    type: str
    message: Message


class Tile(TypedDict):
    """A campaign that is on."""

    campaign_id: str
    name: str
    start_date: Moment | None
    end_date: Moment | None
    custom_payload: dict[str, Any] | None
    progress: CampaignState
    template: Template


class Campaigns(TypedDict):
    """The campaigns that are on for a customer."""

    tiles: list[Tile]


class CampaignsPage(TypedDict):
    """Campaigns, a hundred on a page."""

    campaigns: Campaigns
    page: int
    page_size: int


class UserEvent(TypedDict):
    """Something that a customer did."""

    id: str
    time_of_occurrence: Moment
    retailer_id: str | None
    event_lookup: str
    user_id: str
    is_session_m: bool


class Triggered(TypedDict):
    """An event that was taken in; rules for it are worked out later."""

    user_event: UserEvent
    event_saved_successfully: bool
    rules_processed_successfully: bool
    outcomes: list[dict[str, Any]]
