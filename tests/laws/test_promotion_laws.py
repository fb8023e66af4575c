"""Claims in any order end as a plain count says: whole, within every limit, or without a trace."""

from collections import Counter
from datetime import datetime
from typing import Any, NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from loyalty_ledger.domain.values import Rejected
from offer_examples import minutes, treat
from promotion_examples import POINTS, TREAT, club, spring

PEOPLE = ("ann", "bob", "cid")
BEGINS, ENDS = minutes(10), minutes(50)
_most = st.none() | st.integers(1, 4)


class Setting(NamedTuple):
    """The limits of a promotion, of its offer and of its points, and where its points go."""

    per_customer: int | None
    total: int | None
    offer_each: int | None
    offer_total: int | None
    source_total: int | None
    outcomes: tuple[str, ...]


settings_of_a_promotion = st.builds(
    Setting,
    *[_most] * 5,
    st.lists(st.sampled_from(["points", "treat"]), min_size=1, max_size=3).map(tuple),
)
tries = st.lists(
    st.tuples(
        st.sampled_from(PEOPLE),
        st.sampled_from(["Spring26", " SPRING26", "spring26 ", "Spring 26", "AUTUMN"]),
        st.integers(0, 60),
    ),
    max_size=25,
)


def without_none(**limits: int | None) -> dict[str, int]:
    return {name: most for name, most in limits.items() if most is not None}


def document(chosen: Setting) -> dict[str, Any]:
    """The sections of a program with that promotion, on from BEGINS until ENDS."""
    named: dict[str, dict[str, Any]] = {"points": POINTS, "treat": TREAT}
    given_out = [named[one] for one in chosen.outcomes]
    limits = without_none(per_customer=chosen.per_customer, total=chosen.total)
    period = {"starts": BEGINS.isoformat(), "ends": ENDS.isoformat()}
    issuance = without_none(per_customer=chosen.offer_each, total=chosen.offer_total)
    source = {"id": "shop", "name": "Shop", "accounts": ["points", "credits"]}
    return {
        "promotions": [spring(*given_out, **period, **limits)],
        "offers": [treat(issuance=issuance)],
        "point_sources": [source | {"limits": without_none(total=chosen.source_total)}],
        "promo_lockout": {"tries": 1_000, "lasts": "PT1M"},
    }


class Plain:
    """The rules of a claim, counted by hand."""

    def __init__(self, chosen: Setting) -> None:
        self.chosen = chosen
        self.claims, self.treats = Counter[str](), Counter[str]()

    def answer(self, who: str, typed: str, when: datetime) -> str:
        """`won`, or the code of the refusal."""
        if typed.strip().upper() != "SPRING26" or not BEGINS <= when < ENDS:
            return "promotion_not_available"
        chosen, treats = self.chosen, self.chosen.outcomes.count("treat")
        if above(self.claims[who] + 1, chosen.per_customer):
            return "limit_reached"
        if above(self.claims.total() + 1, chosen.total):
            return "limit_reached"
        awards = "points" in chosen.outcomes and above(self.claims.total() + 1, chosen.source_total)
        issues = treats > 0 and (
            above(self.treats[who] + treats, chosen.offer_each)
            or above(self.treats.total() + treats, chosen.offer_total)
        )
        if awards or issues:
            return "not_available"
        self.claims[who] += 1
        self.treats[who] += treats
        return "won"


def above(count: int, most: int | None) -> bool:
    return most is not None and count > most


@given(settings_of_a_promotion, tries)
def test_claims_in_any_order_end_as_a_plain_count_says(
    chosen: Setting, asked: list[tuple[str, str, int]]
) -> None:
    shop, plain = club(**document(chosen)), Plain(chosen)
    for who, typed, minute in asked:
        before = len(shop.history)
        try:
            shop.claims(typed, by=who, when=minutes(minute))
            told = "won"
        except Rejected as refusal:
            told = refusal.code.value
            wrong = told == "promotion_not_available"  # that one is told of, and counted
            assert len(shop.history) == before + wrong
        assert told == plain.answer(who, typed, minutes(minute))
    points = 50 * chosen.outcomes.count("points")
    for who in PEOPLE:
        assert shop.points(who) == points * plain.claims[who]
    issued = [event for _, event in shop.history if type(event).__name__ == "OfferIssued"]
    assert Counter(event.customer_id for event in issued) == +plain.treats
    assert len({event.offer_id for event in issued}) == len(issued)
