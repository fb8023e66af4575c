"""A customer as reads and look-ups tell him."""

from typing import Any

from loyalty_ledger.http.connect import spendable
from loyalty_ledger.http.names import word
from loyalty_ledger.http.operation import Call
from loyalty_ledger.personal_fields import CORE, core_fields
from loyalty_projections.profile import Profile

_NOT_KEPT: dict[str, Any] = {
    "proxy_ids": [],
    "test_points": 0,
    "unclaimed_achievement_count": 0,
    "tier_points": None,
    "next_tier_points": None,
    "tier_ends_value": None,
    "referrer_code": None,
}
_NOT_KEPT_OF_PHONES: dict[str, Any] = {
    "phone_type": None,
    "preference_flags": [],
    "verified_ownership": False,
}
"""What others tell of a customer, and is not kept here: programs find it, and find it empty."""


def as_user(call: Call, customer_id: str) -> dict[str, Any]:
    """A customer under the names that reads have."""
    profile = call.ledger.answers.profile(customer_id, call.moment)
    facts = call.ledger.answers.facts(customer_id, call.moment)
    said = core_fields(call.ledger.log.personal(customer_id))
    external = [one for one in profile.identifiers if one.kind == "external"]
    held = profile.tiers[0] if profile.tiers else None
    return (
        {
            "id": customer_id,
            "external_id": external[0].value if external else None,
            "identifiers": [
                {"external_id": one.value, "external_id_type": one.type or None} for one in external
            ],
            "email": _one(profile, "email"),
            "phone_numbers": _phones(profile),
            "opted_in": facts.opted_in,
            "activated": True,
            "suspended": facts.suspended,
            "test_account": facts.test,
            "account_status": word("account_status", "suspended" if facts.suspended else "good"),
            "tags": [
                {"tag": tag, "expires_at": ends}
                for tag, ends in facts.tags
                if ends is None or call.moment.at < ends
            ],
            "created_at": facts.enrolled_at,
            "updated_at": facts.changed_at,
            "registered_at": facts.enrolled_at,
            "available_points": spendable(profile, call),
            "tier_system": held and held.system,
            "tier": held and held.level,
            "tier_entered_at": held and held.since,
            "tier_resets_at": held and held.until,
        }
        | {name: said.get(name) for name in CORE}
        | _NOT_KEPT
    )


def _phones(profile: Profile) -> list[dict[str, Any]]:
    numbers = [one.value for one in profile.identifiers if one.kind == "phone"]
    return [_NOT_KEPT_OF_PHONES | {"phone_number": one} for one in numbers]


def _one(profile: Profile, kind: str) -> str | None:
    return next((one.value for one in profile.identifiers if one.kind == kind), None)
