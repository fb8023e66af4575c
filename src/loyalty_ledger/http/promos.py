"""Promo codes, as sites ask for them: claiming one, what limits and what locks out."""

from typing import Any

from loyalty_ledger.client import shapes
from loyalty_ledger.domain.api_key import Scope
from loyalty_ledger.domain.events.offers import Actor
from loyalty_ledger.http import reasons
from loyalty_ledger.http.connect import program_of
from loyalty_ledger.http.core import ROOT, both, core, customer
from loyalty_ledger.http.names import word
from loyalty_ledger.http.operation import Body, Call
from loyalty_ledger.promotions import Claimed
from loyalty_ledger.sent import Text
from loyalty_projections import promo_status


class ClaimBody(Body):
    """A code that a customer enters."""

    code: Text


def _claim(call: Call) -> Claimed:
    by = Actor(client_id=call.key.key_id)
    return call.ledger.promotions.claim(customer(call), call.body.code, by)


def _as_claimed(claimed: Claimed) -> dict[str, Any]:
    return {
        "claim": {
            "id": claimed.event.claim_id,
            "promotion_id": claimed.promotion.id,
            "name": claimed.promotion.name,
            "points": [
                {"point_account_id": one.account, "amount": one.points} for one in claimed.awarded
            ],
            "offers": [
                {
                    "user_offer_id": one.offer_id,
                    "offer_id": one.definition,
                    "expiration_date": one.expires_at,
                }
                for one in claimed.issued
            ],
            "tier_levels": [
                {"tier_system_id": one.system, "tier_level_id": one.level}
                for one in claimed.entered
            ],
        }
    }


def _limiters(call: Call) -> dict[str, Any]:
    view = _view(call)
    return {
        "limiters": [
            {"quantum": one.period, "limit": one.most, "claimed": one.claimed}
            for one in view.limiter
        ]
    }


def _lockout(call: Call) -> dict[str, Any]:
    view, program = _view(call), program_of(call)
    ends = program.promo_lockout.lasts.after(call.moment.at, program.time_zone)
    return {
        "lockout": {
            "policy_type": word("lockout_policy", "promo_codes"),
            "consecutive_count": view.in_a_row,
            "cumulative_count": view.in_all,
            "expires_at": view.locked_until,
            "reset_count": program.promo_lockout.tries,
            "duration": int((ends - call.moment.at).total_seconds()),
        }
    }


def _view(call: Call) -> promo_status.CustomerView:
    return call.ledger.answers.promo_codes(customer(call), call.moment)


def _entered(call: Call) -> dict[str, Any]:
    view = _view(call)
    return {
        "claims": [
            {"id": one.claim_id, "promotion_id": one.promotion, "claimed_at": one.claimed_at}
            for one in view.claims
        ],
        "wrong_codes": [
            {
                "digest": one.digest,
                "why": one.why,
                "promotion_id": one.promotion,
                "tried_at": one.tried_at,
            }
            for one in view.tries
        ],
    }


def _promotions(call: Call) -> dict[str, Any]:
    program = program_of(call)
    views = call.ledger.projector.ask(
        lambda reader: promo_status.promotions(reader, program, call.moment.now)
    )
    return {"promotions": [one.model_dump() for one in views]}


_TEXT = {"type": "string"}
OPERATIONS = (
    core(
        "claim_promotion", "POST", both("/promotions/claims"), Scope.MEMBER,
        "Enter a promo code for a customer: all that it gives, or nothing.", _claim,
        asks=ClaimBody, tell=_as_claimed, writes=True, refuses=reasons.CLAIMED,
        tells=shapes.ClaimMade,
    ),
    core(
        "limiters", "GET", both("/limiters"), Scope.MEMBER,
        "How many right promo codes a customer has entered, and may enter.", _limiters,
        parameters=(("limiter_type", "No matter.", _TEXT),), tells=shapes.Limiters, as_of=True,
    ),
    core(
        "lockout", "GET", both("/lockout"), Scope.MEMBER,
        "How many wrong promo codes a customer has entered, and whether he is locked out.",
        _lockout, parameters=(("event_type", "No matter.", _TEXT),), tells=shapes.LockoutState,
        as_of=True,
    ),
    core(
        "user_promotions", "GET", both("/promotions"), Scope.OPERATOR,
        "The promo codes that a customer entered: right ones, and wrong ones with the reason.",
        _entered, tells=shapes.Entered, as_of=True,
    ),
    core(
        "promotions", "GET", (f"{ROOT}/promotions",), Scope.OPERATOR,
        "Every promotion with its codes and claims.", _promotions, tells=shapes.Promotions,
    ),
)  # fmt: skip
