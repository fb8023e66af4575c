"""What happened to a customer, and which campaigns are on for him."""

import re
from datetime import UTC, datetime
from typing import Any

from loyalty_ledger.client import shapes
from loyalty_ledger.domain.api_key import Scope
from loyalty_ledger.domain.levels import levels_match
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.program.earning import Campaign
from loyalty_ledger.http.connect import page, program_of
from loyalty_ledger.http.core import both, core, customer
from loyalty_ledger.http.happenings import Purchase, happenings
from loyalty_ledger.http.names import word
from loyalty_ledger.http.operation import Call
from loyalty_ledger.http.sale_as_read import as_read
from loyalty_ledger.moments import read_moment
from loyalty_ledger.sent import refused
from loyalty_projections.timeline import Happening

MOST_ROWS = 1_000
MOST_CAMPAIGNS, MOST_PAGES = 100, 1_000_000
STREAM = "timeline"
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_EPOCH = re.compile(r"[0-9]{9,11}")
_DIGITS = re.compile(r"[0-9]{1,7}")


def slug(kind: str) -> str:
    """`OfferIssued` as `offer_issued`."""
    return _HUMP.sub("_", kind).lower()


def _category(kind: str) -> str:
    """What an event is about: `OfferIssued` is about offers."""
    about = slug(kind).partition("_")[0]
    return _CATEGORIES.get(about, f"{about}s")


_CATEGORIES = {
    "transaction": "purchases",
    "sale": "purchases",
    "discount": "offers",
    "promo": "promotions",
    "tier": "levels",
}


def _timeline(call: Call) -> dict[str, Any]:
    views = call.names.enumeration("timeline_view").values()
    if call.path["view"] not in views:
        raise refused([("view", f"is not known: there is {', '.join(views)}")])
    since = _since(call)
    program_of(call)  # before the first there is nothing to tell of
    wanted = {one for one in call.query.get("event_types", "").split(",") if one}
    rows = [
        one
        for one in reversed(happenings(customer(call), call))
        if (since is None or one.at >= since) and (not wanted or slug(one.kind) in wanted)
    ]
    shown = rows[: _number(call, "count", 100, MOST_ROWS)]
    return {
        "result": _rows(shown, call),
        "grouping_field": None,
        "count": len(shown),
        "event_types": [_as_kind(one) for one in sorted({one.kind for one in shown})],
    }


def _as_kind(kind: str) -> dict[str, str]:
    return {
        "id": slug(kind),
        "name": kind,
        "slug": slug(kind),
        "event_stream_event_category_id": _category(kind),
        "event_stream_stream_id": STREAM,
    }


def _since(call: Call) -> datetime | None:
    """A moment, or one in seconds since 1970, as rows tell them."""
    text = call.query.get("since")
    if text is None:
        return None
    if _EPOCH.fullmatch(text):
        return datetime.fromtimestamp(int(text), UTC)
    return read_moment(text, program_of(call).time_zone)


def _number(call: Call, name: str, usual: int, most: int) -> int:
    """A parameter that is a whole number from 1 on."""
    text = call.query.get(name, str(usual))
    if not (_DIGITS.fullmatch(text) and 1 <= int(text) <= most):
        raise refused([(name, f"must be a whole number from 1 to {most}")])
    return int(text)


def _rows(shown: list[Happening], call: Call) -> list[dict[str, Any]]:
    """The rows of a timeline; those of purchases tell the sale as other reads do."""
    sales = iter(as_read([x.sale for x in shown if isinstance(x, Purchase)], call, whole=False))
    return [_row(one, next(sales) if isinstance(one, Purchase) else {}) for one in shown]


def _row(one: Happening, sale: dict[str, Any]) -> dict[str, Any]:
    recorded_at = one.recorded_at or one.at
    kind, category = slug(one.kind), _category(one.kind)
    told = {
        "event_type_name": one.kind,
        "event_type_slug": kind,
        "event_category_name": category,
        "event_category_slug": category,
        "time_of_occurrence": one.at,
        "transaction_id": one.transaction,
        "client_id": one.client_id,
        "employee_id": one.employee_id,
        "why": one.why,
        "facts": one.facts,
    }
    return {
        "event_stream_stream_id": STREAM,
        "event_stream_event_category_id": category,
        "event_stream_event_type_id": kind,
        "target_id": one.subject,
        "timestamp": int(one.at.timestamp()),
        "created_at": int(recorded_at.timestamp()),
        "event_stream_payload": told | sale,
        "contexts": [],
    }


def _campaigns(call: Call) -> dict[str, Any]:
    customer_id, number = customer(call), _number(call, "page", 1, MOST_PAGES)
    program = program_of(call)
    profile = call.ledger.answers.profile(customer_id, call.moment)
    facts = call.ledger.answers.facts(customer_id, call.moment)
    levels = {one.system: one.level for one in profile.tiers}
    tags = {tag for tag, ends in facts.tags if ends is None or call.moment.at < ends}

    def is_for_him(campaign: Campaign) -> bool:
        audience = campaign.audience
        return (
            levels_match(audience.levels, levels)
            and (not audience.tags or not tags.isdisjoint(audience.tags))
            and audience.opted_in in (None, facts.opted_in)
        )

    on = [
        one
        for one in program.campaigns
        if program.includes(one.starts, one.ends, call.moment.at) and is_for_him(one)
    ]
    return {
        "campaigns": {
            "tiles": [
                _tile(one, program)
                for one in page(on, (number - 1) * MOST_CAMPAIGNS, MOST_CAMPAIGNS)
            ]
        },
        "page": number,
        "page_size": MOST_CAMPAIGNS,
    }


def _tile(campaign: Campaign, program: Program) -> dict[str, Any]:
    name = campaign.name
    return {
        "campaign_id": campaign.id,
        "name": name,
        "start_date": campaign.starts and program.instant(campaign.starts),
        "end_date": campaign.ends and program.instant(campaign.ends),
        "custom_payload": None,
        "progress": {"state": word("campaign_state", "active")},
        "template": {
            "type": word("campaign_template", "message"),
            "message": {"header": name, "description": name, "image_url": None},
        },
    }


OPERATIONS = (
    core(
        "timeline", "GET", both("/timelines/{view}"), Scope.MEMBER,
        "What happened to a customer, the latest first.", _timeline, as_of=True,
        parameters=(
            ("since", "From this moment on, or these seconds since 1970.", {"type": "string"}),
            ("count", "Most rows.", {"type": "integer", "minimum": 1, "maximum": MOST_ROWS}),
            ("event_types", "Only these kinds, by slug, separated by commas.", {"type": "string"}),
        ), tells=shapes.Timeline,
    ),
    core(
        "campaigns", "GET", both("/campaigns"), Scope.MEMBER,
        "The campaigns that are on for a customer.", _campaigns, as_of=True,
        parameters=(
            ("page", "Of 100 each.", {"type": "integer", "minimum": 1, "maximum": MOST_PAGES}),
            ("sections", "No matter.", {"type": "string"}),
        ),
        tells=shapes.CampaignsPage,
    ),
)  # fmt: skip
