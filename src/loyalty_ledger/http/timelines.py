"""What happened to a customer, and which campaigns are on for him."""

import re
from datetime import datetime
from typing import Any

from loyalty_ledger.client import shapes
from loyalty_ledger.domain.api_key import Scope
from loyalty_ledger.domain.levels import levels_match
from loyalty_ledger.domain.program.earning import Campaign
from loyalty_ledger.http.connect import program_of
from loyalty_ledger.http.core import both, core, customer
from loyalty_ledger.http.operation import Call
from loyalty_ledger.moments import read_moment
from loyalty_ledger.sent import refused
from loyalty_projections.timeline import Happening

MOST_ROWS = 1_000
VIEWS = ("NEW_VIEW", "ACCOUNT_AUDIT_LOG", "END_USER_MEMBER_STATEMENT")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")


def slug(kind: str) -> str:
    """`OfferIssued` as `offer_issued`."""
    return _HUMP.sub("_", kind).lower()


def _timeline(call: Call) -> dict[str, Any]:
    if call.path["view"] not in VIEWS:
        raise refused([("view", f"is not known: there is {', '.join(VIEWS)}")])
    since = _since(call)
    wanted = {one for one in call.query.get("event_types", "").split(",") if one}
    rows = [
        one
        for one in reversed(call.ledger.answers.timeline(customer(call), call.moment))
        if (since is None or one.at >= since) and (not wanted or slug(one.kind) in wanted)
    ]
    shown = rows[: _count(call)]
    kinds = sorted({one.kind for one in shown})
    return {
        "result": [_row(one) for one in shown],
        "grouping_field": None,
        "count": len(shown),
        "event_types": [{"id": slug(one), "name": one, "slug": slug(one)} for one in kinds],
    }


def _since(call: Call) -> datetime | None:
    text = call.query.get("since")
    return None if text is None else read_moment(text, program_of(call).time_zone)


def _count(call: Call) -> int:
    text = call.query.get("count", "100")
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:6]) <= MOST_ROWS):
        raise refused([("count", f"must be a whole number from 1 to {MOST_ROWS}")])
    return int(text)


def _row(one: Happening) -> dict[str, Any]:
    recorded_at = one.recorded_at or one.at
    return {
        "event_stream_event_type_id": slug(one.kind),
        "target_id": one.subject,
        "timestamp": int(one.at.timestamp()),
        "created_at": int(recorded_at.timestamp()),
        "event_stream_payload": {
            "event_type_slug": slug(one.kind),
            "time_of_occurrence": one.at,
            "transaction_id": one.transaction,
            "client_id": one.client_id,
            "employee_id": one.employee_id,
            "why": one.why,
            "facts": one.facts,
        },
        "contexts": [],
    }


def _campaigns(call: Call) -> dict[str, Any]:
    customer_id = customer(call)
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
                {
                    "campaign_id": one.id,
                    "name": one.name,
                    "start_date": one.starts and program.instant(one.starts),
                    "end_date": one.ends and program.instant(one.ends),
                    "custom_payload": None,
                    "progress": {"state": "active"},
                }
                for one in on
            ]
        },
        "page": 1,
        "page_size": len(on),
    }


OPERATIONS = (
    core(
        "timeline", "GET", both("/timelines/{view}"), Scope.MEMBER,
        "What happened to a customer, the latest first.", _timeline, as_of=True,
        parameters=(
            ("since", "From this moment on.", {"type": "string"}),
            ("count", "Most rows.", {"type": "integer", "minimum": 1, "maximum": MOST_ROWS}),
            ("event_types", "Only these kinds, by slug, separated by commas.", {"type": "string"}),
        ), tells=shapes.Timeline,
    ),
    core(
        "campaigns", "GET", both("/campaigns"), Scope.MEMBER,
        "The campaigns that are on for a customer.", _campaigns, as_of=True,
        tells=shapes.CampaignsPage,
    ),
)  # fmt: skip
