"""A club with a promotion, and what is asked of it."""

from typing import Any

import pytest

from loyalty_ledger.domain.streams import limit, tries_of, usage_of
from loyalty_ledger.domain.values import Reason, Rejected
from offer_examples import treat
from specification import Shop, at, awards, program

DUE = at("2026-04-01 12:00")  # thirty days after Monday noon
POINTS = {"award": awards(50)}
TREAT = {"issue": "treat"}


def spring(*outcomes: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The promotion SPRING: 50 points and a treat unless told otherwise."""
    given = list(outcomes) or [POINTS, TREAT]
    code = {"id": "spring", "name": "Spring", "kind": "multi_use", "code": "Spring26"}
    return {**code, "outcomes": given, **more}


def club(*promotions: dict[str, Any], **sections: Any) -> Shop:
    """A club with these promotions, or with SPRING."""
    chosen = {"promotions": list(promotions) or [spring()], "offers": [treat()]}
    return Shop(program(**chosen | sections))


def refused(reason: Reason, shop: Shop, code: str = "SPRING26", **more: Any) -> Rejected:
    """What is refused gives nothing and counts nothing; only a wrong try leaves its trace."""
    before = dict(shop.states), list(shop.history)
    with pytest.raises(Rejected) as refusal:
        shop.claims(code, **more)
    assert refusal.value.code is reason, refusal.value.message
    if reason is Reason.PROMOTION_NOT_AVAILABLE:
        who = tries_of(more.get("by", "ann"))
        assert [stream for stream, _ in shop.history[len(before[1]) :]] == [who]
        before = before[0] | {who: shop.states[who]}, shop.history
    assert (shop.states, shop.history) == before
    return refusal.value


def times(shop: Shop, who: str = "ann") -> tuple[int, int]:
    """How often the promotion was claimed, by him and by all."""
    subject = "promotion:spring"
    usage, counted = shop.states.get(usage_of(who)), shop.states.get(limit(subject))
    return (usage.of(subject).times if usage else 0, counted.times if counted else 0)


def accounts(**points: Any) -> dict[str, Any]:
    """The accounts of the club, that of the points changed."""
    credit = {"id": "credits", "name": "C", "expiry": {"kind": "never"}}
    return {"point_accounts": [{"id": "points", "name": "P", **points}, credit]}


SOURCE = {"id": "shop", "name": "Shop", "accounts": ["points", "credits"]}
CREDITS = {"award": awards(60, "credits")}
TIERS: dict[str, Any] = {
    "tier_systems": [
        {
            "id": "tiers",
            "name": "T",
            "levels": [
                {"id": "base", "name": "B"},
                {
                    "id": "gold",
                    "name": "G",
                    "entrance": {
                        "any": [
                            {"points_earned": {"account": "credits", "amount": 100}},
                            {"spend": {"amount": "100.00", "within": "P30D"}},
                        ]
                    },
                    "maintenance": {
                        "every": "P30D",
                        "requires": {"spend": {"amount": "1.00", "within": "P30D"}},
                    },
                    "on_entry": [{"issue": "treat"}, {"award": awards(5)}],
                },
            ],
        }
    ]
}
